//! A compose project as Compose loads it: every file that counts, `include`
//! and `extends` resolved, laid over each other with `!reset` and `!override`,
//! variables replaced. Each value knows the file and the line it comes from.

mod load;
mod merge;
mod rebase;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::BTreeMap;

use crate::relpath;
use crate::source::compose::{Item, Service};
use crate::source::text::Text;

/// Gives the text of a file below the directory that is read. `Ok(None)` for
/// one that is not there; an error for one that is there and cannot be read.
pub type Files<'a> = &'a dyn Fn(&str) -> Result<Option<String>, String>;

/// A variable whose value nobody here knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unset {
    /// Its name.
    pub name: String,
    /// Whether Compose refuses to start without it: `${NAME:?}`.
    pub required: bool,
    /// The number of the file that names it.
    pub file: usize,
    /// The line.
    pub line: usize,
}

/// Something that keeps a project from being read as Compose would read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub message: String,
    /// The number of the file.
    pub file: usize,
    /// The line; 1 where it is the whole file.
    pub line: usize,
}

/// A compose project.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Its directory, `.` for the top.
    pub directory: String,
    /// Its files, in the order in which they are laid over each other, then
    /// those that they include and extend.
    pub files: Vec<Text>,
    /// What they add up to.
    pub root: Item,
    /// What `.env` sets.
    pub env: BTreeMap<String, String>,
    /// Variables without a value.
    pub unset: Vec<Unset>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

impl Project {
    /// Loads a project from these files, the first one below the others.
    #[must_use]
    pub fn load(directory: &str, paths: &[String], files: Files<'_>) -> Self {
        load::load(directory, paths, files)
    }

    /// Its services, in the order of the files.
    #[must_use]
    pub fn services(&self) -> Vec<Service> {
        let entries = self.root.get("services").into_iter().flat_map(Item::entries);
        entries.map(|(name, item)| Service::of(name, item.clone())).collect()
    }

    /// A path that stands in one of its files, seen from the directory that is
    /// read; `None` where it leaves that, is absolute, or holds a variable.
    #[must_use]
    pub fn path(&self, written: &str) -> Option<String> {
        relpath::join(&self.directory, written)
    }
}
