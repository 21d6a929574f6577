//! `preset.toml`, read: what one layer says.

mod checks;
pub mod fields;
mod read;

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

use crate::error::Place;
use crate::preset::reference::Reference;
use crate::preset::rule::Rule;
use crate::relpath::RelPath;
use crate::schema::Ownership;
use crate::schema::entries::Entry;
pub use read::{read, requires};

/// A least version that the files have to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// `python`, `dockwright`, `images.NAME` or `tools.NAME`.
    pub subject: String,
    /// The least version.
    pub least: String,
    /// Where it stands.
    pub place: Place,
}

/// What a layer says of one output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRule {
    /// The template of an output that dockwright itself does not have.
    pub template: Option<String>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// How it is treated.
    pub ownership: Option<Ownership>,
    /// Whether it is left out.
    pub off: bool,
}

/// A change of answers from an older version to this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// It applies when coming from a version below this.
    pub before: Version,
    /// What it does.
    pub step: Step,
    /// Where it stands.
    pub place: Place,
}

/// One declarative step of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key has another name. Of `files.PATH` to `files.PATH`: the output
    /// moved, and an update takes the edits of a repository along.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Values of a key have other words.
    Map {
        /// The key.
        key: String,
        /// New words by the old ones.
        values: BTreeMap<String, String>,
    },
    /// A key is no more.
    Remove(String),
}

/// What one layer says.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// One line for people.
    pub description: String,
    /// Which versions of dockwright it needs.
    pub requires: Option<VersionReq>,
    /// What it builds on; a later one wins over an earlier one.
    pub extends: Vec<Reference>,
    /// Defaults of keys.
    pub defaults: Vec<Entry>,
    /// Values that no later source may change.
    pub locked: Vec<Entry>,
    /// Least versions.
    pub floors: Vec<Floor>,
    /// What has to hold.
    pub rules: Vec<Rule>,
    /// Outputs by path.
    pub files: BTreeMap<RelPath, FileRule>,
    /// Changes of answers.
    pub migrations: Vec<Migration>,
}

#[cfg(test)]
mod tests;
