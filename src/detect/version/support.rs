//! Which Python versions the pinned packages install on: from the files a lock
//! names, from what packages state, and from the table in `data/wheels.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use pep508_rs::pep440_rs::{Version, VersionSpecifiers};
use serde::Deserialize;

use super::stated::minors_of;
use crate::catalog::VERSIONS;
use crate::detect::deps::marker::MINORS;
use crate::detect::deps::{Dependencies, specifier};
use crate::detect::fact::Evidence;

/// `data/imports.toml`; `data/wheels.toml` is read row by row.
#[derive(Debug, Deserialize)]
pub struct Table {
    /// The version for a project that states none and pins nothing.
    pub default: String,
    package: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    line: Vec<Line>,
}

/// One release line of a package.
#[derive(Debug, Deserialize)]
struct Line {
    /// The versions it covers.
    versions: String,
    /// Its newest release, for requirements that only bound the version.
    newest: String,
    first: String,
    last: String,
    tested: Option<String>,
    /// Whether it can be built on a newer version than there are wheels for.
    #[serde(default)]
    builds: bool,
    /// Where it was read.
    #[allow(dead_code, reason = "for people who check the row")]
    read: String,
}

/// The table.
pub static SUPPORT: LazyLock<Table> = LazyLock::new(|| {
    ::toml::from_str(include_str!("../data/imports.toml")).expect("a unit test reads it")
});

/// The text of each row of `data/wheels.toml` by its package. The file is
/// long and a project has few of its packages, so that only their rows are
/// parsed.
static WHEELS: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let rows = include_str!("../data/wheels.toml").split("[[package]]\n").skip(1);
    rows.filter_map(|row| Some((row.lines().next()?.split('"').nth(1)?, row))).collect()
});

impl Row {
    /// Whether a requirement accepts releases newer than the row's lines, of
    /// which it says nothing.
    fn leaves_out(&self, range: Option<&VersionSpecifiers>) -> bool {
        let ends = self.line.iter().filter_map(|line| line.versions.rsplit_once('<'));
        let ends = ends.filter_map(|(_, end)| end.trim_start_matches('=').parse::<Version>().ok());
        ends.filter(|end| !self.line.iter().any(|line| line.covers(end)))
            .any(|end| range.is_none_or(|range| range.contains(&end)))
    }
}

fn wheels_of(name: &str) -> Option<Row> {
    WHEELS.get(name).map(|row| ::toml::from_str(row).expect("a unit test reads it"))
}

impl Table {
    /// Whether a wheel of a version fits, as far as the table knows.
    #[must_use]
    pub fn has_wheel(name: &str, version: &Version, at: u64) -> bool {
        let Some(row) = wheels_of(name) else { return true };
        let mut covering = row.line.iter().filter(|line| line.covers(version));
        covering.all(|line| line.fits(at))
    }

    /// Whether a version gets no security fixes any more.
    #[must_use]
    pub fn has_ended(&self, at: u64) -> bool {
        VERSIONS.ended(&format!("3.{at}")).is_some()
    }

    /// Minor version of the default.
    #[must_use]
    pub fn default_minor(&self) -> u64 {
        minor(&self.default).expect("a unit test reads it")
    }
}

fn minor(version: &str) -> Option<u64> {
    version.strip_prefix("3.")?.parse().ok()
}

impl Line {
    fn covers(&self, version: &Version) -> bool {
        let versions: Option<VersionSpecifiers> = self.versions.parse().ok();
        versions.is_some_and(|versions| versions.contains(version))
    }

    /// Whether a requirement accepts the newest release.
    fn is_admitted(&self, range: Option<&VersionSpecifiers>) -> bool {
        let newest: Option<Version> = self.newest.parse().ok();
        newest.is_some_and(|newest| range.is_none_or(|range| range.contains(&newest)))
    }

    /// The newest version the package names itself, within `last`.
    fn tested(&self) -> u64 {
        let tested = self.tested.as_deref().unwrap_or(&self.last);
        minor(tested).unwrap_or(*MINORS.end())
    }

    /// Whether it can be installed, built from its source where need be.
    fn installs(&self, at: u64) -> bool {
        let first = minor(&self.first).unwrap_or(*MINORS.start());
        self.fits(at) || (self.builds && at >= first)
    }

    fn fits(&self, at: u64) -> bool {
        let first = minor(&self.first).unwrap_or(*MINORS.start());
        let last = minor(&self.last).unwrap_or(*MINORS.end());
        (first..=last).contains(&at)
    }
}

/// Lines of evidence; more would bury the table in the report.
const MOST: usize = 3;

/// Why a package is refused.
#[derive(Debug)]
struct Bound {
    name: String,
    text: String,
    minors: BTreeSet<u64>,
    tested: u64,
    evidence: Option<Evidence>,
}

/// The Python versions that everything pinned installs on.
#[derive(Debug, Default)]
pub struct Support {
    bounds: Vec<Bound>,
}

impl Support {
    /// Reads the dependencies.
    #[must_use]
    pub fn of(dependencies: &Dependencies) -> Self {
        let mut support = Self::default();
        for row in &SUPPORT.package {
            support.add_row(row, dependencies);
        }
        // conda has builds of its own, which wheels of an index say nothing of.
        let is_conda = dependencies.python.iter().any(|one| one.source == "environment.yml");
        let rows = WHEELS.keys().filter(|name| !is_conda && dependencies.installs(name));
        for name in rows {
            support.add_row(&wheels_of(name).expect("its name is a key"), dependencies);
        }
        support.add_locked(dependencies);
        // One of them is for each Python that the lock was made for.
        support.bounds.retain(|bound| !dependencies.several.contains(&bound.name));
        support
    }

    /// Those of `minors` that nothing refuses.
    #[must_use]
    pub fn fitting(&self, minors: &BTreeSet<u64>) -> BTreeSet<u64> {
        minors.iter().copied().filter(|at| self.refusing(*at).next().is_none()).collect()
    }

    /// Those of `fits` that no package is newer than it was tested on; all of
    /// them where that leaves none.
    #[must_use]
    pub fn tested(&self, fits: &BTreeSet<u64>) -> BTreeSet<u64> {
        let newest = self.bounds.iter().map(|bound| bound.tested).min();
        let newest = newest.unwrap_or(*MINORS.end());
        let tested: BTreeSet<u64> = fits.range(..=newest).copied().collect();
        if tested.is_empty() { fits.clone() } else { tested }
    }

    /// The lines that pin what was not tested on a version.
    pub fn untested(&self, at: u64) -> impl Iterator<Item = Evidence> {
        let older = self.bounds.iter().filter(move |bound| bound.tested < at);
        older.filter_map(|bound| bound.evidence.clone()).take(MOST)
    }

    /// The version that the fewest packages refuse, the newest of several.
    #[must_use]
    pub fn least_refused(&self, minors: &BTreeSet<u64>) -> u64 {
        let least = minors.iter().rev().min_by_key(|at| self.refusing(**at).count());
        least.copied().unwrap_or_else(|| SUPPORT.default_minor())
    }

    /// The packages that do not install on a version, as `numpy 1.21.6`.
    pub fn refusing(&self, at: u64) -> impl Iterator<Item = &str> {
        let refusing = self.bounds.iter().filter(move |bound| !bound.minors.contains(&at));
        refusing.map(|bound| bound.text.as_str())
    }

    /// The lines that pin what does not install on a version.
    pub fn limiting(&self, at: u64) -> impl Iterator<Item = Evidence> {
        let refusing = self.bounds.iter().filter(move |bound| !bound.minors.contains(&at));
        refusing.filter_map(|bound| bound.evidence.clone()).take(MOST)
    }

    fn add_row(&mut self, row: &Row, dependencies: &Dependencies) {
        let evidence = dependencies.get(&row.name).map(|one| one.evidence.clone());
        if let Some(version) = dependencies.version(&row.name) {
            if let Some(line) = row.line.iter().find(|line| line.covers(version)) {
                let minors = MINORS.filter(|at| line.installs(*at)).collect();
                let text = format!("{} {version}", row.name);
                let name = row.name.clone();
                self.bounds.push(Bound { name, text, minors, tested: line.tested(), evidence });
            }
            return;
        }
        let Some(one) = dependencies.get(&row.name) else { return };
        let range = one.specifiers.as_ref();
        if row.leaves_out(range) {
            return;
        }
        let lines: Vec<&Line> = row.line.iter().filter(|line| line.is_admitted(range)).collect();
        if !lines.is_empty() {
            let minors = MINORS.filter(|at| lines.iter().any(|line| line.installs(*at))).collect();
            let range = one.specifiers.as_ref().map(ToString::to_string).unwrap_or_default();
            let tested = lines.iter().map(|line| line.tested()).max().unwrap_or(*MINORS.end());
            let text = format!("{}{range}", row.name);
            let name = row.name.clone();
            self.bounds.push(Bound { name, text, minors, tested, evidence });
        }
    }

    /// A lock names the files. What the table does not know may build where no
    /// wheel fits, so that a newer version is possible, and not taken unasked.
    fn add_locked(&mut self, dependencies: &Dependencies) {
        for (name, text) in &dependencies.package_pythons {
            let minors = specifier::poetry(text).map(|ranges| minors_of(&ranges));
            if let Some(minors) = minors.filter(|minors| !minors.is_empty()) {
                self.add_named(name, minors, *MINORS.end(), dependencies);
            }
        }
        for (name, wheels) in dependencies.wheels.iter().filter(|(_, wheels)| wheels.compiled) {
            let (Some(first), Some(last)) = (wheels.minors.first(), wheels.minors.last()) else {
                continue;
            };
            if !wheels.source {
                self.add_named(name, wheels.minors.clone(), *last, dependencies);
            } else if !WHEELS.contains_key(name.as_str()) {
                let minors = MINORS.filter(|at| at >= first).collect();
                self.add_named(name, minors, *last, dependencies);
            }
        }
    }

    fn add_named(
        &mut self,
        name: &str,
        minors: BTreeSet<u64>,
        tested: u64,
        dependencies: &Dependencies,
    ) {
        let version = dependencies.version(name).map(ToString::to_string).unwrap_or_default();
        let text = format!("{name} {version}");
        let evidence = dependencies.get(name).map(|one| one.evidence.clone());
        self.bounds.push(Bound { name: name.to_owned(), text, minors, tested, evidence });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_reaches_beyond_a_row_is_not_bounded_by_it() {
        let line = |versions: &str, newest: &str| Line {
            versions: versions.into(),
            newest: newest.into(),
            first: "3.6".into(),
            last: "3.11".into(),
            tested: None,
            builds: false,
            read: String::new(),
        };
        let row =
            Row { name: "a".into(), line: vec![line("<5", "4.4"), line(">=5,<5.3", "5.2.7")] };
        let range = |text: &str| Some(text.parse::<VersionSpecifiers>().unwrap());
        assert!(row.leaves_out(None));
        assert!(row.leaves_out(range(">=5.1").as_ref()));
        assert!(row.leaves_out(range(">=5.1,<6").as_ref()));
        assert!(!row.leaves_out(range("<5.3").as_ref()));
        assert!(!row.leaves_out(range("<5").as_ref()), "the next line begins there");
        let whole = Row { line: vec![line(">=5", "5.2.7")], ..row };
        assert!(!whole.leaves_out(None));
    }

    #[test]
    fn every_row_of_the_table_is_sound() {
        assert!(MINORS.contains(&SUPPORT.default_minor()));
        assert!(WHEELS.len() > 50);
        let wheels: Vec<Row> = WHEELS.keys().filter_map(|name| wheels_of(name)).collect();
        for row in SUPPORT.package.iter().chain(&wheels) {
            assert_eq!(row.name, crate::detect::deps::name::normalised(&row.name));
            for line in &row.line {
                let place = format!("{} {}", row.name, line.versions);
                let (first, last) = (minor(&line.first).unwrap(), minor(&line.last).unwrap());
                assert!(
                    first <= last && MINORS.contains(&first) && MINORS.contains(&last),
                    "{place}"
                );
                assert!((first..=last).contains(&line.tested()), "{place}");
                assert!(line.covers(&line.newest.parse().unwrap()), "{place}");
                assert!(!line.read.is_empty() && !line.read.contains("://"), "{place}");
            }
        }
    }
}
