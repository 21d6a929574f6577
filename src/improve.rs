//! Improving what deploys already: the user's own container files stay theirs,
//! and get the fixes of rules that are safe, or whose condition was checked,
//! with the plan's numbers in them.
//!
//! ```text
//! files ──lint──▶ findings ──mend──▶ texts with edits ──▶ changes, and what the lock says of them
//! ```

use std::cell::RefCell;
use std::path::Path;

use crate::answers::own_image::OwnImage;
use crate::apply::bookkeeping::{EditEntry, Lock};
use crate::apply::change::{Action, Change};
use crate::apply::disk;
use crate::error::{Error, Problem};
use crate::lint::ignores;
use crate::lint::mend::{Made, Mended, mend};
use crate::lint::waiver::Waiver;
use crate::lint::subject::{Container, Deployment, Kind, Program, Server};
use crate::lint::{Diagnostic, Grade, Severity, Subject, rules};
use crate::relpath::RelPath;

/// What the user's own container files become.
#[derive(Clone, Debug)]
pub struct Improvement {
    /// What was found in them before.
    pub before: Vec<Found>,
    /// What is found in them afterwards.
    pub after: Vec<Found>,
    /// The edits, and the texts that they make.
    pub mended: Mended,
    /// Edits that were made once and that the user took out again.
    pub taken_out: Vec<EditEntry>,
    /// What the lock says of edits afterwards.
    pub entries: Vec<EditEntry>,
    /// What of the user's own runs the application.
    pub deployed: Deployed,
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
/// an image, that dockwright did not write.
#[must_use]
pub fn deployed(subject: &Subject, lock: Option<&Lock>) -> Option<Deployed> {
    let is_ours = |path: &str| {
        lock.and_then(|lock| lock.entry(path)).is_some_and(|entry| entry.state.is_written())
    };
    let theirs = |own: &&Container| {
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
        None => Some(Deployed::Image(own_image(subject, &theirs))),
    }
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
    Some(OwnImage {
        dockerfile,
        context: build.context.clone(),
        top: top.unwrap_or_else(|| workdir.clone()),
        workdir,
        port,
        has_health_check: build.image.healthcheck.is_some(),
        is_unprivileged: user
            .is_some_and(|own| !matches!(own.split(':').next(), Some("" | "0" | "root"))),
        migrates: container.steps.iter().any(|step| step.program == Program::Migrate),
    })
}

impl Improvement {
    /// Makes the edits in memory. `machine` is what is said of the machine, and of
    /// anything else that is planned: `deploy.memory=8GiB`.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn of(
        directory: &Path,
        deployed: Deployed,
        lock: Option<&Lock>,
        machine: &[String],
        waivers: &[Waiver],
        today: &str,
    ) -> Result<Self, Error> {
        let known: Vec<EditEntry> = lock.map(|lock| lock.edit.clone()).unwrap_or_default();
        let (before, after) = (RefCell::new(None), RefCell::new(Vec::new()));
        let taken_out = RefCell::new(Vec::new());
        let mended = mend(directory, &rules::ALL, machine, &|subject, found| {
            let judged = ignores::apply(subject, found, waivers, today);
            let open: Vec<Diagnostic> = judged
                .into_iter()
                .filter(|own| own.allowed.is_none() && own.diagnostic.severity > Severity::Style)
                .map(|own| own.diagnostic)
                .collect();
            let shown: Vec<Found> = open.iter().map(|own| found_of(subject, own)).collect();
            before.borrow_mut().get_or_insert_with(|| shown.clone());
            *after.borrow_mut() = shown;
            let is_wanted = |own: &Diagnostic| {
                let is_sure = own.fix.as_ref().is_some_and(|fix| fix.grade > Grade::Suggested);
                let entry = entry(own.code, subject.path(own.at.text), &own.subject);
                if is_sure && known.contains(&entry) {
                    let mut taken_out = taken_out.borrow_mut();
                    if !taken_out.contains(&entry) {
                        taken_out.push(entry);
                    }
                    return false;
                }
                is_sure
            };
            open.into_iter().filter(is_wanted).collect()
        })?;
        let mut entries = known.clone();
        entries.extend(mended.made.iter().map(|made| entry(made.code, &made.path, &made.subject)));
        entries.sort();
        entries.dedup();
        // An edit may have given it what it lacked: a health check, a user.
        let deployed = match deployed {
            Deployed::Image(_) if !mended.made.is_empty() => {
                let subject = Subject::with(directory, mended.texts.clone())?;
                self::deployed(&subject, lock).unwrap_or(deployed)
            }
            deployed => deployed,
        };
        Ok(Self {
            before: before.into_inner().unwrap_or_default(),
            after: after.into_inner(),
            mended,
            taken_out: taken_out.into_inner(),
            entries,
            deployed,
        })
    }

    /// What is written.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn changes(&self, directory: &Path) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        for (path, text) in &self.mended.texts {
            let relative = RelPath::new(path)
                .map_err(|why| Error::input(Problem::new(why).at(path.clone())))?;
            let expect = disk::look(directory, &relative)?;
            let mut change = Change::write(relative, expect, text.clone().into_bytes(), 0o644);
            if change.action == Action::Replace {
                change.action = Action::Improve;
            }
            if change.action.writes() {
                let codes = codes(self.made_in(path));
                changes.push(change.because(codes));
            }
        }
        Ok(changes)
    }

    /// The edits of a file.
    pub fn made_in<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Made> {
        self.mended.made.iter().filter(move |made| made.paths.iter().any(|own| own == path))
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

fn entry(code: &str, path: &str, subject: &str) -> EditEntry {
    EditEntry { rule: code.to_owned(), path: path.to_owned(), subject: subject.to_owned() }
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
