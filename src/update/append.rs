//! Files that only ever get lines or names added.

use crate::apply::bookkeeping::{FileEntry, FileState};
use crate::apply::change::{Action, Change};
use crate::apply::disk::DiskState;
use crate::apply::settle::Extended;
use crate::apply::{dotenv, secrets};
use crate::error::Error;
use crate::plan::outputs::Content;
use crate::render::Rendered;
use crate::schema::Ownership;
use crate::update::file::What;
use crate::update::files::{Case, Decider};

impl Decider<'_> {
    pub(super) fn extend(&mut self, case: Case) -> Result<(), Error> {
        let path = case.file.output.path.clone();
        let entry = case.entry.clone();
        let entry = entry.unwrap_or_else(|| FileEntry {
            ownership: Ownership::Append,
            ..FileEntry::of(&case.file.output, FileState::Clean)
        });
        let DiskState::File { bytes: there, .. } = &case.disk else {
            // An .env is never in a fresh clone; another list was deleted.
            let secret = case.file.output.content == Content::Secrets;
            let state = if secret { entry.state } else { FileState::Deleted };
            let what = if secret { What::Unchanged } else { What::Deleted };
            self.report(path.as_str(), what, "");
            self.decided.entries.push(FileEntry { state, ..entry });
            return Ok(());
        };
        let file = self.filled(&case, there)?;
        let needed: Vec<&str> = self.needed.iter().map(String::as_str).collect();
        let more = Extended::of(&file, there, &needed);
        let same = more.bytes == *there;
        self.decided.notes.extend(more.note.filter(|_| !same));
        let (what, why) =
            if same { (What::Unchanged, "") } else { (What::Extended, more.why.as_str()) };
        self.report(path.as_str(), what, why);
        let mut change = Change::write(path, case.disk.clone(), more.bytes, 0o644);
        if change.action == Action::Replace {
            change.action = Action::Extend;
        }
        self.decided.changes.push(change);
        self.decided.entries.push(entry);
        Ok(())
    }

    /// `.env` gets secrets for the names it lacks.
    fn filled(&self, case: &Case, there: &[u8]) -> Result<Rendered, Error> {
        let mut file = case.file.clone();
        if file.output.content == Content::Secrets {
            let template = String::from_utf8_lossy(&file.bytes).into_owned();
            let lacks = dotenv::extend(there, &template).1;
            if !lacks.is_empty() {
                file.bytes = secrets::fill(&template, &self.project.dir)?.into_bytes();
            }
        }
        Ok(file)
    }
}
