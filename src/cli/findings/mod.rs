//! Findings of any command in the forms that other programs take: SARIF,
//! annotations of GitHub, code quality of GitLab.

pub mod github;
pub mod gitlab;
pub mod sarif;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::digest::hash;
use crate::lint::edit::Placed;
use crate::source::path;

/// How much a finding weighs for who reads the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It is only said.
    Note,
    /// It does not fail.
    Warning,
    /// It fails.
    Error,
}

/// Where a finding is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as it is seen from where the command was typed.
    pub path: String,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// Its column in characters, from 1.
    pub column: Option<usize>,
    /// The line it ends on, and the column after its last character.
    pub end: Option<(usize, usize)>,
}

/// A rule that findings are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub short: String,
    /// Why.
    pub full: String,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The id of its rule.
    pub rule: String,
    /// A few words for its head.
    pub title: String,
    /// How much it weighs.
    pub level: Level,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where.
    pub place: Place,
    /// What it is known by from one run to the next: never its prose or its
    /// line number.
    pub identity: String,
    /// Where it is about several alike: what each of these is known by.
    pub members: Vec<String>,
    /// Why it is allowed.
    pub suppressed: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<(Place, String)>,
    /// How it would be mended.
    pub mend: Option<Mend>,
}

/// What would mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// What it does.
    pub what: String,
    /// What it writes; files as they are seen from where the command was typed.
    pub edits: Vec<Placed>,
}

/// Fingerprints of findings, in their order: those that are known by the same
/// are counted.
#[must_use]
pub fn fingerprints(items: &[Item]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    items
        .iter()
        .map(|item| {
            let text = format!("{}\0{}\0{}", item.rule, item.place.path, item.identity);
            let print = hash(text.as_bytes());
            let count = seen.entry(print.clone()).or_default();
            *count += 1;
            format!("{print}:{count}")
        })
        .collect()
}

/// A file of a directory as it is seen from where the command was typed.
#[must_use]
pub fn seen(dir: &Path, path: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let whole = dir.join(path);
    let parts: PathBuf = whole
        .strip_prefix(&here)
        .unwrap_or(&whole)
        .components()
        .filter(|part| *part != std::path::Component::CurDir)
        .collect();
    path::portable(&parts)
}
