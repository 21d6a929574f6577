//! How files stand that are no findings: edits that updates carry on, and
//! files that stay out of updates.

use crate::apply::bookkeeping::{FileEntry, FileState};
use crate::apply::disk::{self, DiskState};
use crate::check::report::{Out, Report, Why};
use crate::digest::hash;
use crate::error::Error;
use crate::project::Project;
use crate::relpath::RelPath;
use crate::schema::Ownership;

/// Lists them.
pub fn list(project: &Project, report: &mut Report) -> Result<(), Error> {
    for entry in &project.lock.file {
        let path = RelPath::new(&entry.path).expect("reading the lock has checked its paths");
        let disk = disk::look(&project.dir, &path)?;
        let why = match entry.state {
            FileState::Kept => Some(Why::NotAdopted),
            FileState::LeftOut => Some(Why::LeftOut),
            FileState::Deleted if disk == DiskState::Absent => Some(Why::Deleted),
            state if state.is_written() && disk == DiskState::Absent && is_missed(entry) => {
                Some(Why::Deleted)
            }
            _ => None,
        };
        if let Some(why) = why {
            report.kept.push(Out { path: entry.path.clone(), why });
        } else if is_customised(entry, &disk) {
            report.customised.push(entry.path.clone());
        }
    }
    Ok(())
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
