//! Improving what deploys already: the user's own container files stay theirs,
//! and get the fixes of rules that are safe, or whose condition was checked,
//! with the plan's numbers in them.
//!
//! ```text
//! files ──lint──▶ findings ──mend──▶ texts with edits ──▶ changes, and what the lock says of them
//! ```

mod aside;
mod line_ends;
mod revise;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::answers::own_image::OwnImage;
use crate::apply::bookkeeping::{EditEntry, Lock};
use crate::apply::change::{Action, Change};
use crate::apply::disk;
use crate::error::{Error, Problem};
use crate::lint::edit::Placed;
use crate::lint::ignores::{self, Judged};
use crate::lint::mend::{Made, Refused, mend};
use crate::lint::subject::{Build, Container, Deployment, Kind, Program, Server};
use crate::lint::waiver;
use crate::lint::{Diagnostic, Grade, Severity, Subject, judge, rules};
use crate::project;
use crate::relpath::RelPath;
use crate::source::dockerfile::{Instruction, Keyword};

/// What the user's own container files become.
#[derive(Clone, Debug)]
pub struct Improvement {
    /// What was found in them before.
    pub before: Vec<Found>,
    /// What is found in them afterwards.
    pub after: Vec<Found>,
    /// The new text of every file that changes or comes into being.
    pub texts: BTreeMap<String, String>,
    /// The edits.
    pub made: Vec<Made>,
    /// What was to be edited and was not, and why.
    pub refused: Vec<Refused>,
    /// Edits that were made once and that the user took out again.
    pub taken_out: Vec<EditEntry>,
    /// Edits that would be others today, and stay since the user changed what they
    /// wrote.
    pub changed_since: Vec<EditEntry>,
    /// What the lock says of edits afterwards.
    pub entries: Vec<EditEntry>,
    /// What of the user's own runs the application.
    pub deployed: Deployed,
    /// What that starts: services, each with its server, or an image with its.
    pub runs: Vec<String>,
    /// Files in which there would be edits, and that are left alone, each with why.
    pub aside: BTreeMap<String, String>,
    /// What `.gitattributes` gets, in words.
    pub line_ends: Option<String>,
}

/// A finding, as far as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The code of its rule.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What an edit would do that a person has to decide on.
    pub suggested: Option<String>,
}

/// What of the user's own runs the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deployed {
    /// A compose project, by the first of its files.
    Project(String),
    /// An image that nothing here runs; `None` where it is not known how it would
    /// be run.
    Image(Option<OwnImage>),
}

/// What of the user's own runs the application: a service of a compose project, or
/// an image, that is not one of ours.
#[must_use]
pub fn deployed(subject: &Subject, is_ours: &dyn Fn(&str) -> bool) -> Option<Deployed> {
    let theirs = |own: &&Container| {
        let composed = subject.composed(own).map(|(own, _)| own.texts[0]);
        let recipe_of = subject.build_of(own).map(|build| subject.recipes[build.recipe].text);
        if composed.or(recipe_of).is_some_and(|text| aside::why(subject, text).is_some()) {
            return false;
        }
        let recipe = subject.build_of(own).map(|build| subject.recipes[build.recipe].text);
        let compose = subject.composed(own).map(|(deployment, _)| deployment.texts[0]);
        recipe.or(compose).is_some_and(|text| !is_ours(subject.path(text)))
    };
    let own = subject.production_containers().filter(|own| own.kind.is_application());
    let theirs: Vec<&Container> = own.filter(theirs).collect();
    let is_composed = |own: &&&Container| {
        subject.composed(own).is_some_and(|(own, _)| !is_ours(subject.path(own.texts[0])))
    };
    // The one that Compose takes by itself comes first.
    let mut projects: Vec<&Deployment> = theirs
        .iter()
        .filter(is_composed)
        .filter_map(|own| subject.composed(own).map(|(own, _)| own))
        .collect();
    projects.sort_by_key(|own| !own.by_itself);
    match projects.first() {
        Some(own) => Some(Deployed::Project(subject.path(own.texts[0]).to_owned())),
        None if theirs.is_empty() => None,
        None if stores_alone(subject, is_ours) => Some(Deployed::Image(own_image(subject, &theirs))),
        None => Some(Deployed::Image(None)),
    }
}

/// Whether the compose file that counts starts nothing but stores and tools: of any
/// other image it may be that it is the application.
fn stores_alone(subject: &Subject, is_ours: &dyn Fn(&str) -> bool) -> bool {
    let carried = subject.facts.carried.value().filter(|own| !is_ours(&own.file));
    let Some(carried) = carried else { return true };
    let is_it = |own: &&Deployment| subject.path(own.texts[0]) == carried.file;
    let is_beside = |own: &Container| {
        own.kind.is_store() || own.kind == Kind::Tool
    };
    subject.deployments.iter().filter(is_it).flat_map(|own| subject.containers_of(own)).all(is_beside)
}

/// What a deployment starts, in words: `api (uvicorn)`.
fn runs(subject: &Subject, deployed: &Deployed) -> Vec<String> {
    let is_of = |own: &&Container| match (deployed, subject.composed(own)) {
        (Deployed::Project(file), Some((project, _))) => subject.path(project.texts[0]) == file,
        (Deployed::Image(_), None) => own.build.is_some() && own.kind.is_application(),
        _ => false,
    };
    let named = |own: &Container| {
        let name = match (subject.composed(own), subject.build_of(own)) {
            (None, Some(build)) => subject.path(subject.recipes[build.recipe].text).to_owned(),
            _ => own.name.clone(),
        };
        match &own.server {
            Some(server) => format!("{name} ({})", server.program.word()),
            None => name,
        }
    };
    let mut runs: Vec<String> = Vec::new();
    for own in subject.production_containers().filter(is_of).map(named) {
        if !runs.contains(&own) {
            runs.push(own);
        }
    }
    runs
}

/// What the only image that serves promises to whoever runs it.
fn own_image(subject: &Subject, containers: &[&Container]) -> Option<OwnImage> {
    let mut serving = containers.iter().filter(|own| own.kind == Kind::Web && own.build.is_some());
    let (container, None) = (serving.next()?, serving.next()) else { return None };
    let build = subject.build_of(container)?;
    let server = container.server.as_ref();
    let exposed = || match build.image.ports.as_slice() {
        [only] => only.value.known()?.split('/').next()?.parse().ok(),
        _ => None,
    };
    let port = server.and_then(Server::port).or_else(exposed);
    let port = port.or_else(|| subject.facts.port.value().copied())?;
    let workdir = match &build.image.workdir {
        Some(set) => set.value.known()?.to_owned(),
        None => "/".to_owned(),
    };
    // Where a module of the application ends up says where the code is.
    let root = subject.facts.root.value().map_or(".", String::as_str);
    let module = subject.facts.app.value()?.split(':').next()?;
    let source = subject.tree.module_path(root, module);
    let top = source.and_then(|path| {
        let placed = subject.in_image(build, &path)?;
        let relative = match build.context.as_str() {
            "." => path.as_str(),
            context => path.strip_prefix(context)?.strip_prefix('/')?,
        };
        let top = placed.strip_suffix(relative)?.trim_end_matches('/').to_owned();
        Some(if top.is_empty() { "/".to_owned() } else { top })
    });
    let path = subject.path(subject.recipes[build.recipe].text);
    let dockerfile = match build.context.as_str() {
        "." => path.to_owned(),
        context => path.strip_prefix(context)?.strip_prefix('/')?.to_owned(),
    };
    let user = build.image.user.as_ref().and_then(|user| user.value.known());
    let takes_proxies = server.is_some_and(|own| {
        matches!(own.program, Program::Gunicorn | Program::Uvicorn | Program::FastapiRun)
            && !sets_proxies(container, own)
    });
    Some(OwnImage {
        takes_proxies,
        dockerfile,
        context: build.context.clone(),
        top: top.unwrap_or_else(|| workdir.clone()),
        workdir: workdir.clone(),
        port,
        has_health_check: build.image.healthcheck.is_some(),
        owned: owned(subject, build, &workdir),
        user: user.unwrap_or_default().to_owned(),
        is_unprivileged: user
            .is_some_and(|own| !matches!(own.split(':').next(), Some("" | "0" | "root"))),
        migrates: container.steps.iter().any(|step| step.program == Program::Migrate),
    })
}

/// Whether a server is told whom it believes by more than a variable, which may be
/// another one.
fn sets_proxies(container: &Container, server: &Server) -> bool {
    let is_flag = |word: &String| word.starts_with("--forwarded-allow-ips");
    let words = container.steps.get(server.step).map(|step| step.argv.as_slice());
    words.unwrap_or_default().iter().any(is_flag)
        || server.has("forwarded_allow_ips") && !container.env.contains_key("FORWARDED_ALLOW_IPS")
}

/// Directories that a Dockerfile makes and that belong to another user than root:
/// what is made after `USER`, or is given away.
fn owned(subject: &Subject, build: &Build, workdir: &str) -> Vec<String> {
    let instructions = &subject.file(build).instructions;
    let gives = |own: &Instruction| {
        let text: &str = &own.arguments.text;
        ["chown", "--owner", "-o "].iter().any(|word| text.contains(word))
    };
    let of_user = build.image.user.as_ref().map_or(usize::MAX, |user| user.at);
    let given = instructions.iter().any(gives);
    let mut owned = Vec::new();
    for (at, own) in instructions.iter().enumerate() {
        let text: &str = &own.arguments.text;
        let makes = text.contains("mkdir") || text.contains("install ");
        if own.keyword != Keyword::Run || !makes || !(given || at > of_user) {
            continue;
        }
        let words = text.split([' ', '\n', '\t', ';', '&', '\\']);
        let words = words.map(|word| word.trim_matches(['"', '\'']));
        let paths = words.filter(|word| !word.is_empty() && !word.starts_with('-'));
        owned.extend(paths.map(|word| match word.strip_prefix('/') {
            Some(_) => word.trim_end_matches('/').to_owned(),
            None => format!("{}/{}", workdir.trim_end_matches('/'), word.trim_end_matches('/')),
        }));
    }
    owned.sort();
    owned.dedup();
    owned
}

/// The repository that is improved.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// Its directory.
    pub dir: &'a Path,
    /// What was written into it before.
    pub lock: Option<&'a Lock>,
    /// What is said of the machine, and of anything else that is planned:
    /// `deploy.memory=8GiB`.
    pub said: &'a [String],
    /// Texts of files that are written anyway, by path.
    pub written: &'a BTreeMap<String, String>,
    /// Edits that somebody does not want.
    pub left: &'a [EditEntry],
}

impl Repository<'_> {
    fn read(&self, texts: BTreeMap<String, String>) -> Result<Subject, Error> {
        let written = self.written.iter().map(|(path, text)| (path.clone(), text.clone()));
        let mut subject = Subject::with(self.dir, written.chain(texts).collect())?;
        self.said.clone_into(&mut subject.machine);
        Ok(subject)
    }

    fn is_ours(&self, path: &str) -> bool {
        let entry = self.lock.and_then(|lock| lock.entry(path));
        self.written.contains_key(path) || entry.is_some_and(|entry| entry.state.is_written())
    }
}

impl Improvement {
    /// Makes the edits in memory; `None` where nothing of the user's own runs the
    /// application. What was edited by rule before, and is not as it was left, stays.
    ///
    /// # Errors
    /// When the directory cannot be read, or its `dockwright.toml` is wrong.
    pub fn of(deployment: &Repository<'_>) -> Result<Option<Self>, Error> {
        let text = project::document(deployment.dir)?.map(|(text, _)| text).unwrap_or_default();
        let waivers = waiver::read(&text).map_err(Error::Input)?;
        let today = project::today();
        let read = |texts: BTreeMap<String, String>| deployment.read(texts);
        let is_ours = |path: &str| deployment.is_ours(path);
        let (read, is_ours) = (&read, &is_ours);
        let known = deployment.lock.map(|lock| lock.edit.as_slice()).unwrap_or_default();
        let left = deployment.left;
        let open = |subject: &Subject, found: &[Diagnostic]| -> Vec<bool> {
            let judged = ignores::apply(subject, found.to_vec(), &rules::ALL, &waivers, &today);
            let is_open =
                |own: &Judged| own.allowed.is_none() && own.diagnostic.severity > Severity::Style;
            // What is wrong with ignores themselves comes after what was found.
            judged.iter().map(is_open).take(found.len()).collect()
        };
        let shown = |subject: &Subject, found: &[Diagnostic], open: &[bool]| -> Vec<Found> {
            let all = found.iter().zip(open).filter(|(_, is_open)| **is_open);
            all.map(|(own, _)| found_of(subject, own)).collect()
        };
        let subject = read(BTreeMap::new())?;
        if deployed(&subject, is_ours).is_none() {
            return Ok(None);
        }
        let made_from = |subject: Subject, without: &BTreeMap<String, String>, known: &[EditEntry]| {
            let read = |texts: BTreeMap<String, String>| read(revise::over(without, texts));
            let (before, taken_out) = (OnceCell::new(), RefCell::new(BTreeSet::new()));
            let aside = RefCell::new(BTreeMap::new());
            let mended = mend(&rules::ALL, subject, &read, &|subject, found| {
                let open = open(subject, found);
                before.get_or_init(|| shown(subject, found, &open));
                let is_wanted = |(own, is_open): (&Diagnostic, bool)| {
                    let is_sure = own.fix.as_ref().is_some_and(|fix| fix.grade > Grade::Suggested);
                    let mut gone = entries(own, subject);
                    let is_left = gone.iter().any(|entry| left.iter().any(|own| own.is(entry)));
                    gone.retain(|entry| known.iter().any(|own| own.is(entry)));
                    if !is_open || !is_sure || is_left {
                        return false;
                    }
                    let edits = own.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.at.text);
                    for text in edits.chain([own.at.text]) {
                        let path = subject.path(text);
                        if deployment.written.contains_key(path) {
                            return false;
                        }
                        if let Some(why) = aside::why(subject, text) {
                            aside.borrow_mut().insert(path.to_owned(), why);
                            return false;
                        }
                    }
                    let is_wanted = gone.is_empty();
                    {
                        taken_out.borrow_mut().extend(gone);
                    }
                    is_wanted
                };
                found.iter().zip(open).map(is_wanted).collect()
            })?;
            let before = before.into_inner().unwrap_or_default();
            Ok::<_, Error>((mended, before, taken_out.into_inner(), aside.into_inner()))
        };
        let changed = revise::changed(known, &subject, &mut |without, known| {
            let subject = read(without.clone())?;
            let (mended, ..) = made_from(subject, without, known)?;
            Ok(revise::recorded(&[], &[], &mended.made))
        })?;
        let revise::Changed { entries: changed, without } = changed;
        let known: Vec<EditEntry> = known
            .iter()
            .filter(|own| !changed.iter().any(|other| other.is(own)))
            .cloned()
            .collect();
        let (start, as_it_is) = match without.is_empty() {
            true => (subject, None),
            false => {
                let found = judge(&subject, &rules::ALL);
                let before = shown(&subject, &found, &open(&subject, &found));
                (read(without.clone())?, Some(before))
            }
        };
        let (mended, before, taken_out, aside) = made_from(start, &without, &known)?;
        let deployed = deployed(&mended.subject, is_ours);
        let is_known = deployment.lock.is_some_and(|lock| lock.entry(line_ends::FILE).is_some());
        let line_ends = match is_known {
            true => None,
            false => line_ends::of(&mended.subject, deployment.dir),
        };
        let mut texts = revise::over(&without, mended.texts);
        let line_ends = line_ends.map(|own| {
            texts.insert(line_ends::FILE.to_owned(), own.text);
            own.what
        });
        Ok(deployed.map(|deployed| Self {
            aside,
            line_ends,
            runs: runs(&mended.subject, &deployed),
            before: as_it_is.unwrap_or(before),
            after: shown(&mended.subject, &mended.found, &open(&mended.subject, &mended.found)),
            changed_since: revise::changed_since(&known, &changed, deployment.said, &mended.subject, &taken_out),
            taken_out: taken_out.into_iter().collect(),
            entries: revise::recorded(&known, left, &mended.made),
            deployed,
            texts,
            made: mended.made,
            refused: mended.refused,
        }))
    }

    /// What is written.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn changes(&self, directory: &Path) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        for (path, text) in &self.texts {
            let relative = RelPath::new(path)
                .map_err(|why| Error::input(Problem::new(why).at(path.clone())))?;
            let expect = disk::look(directory, &relative)?;
            let mut change = Change::write(relative, expect, text.clone().into_bytes(), 0o644);
            if change.action == Action::Replace {
                change.action = Action::Improve;
            }
            if change.action.writes() {
                let why = match &self.line_ends {
                    Some(what) if path == line_ends::FILE => what.clone(),
                    _ => codes(self.made_in(path)),
                };
                changes.push(change.because(why));
            }
        }
        Ok(changes)
    }

    /// The edits of a file.
    pub fn made_in<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Made> {
        self.made.iter().filter(move |made| made.paths().contains(&path))
    }
}

/// How many findings there are of each severity, the heaviest first.
#[must_use]
pub fn weights(found: &[Found]) -> Vec<(Severity, usize)> {
    let count = |severity| found.iter().filter(|own| own.severity == severity).count();
    [Severity::Error, Severity::Warning, Severity::Advice]
        .map(|severity| (severity, count(severity)))
        .into()
}

fn codes<'a>(made: impl Iterator<Item = &'a Made>) -> String {
    let mut codes: Vec<&str> = made.map(|made| made.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(", ")
}

/// What the lock says of an edit.
#[must_use]
pub fn entries_of(made: &Made) -> Vec<EditEntry> {
    let mut entries: Vec<EditEntry> =
        made.names.iter().map(|name| entry(made.code, &made.path, name)).collect();
    let is_added = |own: &Placed| own.start == own.end && !own.is_new && own.path == made.path;
    if !made.edits.iter().all(is_added) {
        return entries;
    }
    let pieces = made.edits.iter().map(|own| own.text.replace("\r\n", "\n"));
    match entries.len() == made.edits.len() {
        true => entries.iter_mut().zip(pieces).for_each(|(own, piece)| own.wrote.push(piece)),
        false => entries.iter_mut().take(1).for_each(|own| own.wrote.extend(pieces.clone())),
    }
    entries
}

/// What the lock would say of the fix of a finding.
fn entries(own: &Diagnostic, subject: &Subject) -> Vec<EditEntry> {
    let path = subject.path(own.at.text);
    own.names(subject).iter().map(|name| entry(own.code, path, name)).collect()
}

fn entry(code: &str, path: &str, subject: &str) -> EditEntry {
    let (rule, path, subject) = (code.to_owned(), path.to_owned(), subject.to_owned());
    EditEntry { rule, path, subject, wrote: Vec::new() }
}

fn found_of(subject: &Subject, own: &Diagnostic) -> Found {
    Found {
        code: own.code,
        severity: own.severity,
        path: subject.path(own.at.text).to_owned(),
        line: subject.line(own.at),
        message: own.message.clone(),
        suggested: own
            .fix
            .as_ref()
            .filter(|fix| fix.grade == Grade::Suggested)
            .map(|fix| fix.what.clone()),
    }
}
