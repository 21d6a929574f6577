//! Whether a repository follows its preset: the repository in, findings out.
//! Reads alone, asks no network unless told to, and runs nothing.
//!
//! - `drift`: what dockwright alone writes and somebody edited
//! - `improved`: edits of the user's own files that somebody undid
//! - `conflicts`: updates that wait for a person, and their markers
//! - `policy`: locks, floors and rules, on the answers; `disk`: on the files
//! - `manifests`: what a cluster would be told, each overlay as kustomize builds it
//! - `outdated`: newer presets and tools, and renders that would be others
//! - `digests`: images whose digest is wanted and not known, or of another tag
//! - `pins`: how old what is pinned is, and what has newer patch releases
//! - `waiver`: what `dockwright.toml` allows for a while
//!
//! Policy is judged by the preset that the files come from, as the repository
//! keeps it, so that a clone says the same wherever it is made.

mod conflicts;
mod digests;
mod disk;
mod drift;
pub mod finding;
mod improved;
mod manifests;
pub mod outdated;
pub mod pins;
mod policy;
pub mod report;
mod standing;
mod waiver;

use std::path::Path;

use crate::apply::bookkeeping::{LOCK, Lock};
use crate::apply::journal;
use crate::error::{Error, Problem};
use crate::lint;
use crate::preset::{self, Preset, Reference};
use crate::project::{self, Project};
pub use finding::{Finding, Kind, Level, Waived};
pub use outdated::Remotes;
pub use pins::Pins;
pub use report::{FailOn, Out, Report, Why};

/// What is asked of a check.
#[derive(Debug, Default)]
pub struct Options {
    /// A preset from outside that is judged as well; waivers do not count
    /// then.
    pub policy: Option<Preset>,
    /// The day, `YYYY-MM-DD`.
    pub today: String,
    /// Where newer versions are asked for; `None` for no network.
    pub remotes: Option<Remotes>,
}

/// Checks one repository.
///
/// # Errors
/// A repository without a lock, wrong input, files that cannot be read. What
/// does not hold is no error: it is in the report.
pub fn check(dir: &Path, options: &Options) -> Result<Report, Error> {
    let project = Project::read(dir)?;
    let waivers = lint::waiver::read(&project.text).map_err(Error::Input)?;
    let mut report = Report {
        reference: project.reference()?.to_string(),
        layers: project.lock.preset.clone(),
        ..Report::default()
    };
    report.add(drift::layers(&project));
    report.add(drift::files(&project)?);
    report.add(conflicts::find(&project)?);
    standing::list(&project, &mut report)?;
    report.add(improved::undone(&project, options)?);
    if journal::is_open(dir) {
        let message = "a run was interrupted, or is at work: the files may be of two versions";
        let help = "`dockwright update` undoes what was begun";
        report.add([Finding::warning("interrupted", message).in_file(LOCK).help(help)]);
    }
    match kept_preset(&project) {
        Ok(preset) => {
            let judged = policy::judge(&project, &preset, options)?;
            report.add(drift::planned(&project, &judged.plan)?);
            report.add(judged.findings.iter().cloned());
            report.add(manifests::find(&project, &judged.plan, &options.today)?);
            report.add(outdated::find(&project, &preset, &judged, options, &report)?);
            report.add(digests::find(&project, &judged.plan)?);
            if let Some(remotes) = &options.remotes {
                let answers = &judged.plan.answers;
                let asking = pins::Asking {
                    index: &answers.network.index,
                    python: &answers.python,
                    today: &options.today,
                };
                report.pins = Some(pins::report(&project, asking, &remotes.outside)?);
            }
            waiver::apply(&waivers, &judged.own_rules, options, &mut report)
                .map_err(Error::Input)?;
        }
        Err(error) => report.add([unjudged(&error)]),
    }
    report.sort();
    Ok(report)
}

/// The preset that the files come from, as the repository keeps it.
fn kept_preset(project: &Project) -> Result<Preset, Error> {
    let mut places = project::places(&project.dir, Some(&project.lock));
    places.only_kept = true;
    preset::open(&written_from(&project.lock)?, &places)
}

/// The preset that a lock was written from.
fn written_from(lock: &Lock) -> Result<Reference, Error> {
    let Some(top) = lock.preset.last() else {
        let problem = Problem::new("the lock names no preset");
        return Err(Error::input(problem.help("`dockwright update` writes it anew")));
    };
    if top.hash.is_empty() {
        return Ok(Reference::Builtin(top.name.clone()));
    }
    Reference::parse(&top.source).map_err(Error::input)
}

/// What cannot be judged has not been followed.
fn unjudged(error: &Error) -> Finding {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    Finding::new(Kind::Policy, "preset", format!("nothing could be judged: {first}"))
        .in_file(LOCK)
        .help("restore .dockwright/preset from version control, or `dockwright update --fetch`")
}
