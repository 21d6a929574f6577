//! Updates that wait for a person: files the lock has open, and markers that
//! were left in a file, committed or not.

use crate::apply::bookkeeping::{FileEntry, FileState};
use crate::apply::disk;
use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::merge;
use crate::project::Project;
use crate::relpath::RelPath;
use crate::update::compared::stored_base;

const RESOLVE: &str = "resolve it, then `dockwright update`";

/// Every conflict of a repository.
pub fn find(project: &Project) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let written = |entry: &&FileEntry| entry.state.is_written();
    for entry in project.lock.file.iter().filter(written) {
        let path = RelPath::new(&entry.path).expect("reading the lock has checked its paths");
        let disk = disk::look(&project.dir, &path)?;
        let lines = match disk.bytes() {
            Some(bytes) if is_marked(project, entry, bytes) => markers(bytes),
            _ => Vec::new(),
        };
        if lines.is_empty() && entry.state == FileState::Conflict {
            let message = "an update did not merge, and is open";
            let finding = Finding::new(Kind::Conflict, "open", message).in_file(&entry.path);
            findings.push(finding.help(
                "`dockwright update` shows both sides; --keep or --take decides, and so does an edit",
            ));
        }
        findings.extend(lines.into_iter().map(|line| {
            Finding::new(Kind::Conflict, "markers", "a conflict marker is in the file")
                .in_file(&entry.path)
                .on_line(Some(line))
                .help(RESOLVE)
        }));
    }
    Ok(findings)
}

/// Whether a file has markers that it was not written with.
fn is_marked(project: &Project, entry: &FileEntry, bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    if merge::first_marker(&text).is_none() {
        return false;
    }
    let base = entry.base.as_ref().and_then(|base| stored_base(&project.dir, base));
    base.is_none_or(|base| merge::has_markers(&text, &String::from_utf8_lossy(&base)))
}

/// The line of each conflict, from 1: where it opens, or what is left of it.
#[must_use]
pub fn markers(bytes: &[u8]) -> Vec<usize> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let is = |sign: &str| {
            line.strip_prefix(sign).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        if is("<<<<<<<") {
            open = true;
            lines.push(number + 1);
        } else if is(">>>>>>>") || is("|||||||") {
            if !open {
                lines.push(number + 1);
            }
            open = open && !is(">>>>>>>");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::markers;

    #[test]
    fn each_conflict_is_one_line_with_any_line_end_and_remains_count() {
        let whole = "a\n<<<<<<< on disk\nb\n||||||| was\nc\n=======\nd\n>>>>>>> new\ne\n";
        assert_eq!(markers(whole.as_bytes()), [2]);
        assert_eq!(markers(whole.replace('\n', "\r\n").as_bytes()), [2]);
        assert_eq!(markers(b"a\n=======\nb\n>>>>>>> new\n"), [4]);
        assert_eq!(markers(b"<<<<<<<\nx\n>>>>>>>\n<<<<<<< ours\n"), [1, 4]);
    }

    #[test]
    fn headings_and_long_rules_are_no_markers() {
        let text = "Title\n=======\n<<<<<<<< eight\n  <<<<<<< indented\n||||||||\n";
        assert!(markers(text.as_bytes()).is_empty());
    }
}
