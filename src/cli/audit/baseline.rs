//! A file of findings that are known, so that a team starts with today's and
//! fails on new ones.
//!
//! ```json
//! { "version": 1, "root": ".", "findings": [{ "code": "CO104", "path": "compose.yaml",
//!   "print": "…", "members": ["…"] }] }
//! ```
//!
//! Paths are seen from `root`, which is where the command was typed that wrote it, as
//! seen from its own directory. The message is not in it: a finding stays the same one
//! when its line moves or its words change. One about several services names what it
//! knows of them: another one among them is new.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::items;
use super::judging::{Outcome, Request};
use crate::cli::findings::{Item, fingerprints, seen};
use crate::cli::many::Done;
use crate::error::{Error, Problem};
use crate::lint::{Diagnostic, Severity};
use crate::source::{path, text};

#[derive(Deserialize, Serialize)]
struct Baseline {
    version: u32,
    /// Files of before name none, and are read from where their writer stood.
    #[serde(default)]
    root: Option<PathBuf>,
    findings: Vec<Entry>,
}

#[derive(Clone, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
struct Entry {
    code: String,
    path: String,
    print: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    members: Vec<String>,
}

impl Entry {
    /// Whether it is the same finding, or was before its first member went.
    fn is(&self, other: &Self) -> bool {
        (&self.code, &self.path) == (&other.code, &other.path)
            && (self.print == other.print
                || self.members.iter().any(|own| other.members.contains(own)))
    }

    /// Which of its members another one does not know, by their number; one that
    /// knows none was written before members were.
    fn news(&self, known: &Self) -> Vec<usize> {
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for own in &known.members {
            *left.entry(own).or_default() += 1;
        }
        let is_new = |own: &String| match left.get_mut(own.as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => !known.members.is_empty(),
        };
        let are_new: Vec<bool> = self.members.iter().map(is_new).collect();
        (0..are_new.len()).filter(|number| are_new[*number]).collect()
    }
}

/// Marks what a baseline has; gives how many of its findings are gone: of those that
/// could have been found now.
///
/// # Errors
/// A file that cannot be read, or is no baseline.
pub fn mark(file: &Path, done: &mut [Done<Outcome>], request: &Request) -> Result<usize, Error> {
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
    let here = std::env::current_dir().unwrap_or_default();
    let root = match &baseline.root {
        Some(root) => real(&directory(file).join(root)),
        None => real(&here),
    };
    let mut is_left = vec![true; baseline.findings.len()];
    for ((path, number), _, entry) in entries(done, &root) {
        let mut known = None;
        for (at, own) in baseline.findings.iter().enumerate().filter(|(_, own)| own.is(&entry)) {
            is_left[at] = false;
            let is_same = own.print == entry.print;
            known = known.filter(|_| !is_same).or(Some(own));
        }
        let (Some(known), Ok(outcome)) = (known, &mut done[path].result) else { continue };
        let news = entry.news(known);
        outcome.known[number] = news.is_empty();
        if !news.is_empty() {
            let told = told(outcome, number, &news);
            outcome.judged[number].diagnostic.message.push_str(&told);
        }
    }
    let is_asked = |own: &Entry| {
        // Of a rule's findings some weigh less than others.
        request.level <= Severity::Advice
            && (own.code.starts_with("AU")
                || request.rules.iter().any(|rule| rule.code == own.code))
            && done
                .iter()
                .filter_map(|other| other.result.as_ref().ok())
                .any(|outcome| looks_at(outcome, &root.join(&own.path)))
    };
    let left = baseline.findings.iter().zip(is_left);
    Ok(left.filter(|(own, is_left)| *is_left && is_asked(own)).count())
}

/// What is new in a finding of which the baseline knows a part.
fn told(outcome: &Outcome, number: usize, news: &[usize]) -> String {
    let own: &Diagnostic = &outcome.judged[number].diagnostic;
    let lines = news.iter().map(|new| {
        let at = own.members[*new];
        let line = outcome.subject.line(at).to_string();
        match at.text == own.at.text {
            true => line,
            false => format!("{}:{line}", outcome.subject.path(at.text)),
        }
    });
    let lines: Vec<String> = lines.collect();
    let noun = if lines.len() == 1 { "line" } else { "lines" };
    format!("; not in the baseline: {noun} {}", lines.join(", "))
}

/// Whether what is found in a file would have been told.
fn looks_at(outcome: &Outcome, file: &Path) -> bool {
    let base = real(outcome.directory());
    let Ok(below) = file.strip_prefix(base) else { return false };
    outcome.target.shows(&path::portable(below))
}

fn real(path: &Path) -> PathBuf {
    path::canonical(path).unwrap_or_else(|_| path.to_owned())
}

fn directory(file: &Path) -> PathBuf {
    let parent = file.parent().filter(|own| !own.as_os_str().is_empty());
    real(parent.unwrap_or(Path::new(".")))
}

/// Where the command is typed, as seen from the directory of a file.
fn root_of(file: &Path) -> PathBuf {
    let here = real(&std::env::current_dir().unwrap_or_default());
    let from = directory(file);
    let shared = from.components().zip(here.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(here.components().skip(shared)).collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// A file of a directory as it is seen from the root of a baseline.
fn from(root: &Path, dir: &Path, path: &str) -> String {
    let here = real(&std::env::current_dir().unwrap_or_default());
    let whole = real(dir).join(path);
    match whole.strip_prefix(root) {
        Ok(below) if root != here => path::portable(below),
        _ => seen(dir, path),
    }
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
    let here = real(&std::env::current_dir().unwrap_or_default());
    let mut findings: Vec<Entry> = entries(done, &here)
        .into_iter()
        .filter(|(_, item, _)| item.suppressed.is_none())
        .map(|(.., entry)| entry)
        .collect();
    findings.sort();
    let count = findings.len();
    let baseline = Baseline { version: 1, root: Some(root_of(file)), findings };
    let text = serde_json::to_string_pretty(&baseline).expect("text serialises");
    fs::write(file, text + "\n").map_err(|source| Error::Io {
        action: "write",
        path: file.to_owned(),
        source,
    })?;
    Ok(count)
}

/// Every finding by the numbers of its path and of itself, its file as it is seen from
/// a root.
fn entries(done: &[Done<Outcome>], root: &Path) -> Vec<((usize, usize), Item, Entry)> {
    let mut numbers = Vec::new();
    let mut all = Vec::new();
    for (path, own) in done.iter().enumerate() {
        let Ok(outcome) = &own.result else { continue };
        for (finding, judged) in outcome.judged.iter().enumerate() {
            numbers.push((path, finding));
            let mut item = items::item(outcome, judged);
            let path = outcome.subject.path(judged.diagnostic.at.text);
            item.place.path = from(root, outcome.directory(), path);
            all.push(item);
        }
    }
    let prints = fingerprints(&all);
    numbers
        .into_iter()
        .zip(all)
        .zip(prints)
        .map(|((number, item), print)| {
            let (code, path) = (item.rule.clone(), item.place.path.clone());
            let members = item.members.clone();
            (number, item, Entry { code, path, print, members })
        })
        .collect()
}
