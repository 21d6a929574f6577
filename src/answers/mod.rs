//! Answers: every key typed, with where its value came from.
//!
//! [`Sources::assemble`] brings together what everybody says. Which of two
//! values of a key holds is for their [`Origin`]s to decide: built-in default,
//! preset layers in order, what was found, `dockwright.toml`, `--set`, prompt.
//! [`Draft::resolve`] then types the [`Answers`], or gives all of their
//! problems at once; what the preset requires of them is `policy`'s.

mod adopt;
pub mod adopted;
pub mod document;
pub mod draft;
pub mod migrate;
pub mod network;
pub mod source;
pub mod sources;
pub mod stack;
mod sticky;

use std::collections::BTreeMap;

use crate::schema::value::Value;
pub use draft::Draft;
pub use source::{Origin, Sourced};
pub use sources::Sources;
use stack::{Budget, Hardening, PackageManager, Stack};

use crate::preset::manifest::FileRule;
use crate::relpath::RelPath;
use crate::schema::Role;
use crate::units::{MiB, MilliCpu};

/// A planned number that a person fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The number.
    pub value: Value,
    /// Where it was fixed.
    pub source: String,
}

/// What is asked of one output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePolicy {
    /// Leave it out.
    Off,
    /// Treat it in this way.
    Ownership(crate::schema::Ownership),
}

/// What the preset says of one output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerFile {
    /// What is said.
    pub rule: FileRule,
    /// The last layer that says something of it.
    pub layer: String,
}

/// The machine or task that everything shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// CPUs.
    pub cpus: MilliCpu,
    /// Memory.
    pub memory: MiB,
    /// Whether a system shares it.
    pub budget: Budget,
    /// Public host name; empty for none.
    pub domain: String,
    /// Address the port is published on.
    pub bind: String,
    /// How far containers are locked down.
    pub hardening: Hardening,
}

/// Everything that was decided by people, presets and defaults.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Code that was there before; `None` where dockwright writes a skeleton.
    pub adopted: Option<adopted::Adopted>,
    /// The preset's reference.
    pub preset: String,
    /// Names the project, image and database.
    pub name: String,
    /// Python's minor version.
    pub python: String,
    /// Who owns the lock file.
    pub package_manager: PackageManager,
    /// Published port.
    pub port: u16,
    /// What runs.
    pub stack: Stack,
    /// Where it runs.
    pub deploy: Deploy,
    /// `images.*` that were set, by short name.
    pub images: BTreeMap<String, String>,
    /// The network that images are built and run in.
    pub network: network::Network,
    /// Service names in the compose file.
    pub services: BTreeMap<Role, String>,
    /// Pinned numbers, by full plan key.
    pub pins: BTreeMap<String, Pin>,
    /// What the preset says of single outputs, and the outputs it adds.
    pub layer_files: BTreeMap<RelPath, LayerFile>,
    /// Policies per output.
    pub files: BTreeMap<RelPath, FilePolicy>,
    /// Where outputs go whose own path somebody else's file has, by that path.
    pub alternates: BTreeMap<RelPath, RelPath>,
}
