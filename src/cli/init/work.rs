//! The changes of one run: the outputs, what is kept of replaced files, the
//! safe additions, and the bookkeeping.

use std::collections::BTreeMap;
use std::path::Path;

use crate::answers::sources::Assembled;
use crate::answers::{Draft, document};
use crate::apply::alternate;
use crate::apply::bookkeeping::{EditEntry, Lock};
use crate::apply::change::{Action, Change, texts};
use crate::apply::commit::refuse_obstacles;
use crate::apply::compare::{Look, Standing};
use crate::apply::composed::{self, Verdict};
use crate::apply::disk::{self, DiskState};
use crate::apply::example;
use crate::apply::ignores;
use crate::apply::lock_check;
use crate::apply::needed;
use crate::apply::records;
use crate::apply::secrets;
use crate::apply::settle::{self, Choice, Choices, Group, Settled};
use crate::apply::written_by;
use crate::cli::command_line::CommandLine;
use crate::cli::init::layers::Layers;
use crate::cli::init::{Init, git, samples};
use crate::cli::input;
use crate::error::{Error, Problem};
use crate::improve::{Deployed, Found, Improvement};
use crate::inventory::{self, Judged, Known, New};
use crate::plan::carry::OLD_DOCKERFILE;
use crate::plan::outputs::{Content, Syntax};
use crate::plan::{Bundle, Output, Plan};
use crate::preset::Preset;
use crate::project;
use crate::relpath::RelPath;
use crate::render::{self, Rendered};
use crate::schema::Role;
use crate::source::compose::FILE_NAMES;
use crate::source::ignores::Reader;

/// What would be written, compared with what is there.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The preset.
    pub preset: Preset,
    /// The plan.
    pub plan: Plan,
    /// Every output and what stands there.
    pub looks: Vec<Look>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// The answers it follows from.
    draft: Draft,
    /// `dockwright.toml` with what it lacks, where there is one.
    intent: Option<String>,
    /// What the user's own container files become, where they stay.
    pub improvement: Option<Improvement>,
}

/// Everything that happens, ready to be committed.
#[derive(Clone, Debug)]
pub struct Work {
    /// The plan.
    pub plan: Plan,
    /// Every output and what stands there.
    pub looks: Vec<Look>,
    /// Changes of outputs and of the safe additions, then of the bookkeeping.
    pub changes: Vec<Change>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// Flags with which `init` does the same again, where there are such: what
    /// was decided of single files is asked again.
    pub flags: Vec<String>,
    /// What the user's own container files become, where they stay.
    pub improvement: Option<Improvement>,
    /// What `--adopt` would make of them, where nobody said what becomes of them.
    pub offer: Option<Improvement>,
    /// What Docker Compose says of what is started with all that.
    pub verdict: Verdict,
    /// What becomes of all that files did which others take the place of.
    pub fates: Vec<Judged>,
    /// What is done beside that.
    pub news: Vec<New>,
    /// What is found before and afterwards, where others take the place of files.
    pub findings: Option<(Vec<Found>, Vec<Found>)>,
}

impl Proposal {
    /// Plans, renders and compares.
    ///
    /// # Errors
    /// Answers that make no plan; a file that is there and cannot be read.
    pub fn of(
        layers: &Layers,
        preset: &Preset,
        draft: &Draft,
        notes: Vec<String>,
    ) -> Result<Self, Error> {
        let mut draft = draft.clone();
        draft.place(compose_name(&layers.dir).into_iter().collect());
        draft.release_from(git::default_branch(&layers.dir).unwrap_or_default());
        let unfitting =
            project::fit_found(&mut draft, &layers.choices.only.iter().copied().collect());
        let mut proposal = Self::planned(layers, preset, draft)?;
        proposal.notes = notes;
        proposal.notes.extend(unfitting);
        let outputs = proposal.looks.iter().map(|look| &look.file.output);
        proposal.notes.extend(outputs.filter_map(|output| started_from(&layers.dir, output)));
        Ok(proposal)
    }

    /// The same where the user's own container files stay and are improved; as
    /// [`Proposal::of`] has it where none of them run the application. `left` are
    /// edits that somebody does not want.
    ///
    /// # Errors
    /// See [`Proposal::of`].
    pub fn improving(
        layers: &Layers,
        preset: &Preset,
        draft: &Draft,
        notes: Vec<String>,
        left: &[EditEntry],
    ) -> Result<Self, Error> {
        let improvement = layers.improvement(&BTreeMap::new(), left)?;
        let mut draft = draft.clone();
        let is_written_around = improvement.as_ref().is_some_and(Improvement::is_written_around);
        if let Some(own) = &improvement {
            own.project.iter().for_each(|project| draft.keep_project(project.clone()));
            let image = match &own.deployed {
                Deployed::Image(image) if image.is_some() => image.clone(),
                _ if draft.is_for_cluster() => Some(layers.image_in_pods(own)?),
                _ => None,
            };
            image.into_iter().for_each(|image| draft.run_image(image));
        }
        let mut proposal = Self::of(layers, preset, &draft, notes)?;
        // What is written around an image is part of what is judged.
        proposal.improvement = match is_written_around {
            true => layers.improvement(&proposal.written(), left)?,
            false => improvement,
        };
        Ok(proposal)
    }

    fn planned(layers: &Layers, preset: &Preset, draft: Draft) -> Result<Self, Error> {
        let mut plan = input::plan(&draft, &layers.choices)?;
        plan.warnings.extend(project::missing(&plan, &layers.dir));
        let mut looks = Vec::new();
        for file in render::render(&plan, &draft)? {
            let file = filled(&layers.dir, file)?;
            looks.push(Look::at(&layers.dir, file, layers.lock.as_ref())?);
        }
        let intent = intent(&layers.dir, &draft)?;
        Ok(Self {
            preset: preset.clone(),
            plan,
            looks,
            notes: Vec::new(),
            draft,
            intent,
            improvement: None,
        })
    }

    /// The same where files are written beside somebody else's: planned again,
    /// since every file names the others by their alternate paths then.
    fn with_alternates(&self, layers: &Layers, choices: &Choices) -> Result<Self, Error> {
        let alternates = alternate::paths(&self.looks, choices);
        if alternates.is_empty() {
            return Ok(self.clone());
        }
        let mut draft = self.draft.clone();
        let named = compose_name(&layers.dir)
            .map(|(usual, name)| (usual, alternates.get(&name).cloned().unwrap_or(name)));
        draft.place(alternates.clone().into_iter().chain(named).collect());
        let planned = Self::planned(layers, &self.preset, draft)?;
        let improvement = self.improvement.clone();
        let mut proposal = Self { notes: self.notes.clone(), improvement, ..planned };
        for look in &mut proposal.looks {
            let own = alternates.iter().find(|(_, to)| **to == look.file.output.path);
            let theirs = own
                .and_then(|(own, _)| self.looks.iter().find(|look| look.file.output.path == *own));
            look.theirs = theirs.cloned().map(Box::new);
        }
        Ok(proposal)
    }

    /// The texts of what is written around an image, `.env` among them: what keeps it out of
    /// images is judged by what is in it.
    fn written(&self) -> BTreeMap<String, String> {
        let is_taken = |look: &&Look| {
            look.standing == Standing::New
                || look.file.output.bundle == Bundle::Compose
                    && look.standing != Standing::Obstructed
        };
        let new = self.looks.iter().filter(is_taken);
        let text = |look: &Look| String::from_utf8_lossy(&look.file.bytes).into_owned();
        new.map(|look| (look.file.output.path.to_string(), text(look))).collect()
    }

    /// What is chosen when nobody is asked.
    #[must_use]
    pub fn usual(&self, rewrite: bool, lock: Option<&Lock>) -> Choices {
        let choice = |group| match rewrite {
            true => Choice::Take,
            false => settle::usual(&self.looks, group, lock),
        };
        let mut choices: Choices =
            [Group::Image, Group::Compose, Group::Env].map(|group| (group, choice(group))).into();
        // A run-book somebody wrote is theirs.
        choices.insert(Group::Docs, Choice::Keep);
        choices
    }

    /// What is chosen where what is there is taken on: improved where it runs the
    /// application; a compose file that does not goes on in ours.
    #[must_use]
    pub fn adopting(&self, lock: Option<&Lock>) -> Choices {
        let mut choices = self.usual(false, lock);
        let carried = self.plan.carry.as_ref().map(|carry| &carry.carried);
        let starts_it = carried.is_some_and(|own| own.roles.contains_key(&Role::Web));
        match &self.improvement {
            // One that people develop in stays theirs.
            None if starts_it => {
                choices.insert(Group::Compose, Choice::Beside);
            }
            Some(own) if !own.is_written_around() => {}
            // One with stores alone gets the application, around an image or with ours.
            _ => {
                choices.insert(Group::Compose, Choice::Take);
            }
        }
        choices
    }

    /// Whether a compose file is written around an image that stays.
    fn is_written_around(&self) -> bool {
        self.improvement.as_ref().is_some_and(Improvement::is_written_around)
    }

    /// Settles every file.
    ///
    /// # Errors
    /// Files that cannot be read; obstacles where something has to be written.
    pub fn finish(
        &self,
        layers: &Layers,
        choices: &Choices,
        git: &git::State,
    ) -> Result<Work, Error> {
        let proposal = self.with_alternates(layers, choices)?;
        proposal.settled(layers, choices, git)
    }

    fn settled(&self, layers: &Layers, choices: &Choices, git: &git::State) -> Result<Work, Error> {
        let outputs = self.looks.iter().map(|look| &look.file.output);
        let needed = needed::by_the_build(&layers.dir, outputs, &self.plan);
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        let lock = layers.lock.as_ref();
        let is_improved = self.improvement.as_ref().is_some_and(|own| !own.is_written_around());
        let intent = self.intent.as_deref();
        let mut settled = settle::settle(
            &self.looks,
            choices,
            lock,
            &needed,
            intent,
            is_improved,
            self.plan.answers.own_project().is_some() || self.plan.answers.own_image().is_some(),
        );
        if let Some(improvement) = &self.improvement {
            settled.improve(improvement.changes(&layers.dir)?, lock);
        }
        let mut changes = settled.changes.clone();
        let mut notes = self.notes.clone();
        notes.extend(settled.notes.iter().cloned());
        let copies = copies(layers, &changes, &self.looks, git)?;
        if !copies.is_empty() {
            keep_to_this_machine(&layers.dir, &mut changes, &OF_COPIES)?;
            changes.extend(copies);
        }
        for (change, ignored) in samples::changes(layers, self.improvement.as_ref())? {
            let entry = format!("/{}\n", change.path);
            if !ignored {
                let ignore = [(".gitignore", Reader::Git, entry.as_str())];
                keep_to_this_machine(&layers.dir, &mut changes, &ignore)?;
            }
            changes.retain(|other| other.path != change.path);
            changes.push(change);
        }
        changes.extend(self.old_dockerfile(layers, &changes)?);
        let (added, refused) = layers.additions.beside(&changes);
        changes.extend(added);
        notes.extend(refused);
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        let (fates, news) = self.fates(layers, &changes)?;
        let findings = match fates.is_empty() {
            true => None,
            false => Some((layers.found(BTreeMap::new())?, layers.found(judged(&changes))?)),
        };
        changes.extend(self.bookkeeping(layers, settled)?);
        refuse_obstacles(&changes)?;
        let flags = self.flags(layers, choices)?;
        let mut command = CommandLine::new("init");
        command.switch("--apply-safe", !layers.additions.lacks.is_empty()).words(&flags);
        written_by::name(&mut changes, &command.to_string(), layers.lock.is_none());
        Ok(Work {
            plan: self.plan.clone(),
            looks: self.looks.clone(),
            changes,
            notes,
            flags,
            improvement: self.improvement.clone(),
            offer: None,
            verdict: Verdict::NotAsked(String::new()),
            fates,
            news,
            findings,
        })
    }

    /// What becomes of all that the files did which are somebody else's, or were
    /// edited, and that others take the place of; and of a Procfile's processes.
    fn fates(&self, layers: &Layers, changes: &[Change]) -> Result<(Vec<Judged>, Vec<New>), Error> {
        let is_theirs = |change: &Change| {
            let standing = self.looks.iter().find(|look| look.file.output.path == change.path);
            let standing = standing.map(|look| look.standing);
            matches!(change.action, Action::Replace | Action::Remove)
                && matches!(
                    standing,
                    Some(Standing::Foreign | Standing::Diverged | Standing::Customised)
                )
        };
        // Without container files a Procfile is what deploys.
        let is_deployed = layers
            .facts
            .existing_files
            .iter()
            .any(|file| matches!(file.kind.as_str(), "dockerfile" | "compose"));
        let is_first = layers.lock.is_none() && !is_deployed;
        let is_procfile = is_first && layers.dir.join("Procfile").is_file();
        if !is_procfile && !changes.iter().any(is_theirs) {
            return Ok(Default::default());
        }
        let known = Known { plan: &self.plan, packages: &layers.facts.packages };
        inventory::of(&layers.dir, &texts(changes), known)
    }

    fn flags(&self, layers: &Layers, choices: &Choices) -> Result<Vec<String>, Error> {
        let mut flags = Vec::new();
        let preset = self.draft.reference();
        if layers.choices.preset.is_some() || layers.preset()?.reference.to_string() != preset {
            flags.push(format!("--preset={preset}"));
        }
        if !layers.choices.only.is_empty() {
            let only = layers.choices.only.iter().map(|bundle| bundle.word());
            let only: Vec<&str> = only.collect();
            flags.push(format!("--only={}", only.join(",")));
        }
        for (key, value) in document::said(&self.draft) {
            flags.extend(["--set".to_owned(), format!("{key}={value}")]);
        }
        let lock = layers.lock.as_ref();
        let ways: [(Option<&str>, Choices); 3] = [
            (None, self.usual(false, lock)),
            (Some("--adopt"), self.adopting(lock)),
            (Some("--rewrite"), self.usual(true, lock)),
        ];
        let is_wanted = |(flag, own): &&(Option<&str>, Choices)| {
            own == choices && (self.improvement.is_none() || *flag == Some("--adopt"))
        };
        if let Some((flag, _)) = ways.iter().find(is_wanted) {
            flags.push("--yes".to_owned());
            flags.extend(flag.map(str::to_owned));
        }
        Ok(flags)
    }

    /// The Dockerfile that was there, for the services it still builds.
    fn old_dockerfile(&self, layers: &Layers, changes: &[Change]) -> Result<Vec<Change>, Error> {
        let needed = self.plan.carry.as_ref().is_some_and(|carry| {
            carry.passed.iter().any(|service| carry.needs_old_dockerfile(service))
        });
        let replaced = changes.iter().find(|change| {
            change.action == Action::Replace
                && change.path.as_str().rsplit('/').next() == Some("Dockerfile")
                && self.looks.iter().any(|look| {
                    look.file.output.path == change.path
                        && matches!(look.standing, Standing::Foreign | Standing::Diverged)
                })
        });
        let Some((change, bytes)) =
            replaced.and_then(|change| Some((change, change.expect.bytes()?))).filter(|_| needed)
        else {
            return Ok(Vec::new());
        };
        let directory = change.path.as_str().trim_end_matches("Dockerfile");
        let path = own_path(&format!("{directory}{OLD_DOCKERFILE}"));
        let expect = disk::look(&layers.dir, &path)?;
        match &expect {
            DiskState::Absent => {
                let kept = Change::write(path, expect, bytes.to_vec(), 0o644);
                Ok(vec![kept.because("the Dockerfile that was there, for what it still builds")])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn bookkeeping(&self, layers: &Layers, settled: Settled) -> Result<Vec<Change>, Error> {
        let mut lock = Lock::of(&self.plan, &self.preset, settled.entries);
        let is_clustered = self.draft.is_for_cluster();
        if let Some(before) = &layers.lock {
            // What was written before is still there.
            lock.only = match before.only.is_empty() || lock.only.is_empty() {
                true => Default::default(),
                false => lock.only.union(&before.only).copied().collect(),
            };
        }
        if let (true, Some(derived)) =
            (self.improvement.is_some() && !self.is_written_around(), &mut lock.derived)
        {
            // Nothing takes the place of the file that is there, or is made of it.
            derived.carried = derived.carried.take().filter(|_| is_clustered);
        }
        if let (Some(_), Some(derived)) = (&self.improvement, &mut lock.derived)
            && !is_clustered
        {
            // What starts the application is in its files, which stay.
            derived.previous = Default::default();
        }
        lock.edit = match (&self.improvement, &layers.lock) {
            (Some(improvement), _) => improvement.entries.clone(),
            (None, Some(before)) => {
                // One of a file that is ours by now is gone with that file.
                let is_theirs = |own: &&EditEntry| {
                    !lock.entry(&own.path).is_some_and(|entry| entry.state.is_written())
                };
                before.edit.iter().filter(is_theirs).cloned().collect()
            }
            (None, None) => Vec::new(),
        };
        let pristine = settled.pristine.iter().map(Vec::as_slice);
        records::changes(&layers.dir, &lock, &self.preset, pristine)
    }
}

impl Work {
    /// Whether the user's own container files run the application by themselves: none of
    /// ours is written, or would be with `--adopt`.
    #[must_use]
    pub fn runs_by_itself(&self) -> bool {
        let own = self.improvement.as_ref().or(self.offer.as_ref());
        own.is_some_and(|own| !own.is_written_around())
    }

    /// What the code serves and the image that is written lacks.
    #[must_use]
    pub fn gap(&self) -> Option<String> {
        let ours = self.looks.iter().any(|look| {
            let output = &look.file.output;
            let is_left = |change: &Change| {
                change.path == output.path
                    && matches!(change.action, Action::Create | Action::Replace | Action::Unchanged)
            };
            output.syntax == Syntax::Dockerfile && self.changes.iter().any(is_left)
        });
        let adopted = self.plan.answers.adopted.as_ref().filter(|_| ours)?;
        crate::plan::code::front_end::gap(adopted)
    }

    /// The work of a run in which nobody is asked.
    ///
    /// # Errors
    /// See [`Proposal::of`] and [`Proposal::finish`].
    pub fn non_interactive(layers: &Layers, init: &Init, git: &git::State) -> Result<Self, Error> {
        let preset = layers.preset()?;
        let Assembled { mut draft, notes, .. } = layers.assemble(&preset)?;
        let offer = match init.adopt || init.rewrite {
            true => None,
            false => layers.improvement(&BTreeMap::new(), &[])?,
        };
        // Also where nothing of it is edited, it runs the application.
        let project = offer.as_ref().and_then(|own| own.project.clone());
        project.into_iter().for_each(|project| draft.keep_project(project));
        let proposal = match init.adopt {
            true => Proposal::improving(layers, &preset, &draft, notes, &[])?,
            false => Proposal::of(layers, &preset, &draft, notes)?,
        };
        let lock = layers.lock.as_ref();
        let choices = match init.adopt {
            true => proposal.adopting(lock),
            false => proposal.usual(init.rewrite, lock),
        };
        if init.rewrite {
            super::refusal::split(&proposal.plan)?;
        }
        Ok(Self { offer, ..proposal.finish(layers, &choices, git)? })
    }

    /// Asks Docker Compose to read what will be there.
    ///
    /// # Errors
    /// What it says, where it reads what is there now: nothing is written then.
    pub fn judge(&mut self, dir: &Path, asks: bool) -> Result<(), Error> {
        let adopted = self.plan.answers.adopted.as_ref().filter(|own| own.image().is_none());
        let manager = self.plan.answers.package_manager;
        let stale = adopted.filter(|_| asks).and_then(|own| lock_check::stale(dir, manager, own));
        self.notes.extend(stale);
        let is_of_compose = |own: &Change| !is_bookkeeping(own) && own.action.writes();
        let compose = self.compose_file().map(str::to_owned);
        self.verdict = match compose.filter(|_| self.changes.iter().any(is_of_compose)) {
            _ if !asks => Verdict::NotAsked("--no-docker".to_owned()),
            None => Verdict::NotAsked("no compose file changes".to_owned()),
            Some(file) => composed::judge(dir, &self.changes, &file),
        };
        match &self.verdict {
            Verdict::Refuses(said) => Err(Error::Ended {
                code: 1,
                message: format!(
                    "docker compose would not read it, so nothing was written:\n  {}\n  help: \
                     --dry-run shows what would be written, and `# dockwright: ignore CODE why` \
                     beside a line keeps the edit of that rule out; only where another, newer \
                     Compose runs it, --no-docker does not ask this one",
                    said.replace('\n', "\n  ")
                ),
            }),
            _ => Ok(()),
        }
    }

    /// The compose file that starts the application afterwards.
    #[must_use]
    pub fn compose_file(&self) -> Option<&str> {
        if let Some(Deployed::Project(file)) = self.improvement.as_ref().map(|own| &own.deployed) {
            return Some(file);
        }
        let stands =
            |own: &&Change| !matches!(own.action, Action::Keep | Action::Hold | Action::Remove);
        self.shown().filter(stands).map(|change| change.path.as_str()).find(|path| {
            path.contains("compose")
                && !path.contains(".dev.")
                && !path.contains("before-dockwright")
        })
    }

    /// The changes people are told of.
    pub fn shown(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| !is_bookkeeping(change))
    }
}

/// The texts that are judged: what is in `.env` is none of a reader's, and git does not
/// know yet that it is left out.
fn judged(changes: &[Change]) -> BTreeMap<String, String> {
    let mut texts = texts(changes);
    texts.retain(|path, _| path.rsplit('/').next() != Some(".env"));
    texts
}

/// Whether a change is of `.dockwright/`.
#[must_use]
pub fn is_bookkeeping(change: &Change) -> bool {
    change.path.as_str().starts_with(".dockwright/")
}

fn own_path(text: &str) -> RelPath {
    RelPath::new(text).expect("names of records are hashes and constants")
}

/// That a fresh `.env` starts from the repository's example.
fn started_from(dir: &Path, output: &Output) -> Option<String> {
    let (name, _) = example_for(dir, output)?;
    Some(format!("{} starts from {name}: look through its values, passwords first", output.path))
}

/// The example for an `.env` that is not there yet.
fn example_for(dir: &Path, output: &Output) -> Option<(&'static str, String)> {
    let path = output.path.below(dir);
    let fresh = output.content == Content::Secrets && path.symlink_metadata().is_err();
    path.parent().filter(|_| fresh).and_then(example::find)
}

/// `.env` gets its secrets before it is compared.
fn filled(dir: &Path, mut file: Rendered) -> Result<Rendered, Error> {
    if file.output.content == Content::Secrets {
        let mut template = String::from_utf8_lossy(&file.bytes).into_owned();
        if let Some((_, example)) = example_for(dir, &file.output) {
            template = example::start(&example, &template);
        }
        file.bytes = secrets::fill(&template, dir)?.into_bytes();
    }
    Ok(file)
}

/// A compose file takes the name of the one that is there: of two, Compose
/// would silently read only one.
fn compose_name(dir: &Path) -> Option<(RelPath, RelPath)> {
    let there = FILE_NAMES.iter().find(|name| dir.join(name).symlink_metadata().is_ok())?;
    Some((own_path(FILE_NAMES[0]), own_path(there)))
}

fn intent(dir: &Path, draft: &Draft) -> Result<Option<String>, Error> {
    let path = own_path(document::FILE);
    let DiskState::File { bytes, .. } = disk::look(dir, &path)? else { return Ok(None) };
    let source = String::from_utf8_lossy(&bytes).into_owned();
    document::extend(&source, draft)
        .map(Some)
        .map_err(|error| Error::input(Problem::new(error.message().to_owned()).at(document::FILE)))
}

/// Copies of files that are replaced and that git could not give back.
fn copies(
    layers: &Layers,
    changes: &[Change],
    looks: &[Look],
    git: &git::State,
) -> Result<Vec<Change>, Error> {
    let mut copies = Vec::new();
    for change in changes.iter().filter(|change| change.action == Action::Replace) {
        let theirs = looks.iter().any(|look| {
            look.file.output.path == change.path
                && matches!(look.standing, Standing::Foreign | Standing::Diverged)
        });
        let Some(bytes) = change.expect.bytes() else { continue };
        if !theirs || git.has(change.path.as_str()) {
            continue;
        }
        for number in 1.. {
            let end = if number == 1 { String::new() } else { format!(".{number}") };
            let path = own_path(&format!("{}.before-dockwright{end}", change.path));
            match disk::look(&layers.dir, &path)? {
                DiskState::Absent => {
                    let copy = Change::write(path, DiskState::Absent, bytes.to_vec(), 0o644);
                    copies.push(
                        copy.because(format!("{} as it was: git does not have it", change.path)),
                    );
                    break;
                }
                there if there.bytes() == Some(bytes) => break,
                _ => {}
            }
        }
    }
    Ok(copies)
}

/// What keeps copies out of commits and images.
const OF_COPIES: [(&str, Reader, &str); 2] = [
    (".gitignore", Reader::Git, "*.before-dockwright*\n"),
    (".dockerignore", Reader::Docker, "**/*.before-dockwright*\n"),
];

/// Copies of replaced files hold what stood in them, secrets among it: they
/// stay out of git and out of the image.
fn keep_to_this_machine(
    dir: &Path,
    changes: &mut Vec<Change>,
    entries: &[(&str, Reader, &str)],
) -> Result<(), Error> {
    for &(name, reader, entry) in entries {
        let at = changes.iter().position(|change| change.path.as_str() == name);
        let there = match at {
            Some(at) if changes[at].action.writes() => changes[at].bytes.clone(),
            _ => disk::look(dir, &own_path(name))?.bytes().unwrap_or_default().to_vec(),
        };
        let standing = at.is_some_and(|at| changes[at].action.writes()) || !there.is_empty();
        // A build without an ignore file is none of ours.
        if reader == Reader::Docker && !standing {
            continue;
        }
        let merged = ignores::merge(reader, &there, entry, &[]);
        if merged.added.is_empty() {
            continue;
        }
        let why = format!("added {}", merged.added.join(", "));
        match at {
            Some(at) if changes[at].action.writes() => changes[at].bytes = merged.bytes,
            _ => {
                let expect = disk::look(dir, &own_path(name))?;
                let mut change = Change::write(own_path(name), expect, merged.bytes, 0o644);
                if change.action == Action::Replace {
                    change.action = Action::Extend;
                }
                changes.retain(|other| other.path.as_str() != name);
                changes.push(change.because(why));
            }
        }
    }
    Ok(())
}
