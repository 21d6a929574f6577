//! Files that state Python's version, in the order of their weight.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use pep508_rs::pep440_rs::Version;

use crate::detect::deps::marker::MINORS;
use crate::detect::deps::{Dependencies, PythonStatement, path, specifier};
use crate::detect::fact::Evidence;
use crate::detect::tree::Tree;

/// More than any Python has had.
const PATCHES: u64 = 30;

/// What one place says.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What kind of place.
    pub source: String,
    /// As it stands there.
    pub text: String,
    /// The minor versions of Python 3 it allows.
    pub minors: BTreeSet<u64>,
    /// The line.
    pub evidence: Evidence,
}

/// Every statement, the weightiest first.
#[must_use]
pub fn find(tree: &Tree, dependencies: &Dependencies) -> Vec<Statement> {
    let mut found = Vec::new();
    for name in [".python-version", ".tool-versions", "mise.toml", ".mise.toml", "runtime.txt"] {
        let files = path::upwards(&dependencies.directory)
            .filter_map(|directory| path::join(directory, name));
        found.extend(files.into_iter().find_map(|file| version_file(tree, name, &file)));
    }
    for one in &dependencies.python {
        let minors = known_or_coming(&one.ranges);
        if !minors.is_empty() && !one.ranges.iter().all(|range| range.is_empty()) {
            found.push(Statement {
                source: one.source.to_owned(),
                text: one.text.clone(),
                minors,
                evidence: one.evidence.clone(),
            });
        }
    }
    found
}

/// Minor versions that satisfy a range, and where no Python that is known here does,
/// those to come that do: `>=3.15`.
fn known_or_coming(ranges: &specifier::Alternatives) -> BTreeSet<u64> {
    /// As far as somebody may look ahead.
    const FURTHEST: u64 = 40;
    let known = minors_of(ranges);
    if known.is_empty() { within(MINORS.end() + 1..=FURTHEST, ranges) } else { known }
}

/// The release of a minor version at which the project's own range ends: `3.11.7` of
/// `==3.11.7`. An image of the newest release would be refused.
#[must_use]
pub fn last_release(dependencies: &Dependencies, minor: u64) -> Option<String> {
    // `<=3.11` is written by people who mean all of 3.11.
    let release = format!("3.{minor}.");
    let names = |text: &str| {
        let mut ends = text.match_indices(&release).map(|(at, _)| &text[at + release.len()..]);
        ends.any(|end| end.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    let last = |one: &PythonStatement| {
        let newest = (0..=PATCHES)
            .rev()
            .map(|patch| Version::new([3, minor, patch]))
            .find(|version| one.ranges.iter().any(|range| range.contains(version)))?;
        (newest.release()[2] < PATCHES).then(|| newest.to_string())
    };
    dependencies.python.iter().filter(|one| names(&one.text)).find_map(last)
}

/// Minor versions of which some patch release satisfies a range.
#[must_use]
pub fn minors_of(ranges: &specifier::Alternatives) -> BTreeSet<u64> {
    within(MINORS, ranges)
}

fn within(all: RangeInclusive<u64>, ranges: &specifier::Alternatives) -> BTreeSet<u64> {
    let fits = |minor: &u64| {
        (0..=PATCHES)
            .map(|patch| Version::new([3, *minor, patch]))
            .any(|version| ranges.iter().any(|range| range.contains(&version)))
    };
    all.filter(fits).collect()
}

fn version_file(tree: &Tree, name: &str, file: &str) -> Option<Statement> {
    let text = tree.text(file)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    for (at, line) in lines {
        let version = match name {
            ".tool-versions" => line.trim().strip_prefix("python "),
            "mise.toml" | ".mise.toml" => {
                let (key, value) = line.split_once('=').unwrap_or_default();
                (key.trim().trim_matches('"') == "python").then_some(value)
            }
            _ => Some(line),
        };
        let Some(version) = version.and_then(first_version) else { continue };
        let minors = known_or_coming(&specifier::minor(&version).into_iter().collect());
        if !minors.is_empty() {
            let evidence = tree.evidence(file, at + 1);
            return Some(Statement { source: name.to_owned(), text: version, minors, evidence });
        }
    }
    None
}

/// The first `3.x` or `3.x.y` in a text. Names of environments and other
/// implementations have none.
#[must_use]
pub fn first_version(text: &str) -> Option<String> {
    if text.contains("pypy") {
        return None;
    }
    let start = text.match_indices("3.").map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|letter| !letter.is_ascii_alphanumeric() && letter != '.')
    })?;
    let digits = |letter: char| letter.is_ascii_digit() || letter == '.';
    let end = text[start..].find(|letter| !digits(letter)).map_or(text.len(), |end| start + end);
    let version = text[start..end].trim_end_matches('.');
    version.contains('.').then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_solved_to_minor_versions() {
        for (range, oldest, newest) in [
            ("^3.10,<3.13", 10, 12),
            ("==3.12.*", 12, 12),
            ("==3.14.0", 14, 14),
            (">=3.9,<4.0", 9, 14),
            (">=3.9.1", 9, 14),
            ("~=3.11", 11, 14),
            ("~=3.11.2", 11, 11),
            ("^3.9", 9, 14),
            ("~3.9", 9, 9),
            ("3.8.*", 8, 8),
            (">=3.8,!=3.9.*,<3.11", 8, 10),
            (">3.8,<=3.11", 8, 11),
            (">=2.7,!=3.0.*,!=3.1.*", 5, 14),
            ("^3.7 || ^3.9", 7, 14),
            (">=3.10 <3.12", 10, 11),
        ] {
            let minors = minors_of(&specifier::poetry(range).unwrap());
            assert_eq!((minors.first(), minors.last()), (Some(&oldest), Some(&newest)), "{range}");
        }
        let gap = minors_of(&specifier::poetry(">=3.8,!=3.9.*,<3.11").unwrap());
        assert_eq!(gap, BTreeSet::from([8, 10]));
    }

    #[test]
    fn versions_are_found_in_what_people_write() {
        for (text, version) in [
            ("3.12", Some("3.12")),
            ("python-3.9.16", Some("3.9.16")),
            ("cpython-3.11.4-linux", Some("3.11.4")),
            ("= \"3.10\"", Some("3.10")),
            ("pypy3.9", None),
            ("myproject", None),
            ("2.3.1", None),
        ] {
            assert_eq!(first_version(text).as_deref(), version, "{text}");
        }
    }
}
