//! Lock files: exact versions of what production reaches, never of what only
//! development does.

mod graph;
pub mod pdm;
pub mod poetry;
pub mod uv;
pub mod wheels;

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::pep440_rs::Version;

pub use wheels::Wheels;

/// What a lock says of production.
#[derive(Clone, Debug, Default)]
pub struct Locked {
    /// Exact versions by normalised name.
    pub versions: BTreeMap<String, Version>,
    /// Packages that it holds in several versions, each for other Pythons.
    pub several: BTreeSet<String>,
    /// Python versions a package has wheels for, where the lock names files.
    pub wheels: BTreeMap<String, Wheels>,
    /// What packages themselves state: `>=3.9,<3.13`.
    pub pythons: BTreeMap<String, String>,
    /// Packages from version control.
    pub version_control: Vec<String>,
    /// Of those, the ones that are fetched over SSH.
    pub ssh: Vec<String>,
    /// Directories of the repository that are installed as well, relative to
    /// the lock's.
    pub paths: Vec<String>,
    /// Directly declared packages that the lock does not hold.
    pub missing: Vec<String>,
}

impl Locked {
    fn add_version(&mut self, name: &str, version: Version) {
        let known = self.versions.insert(name.to_owned(), version);
        if known.is_some_and(|known| known != self.versions[name]) {
            self.several.insert(name.to_owned());
        }
    }

    fn add_version_control(&mut self, name: &str, address: Option<&str>) {
        self.version_control.push(name.to_owned());
        self.ssh.extend(address.filter(|address| is_ssh(address)).map(|_| name.to_owned()));
    }
}

/// Whether an address of version control needs an SSH key: `ssh://…`, `git@host:…`.
#[must_use]
pub fn is_ssh(address: &str) -> bool {
    let address = address.strip_prefix("git+").unwrap_or(address);
    address.starts_with("ssh://") || (address.contains('@') && !address.contains("://"))
}
