//! Dependencies: which files declare them, who owns the lock, and what is
//! installed in production.

use std::collections::BTreeMap;

use pep508_rs::pep440_rs::{Version, VersionSpecifiers};

use crate::detect::fact::{Evidence, Fact};
use crate::detect::tree::Tree;

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
    /// `requires-python` or its like, as it stands there.
    pub requires_python: Option<(String, Evidence)>,
}

impl Dependencies {
    /// What the directories of a repository declare that has an application
    /// in `root`: those of `root`, or of the nearest directory above it that
    /// declares any.
    #[must_use]
    pub fn of(_tree: &Tree, _root: &str) -> Self {
        Self::default()
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
}
