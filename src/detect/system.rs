//! Debian packages that production's Python packages need, to build and to
//! run: from the table in `data/system.toml`, over everything that is
//! installed where a lock tells.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use pep508_rs::pep440_rs::Version;
use serde::Deserialize;

use crate::detect::deps::{Dependencies, line};
use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::SystemPackages;
use crate::detect::tree::Tree;
use crate::detect::version::support;

#[derive(Debug, Deserialize)]
struct Table {
    package: Vec<Row>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum When {
    Source,
    Always,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Row {
    name: String,
    when: When,
    wheels_since: Option<Version>,
    extra: Option<String>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    build: Vec<String>,
    #[serde(default)]
    run: Vec<String>,
    #[allow(dead_code, reason = "for people who check the row")]
    read: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    ::toml::from_str(include_str!("data/system.toml")).expect("a unit test reads it")
});

/// What compiles C and C++.
const COMPILER: &str = "build-essential";

/// Finds the packages for a minor version of Python 3.
#[must_use]
pub fn find(tree: &Tree, dependencies: &Dependencies, minor: u64) -> Fact<SystemPackages> {
    let mut needs = Needs::default();
    for row in &TABLE.package {
        if row.name == "django.contrib.gis" {
            if let Some(evidence) = geodjango(tree, dependencies) {
                needs.add(row, evidence);
            }
        } else if applies(row, dependencies, minor) {
            needs.add(row, evidence(dependencies, &row.name));
        }
    }
    for (name, wheels) in &dependencies.wheels {
        if wheels.compiled && wheels.source && !wheels.fits(minor) {
            needs.build.insert(COMPILER.to_owned());
            needs.note(evidence(dependencies, name));
        }
    }
    for name in &dependencies.version_control {
        needs.build.insert("git".to_owned());
        needs.note(evidence(dependencies, name));
    }
    for name in &dependencies.ssh {
        needs.build.insert("openssh-client".to_owned());
        needs.note(evidence(dependencies, name));
    }
    needs.fact()
}

/// What packages need that are installed by name, beside the project's own.
#[must_use]
pub fn of_named(tree: &Tree, packages: &[String], minor: u64) -> SystemPackages {
    let own = packages.iter().filter_map(|text| line::requirement(text, Evidence::file("")));
    let mut dependencies = Dependencies { declared: own.collect(), ..Dependencies::default() };
    dependencies.pinned();
    find(tree, &dependencies, minor).value().cloned().unwrap_or_default()
}

#[derive(Default)]
struct Needs {
    build: BTreeSet<String>,
    run: BTreeSet<String>,
    evidence: Vec<Evidence>,
}

impl Needs {
    fn add(&mut self, row: &Row, evidence: Evidence) {
        if row.when == When::Source {
            self.build.insert(COMPILER.to_owned());
        }
        self.build.extend(row.build.iter().cloned());
        self.run.extend(row.run.iter().cloned());
        self.note(evidence);
    }

    fn note(&mut self, evidence: Evidence) {
        if !self.evidence.contains(&evidence) {
            self.evidence.push(evidence);
        }
    }

    fn fact(self) -> Fact<SystemPackages> {
        if self.build.is_empty() && self.run.is_empty() {
            return Fact::Unknown;
        }
        let packages = SystemPackages {
            build: self.build.into_iter().collect(),
            runtime: self.run.into_iter().collect(),
        };
        Fact::Known(packages, self.evidence)
    }
}

fn applies(row: &Row, dependencies: &Dependencies, minor: u64) -> bool {
    if !dependencies.installs(&row.name) {
        return false;
    }
    let extras = dependencies.get(&row.name).map(|one| one.extras.as_slice()).unwrap_or_default();
    // A lock holds what the extra brings under a name of its own.
    let has = |extra: &String| {
        extras.contains(extra) || dependencies.locked.contains_key(&format!("{}-{extra}", row.name))
    };
    if row.extra.as_ref().is_some_and(|extra| !has(extra)) || row.without.iter().any(has) {
        return false;
    }
    row.when == When::Always || is_built(row, dependencies, minor)
}

/// Whether the package is built from its source on this Python version.
fn is_built(row: &Row, dependencies: &Dependencies, minor: u64) -> bool {
    if let Some(wheels) = dependencies.wheels.get(&row.name) {
        return !wheels.fits(minor);
    }
    let Some(since) = &row.wheels_since else { return true };
    dependencies.version(&row.name).is_some_and(|version| {
        version < since || !support::Table::has_wheel(&row.name, version, minor)
    })
}

fn evidence(dependencies: &Dependencies, name: &str) -> Evidence {
    let lock = || dependencies.files.first().map_or(".", String::as_str);
    dependencies.get(name).map_or_else(|| Evidence::file(lock()), |one| one.evidence.clone())
}

fn geodjango(tree: &Tree, dependencies: &Dependencies) -> Option<Evidence> {
    if !dependencies.installs("django") {
        return None;
    }
    let uses = |line: &str| {
        let code = line.trim_start();
        !code.starts_with('#')
            && ["django.contrib.gis\"", "django.contrib.gis'", "django.contrib.gis.db.backends"]
                .iter()
                .any(|name| code.contains(name))
    };
    tree.modules().find_map(|module| tree.find_line(&module.path, uses))
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn packages(minor: u64, files: &[(&str, &str)]) -> Option<(Vec<String>, Vec<String>)> {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            directory.child(path).write_str(text).unwrap();
        }
        let tree = Tree::read(directory.path()).unwrap();
        let dependencies = Dependencies::of(&tree, ".");
        let found = find(&tree, &dependencies, minor);
        found.value().map(|found| (found.build.clone(), found.runtime.clone()))
    }

    fn of(minor: u64, requirements: &str) -> Option<(Vec<String>, Vec<String>)> {
        packages(minor, &[("requirements.txt", requirements)])
    }

    fn strings(all: &[&str]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_row_is_sound() {
        for row in &TABLE.package {
            let debian = |name: &String| {
                name.chars().all(|letter| {
                    letter.is_ascii_lowercase() || letter.is_ascii_digit() || "+-.".contains(letter)
                })
            };
            assert!(row.build.iter().chain(&row.run).all(debian), "{}", row.name);
            assert!(row.when == When::Source || !row.run.is_empty(), "{}", row.name);
            assert!(row.when == When::Source || row.build.is_empty(), "{}", row.name);
            assert!(!row.read.is_empty() && !row.read.contains("://"), "{}", row.name);
        }
    }

    #[test]
    fn drivers_without_wheels_are_built_and_those_with_wheels_need_nothing() {
        let pq = (strings(&["build-essential", "libpq-dev"]), strings(&["libpq5"]));
        assert_eq!(of(12, "psycopg2==2.9.9"), Some(pq.clone()));
        assert_eq!(of(12, "psycopg[c]==3.2.1"), Some(pq));
        assert_eq!(of(12, "psycopg==3.2.1"), Some((vec![], strings(&["libpq5"]))));
        assert_eq!(of(12, "psycopg[binary]==3.2.1\nasyncpg\nnumpy==1.26.4\nlxml==5.2.1"), None);
    }

    #[test]
    fn a_wheel_that_does_not_fit_the_python_version_has_to_be_built() {
        assert_eq!(of(12, "lxml==5.2.1"), None);
        let (build, run) = of(13, "lxml==4.9.1").unwrap();
        assert!(build.contains(&"libxml2-dev".into()) && run.contains(&"libxml2".into()));
    }

    #[test]
    fn programs_that_packages_call_are_installed() {
        let (build, run) = of(12, "pdf2image\npytesseract\nopencv-python").unwrap();
        assert!(build.is_empty());
        assert!(
            ["poppler-utils", "tesseract-ocr", "libgl1"]
                .iter()
                .all(|name| run.contains(&(*name).to_owned()))
        );
        assert_eq!(of(12, "opencv-python-headless"), None);
    }

    #[test]
    fn a_dependency_from_git_needs_git_in_the_builder_only() {
        let found = of(12, "lib @ git+https://host/a/lib.git@v1").unwrap();
        assert_eq!(found, (strings(&["git"]), vec![]));
    }

    #[test]
    fn geodjango_is_found_in_the_settings() {
        let settings = "INSTALLED_APPS = [\n    'django.contrib.gis',\n]\n";
        let found = packages(12, &[("requirements.txt", "Django"), ("shop/settings.py", settings)]);
        assert!(found.unwrap().1.contains(&"gdal-bin".to_owned()));
        let commented = "INSTALLED_APPS = [\n    # 'django.contrib.gis',\n]\n";
        assert_eq!(
            packages(12, &[("requirements.txt", "Django"), ("shop/settings.py", commented)]),
            None
        );
    }
}
