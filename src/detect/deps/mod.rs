//! Dependencies: which files declare them, who owns the lock, and what is
//! installed in production.

mod conda;
mod installed;
pub mod installs;
pub mod line;
pub mod lock;
mod manager;
pub mod marker;
pub mod name;
mod offer;
mod pipfile;
mod pyproject;
mod requirements;
mod resolve;
mod root;
mod setuptools;
pub mod specifier;
#[cfg(test)]
mod tests;
mod toml;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pep508_rs::pep440_rs::{Operator, Version, VersionSpecifiers};

use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::Doubt;
pub use crate::detect::path;
use crate::detect::tree::Tree;
use installs::Install;
use lock::Wheels;
pub use root::Root;

/// Where a requirement comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A package index.
    Index,
    /// A URL of an archive.
    Url(String),
    /// A version control system, `git+…`.
    Vcs(String),
    /// A directory or file of the repository.
    Path(String),
}

/// One declared production dependency.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Normalised name (PEP 503).
    pub name: String,
    /// Extras asked for, normalised.
    pub extras: Vec<String>,
    /// Accepted versions, where any are stated.
    pub specifiers: Option<VersionSpecifiers>,
    /// Where it comes from.
    pub source: Source,
    /// The line that declares it.
    pub evidence: Evidence,
}

impl fmt::Display for Requirement {
    /// As pip writes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        if !self.extras.is_empty() {
            write!(formatter, "[{}]", self.extras.join(","))?;
        }
        match (&self.source, &self.specifiers) {
            (Source::Index, Some(specifiers)) => write!(formatter, "{specifiers}"),
            (Source::Index, None) => Ok(()),
            (Source::Url(address) | Source::Vcs(address) | Source::Path(address), _) => {
                write!(formatter, " @ {address}")
            }
        }
    }
}

impl Requirement {
    /// The one version it accepts, where it is pinned.
    #[must_use]
    pub fn exact(&self) -> Option<&Version> {
        let exact =
            |operator: &Operator| matches!(operator, Operator::Equal | Operator::ExactEqual);
        let specifiers = self.specifiers.as_ref()?;
        specifiers.iter().find(|one| exact(one.operator())).map(|one| one.version())
    }
}

/// A statement about Python's version in a file that declares dependencies.
#[derive(Clone, Debug)]
pub struct PythonStatement {
    /// What kind: `requires-python`, `Pipfile`, `environment.yml`, ….
    pub source: &'static str,
    /// As it stands there.
    pub text: String,
    /// Any of these may hold.
    pub ranges: specifier::Alternatives,
    /// The line.
    pub evidence: Evidence,
}

/// What one directory declares.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    /// The directory, relative to the one that was read; `.` for the top.
    pub directory: String,
    /// Who owns them.
    pub manager: Fact<String>,
    /// What is installed from, the lock first.
    pub files: Vec<String>,
    /// Production dependencies as declared; development groups are left out.
    pub declared: Vec<Requirement>,
    /// Everything production installs with its exact version, where a lock or
    /// pins tell: by normalised name.
    pub locked: BTreeMap<String, Version>,
    /// Of those, the ones that are locked in several versions, each for other Pythons.
    pub several: BTreeSet<String>,
    /// `requires-python` or its like, as it stands there.
    pub requires_python: Option<(String, Evidence)>,
    /// What the files say of Python's version, in the order of their weight.
    pub python: Vec<PythonStatement>,
    /// Minor versions of Python 3 in the package's classifiers.
    pub classifiers: Vec<(u64, Evidence)>,
    /// Python versions locked packages have wheels for.
    pub wheels: BTreeMap<String, Wheels>,
    /// Python ranges that locked packages state themselves.
    pub package_pythons: BTreeMap<String, String>,
    /// Packages that come from version control.
    pub version_control: Vec<String>,
    /// Of those, the ones that are fetched over SSH.
    pub ssh: Vec<String>,
    /// Directories of the repository that are installed as packages.
    pub paths: Vec<String>,
    /// Whether every line of the requirements files carries a hash.
    pub hashed: bool,
    /// Whether the project is itself a package that can be built.
    pub package: bool,
    /// What is known of that package.
    pub root: Root,
    /// Extras that production installs.
    pub extras: Vec<String>,
    /// Dependency groups that production installs, as they are written.
    pub groups: Vec<String>,
    /// Whether nothing is declared beside those groups.
    pub groups_alone: bool,
    /// Whether requirements files were made from others, with everything pinned.
    pub compiled: bool,
    /// Whether a requirements file names an index of its own.
    pub own_index: bool,
    /// The workspace member that is installed, by its package's name.
    pub member: Option<String>,
    /// What is doubtful about them.
    pub doubts: Vec<Doubt>,
    /// What the repository's own files install with.
    pub installs: Vec<Install>,
}

impl Dependencies {
    /// What the directories of a repository declare that has an application
    /// in `root`: those of `root`, or of the nearest directory above it that
    /// declares any.
    #[must_use]
    pub fn of(tree: &Tree, root: &str) -> Self {
        Self::with_manager(tree, root, None)
    }

    /// The same, with the package manager decided by a person.
    #[must_use]
    pub fn with_manager(tree: &Tree, root: &str, wish: Option<&str>) -> Self {
        resolve::resolve(tree, root, wish)
    }

    /// The declared requirement of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Requirement> {
        self.declared.iter().find(|requirement| requirement.name == name)
    }

    /// Whether production installs a package, declared or through another.
    #[must_use]
    pub fn installs(&self, name: &str) -> bool {
        self.get(name).is_some() || self.locked.contains_key(name)
    }

    /// What is installed from, on the evidence of the manager.
    #[must_use]
    pub fn files_fact(&self) -> Fact<Vec<String>> {
        if self.files.is_empty() {
            return Fact::Unknown;
        }
        Fact::Known(
            self.files.clone(),
            self.files.iter().map(|file| Evidence::file(file)).collect(),
        )
    }

    /// The exact version of a package, where a lock or a pin tells.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.locked.get(name).or_else(|| self.get(name)?.exact())
    }

    /// Names of everything production installs, with the extras asked for.
    #[must_use]
    pub fn packages(&self) -> Vec<String> {
        let mut all: BTreeMap<&str, String> =
            self.locked.keys().map(|name| (name.as_str(), name.clone())).collect();
        for one in self.declared.iter().filter(|one| one.name != ".") {
            let extras = one.extras.join(",");
            let text = if extras.is_empty() {
                one.name.clone()
            } else {
                format!("{}[{extras}]", one.name)
            };
            all.insert(&one.name, text);
        }
        all.into_values().collect()
    }
}
