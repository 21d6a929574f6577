//! From what was compared and what was chosen to a set of changes.
//!
//! Files that only work together are taken or kept together: where the
//! Dockerfile stays the user's, a compose file that builds from ours would
//! not start, and `.env` would only change what the user's compose file reads.

use std::collections::BTreeMap;

use crate::apply::bookkeeping::{FileEntry, FileState, Lock, has_base};
use crate::apply::change::{Action, Change};
use crate::apply::compare::{Look, Standing};
use crate::apply::disk::DiskState;
use crate::apply::{dotenv, ignores, lines};
use crate::plan::Bundle;
use crate::plan::outputs::Syntax;
use crate::render::Rendered;
use crate::schema::Ownership;
use crate::source::{self, ignores::Reader};

/// Files that are chosen together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Dockerfile, what it copies in, and .dockerignore.
    Image,
    /// The compose files.
    Compose,
    /// `.env` and what goes with it.
    Env,
    /// The run-book.
    Docs,
    /// Everything else.
    Rest,
}

impl Group {
    /// The group of a bundle.
    #[must_use]
    pub const fn of(bundle: Bundle) -> Self {
        match bundle {
            Bundle::Image | Bundle::Server | Bundle::Proxy => Self::Image,
            Bundle::Compose => Self::Compose,
            Bundle::Env => Self::Env,
            Bundle::Docs => Self::Docs,
            Bundle::Kubernetes
            | Bundle::Ecs
            | Bundle::Package
            | Bundle::Skeleton
            | Bundle::Intent
            | Bundle::Ci
            | Bundle::Preset => Self::Rest,
        }
    }
}

/// What becomes of a group in which a file is somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Theirs stays, and nothing of ours is written.
    Keep,
    /// Ours takes its place.
    Take,
    /// Theirs stays, and ours is written under another name.
    Beside,
}

/// What is said of a file that stays somebody else's.
const KEPT: &str = "kept, not adopted";

/// What is said of a file that the user's own container files do without.
const DEPLOYED: &str = "your own container files run the application";

/// What is said of a pipeline that has nothing to build.
const OF_OURS: &str = "it releases dockwright's Dockerfile and compose file, and yours were kept";

/// What was chosen, by group.
pub type Choices = BTreeMap<Group, Choice>;

/// Everything that will happen, and what the lock says of it.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What happens to each output.
    pub changes: Vec<Change>,
    /// What the lock says of each.
    pub entries: Vec<FileEntry>,
    /// Pristine renders that the lock names.
    pub pristine: Vec<Vec<u8>>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// The files of a group that are somebody else's.
pub fn conflicts(looks: &[Look], group: Group) -> impl Iterator<Item = &Look> {
    looks
        .iter()
        .filter(move |look| look.is_contested() && Group::of(look.file.output.bundle) == group)
}

/// What is chosen for a group when nobody is asked: a file that others build
/// on stays, and the rest stays out; one that ours can do without stays, and
/// ours is written beside it.
#[must_use]
pub fn usual(looks: &[Look], group: Group, lock: Option<&Lock>) -> Choice {
    let stood_beside =
        |look: &Look| lock.is_some_and(|lock| lock.is_beside(look.file.output.path.as_str()));
    let decisive = |look: &Look| {
        matches!(look.file.output.syntax, Syntax::Dockerfile)
            || group == Group::Compose && !look.file.output.path.as_str().contains(".dev.")
    };
    if conflicts(looks, group).any(stood_beside) {
        return Choice::Beside;
    }
    match group {
        // Neither can stand under another name: an obstacle there is refused.
        Group::Env => Choice::Take,
        Group::Image if !conflicts(looks, group).any(decisive) => {
            let ignore = conflicts(looks, group).any(Look::is_dockerignore);
            if ignore { Choice::Take } else { Choice::Beside }
        }
        Group::Compose if !conflicts(looks, group).any(decisive) => Choice::Beside,
        _ => Choice::Keep,
    }
}

/// The group that keeps a group from being written.
fn held_by(looks: &[Look], choices: &Choices, group: Group) -> Option<&'static str> {
    let conflicting = |group| conflicts(looks, group).next().is_some();
    let kept = |group| conflicting(group) && choices.get(&group) == Some(&Choice::Keep);
    let there = |group| looks.iter().any(|look| Group::of(look.file.output.bundle) == group);
    let image =
        || kept(Group::Image).then_some("it needs dockwright's Dockerfile, and yours was kept");
    match group {
        Group::Compose if !conflicting(Group::Compose) => image(),
        Group::Env | Group::Docs if kept(Group::Compose) => {
            Some("it belongs to dockwright's compose file, and yours was kept")
        }
        Group::Env | Group::Docs if there(Group::Compose) && !conflicting(Group::Compose) => {
            image()
        }
        _ => None,
    }
}

/// Settles every output. `needed` are paths the build reads; `intent` is the
/// text of `dockwright.toml` where it is extended; `is_improved` where the user's
/// own container files stay and get edits, so that none of ours is written; `builds_theirs`
/// where the pipeline is of what the user's own container files build.
#[must_use]
pub fn settle(
    looks: &[Look],
    choices: &Choices,
    lock: Option<&Lock>,
    needed: &[&str],
    intent: Option<&str>,
    is_improved: bool,
    builds_theirs: bool,
) -> Settled {
    let mut settled = Settled::default();
    for look in looks {
        if let Some(theirs) = &look.theirs {
            settled.beside(look, theirs, lock);
            continue;
        }
        let group = Group::of(look.file.output.bundle);
        let choice = choices.get(&group).copied().unwrap_or(Choice::Keep);
        let kept_group = choice == Choice::Keep && conflicts(looks, group).next().is_some();
        let hold = match is_improved && group != Group::Rest {
            true => Some(DEPLOYED),
            false if look.file.output.bundle == Bundle::Ci && !builds_theirs => {
                let is_kept = choices.get(&Group::Image) == Some(&Choice::Keep)
                    && conflicts(looks, Group::Image).next().is_some();
                is_kept.then_some(OF_OURS)
            }
            false => held_by(looks, choices, group),
        };
        let fresh = matches!(look.standing, Standing::New | Standing::Extends);
        match look.standing {
            _ if fresh && let Some(why) = hold => settled.hold(look, why, lock),
            Standing::Obstructed if let Some(why) = hold => settled.keep(look, why),
            Standing::New if kept_group && group != Group::Rest => {
                settled.hold(look, "it belongs with the files that were kept", lock);
            }
            Standing::Extends if kept_group && group == Group::Image => {
                settled.keep(look, "it belongs with the files that were kept");
            }
            Standing::New | Standing::Ours | Standing::Same => settled.write(look),
            Standing::Extends => settled.extend(look, needed, intent),
            Standing::Customised => settled.edited(look, lock, "your edits stay"),
            Standing::Diverged if choice == Choice::Take => settled.write(look),
            Standing::Diverged => settled.edited(
                look,
                lock,
                "you edited it, and what would be written changed as well; --rewrite takes ours",
            ),
            Standing::Deleted if choice == Choice::Take => settled.write(look),
            Standing::Deleted => settled.deleted(look, lock),
            Standing::Foreign | Standing::Obstructed => match choice {
                Choice::Take => settled.write(look),
                // One that has no alternate path stays as well.
                Choice::Keep | Choice::Beside => settled.keep(look, hold.unwrap_or(KEPT)),
            },
        }
    }
    settled.carry_over(lock);
    settled
}

impl Settled {
    /// Adds the edits of the user's own files: what is written of them is no
    /// longer what stays of them.
    pub fn improve(&mut self, improved: Vec<Change>, lock: Option<&Lock>) {
        let known = lock.into_iter().flat_map(|lock| &lock.file);
        let known = known.filter(|own| own.ownership == Ownership::Improved).cloned();
        let mut entries: Vec<FileEntry> = known.collect();
        let edits = |path: &str| {
            lock.map_or(0, |lock| lock.edit.iter().filter(|own| own.path == path).count())
        };
        for change in &mut self.changes {
            let is_known = entries.iter().any(|own| own.path == change.path.as_str());
            if is_known && change.action == Action::Keep {
                change.why = match edits(change.path.as_str()) {
                    0 => "as it was written".to_owned(),
                    1 => "its edit stands".to_owned(),
                    count => format!("its {count} edits stand"),
                };
            }
        }
        for change in improved {
            let path = change.path.to_string();
            self.changes.retain(|own| own.path != change.path);
            entries.retain(|own| own.path != path);
            entries.push(FileEntry::improved(&change));
            self.changes.push(change);
        }
        self.entries.retain(|own| entries.iter().all(|other| other.path != own.path));
        self.entries.append(&mut entries);
        self.entries.sort_by(|one, other| one.path.cmp(&other.path));
    }

    /// What the lock says of files that this run is not about.
    fn carry_over(&mut self, lock: Option<&Lock>) {
        for entry in lock.into_iter().flat_map(|lock| &lock.file) {
            let settled = |path: &str| self.changes.iter().any(|c| c.path.as_str() == path);
            let about = entry.beside.as_deref().unwrap_or(&entry.path);
            if !settled(&entry.path) && !settled(about) {
                self.entries.push(entry.clone());
            }
        }
        self.entries.sort_by(|one, other| one.path.cmp(&other.path));
    }

    fn write(&mut self, look: &Look) {
        let file = &look.file;
        let shell = file.output.syntax == Syntax::Shell;
        let bytes = match look.disk.bytes() {
            // A shell reads the carriage return as part of the interpreter's name.
            Some(there) if !shell => lines::in_line_ends_of(there, &file.bytes),
            _ => file.bytes.clone(),
        };
        let path = file.output.path.clone();
        let mut change = Change::write(path, look.disk.clone(), bytes, file.output.mode);
        if look.standing == Standing::Same {
            change.action = Action::Unchanged;
        }
        self.changes.push(change);
        self.pristine_of(file);
        self.entries.push(FileEntry::clean(file));
    }

    fn pristine_of(&mut self, file: &Rendered) {
        if has_base(file.output.ownership) {
            self.pristine.push(file.bytes.clone());
        }
    }

    fn keep(&mut self, look: &Look, why: &str) {
        let path = look.file.output.path.clone();
        let why = match &look.disk {
            DiskState::Obstructed(obstacle) => format!("{why}: it {obstacle}"),
            _ => why.to_owned(),
        };
        self.changes.push(Change::keep(path, look.disk.clone(), why));
        self.entries.push(FileEntry::of(&look.file.output, FileState::Kept));
    }

    fn hold(&mut self, look: &Look, why: &str, lock: Option<&Lock>) {
        let path = look.file.output.path.clone();
        let git = path.as_str().ends_with(".gitignore");
        let change = match look.disk {
            DiskState::Absent => {
                Change { action: Action::Hold, ..Change::keep(path, look.disk.clone(), why) }
            }
            // Without an .env of ours there is nothing to keep out of git.
            _ if git => {
                Change { action: Action::Unchanged, ..Change::keep(path, look.disk.clone(), "") }
            }
            _ => Change::keep(path, look.disk.clone(), why),
        };
        self.changes.push(change);
        let left_out = || FileEntry::of(&look.file.output, FileState::LeftOut);
        self.entries.push(entry_before(look, lock).unwrap_or_else(left_out));
    }

    /// The base stays what it was: the next update has to know it.
    fn edited(&mut self, look: &Look, lock: Option<&Lock>, why: &str) {
        let path = look.file.output.path.clone();
        self.changes.push(Change::keep(path, look.disk.clone(), why));
        self.entries.extend(entry_before(look, lock));
    }

    fn deleted(&mut self, look: &Look, lock: Option<&Lock>) {
        let path = look.file.output.path.clone();
        let change = Change::keep(
            path,
            look.disk.clone(),
            "you removed it, so it stays out; --rewrite brings it back",
        );
        self.changes.push(Change { action: Action::Hold, ..change });
        let gone = |entry| FileEntry { state: FileState::Deleted, ..entry };
        self.entries.extend(entry_before(look, lock).map(gone));
    }

    fn extend(&mut self, look: &Look, needed: &[&str], intent: Option<&str>) {
        let file = &look.file;
        let there = look.disk.bytes().unwrap_or_default();
        let more = match file.output.bundle {
            Bundle::Intent => Extended {
                bytes: intent.map_or_else(|| file.bytes.clone(), |text| text.as_bytes().to_vec()),
                why: "added what is new".to_owned(),
                note: None,
            },
            _ => Extended::of(file, there, needed),
        };
        self.notes.extend(more.note);
        let path = file.output.path.clone();
        let mut change = Change::write(path, look.disk.clone(), more.bytes, file.output.mode);
        if change.action == Action::Replace {
            change.action = Action::Extend;
            change.why = more.why;
        }
        self.changes.push(change);
        let ownership = match file.output.bundle {
            Bundle::Intent => file.output.ownership,
            _ => Ownership::Append,
        };
        let entry = FileEntry::of(&file.output, FileState::Clean);
        self.entries.push(FileEntry { ownership, ..entry });
    }

    fn beside(&mut self, look: &Look, theirs: &Look, lock: Option<&Lock>) {
        let file = &look.file;
        let path = file.output.path.clone();
        if theirs.disk != DiskState::Absent {
            self.keep(theirs, &format!("{KEPT}; ours is {path}"));
        }
        let untouched = matches!(
            look.standing,
            Standing::New | Standing::Same | Standing::Ours | Standing::Deleted
        );
        if !untouched {
            let why = "it is not as dockwright wrote it";
            self.changes.push(Change::keep(path, look.disk.clone(), why));
            self.entries.extend(entry_before(look, lock));
            return;
        }
        let own = &theirs.file.output.path;
        self.pristine_of(file);
        self.entries.push(FileEntry { beside: Some(own.to_string()), ..FileEntry::clean(file) });
        let change = Change::write(path, look.disk.clone(), file.bytes.clone(), file.output.mode);
        self.changes.push(change.because(format!("beside {own}")));
    }
}

fn entry_before(look: &Look, lock: Option<&Lock>) -> Option<FileEntry> {
    lock?.entry(look.file.output.path.as_str()).cloned()
}

/// A file of lines or names with what it lacked.
#[derive(Clone, Debug)]
pub struct Extended {
    /// Its content.
    pub bytes: Vec<u8>,
    /// What was added.
    pub why: String,
    /// What was not, and why.
    pub note: Option<String>,
}

impl Extended {
    /// Adds what `file` has and `there` lacks; `needed` are paths that no
    /// line may keep out of the build.
    #[must_use]
    pub fn of(file: &Rendered, there: &[u8], needed: &[&str]) -> Self {
        let ours = String::from_utf8_lossy(&file.bytes);
        match file.output.syntax {
            Syntax::Dotenv => {
                let (bytes, added) = dotenv::extend(there, &ours);
                let has = source::dotenv::read(&String::from_utf8_lossy(there));
                let (filled, new): (Vec<String>, Vec<String>) =
                    added.into_iter().partition(|name| has.iter().any(|own| own.name == *name));
                let done = [("added", new), ("filled in", filled)].into_iter();
                let done = done.filter(|(_, names)| !names.is_empty());
                let done: Vec<String> =
                    done.map(|(verb, names)| format!("{verb} {}", names.join(", "))).collect();
                Self { bytes, why: done.join("; "), note: None }
            }
            Syntax::Ignore if file.output.bundle != Bundle::Preset => {
                Self::of_entries(file, there, &ours, needed)
            }
            _ => Self::of_lines(there, &ours),
        }
    }

    /// Any other text: its lines that are not there yet.
    fn of_lines(there: &[u8], ours: &str) -> Self {
        let text = String::from_utf8_lossy(there);
        let has: Vec<&str> = text.lines().collect();
        let new: Vec<&str> =
            ours.lines().filter(|line| !line.trim().is_empty() && !has.contains(line)).collect();
        let added: String = new.iter().map(|line| format!("{line}\n")).collect();
        Self {
            bytes: if new.is_empty() { there.to_vec() } else { lines::append(there, &added) },
            why: format!("added {} lines", new.len()),
            note: None,
        }
    }

    fn of_entries(file: &Rendered, there: &[u8], ours: &str, needed: &[&str]) -> Self {
        let git = file.output.path.as_str().ends_with(".gitignore");
        let merged = if git {
            // Somebody who has a list of their own needs secrets and data kept
            // out of the history, and nothing else from us.
            const KEPT_OUT: [(&str, &str); 3] =
                [(".env", ".env\n"), ("a.dump", "*.dump\n"), ("a.sql.gz", "*.sql.gz\n")];
            let text = String::from_utf8_lossy(there);
            let entries: Vec<String> = source::ignores::entries(&text).map(str::to_owned).collect();
            let lacks = |path| !source::ignores::excludes(Reader::Git, &entries, path);
            let ours: String =
                KEPT_OUT.iter().filter(|(path, _)| lacks(path)).map(|(_, line)| *line).collect();
            ignores::merge(Reader::Git, there, &ours, &[])
        } else {
            ignores::merge(Reader::Docker, there, ours, needed)
        };
        let note = (!merged.skipped.is_empty()).then(|| {
            format!(
                "{}: left out {}, because a `!` line of yours lets such files in",
                file.output.path,
                merged.skipped.join(", ")
            )
        });
        let why = match merged.added.as_slice() {
            few if few.len() <= 3 => format!("added {}", few.join(", ")),
            many => format!("added {} entries", many.len()),
        };
        Self { bytes: merged.bytes, why, note }
    }
}
