//! Lock files: exact versions of what production reaches, never of what only
//! development does.

mod graph;
pub mod pdm;
pub mod poetry;
pub mod uv;
pub mod wheels;

use std::collections::BTreeMap;

use pep508_rs::pep440_rs::Version;

pub use wheels::Wheels;

/// What a lock says of production.
#[derive(Clone, Debug, Default)]
pub struct Locked {
    /// Exact versions by normalised name.
    pub versions: BTreeMap<String, Version>,
    /// Python versions a package has wheels for, where the lock names files.
    pub wheels: BTreeMap<String, Wheels>,
    /// What packages themselves state: `>=3.9,<3.13`.
    pub pythons: BTreeMap<String, String>,
    /// Packages from version control.
    pub version_control: Vec<String>,
    /// Directories of the repository that are installed as well, relative to
    /// the lock's.
    pub paths: Vec<String>,
    /// Directly declared packages that the lock does not hold.
    pub missing: Vec<String>,
}
