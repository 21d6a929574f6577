//! A file of findings that are known, so that a team starts with today's and
//! fails on new ones.
//!
//! ```json
//! { "version": 1, "findings": [{ "code": "DF101", "path": "Dockerfile", "print": "…" }] }
//! ```
//!
//! Paths are seen from where the command is typed. The message is not in it: a
//! finding stays the same one when its line moves or its words change.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::items;
use super::judging::Outcome;
use crate::cli::findings::{Item, fingerprints};
use crate::cli::many::Done;
use crate::error::{Error, Problem};
use crate::source::text;

#[derive(Deserialize, Serialize)]
struct Baseline {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Clone, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
struct Entry {
    code: String,
    path: String,
    print: String,
}

/// Marks what a baseline has; gives how many of its findings are gone.
///
/// # Errors
/// A file that cannot be read, or is no baseline.
pub fn mark(file: &Path, done: &mut [Done<Outcome>]) -> Result<usize, Error> {
    let failed = |source| Error::Io { action: "read", path: file.to_owned(), source };
    let bytes = text::bytes(file).map_err(failed)?;
    let refused = |message: String| {
        let help = "`dockwright audit --write-baseline FILE` writes one";
        Error::input(Problem::new(message).at(file.display().to_string()).help(help))
    };
    let baseline: Baseline = serde_json::from_slice(&bytes)
        .map_err(|error| refused(format!("it is no baseline: {error}")))?;
    if baseline.version != 1 {
        return Err(refused(format!("it is of version {}", baseline.version)));
    }
    let mut left: BTreeSet<Entry> = baseline.findings.into_iter().collect();
    for (number, _, entry) in entries(done) {
        if left.remove(&entry) {
            let (path, finding) = number;
            if let Ok(outcome) = &mut done[path].result {
                outcome.known[finding] = true;
            }
        }
    }
    Ok(left.len())
}

/// Writes what is found and not allowed; gives how many that are.
///
/// # Errors
/// A file that cannot be written, and one that is there and no baseline.
pub fn write(file: &Path, done: &[Done<Outcome>]) -> Result<usize, Error> {
    let is_another = file.metadata().is_ok_and(|found| !found.is_file())
        || text::bytes(file).is_ok_and(|old| serde_json::from_slice::<Baseline>(&old).is_err());
    if is_another {
        let message = format!("{} is there, and no baseline: nothing was written", file.display());
        return Err(Error::input(Problem::new(message).help("name another file")));
    }
    let mut findings: Vec<Entry> = entries(done)
        .into_iter()
        .filter(|(_, item, _)| item.suppressed.is_none())
        .map(|(.., entry)| entry)
        .collect();
    findings.sort();
    let count = findings.len();
    let text =
        serde_json::to_string_pretty(&Baseline { version: 1, findings }).expect("text serialises");
    fs::write(file, text + "\n").map_err(|source| Error::Io {
        action: "write",
        path: file.to_owned(),
        source,
    })?;
    Ok(count)
}

/// Every finding by the numbers of its path and of itself.
fn entries(done: &[Done<Outcome>]) -> Vec<((usize, usize), Item, Entry)> {
    let mut numbers = Vec::new();
    let mut all = Vec::new();
    for (path, own) in done.iter().enumerate() {
        let Ok(outcome) = &own.result else { continue };
        for (finding, judged) in outcome.judged.iter().enumerate() {
            numbers.push((path, finding));
            all.push(items::item(outcome, judged));
        }
    }
    let prints = fingerprints(&all);
    numbers
        .into_iter()
        .zip(all)
        .zip(prints)
        .map(|((number, item), print)| {
            let (code, path) = (item.rule.clone(), item.place.path.clone());
            (number, item, Entry { code, path, print })
        })
        .collect()
}
