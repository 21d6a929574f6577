//! How files stand that are no findings: edits that updates carry on, and
//! files that stay out of updates.

use crate::apply::bookkeeping::{FileEntry, FileState};
use crate::apply::disk::{self, DiskState};
use crate::check::finding::Finding;
use crate::check::report::{Out, Report, Why};
use crate::digest::hash;
use crate::error::Error;
use crate::project::Project;
use crate::relpath::RelPath;
use crate::schema::Ownership;
use crate::source::ignores::{self, Reader};

/// Lists them.
pub fn list(project: &Project, report: &mut Report) -> Result<(), Error> {
    for entry in &project.lock.file {
        let path = RelPath::new(&entry.path).expect("reading the lock has checked its paths");
        let disk = disk::look(&project.dir, &path)?;
        let why = match entry.state {
            FileState::Kept if entry.ownership == Ownership::Improved => Some(Why::Improved),
            FileState::Kept => Some(Why::NotAdopted),
            // Nothing of the user's own stack would use them.
            FileState::LeftOut if project.lock.is_improved() => None,
            FileState::LeftOut => Some(Why::LeftOut),
            FileState::Deleted if disk == DiskState::Absent => Some(Why::Deleted),
            state if state.is_written() && disk == DiskState::Absent && is_missed(entry) => {
                Some(Why::Deleted)
            }
            _ => None,
        };
        if let DiskState::Obstructed(obstacle) = &disk
            && obstacle.is_no_file()
            && entry.state.is_written()
        {
            let message = format!("{} {obstacle}", entry.path);
            report.add([Finding::warning("obstructed", message).in_file(&entry.path)]);
        }
        if let Some(why) = why {
            report.kept.push(Out { path: entry.path.clone(), why });
        } else if is_customised(entry, &disk) {
            report.customised.push(entry.path.clone());
        }
    }
    report.add(exposed(project)?);
    Ok(())
}

/// A `.gitignore` that lets `.env` in, where there is one with passwords.
fn exposed(project: &Project) -> Result<Option<Finding>, Error> {
    const PATH: &str = ".gitignore";
    let is_written = |path: &str| {
        project.lock.file.iter().any(|entry| entry.path == path && entry.state.is_written())
    };
    if !is_written(".env") || !is_written(PATH) {
        return Ok(None);
    }
    let path = RelPath::new(PATH).expect("it is one");
    let disk = disk::look(&project.dir, &path)?;
    let text = String::from_utf8_lossy(disk.bytes().unwrap_or_default()).into_owned();
    let entries: Vec<String> = ignores::entries(&text).map(str::to_owned).collect();
    let is_exposed = !ignores::excludes(Reader::Git, &entries, ".env");
    let message = ".env is not ignored: its passwords would be committed";
    Ok(is_exposed.then(|| Finding::warning("secrets", message).in_file(PATH)))
}

/// What was written once is the user's, an `.env` is in no clone, and a
/// managed file that is gone is drift.
fn is_missed(entry: &FileEntry) -> bool {
    let secret = entry.path.rsplit('/').next() == Some(".env");
    !secret && matches!(entry.ownership, Ownership::Merge | Ownership::Append)
}

fn is_customised(entry: &FileEntry, disk: &DiskState) -> bool {
    let edited = disk.bytes().zip(entry.base.as_ref()).is_some_and(|(b, base)| hash(b) != *base);
    entry.ownership == Ownership::Merge && edited
}
