//! What becomes of each file, by what the lock says of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::bookkeeping::{DIRECTORY, FileEntry, FileState, Lock};
use crate::apply::change::Change;
use crate::apply::disk::{self, DiskState};
use crate::apply::needed;
use crate::digest::{hash, normalised};
use crate::error::Error;
use crate::merge::{self, Hunk, Outcome};
use crate::plan::Plan;
use crate::plan::outputs::Content;
use crate::project::Project;
use crate::relpath::RelPath;
use crate::render::Rendered;
use crate::schema::Ownership;
use crate::update::compared::one_conflict;
use crate::update::file::{FileUpdate, What};
use crate::update::{Options, is_there};

/// What becomes of every file.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// For people.
    pub files: Vec<FileUpdate>,
    /// For the disk.
    pub changes: Vec<Change>,
    /// For the lock.
    pub entries: Vec<FileEntry>,
    /// Pristine renders that the lock names.
    pub pristine: Vec<Vec<u8>>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Decides every file.
///
/// # Errors
/// Files that cannot be read.
pub fn decide(
    project: &Project,
    renders: Vec<Rendered>,
    plan: &Plan,
    moved: &BTreeMap<String, String>,
    options: &Options,
) -> Result<Decided, Error> {
    let mut decider = Decider {
        project,
        options,
        decided: Decided::default(),
        needed: BTreeSet::new(),
        done: BTreeSet::new(),
    };
    if extends_an_ignore_file(&project.lock) {
        let outputs = renders.iter().map(|file| &file.output);
        decider.needed = needed::by_the_build(&project.dir, outputs, plan).into_iter().collect();
    }
    for file in renders {
        decider.file(file, plan, moved)?;
    }
    decider.gone(plan)?;
    let mut decided = decider.decided;
    decided.files.sort_by(|one, other| one.path.cmp(&other.path));
    decided.entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(decided)
}

fn extends_an_ignore_file(lock: &Lock) -> bool {
    lock.file
        .iter()
        .any(|entry| entry.ownership == Ownership::Append && entry.path.ends_with(".dockerignore"))
}

pub(super) struct Decider<'a> {
    pub(super) project: &'a Project,
    pub(super) options: &'a Options,
    pub(super) decided: Decided,
    /// Paths that the build reads.
    pub(super) needed: BTreeSet<String>,
    /// Entries of the lock that a render answers for.
    pub(super) done: BTreeSet<String>,
}

/// A render and everything it is compared with.
pub(super) struct Case {
    pub(super) file: Rendered,
    pub(super) entry: Option<FileEntry>,
    /// Where it stands on disk, which is not where it goes if it moved.
    pub(super) from: RelPath,
    pub(super) disk: DiskState,
}

impl Case {
    /// Whether the preset puts it under another path now.
    pub(super) fn has_moved(&self) -> bool {
        self.from != self.file.output.path
    }
}

impl Decider<'_> {
    fn file(
        &mut self,
        file: Rendered,
        plan: &Plan,
        moved: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let lock = &self.project.lock;
        let path = file.output.path.to_string();
        let old = moved.iter().find(|(_, to)| **to == path).map(|(from, _)| from.clone());
        let old = old.filter(|old| lock.entry(old).is_some() && lock.entry(&path).is_none());
        let entry = lock.entry(old.as_ref().unwrap_or(&path)).cloned();
        // The user's own file that it stands beside keeps its entry as well.
        let theirs = entry.as_ref().and_then(|entry| lock.entry(entry.beside.as_ref()?));
        if let Some(theirs) = theirs {
            self.done.insert(theirs.path.clone());
            self.decided.entries.push(theirs.clone());
        }
        let from = old.as_ref().map_or_else(|| file.output.path.clone(), |old| own(old));
        if let Some(entry) = &entry {
            self.done.insert(entry.path.clone());
        }
        let disk = disk::look(&self.project.dir, &from)?;
        let case = Case { file, entry, from, disk };
        match &case.file.output.content {
            // What a person wrote into it is carried by the caller.
            Content::Intent => {
                self.decided.entries.extend(case.entry);
                Ok(())
            }
            _ => self.case(case, plan),
        }
    }

    fn case(&mut self, case: Case, plan: &Plan) -> Result<(), Error> {
        let path = case.file.output.path.to_string();
        let restore = self.options.restore.contains(&path);
        if let DiskState::Obstructed(obstacle) = &case.disk {
            let why = format!("it {obstacle}");
            let base = case.entry.as_ref().and_then(|entry| entry.base.as_ref());
            let is_news = base.is_some_and(|base| *base != hash(&case.file.bytes));
            if is_news || obstacle.is_no_file() {
                let note = format!("{path} is not updated: it {obstacle}");
                self.decided.notes.push(note);
            }
            self.keep(&case, What::NotAdopted, &why);
            return Ok(());
        }
        let Some(entry) = case.entry.clone() else { return self.fresh(case, plan) };
        if case.has_moved() && is_there(&disk::look(&self.project.dir, &case.file.output.path)?) {
            let why =
                format!("{} moves here, and a file of yours is in the way: move it", case.from);
            self.unsettled(&case, entry, vec![Hunk::whole_file("", why)]);
            return Ok(());
        }
        match entry.state {
            _ if restore && !is_there(&case.disk) => self.write(case, What::Restored, "")?,
            FileState::LeftOut if !self.takes(&path) => self.keep(&case, What::NotAdopted, ""),
            FileState::LeftOut | FileState::Kept if is_same(&case) => {
                self.write(case, What::Unchanged, "")?
            }
            FileState::LeftOut | FileState::Kept if self.takes(&path) => {
                self.write(case, What::Resolved, "the new one was taken")?;
            }
            FileState::LeftOut | FileState::Kept => self.keep(&case, What::NotAdopted, ""),
            FileState::Deleted if is_same(&case) => self.write(case, What::Unchanged, "")?,
            FileState::Deleted if is_there(&case.disk) => {
                self.own_again(case, "it was deleted, and what stands there now is yours")?;
            }
            FileState::Deleted => self.keep(&case, What::Deleted, ""),
            FileState::Clean | FileState::Conflict | FileState::Marked => {
                self.owned(case, &entry)?;
            }
        }
        Ok(())
    }

    /// A file that dockwright wrote, by whose it is.
    fn owned(&mut self, case: Case, entry: &FileEntry) -> Result<(), Error> {
        let path = entry.path.clone();
        match entry.ownership {
            Ownership::Seed => self.keep(&case, What::Unchanged, ""),
            Ownership::Append => self.extend(case)?,
            _ if case.file.output.ownership == Ownership::Seed => {
                // Written once from now on: what is there is the user's.
                self.keep(&case, What::Unchanged, "");
            }
            _ if !is_there(&case.disk) => self.keep(&case, What::Deleted, ""),
            _ => {
                let base = self.base(entry, &case.disk);
                let values = base.as_deref().map_or_else(Vec::new, |base| {
                    let there = case.disk.bytes().unwrap_or_default();
                    merge::decisions(base, there, &case.file.bytes, case.file.output.syntax)
                });
                let outcome = match base {
                    _ if is_same(&case) => Outcome::Keep,
                    Some(base) => self.compare(&case, &base),
                    None => {
                        let why = format!(
                            "its base in {DIRECTORY}/base is missing or damaged: restore it from version control"
                        );
                        one_conflict(&case, why)
                    }
                };
                // A conflict has decided nothing.
                let is_decided = !matches!(outcome, Outcome::Conflict { .. });
                self.outcome(case, entry, outcome, &path)?;
                if let Some(file) = self.decided.files.last_mut().filter(|_| is_decided) {
                    file.values = values;
                }
            }
        }
        Ok(())
    }

    pub(super) fn write(&mut self, case: Case, what: What, why: &str) -> Result<(), Error> {
        let bytes = match (&what, case.disk.bytes()) {
            (What::Unchanged, Some(there)) => there.to_vec(),
            _ => case.file.bytes.clone(),
        };
        self.settle(case, bytes, what, why)
    }

    /// What is there stays, and the lock says of it what it said.
    pub(super) fn keep(&mut self, case: &Case, what: What, why: &str) {
        let mut entry =
            case.entry.clone().unwrap_or_else(|| FileEntry::of(&case.file.output, FileState::Kept));
        if what == What::Deleted {
            entry.state = FileState::Deleted;
        }
        if entry.beside.is_none() {
            // Where it would stand now.
            entry.path = case.file.output.path.to_string();
        }
        self.report(case.file.output.path.as_str(), what, why);
        self.decided.entries.push(entry);
    }

    pub(super) fn report(&mut self, path: &str, what: What, why: &str) {
        self.decided.files.push(FileUpdate::of(path, what, why));
    }
}

pub(super) fn is_same(case: &Case) -> bool {
    case.disk.bytes().is_some_and(|there| normalised(there) == normalised(&case.file.bytes))
}

pub(super) fn own(path: &str) -> RelPath {
    RelPath::new(path).expect("reading the lock has checked its paths")
}
