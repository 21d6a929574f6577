//! A file that dockwright wrote: its base, the disk and the new render
//! compared, and what follows for the disk and the lock.

use std::path::Path;

use crate::apply::bookkeeping::{DIRECTORY, FileEntry, FileState, has_base};
use crate::apply::change::{Action, Change};
use crate::apply::disk::{self, DiskState};
use crate::digest::{hash, normalised};
use crate::error::Error;
use crate::merge::{self, Hunk, Outcome};
use crate::relpath::RelPath;
use crate::schema::Ownership;
use crate::source::text;
use crate::update::Resolution;
use crate::update::file::What;
use crate::update::files::{Case, Decider, is_same};

impl Decider<'_> {
    pub(super) fn compare(&self, case: &Case, base: &[u8]) -> Outcome {
        let there = case.disk.bytes().unwrap_or_default();
        let managed = case.file.output.ownership == Ownership::Managed;
        if has_markers(there, base) {
            let why = "conflict markers are still in it: resolve them, then update again";
            return one_conflict(case, why.to_owned());
        }
        let edited = normalised(there) != normalised(base);
        if managed && edited && normalised(&case.file.bytes) != normalised(base) {
            if self.options.force {
                return Outcome::Take(case.file.bytes.clone());
            }
            let why = "it is managed, and was edited: --force replaces it".to_owned();
            return one_conflict(case, why);
        }
        if managed && edited && self.options.force {
            return Outcome::Take(case.file.bytes.clone());
        }
        merge::merge(base, there, &case.file.bytes, case.file.output.syntax)
    }

    pub(super) fn outcome(
        &mut self,
        case: Case,
        entry: &FileEntry,
        outcome: Outcome,
        path: &str,
    ) -> Result<(), Error> {
        let there = case.disk.bytes().unwrap_or_default().to_vec();
        let edited = entry.base.as_ref().is_some_and(|base| *base != hash(&there));
        match outcome {
            Outcome::Keep if edited && !is_same(&case) => {
                let managed = case.file.output.ownership == Ownership::Managed;
                let why = if managed { "managed, and edited: --force replaces it" } else { "" };
                self.settle(case, there, What::Customised, why)
            }
            Outcome::Keep => self.settle(case, there, What::Unchanged, ""),
            Outcome::Take(bytes) => self.settle(case, bytes, What::Updated, ""),
            Outcome::Merged(bytes) => self.settle(case, bytes, What::Merged, ""),
            Outcome::Conflict { hunks, marked } => {
                let resolution = self.options.resolved.get(path).copied();
                match resolution.or(self.options.conflict) {
                    Some(Resolution::Keep) => {
                        self.settle(case, there, What::Resolved, "yours stays")
                    }
                    Some(Resolution::Take) => {
                        let bytes = case.file.bytes.clone();
                        self.settle(case, bytes, What::Resolved, "the new one was taken")
                    }
                    Some(Resolution::Markers) => self.mark(case, entry, hunks, marked),
                    None => {
                        self.unsettled(&case, entry.clone(), hunks);
                        Ok(())
                    }
                }
            }
        }
    }

    /// The file has these bytes, and is up to date with its render.
    pub(super) fn settle(
        &mut self,
        case: Case,
        bytes: Vec<u8>,
        what: What,
        why: &str,
    ) -> Result<(), Error> {
        let new = &case.file;
        let mut entry = FileEntry::clean(new);
        entry.beside = case.entry.as_ref().and_then(|entry| entry.beside.clone());
        let edited_managed = what == What::Customised && new.output.ownership == Ownership::Managed;
        if edited_managed && let Some(old) = &case.entry {
            // The drift stays in sight: it is measured against what was written.
            entry = old.clone();
        } else if has_base(new.output.ownership) {
            self.decided.pristine.push(new.bytes.clone());
        }
        self.decided.entries.push(entry);
        self.place(&case, bytes, what, why)
    }

    /// Writes the bytes where the file goes, and removes it where it was.
    fn place(&mut self, case: &Case, bytes: Vec<u8>, what: What, why: &str) -> Result<(), Error> {
        let to = case.file.output.path.clone();
        if !case.has_moved() {
            let mut change =
                Change::write(to.clone(), case.disk.clone(), bytes, case.file.output.mode);
            if let Some(mode) = new_mode(case) {
                change = change.with_mode(mode);
            }
            self.report(to.as_str(), what, why);
            self.decided.changes.push(change);
            return Ok(());
        }
        let expect = disk::look(&self.project.dir, &to)?;
        let mode = match case.disk {
            DiskState::File { mode, .. } if mode != 0 => mode,
            _ => case.file.output.mode,
        };
        self.decided.changes.push(Change::write(to.clone(), expect, bytes, mode));
        self.decided.changes.push(removal(case.from.clone(), case.disk.clone()));
        self.report(to.as_str(), What::Moved(case.from.to_string()), &format!("was {}", case.from));
        Ok(())
    }

    /// Markers go into the file where it has text of both sides; where not,
    /// it stays as it is. Either way it is open in the lock.
    fn mark(
        &mut self,
        case: Case,
        entry: &FileEntry,
        hunks: Vec<Hunk>,
        marked: Vec<u8>,
    ) -> Result<(), Error> {
        let there = case.disk.bytes().unwrap_or_default();
        if !has_markers(&marked, there) {
            self.unsettled(&case, FileEntry { state: FileState::Conflict, ..entry.clone() }, hunks);
            return Ok(());
        }
        let clean = FileEntry::clean(&case.file);
        let beside = entry.beside.clone();
        self.decided.entries.push(FileEntry { state: FileState::Marked, beside, ..clean });
        self.decided.pristine.push(case.file.bytes.clone());
        self.place(&case, marked, What::Conflict(hunks), "written with markers")
    }

    pub(super) fn unsettled(&mut self, case: &Case, entry: FileEntry, hunks: Vec<Hunk>) {
        self.report(case.file.output.path.as_str(), What::Conflict(hunks), "");
        self.decided.entries.push(entry);
    }

    /// The pristine render that a file came from.
    pub(super) fn base(&self, entry: &FileEntry, disk: &DiskState) -> Option<Vec<u8>> {
        let name = entry.base.as_ref()?;
        if let Some(there) = disk.bytes().filter(|there| hash(there) == *name) {
            return Some(there.to_vec());
        }
        stored_base(&self.project.dir, name)
    }
}

/// A pristine render of `.dockwright/base`, if it is what its name says.
#[must_use]
pub fn stored_base(dir: &Path, name: &str) -> Option<Vec<u8>> {
    let plain = name.len() == 64 && name.chars().all(|c| c.is_ascii_hexdigit());
    let path = dir.join(DIRECTORY).join("base").join(name);
    let bytes = text::bytes(&path).ok().filter(|_| plain)?;
    (hash(&bytes) == name).then_some(bytes)
}

/// A mode that the preset changed and the user did not.
fn new_mode(case: &Case) -> Option<u32> {
    let DiskState::File { mode, .. } = case.disk else { return None };
    let was = u32::from_str_radix(&case.entry.as_ref()?.mode, 8).ok()?;
    let new = case.file.output.mode;
    (mode != 0 && mode == was && new != was).then_some(new)
}

pub(super) fn one_conflict(case: &Case, why: String) -> Outcome {
    let there = case.disk.bytes().unwrap_or_default();
    let hunk = Hunk::whole_file(&String::from_utf8_lossy(there), why);
    Outcome::Conflict { hunks: vec![hunk], marked: there.to_vec() }
}

pub(super) fn removal(path: RelPath, expect: DiskState) -> Change {
    Change { action: Action::Remove, ..Change::keep(path, expect, "") }
}

fn has_markers(there: &[u8], pristine: &[u8]) -> bool {
    merge::has_markers(&String::from_utf8_lossy(there), &String::from_utf8_lossy(pristine))
}
