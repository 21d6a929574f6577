//! What becomes of each file: its base, the disk and the new render compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::answers::FilePolicy;
use crate::apply::bookkeeping::{
    DIRECTORY, FileEntry, FileState, Lock, has_base, hash, normalised,
};
use crate::apply::change::{Action, Change};
use crate::apply::disk::{self, DiskState};
use crate::apply::needed;
use crate::apply::settle::{Extended, Group};
use crate::error::Error;
use crate::merge::{self, Hunk, Outcome};
use crate::plan::outputs::Content;
use crate::plan::{Bundle, Plan};
use crate::project::Project;
use crate::relpath::RelPath;
use crate::render::Rendered;
use crate::schema::Ownership;
use crate::update::{Options, Resolution, entry_of, is_there};

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Created,
    /// Nobody edited it: the new render takes its place.
    Updated,
    /// Both sides changed different things.
    Merged,
    /// Lines or names were added.
    Extended,
    /// It stands under another path now, edits and all.
    Moved(String),
    /// Nobody edited it, and it is no output any more.
    Removed,
    /// It was deleted, and was asked for again.
    Restored,
    /// Both sides changed the same thing and a person decided.
    Resolved,
    /// Edits stay; nothing new for it.
    Customised,
    /// The user deleted it, and it stays so.
    Deleted,
    /// The user's own file stays out.
    NotAdopted,
    /// As it would be written.
    Unchanged,
    /// Both sides changed the same thing.
    Conflict(Vec<Hunk>),
}

impl What {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Merged => "merged",
            Self::Extended => "extended",
            Self::Moved(_) => "moved",
            Self::Removed => "removed",
            Self::Restored => "restored",
            Self::Resolved => "resolved",
            Self::Customised => "customised",
            Self::Deleted => "deleted by you",
            Self::NotAdopted => "kept, not adopted",
            Self::Unchanged => "unchanged",
            Self::Conflict(_) => "conflict",
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        matches!(self, Self::Unchanged | Self::Customised | Self::Deleted | Self::NotAdopted)
    }
}

/// One file and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUpdate {
    /// Where.
    pub path: String,
    /// What.
    pub what: What,
    /// Why, for people; empty where the word says it all.
    pub why: String,
}

impl FileUpdate {
    /// What becomes of a file.
    #[must_use]
    pub fn of(path: impl Into<String>, what: What, why: impl Into<String>) -> Self {
        Self { path: path.into(), what, why: why.into() }
    }
}

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

/// The names Compose reads its file under, for code that was there before.
const COMPOSE_FILES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

struct Decider<'a> {
    project: &'a Project,
    options: &'a Options,
    decided: Decided,
    /// Paths that the build reads.
    needed: BTreeSet<String>,
    /// Entries of the lock that a render answers for.
    done: BTreeSet<String>,
}

/// A render and everything it is compared with.
struct Case {
    file: Rendered,
    entry: Option<FileEntry>,
    /// Where it stands on disk, which is not where it goes if it moved.
    from: RelPath,
    disk: DiskState,
}

impl Decider<'_> {
    fn file(
        &mut self,
        mut file: Rendered,
        plan: &Plan,
        moved: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let lock = &self.project.lock;
        let usual = file.output.path.to_string();
        if usual == COMPOSE_FILES[0]
            && let Some(other) = COMPOSE_FILES.iter().find(|name| lock.entry(name).is_some())
        {
            file.output.path = own(other);
        }
        let path = file.output.path.to_string();
        let old = moved.iter().find(|(_, to)| **to == path).map(|(from, _)| from.clone());
        let old = old.filter(|old| lock.entry(old).is_some() && lock.entry(&path).is_none());
        let entry = entry_of(lock, old.as_ref().unwrap_or(&path)).cloned();
        let beside = entry.as_ref().filter(|entry| entry.beside.is_some()).map(|e| e.path.clone());
        if let Some(beside) = &beside {
            // The user's own file keeps its entry as well.
            if let Some(theirs) = lock.entry(&path) {
                self.done.insert(theirs.path.clone());
                self.decided.entries.push(theirs.clone());
            }
            file.output.path = own(beside);
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
            self.keep(&case, What::NotAdopted, &why);
            return Ok(());
        }
        let Some(entry) = case.entry.clone() else { return self.fresh(case, plan) };
        match entry.state {
            _ if restore && !is_there(&case.disk) => self.write(case, What::Restored, "")?,
            FileState::Kept if is_same(&case) => self.write(case, What::Unchanged, "")?,
            FileState::Kept if self.takes(&path) => {
                self.write(case, What::Resolved, "the new one was taken")?;
            }
            FileState::Kept => self.keep(&case, What::NotAdopted, ""),
            FileState::Deleted if is_same(&case) => self.write(case, What::Unchanged, "")?,
            FileState::Deleted if is_there(&case.disk) => {
                self.own_again(case, "it was deleted, and what stands there now is yours")?;
            }
            FileState::Deleted => self.keep(&case, What::Deleted, ""),
            FileState::Clean | FileState::Conflict => self.owned(case, &entry)?,
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
                self.outcome(case, entry, outcome, &path)?;
            }
        }
        Ok(())
    }

    fn compare(&self, case: &Case, base: &[u8]) -> Outcome {
        let there = case.disk.bytes().unwrap_or_default();
        let managed = case.file.output.ownership == Ownership::Managed;
        if has_markers(there) && !has_markers(base) {
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

    fn outcome(
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
    fn settle(&mut self, case: Case, bytes: Vec<u8>, what: What, why: &str) -> Result<(), Error> {
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
        if case.from == to {
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
        if is_there(&expect) {
            let why = format!("{} moved here, and a file of yours is in the way", case.from);
            self.report(to.as_str(), What::Conflict(Vec::new()), &why);
            return Ok(());
        }
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
        if !has_markers(&marked) || case.disk.bytes().is_some_and(has_markers) {
            self.unsettled(&case, FileEntry { state: FileState::Conflict, ..entry.clone() }, hunks);
            return Ok(());
        }
        let clean = FileEntry::clean(&case.file);
        let beside = entry.beside.clone();
        self.decided.entries.push(FileEntry { state: FileState::Conflict, beside, ..clean });
        self.decided.pristine.push(case.file.bytes.clone());
        self.place(&case, marked, What::Conflict(hunks), "written with markers")
    }

    fn unsettled(&mut self, case: &Case, entry: FileEntry, hunks: Vec<Hunk>) {
        self.report(case.file.output.path.as_str(), What::Conflict(hunks), "");
        self.decided.entries.push(entry);
    }

    /// A file that the lock does not know.
    fn fresh(&mut self, case: Case, plan: &Plan) -> Result<(), Error> {
        let output = &case.file.output;
        if is_same(&case) {
            return self.write(case, What::Unchanged, "");
        }
        if is_there(&case.disk) {
            if output.ownership == Ownership::Append {
                return self.extend(case);
            }
            return self.own_again(case, "a file of yours stands where a new one would");
        }
        if let Some(why) = self.held_back(output.bundle, plan) {
            self.report(output.path.as_str(), What::NotAdopted, why);
            return Ok(());
        }
        match output.content {
            // Secrets are made where the service is made.
            Content::Secrets => Ok(()),
            _ => self.write(case, What::Created, ""),
        }
    }

    /// Files that `init` left out because a file they need was kept.
    fn held_back(&self, bundle: Bundle, plan: &Plan) -> Option<&'static str> {
        plan.answers.adopted.as_ref()?;
        let kept = |group: Group| {
            self.project.lock.file.iter().any(|entry| {
                entry.state == FileState::Kept
                    && group_of_path(&entry.path) == Some(group)
                    && entry_of(&self.project.lock, &entry.path).is_some_and(|e| e.beside.is_none())
            })
        };
        let group = Group::of(bundle);
        let needs = match group {
            Group::Image => vec![Group::Image],
            Group::Compose | Group::Env | Group::Docs => vec![Group::Image, Group::Compose],
            Group::Rest => return None,
        };
        needs.into_iter().any(kept).then_some("it belongs with the files that were kept")
    }

    /// A file that is the user's, and stays so unless they say otherwise.
    fn own_again(&mut self, case: Case, why: &str) -> Result<(), Error> {
        let output = &case.file.output;
        let path = output.path.to_string();
        if self.takes(&path) {
            return self.write(case, What::Resolved, "the new one was taken");
        }
        self.decided.notes.push(format!(
            "{path}: {why}; it stays, and is not adopted: --take {path} writes ours in its place"
        ));
        self.report(&path, What::NotAdopted, why);
        self.decided.entries.push(FileEntry::of(output, FileState::Kept));
        Ok(())
    }

    fn takes(&self, path: &str) -> bool {
        self.options.resolved.get(path) == Some(&Resolution::Take)
    }

    fn write(&mut self, case: Case, what: What, why: &str) -> Result<(), Error> {
        let bytes = match (&what, case.disk.bytes()) {
            (What::Unchanged, Some(there)) => there.to_vec(),
            _ => case.file.bytes.clone(),
        };
        self.settle(case, bytes, what, why)
    }

    /// What is there stays, and the lock says of it what it said.
    fn keep(&mut self, case: &Case, what: What, why: &str) {
        let mut entry =
            case.entry.clone().unwrap_or_else(|| FileEntry::of(&case.file.output, FileState::Kept));
        if what == What::Deleted {
            entry.state = FileState::Deleted;
        }
        self.report(case.file.output.path.as_str(), what, why);
        self.decided.entries.push(entry);
    }

    fn extend(&mut self, case: Case) -> Result<(), Error> {
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
            let lacks = crate::apply::dotenv::extend(there, &template).1;
            if !lacks.is_empty() {
                file.bytes =
                    crate::apply::secrets::fill(&template, &self.project.dir)?.into_bytes();
            }
        }
        Ok(file)
    }

    /// Entries that no render answers for.
    fn gone(&mut self, plan: &Plan) -> Result<(), Error> {
        let lock = &self.project.lock;
        let gone = lock.file.iter().filter(|entry| !self.done.contains(&entry.path));
        for entry in gone.collect::<Vec<_>>() {
            let path = own(&entry.path);
            let disk = disk::look(&self.project.dir, &path)?;
            let Some(there) = disk.bytes() else { continue };
            let lives_on = matches!(entry.ownership, Ownership::Seed | Ownership::Append)
                || entry.state == FileState::Kept;
            if lives_on || entry.base.is_none() {
                continue;
            }
            let switched_off = plan.answers.files.get(&path) == Some(&FilePolicy::Off);
            let resolution = self.options.resolved.get(&entry.path).copied();
            if entry.base.as_deref() == Some(hash(there).as_str())
                || resolution == Some(Resolution::Take)
            {
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

    /// The pristine render that a file came from.
    fn base(&self, entry: &FileEntry, disk: &DiskState) -> Option<Vec<u8>> {
        let name = entry.base.as_ref()?;
        if let Some(there) = disk.bytes().filter(|there| hash(there) == *name) {
            return Some(there.to_vec());
        }
        stored_base(&self.project.dir, name)
    }

    fn report(&mut self, path: &str, what: What, why: &str) {
        self.decided.files.push(FileUpdate::of(path, what, why));
    }
}

/// A pristine render of `.dockwright/base`, if it is what its name says.
#[must_use]
pub fn stored_base(dir: &Path, name: &str) -> Option<Vec<u8>> {
    let plain = name.len() == 64 && name.chars().all(|c| c.is_ascii_hexdigit());
    let path = dir.join(DIRECTORY).join("base").join(name);
    let bytes = fs::read(path).ok().filter(|_| plain)?;
    (hash(&bytes) == name).then_some(bytes)
}

fn is_same(case: &Case) -> bool {
    case.disk.bytes().is_some_and(|there| normalised(there) == normalised(&case.file.bytes))
}

/// A mode that the preset changed and the user did not.
fn new_mode(case: &Case) -> Option<u32> {
    let DiskState::File { mode, .. } = case.disk else { return None };
    let was = u32::from_str_radix(&case.entry.as_ref()?.mode, 8).ok()?;
    let new = case.file.output.mode;
    (mode != 0 && mode == was && new != was).then_some(new)
}

fn one_conflict(case: &Case, why: String) -> Outcome {
    let there = case.disk.bytes().unwrap_or_default();
    let hunk = Hunk::whole_file(&String::from_utf8_lossy(there), why);
    Outcome::Conflict { hunks: vec![hunk], marked: there.to_vec() }
}

fn removal(path: RelPath, expect: DiskState) -> Change {
    Change { action: Action::Remove, ..Change::keep(path, expect, "") }
}

fn own(path: &str) -> RelPath {
    RelPath::new(path).expect("reading the lock has checked its paths")
}

/// The group of a file that was there before, by its name.
fn group_of_path(path: &str) -> Option<Group> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.contains("Dockerfile") || name.ends_with(".dockerignore") {
        Some(Group::Image)
    } else if COMPOSE_FILES.contains(&name) {
        Some(Group::Compose)
    } else {
        None
    }
}

fn has_markers(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let starts = |marker: &str| text.lines().any(|line| line.starts_with(marker));
    starts("<<<<<<< ") && starts(">>>>>>> ")
}
