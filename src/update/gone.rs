//! Files that are no output any more.

use crate::answers::FilePolicy;
use crate::apply::bookkeeping::{FileEntry, FileState};
use crate::apply::disk;
use crate::digest::hash;
use crate::error::Error;
use crate::merge::Hunk;
use crate::plan::Plan;
use crate::relpath::RelPath;
use crate::schema::Ownership;
use crate::update::Resolution;
use crate::update::compared::removal;
use crate::update::file::What;
use crate::update::files::{Decider, own};

impl Decider<'_> {
    /// Entries that no render answers for.
    pub(super) fn gone(&mut self, plan: &Plan) -> Result<(), Error> {
        let lock = &self.project.lock;
        let gone = lock.file.iter().filter(|entry| !self.done.contains(&entry.path));
        for entry in gone.collect::<Vec<_>>() {
            let path = own(&entry.path);
            // The user's own file: what its edits were is still known.
            if entry.ownership == Ownership::Improved {
                self.decided.entries.push(entry.clone());
                continue;
            }
            let disk = disk::look(&self.project.dir, &path)?;
            let Some(there) = disk.bytes() else { continue };
            let lives_on = matches!(entry.ownership, Ownership::Seed | Ownership::Append)
                || entry.state == FileState::Kept;
            if lives_on || entry.base.is_none() {
                continue;
            }
            let off = |path: &RelPath| plan.answers.files.get(path) == Some(&FilePolicy::Off);
            let switched_off =
                off(&path) || entry.beside.as_deref().is_some_and(|it| off(&own(it)));
            let resolution = self.options.resolved.get(&entry.path).copied();
            let is_unedited = entry.base.as_deref() == Some(hash(there).as_str());
            let is_removed = match resolution {
                Some(Resolution::Take) => true,
                Some(Resolution::Keep) => false,
                Some(Resolution::Markers) | None => is_unedited,
            };
            if is_removed {
                self.report(&entry.path, What::Removed, "it is no output any more");
                self.decided.changes.push(removal(path, disk));
            } else if switched_off || resolution == Some(Resolution::Keep) {
                self.report(&entry.path, What::Resolved, "no output any more; yours stays");
            } else {
                let why = "it is no output any more, and you edited it".to_owned();
                let hunks = vec![Hunk::whole_file(&String::from_utf8_lossy(there), why)];
                self.report(&entry.path, What::Conflict(hunks), "");
                self.decided
                    .entries
                    .push(FileEntry { state: FileState::Conflict, ..entry.clone() });
            }
        }
        Ok(())
    }
}
