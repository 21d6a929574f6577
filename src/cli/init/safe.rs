//! `--apply-safe`: the additions of the checklist that cannot change what the
//! code does. Code is never edited.

use std::collections::BTreeMap;
use std::path::Path;

use crate::apply::change::{Action, Change};
use crate::apply::disk::{self, DiskState};
use crate::apply::lines;
use crate::detect::readiness::Lack;
use crate::error::Error;
use crate::relpath::RelPath;

/// Whether a lack can be mended by `--apply-safe`: lines at a place that is
/// known, in a file that is no code.
#[must_use]
pub fn is_safe(lack: &Lack) -> bool {
    lack.safe && !lack.add.is_empty() && !lack.path.ends_with(".py")
}

/// What `--apply-safe` adds.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    /// One change per file.
    pub changes: Vec<Change>,
    /// The lacks they mend.
    pub lacks: Vec<Lack>,
    /// What could not be added, and why.
    pub refused: Vec<String>,
}

impl Additions {
    /// The additions of a checklist.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of(dir: &Path, readiness: &[Lack]) -> Result<Self, Error> {
        let mut by_file: BTreeMap<&str, Vec<&Lack>> = BTreeMap::new();
        for lack in readiness.iter().filter(|lack| is_safe(lack)) {
            by_file.entry(&lack.path).or_default().push(lack);
        }
        let mut additions = Self::default();
        for (name, lacks) in by_file {
            let Ok(path) = RelPath::new(name) else { continue };
            let expect = disk::look(dir, &path)?;
            let there = match &expect {
                DiskState::Obstructed(obstacle) => {
                    additions.refused.push(format!("{name} {obstacle}: nothing was added to it"));
                    continue;
                }
                state => state.bytes().unwrap_or_default().to_vec(),
            };
            if there.contains(&0) {
                additions.refused.push(format!("{name} is no UTF-8: nothing was added to it"));
                continue;
            }
            additions.lacks.extend(lacks.iter().map(|lack| (*lack).clone()));
            let bytes = added(&there, lacks);
            let mut change = Change::write(path, expect, bytes, 0o644);
            if change.action == Action::Replace {
                change.action = Action::Extend;
            }
            additions.changes.push(change.because("--apply-safe"));
        }
        Ok(additions)
    }

    /// The files as they will be.
    #[must_use]
    pub fn texts(&self) -> Vec<(String, String)> {
        let text = |change: &Change| String::from_utf8_lossy(&change.bytes).into_owned();
        self.changes.iter().map(|change| (change.path.to_string(), text(change))).collect()
    }

    /// The changes of files that are written anyway left out, with what was
    /// refused.
    #[must_use]
    pub fn beside(&self, settled: &[Change]) -> (Vec<Change>, Vec<String>) {
        let (mut changes, mut refused) = (Vec::new(), self.refused.clone());
        for change in &self.changes {
            let path = &change.path;
            if settled.iter().any(|other| other.path == *path && other.action.writes()) {
                refused.push(format!(
                    "{path} is written in this run: run `dockwright init --apply-safe` again"
                ));
            } else if !settled.iter().any(|other| other.path == *path) {
                changes.push(change.clone());
            }
        }
        (changes, refused)
    }
}

/// A file with the lines of its lacks, each after the line it names; lines
/// that are there are not added again.
fn added(there: &[u8], mut lacks: Vec<&Lack>) -> Vec<u8> {
    // From the end, so that no insertion moves the place of another.
    lacks.sort_by_key(|lack| if lack.line == 0 { usize::MAX } else { lack.line });
    let mut bytes = there.to_vec();
    for lack in lacks.into_iter().rev() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let missing: Vec<&str> = lack
            .add
            .iter()
            .map(String::as_str)
            .filter(|line| !text.lines().any(|there| there == *line))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let block = missing.join("\n");
        let end = match lack.line {
            0 => bytes.len(),
            line => end_of_line(&bytes, line),
        };
        let mut head = lines::append(&bytes[..end], &block);
        head.extend_from_slice(&bytes[end..]);
        bytes = head;
    }
    bytes
}

/// Where a line, counted from 1, ends.
fn end_of_line(bytes: &[u8], line: usize) -> usize {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    ends.take(line).last().filter(|_| line > 0).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lack(line: usize, add: &[&str]) -> Lack {
        Lack {
            kind: "server-missing".into(),
            message: String::new(),
            path: "requirements.txt".into(),
            line,
            add: add.iter().map(|line| (*line).to_owned()).collect(),
            safe: true,
        }
    }

    #[test]
    fn lines_go_where_they_belong_and_only_once() {
        let first = lack(1, &["b"]);
        let last = lack(0, &["z"]);
        let text = added(b"a\nc\n", vec![&last, &first]);
        assert_eq!(String::from_utf8(text.clone()).unwrap(), "a\nb\nc\nz\n");
        assert_eq!(added(&text, vec![&last, &first]), text);
    }

    #[test]
    fn code_is_never_edited() {
        let code = Lack { path: "shop/settings.py".into(), ..lack(1, &["STATIC_ROOT = 1"]) };
        assert!(!is_safe(&code));
        assert!(is_safe(&lack(0, &["gunicorn==23"])));
        assert!(!is_safe(&Lack { safe: false, ..lack(0, &["x"]) }));
    }
}
