//! Carrying a newer version of a preset, of the tool or of the answers into a
//! repository: base, disk and new render of every file in, a set of changes
//! out. Nothing is written here.

mod append;
pub mod compared;
pub mod file;
pub mod files;
mod fresh;
mod gone;
mod left_behind;
pub mod reference;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::answers::{Draft, Sources, document, migrate};
use crate::apply::bookkeeping::{self, EditEntry, FileEntry, FileState, Lock};
use crate::apply::change::{Action, Change, texts};
use crate::apply::disk::{self, DiskState};
use crate::apply::{records, written_by};
use crate::error::{Error, Problem};
use crate::improve::{Improvement, Repository};
use crate::inventory::{self, Fate, Kind, Known, Weight};
use crate::plan::{Bundle, Output, Plan, images};
use crate::policy::Violation;
use crate::preset::Preset;
use crate::project::{self, Project};
use crate::relpath::RelPath;
use crate::remote;
use crate::remote::registry::{Registry, by_hand};
use crate::render;
use crate::source::compose;
pub use file::{FileUpdate, What};
pub use reference::Wanted;

/// The command that `dockwright.toml` names. What was set by it stands in that file, and
/// one line for every update is one that two branches do not conflict about.
const COMMAND: &str = "dockwright update";

/// What becomes of a file that both sides changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The file stays as it is on disk.
    Keep,
    /// The new render takes its place.
    Take,
    /// Both are written, with diff3 markers between them.
    Markers,
}

/// What to say where digests are wanted and there is nothing to write them into.
pub const NO_DIGESTS: &str = "images.digests has no effect: the container files are your own, and their images stay as you name them";

/// What is asked of an update.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Another preset, or another version of it.
    pub wanted: Wanted,
    /// `KEY=VALUE`, as `--set` takes it.
    pub set: Vec<String>,
    /// What becomes of conflicts nobody resolved; `None` writes nothing.
    pub conflict: Option<Resolution>,
    /// What becomes of single files.
    pub resolved: BTreeMap<String, Resolution>,
    /// Deleted files that are brought back.
    pub restore: BTreeSet<String>,
    /// Whether managed files that were edited are replaced.
    pub force: bool,
    /// Who is asked for the digests that images have now; `None` for nobody: those that
    /// are known go on.
    pub registry: Option<Arc<Registry>>,
}

/// Everything an update would do.
#[derive(Clone, Debug)]
pub struct Update {
    /// The layers it comes from, as the lock had them.
    pub before: Vec<bookkeeping::Layer>,
    /// The preset it goes to.
    pub preset: Preset,
    /// The plan.
    pub plan: Plan,
    /// What becomes of each file, sorted by path.
    pub files: Vec<FileUpdate>,
    /// Changes of files, then of the bookkeeping.
    pub changes: Vec<Change>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Update {
    /// Computes an update of a repository.
    ///
    /// # Errors
    /// A repository without lock, wrong input, a preset that cannot be had,
    /// demands of the preset that do not hold.
    pub fn of(dir: &Path, options: &Options) -> Result<Self, Error> {
        let prepared = Prepared::of(dir, options)?;
        let Prepared { project, preset, mut draft, text, moved, mut notes } = prepared;
        let mut plan = project::plan(&draft, &project.lock.only)?;
        refuse_unread(&project.lock, &plan)?;
        if project.lock.is_improved() && plan.answers.digests.is_some() {
            notes.push(NO_DIGESTS.to_owned());
        } else if let Some(registry) = &options.registry
            && plan.answers.digests.is_some()
        {
            draft.digests = digests(&plan, registry)?;
            plan = project::plan(&draft, &project.lock.only)?;
        }
        notes.extend(project::missing(&plan, &project.dir));
        notes.extend(steps::of(&project.lock, &plan));

        let renders = render::render(&plan, &draft)?;
        let decided = files::decide(&project, renders, &plan, &moved, options)?;
        notes.extend(decided.notes.iter().cloned());
        Self {
            before: project.lock.preset.clone(),
            preset,
            plan,
            files: decided.files.clone(),
            changes: Vec::new(),
            notes,
        }
        .with_changes(&project, &text, decided, options)
    }

    fn with_changes(
        mut self,
        project: &Project,
        text: &str,
        decided: files::Decided,
        options: &Options,
    ) -> Result<Self, Error> {
        let intent = RelPath::new(document::FILE).expect("a constant");
        let expect = disk::look(&project.dir, &intent)?;
        let written = Change::write(intent, expect, text.as_bytes().to_vec(), 0o644);
        if written.action.writes() {
            let path = written.path.to_string();
            self.files.push(FileUpdate::of(path, What::Updated, "what was asked for"));
            self.files.sort_by(|one, other| one.path.cmp(&other.path));
        }
        let mut changes = decided.changes;
        changes.push(written);
        let mut entries = decided.entries;
        let edit = match self.improvement(project, &changes, options)? {
            None => project.lock.edit.clone(),
            Some(improvement) => {
                let improved = improvement.changes(&project.dir)?;
                for change in &improved {
                    let path = change.path.to_string();
                    self.files.retain(|own| own.path != path);
                    entries.retain(|own| own.path != path);
                    entries.push(FileEntry::improved(change));
                    self.files.push(FileUpdate::of(path, What::Improved, change.why.clone()));
                }
                self.files.sort_by(|one, other| one.path.cmp(&other.path));
                entries.sort_by(|one, other| one.path.cmp(&other.path));
                changes.extend(improved);
                if options.set.iter().any(|set| set.starts_with("deploy.memory=")) {
                    let open = improvement.after.iter().filter_map(|own| {
                        let why = own.unplanned.as_ref()?;
                        Some(format!(
                            "{}:{}: {}; the plan gives none: {why}",
                            own.path, own.line, own.message
                        ))
                    });
                    self.notes.extend(open);
                }
                self.notes.extend(improvement.taken_out.iter().map(EditEntry::taken_out));
                self.notes.extend(improvement.changed_since.iter().map(EditEntry::changed_since));
                improvement.entries
            }
        };
        let is_edited = self.files.iter().any(|own| own.what == What::Improved);
        if project.lock.is_improved() && !options.set.is_empty() && !is_edited {
            self.notes.push(format!(
                "your own container files stay as they are: no edit of theirs depends on {}",
                options.set.join(", ")
            ));
        }
        let taken = self.taken_away(project, &changes)?;
        self.notes.extend(taken);
        self.notes.extend(left_behind::of(&project.dir, &changes)?);
        let names = steps::new_names(&project.lock, &self.plan);
        self.notes.extend(left_behind::of_names(&project.dir, &changes, &names)?);
        let mut lock = Lock {
            derived: project.lock.derived.clone(),
            edit,
            ..Lock::of(&self.plan, &self.preset, entries)
        };
        if !lock.edit.is_empty() {
            // Where the user's files stay, others are planned than were when these were
            // still replaced in the plan: which of them are not written is no news.
            let left_out = |own: &FileEntry| own.state == FileState::LeftOut;
            lock.file.retain(|own| !left_out(own));
            let before = project.lock.file.iter().filter(|own| left_out(own));
            let unsaid = before.filter(|own| lock.file.iter().all(|new| new.path != own.path));
            let unsaid: Vec<FileEntry> = unsaid.cloned().collect();
            lock.file.extend(unsaid);
            lock.file.sort_by(|one, other| one.path.cmp(&other.path));
        }
        let pristine = decided.pristine.iter().map(Vec::as_slice);
        changes.extend(records::changes(&project.dir, &lock, &self.preset, pristine)?);
        if written_by::name(&mut changes, COMMAND, false) {
            self.files.push(FileUpdate::of(document::FILE, What::Updated, written_by::WHY));
            self.files.sort_by(|one, other| one.path.cmp(&other.path));
        }
        changes.retain(|change| change.action.writes());
        let is_ours = |own: &FileEntry| own.state.is_written() && compose::is_compose(&own.path);
        if !changes.is_empty() && lock.file.iter().any(is_ours) {
            // Said when it was planned, and again when something changes.
            self.notes.extend(self.plan.warnings.iter().cloned());
        }
        self.changes = changes;
        Ok(self)
    }

    /// What the files of an adopted repository do today, and would not do any more,
    /// where the application may miss it.
    fn taken_away(&self, project: &Project, changes: &[Change]) -> Result<Vec<String>, Error> {
        let is_replaced = |own: &&Change| own.action == Action::Replace;
        // Where the user's own container files stay, nothing takes their place.
        let stays = project.lock.derived.is_none() || project.lock.is_improved();
        if stays || !changes.iter().any(|own| is_replaced(&own)) {
            return Ok(Vec::new());
        }
        // What the code depends on is not read again.
        let known = Known { plan: &self.plan, packages: &[] };
        let (judged, _) = inventory::of(&project.dir, &texts(changes), known)?;
        let lost = judged.iter().filter(|own| {
            own.is_told() && own.weight == Weight::Behaviour && own.item.kind != Kind::Package
        });
        Ok(lost
            .filter_map(|own| match &own.fate {
                Fate::Dropped { reason } => Some(format!(
                    "{}:{}: {} {} goes: {reason}",
                    own.item.path,
                    own.item.line,
                    own.item.kind.word(),
                    own.item.name
                )),
                _ => None,
            })
            .collect())
    }

    /// New edits of the user's own files, where such were made before.
    fn improvement(
        &self,
        project: &Project,
        changes: &[Change],
        options: &Options,
    ) -> Result<Option<Improvement>, Error> {
        if project.lock.edit.is_empty() {
            return Ok(None);
        }
        let written = texts(changes);
        let (dir, lock) = (project.dir.as_path(), Some(&project.lock));
        Improvement::of(&Repository { dir, lock, said: &options.set, written: &written, left: &[] })
    }

    /// Files that wait for a person.
    pub fn conflicts(&self) -> impl Iterator<Item = &FileUpdate> {
        self.files.iter().filter(|file| matches!(file.what, What::Conflict(_)))
    }

    /// Whether the disk would be as it is.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The digests that the images of a plan have now.
///
/// # Errors
/// All images whose registry could not be asked: nothing is pinned half.
fn digests(plan: &Plan, registry: &Registry) -> Result<BTreeMap<String, String>, Error> {
    let wanted: Vec<String> = images::wanted(plan).into_iter().collect();
    let answers = remote::several(&wanted, |reference| registry.digest(reference));
    let mut digests = BTreeMap::new();
    let mut failed = Vec::new();
    for (reference, answer) in wanted.into_iter().zip(answers) {
        match answer {
            Ok(digest) => drop(digests.insert(reference, digest)),
            Err(why) => failed.push((reference, why)),
        }
    }
    let Some((first, _)) = failed.first() else { return Ok(digests) };
    let each = failed.iter().map(|(reference, why)| format!("{reference} ({why})"));
    Err(Error::Tool {
        message: format!(
            "images.digests: no digest could be had of {}",
            each.collect::<Vec<_>>().join(", ")
        ),
        help: format!(
            "see whether you have access: {}; without --fetch the known digests go on",
            by_hand(first)
        ),
    })
}

/// Refuses to write for a cluster or a pipeline where the user's own files run the
/// application and were not read for that: only `init` looks at what they say.
fn refuse_unread(lock: &Lock, plan: &Plan) -> Result<(), Error> {
    let is_elsewhere =
        |own: &&Output| matches!(own.bundle, Bundle::Kubernetes | Bundle::Ecs | Bundle::Ci);
    let mut elsewhere = plan.outputs.iter().filter(is_elsewhere);
    let is_known = |own: &Output| lock.entry(own.path.as_str()).is_some();
    if !lock.is_improved() || elsewhere.clone().count() == 0 || elsewhere.any(is_known) {
        return Ok(());
    }
    let problem = Problem::new(
        "your own container files run the application, and what they say of it was not read for a cluster or a pipeline",
    );
    Err(Error::input(problem.help("dockwright init --adopt reads them, with the same --set")))
}

/// What an update starts from: the answers, before anything is planned.
struct Prepared {
    project: Project,
    preset: Preset,
    draft: Draft,
    /// `dockwright.toml` as it will be.
    text: String,
    /// Outputs that moved: new paths by old ones.
    moved: BTreeMap<String, String>,
    notes: Vec<String>,
}

impl Prepared {
    fn of(dir: &Path, options: &Options) -> Result<Self, Error> {
        let project = Project::read(dir)?;
        let reference = options.wanted.reference(&project)?;
        let preset = options.wanted.open(&reference, &project)?;
        let migrations = migrate::due(&preset.layers, &versions(&project.lock));
        let (mut text, mut notes) =
            migrate::document(&project.text, &migrations).map_err(broken_document)?;
        if reference != project.reference()? {
            text = document::with_preset(&text, &reference).map_err(broken_document)?;
        }
        let entries = document::read(document::FILE, &text).map_err(Error::Input)?;
        let sources = project::sources(&preset, Some(&project.lock), &entries);
        let assembled =
            Sources { set: &options.set, ..sources }.assemble().map_err(Error::Input)?;
        let draft = assembled.draft;
        notes.extend(assembled.offers);
        if !options.set.is_empty() {
            text = document::extend(&text, &draft).map_err(broken_document)?;
        }
        let moved = migrate::moved(&migrations);
        Ok(Self { project, preset, draft, text, moved, notes })
    }
}

/// What the preset requires and would not hold after an update: it refuses
/// that, but for what only warns yet.
///
/// # Errors
/// See [`Update::of`]; what does not hold is none.
pub fn violations(dir: &Path, options: &Options) -> Result<Vec<Violation>, Error> {
    let Prepared { project, draft, .. } = Prepared::of(dir, options)?;
    Ok(project::judge(&draft, &project.lock.only).map_err(Error::Input)?.violations)
}

fn broken_document(error: toml_edit::TomlError) -> Error {
    Error::input(Problem::new(error.message().to_owned()).at(document::FILE))
}

/// The version of each layer that a lock names.
fn versions(lock: &Lock) -> BTreeMap<String, String> {
    lock.preset.iter().map(|layer| (layer.name.clone(), layer.version.clone())).collect()
}

/// Whether an entry's file is on disk.
fn is_there(disk: &DiskState) -> bool {
    !matches!(disk, DiskState::Absent)
}
