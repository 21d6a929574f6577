//! Proves a stack by running it: builds it, starts it beside everything else,
//! asks it, loads it, stops it, breaks it, and judges what was measured.
//!
//! Takes a directory and an engine, gives a [`Report`]. [`check`] holds what is
//! watched, [`case`] what is known before anything runs, [`stack`] the project of
//! the run, `steps` one module per step.

mod archive;
pub mod arm;
mod asked;
mod beside;
pub mod case;
pub mod check;
pub mod client;
pub mod compose;
mod door;
pub mod engine;
pub mod events;
mod evidence;
pub mod interrupt;
mod leftovers;
pub mod limits;
pub mod model;
pub mod record;
mod run;
mod stack;
mod stage;
mod steps;
mod store;
mod strike;
mod stub;
mod tasks;
mod traffic;
mod trouble;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, timeout};

use arm::Arm;
pub use arm::{Armed, arm};
pub use case::Ask;
use case::Case;
use check::Step;
use engine::Engine;
use events::Events;
use model::Ground;
use record::{Finding, Observer, Proposal, StepRecord, Verdict};
use run::Run;
use stack::Stack;
use stage::Stage;
use trouble::Trouble;

use crate::error::{Error, Problem};
use crate::project;

/// What a run does.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What is verified.
    pub ask: Ask,
    /// The steps that are judged; empty for all.
    pub only: Vec<Step>,
    /// Those that are not.
    pub skip: Vec<Step>,
    /// Only what takes moments.
    pub quick: bool,
    /// Whether the stack is left running.
    pub keep: bool,
    /// Where logs go when something does not hold; `None` for a directory below the
    /// one for temporary files.
    pub evidence: Option<PathBuf>,
}

/// What came out.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The project's own name.
    pub project: String,
    /// Its compose files.
    pub files: Vec<String>,
    /// Whether dockwright planned it; else what rests on a plan is skipped.
    pub planned: bool,
    /// Whether only what takes moments was looked at.
    pub quick: bool,
    /// The engine's version.
    pub engine: String,
    /// What was guessed, replaced or left out.
    pub notes: Vec<String>,
    /// Step by step.
    pub steps: Vec<StepRecord>,
    /// What the measurements speak for.
    pub proposals: Vec<Proposal>,
    /// Where logs, inspections and events lie.
    pub evidence: Option<PathBuf>,
    /// The project that still runs, with `--keep`.
    pub kept: Option<Kept>,
    /// Why the run ended before everything was judged: a signal, or an engine that went
    /// away.
    #[serde(skip)]
    pub cut: Option<Error>,
}

/// A stack that was left running.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// Its name.
    pub project: String,
    /// Where it is reached.
    pub url: Option<String>,
    /// What removes it.
    pub remove: String,
}

impl Report {
    /// Every result, in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.steps.iter().flat_map(|step| &step.findings)
    }

    /// How many results came out so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings().filter(|own| own.verdict == verdict).count()
    }
}

/// Verifies a directory.
///
/// # Errors
/// Wrong input; an engine that is not there; an interruption before a stack was there.
/// What does not hold is no error, and what was judged before a run was cut short is
/// not lost: the report says both.
pub fn verify(options: &Options, observer: &dyn Observer) -> Result<Report, Error> {
    on_threads(whole(options, observer))
}

/// Runs something to its end.
fn on_threads<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|source| Error::Io { action: "start", path: "threads".into(), source })?;
    let report = runtime.block_on(work);
    // What hangs in a thread is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(2));
    report
}

/// Who made something at an engine: the machine, and the process on it. What is kept
/// on purpose has a word more, so that no later run takes it for abandoned.
fn owner() -> String {
    format!("{}/{}", machine(), std::process::id())
}

/// The name of this machine: an engine may serve several.
#[cfg(unix)]
fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The name of this machine; empty where it has none.
#[cfg(not(unix))]
fn machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// What one stack, from its copy to its removal, gave.
struct Passage {
    case: Case,
    notes: Vec<String>,
    /// Which of the planted faults this stack has a place for.
    planted: Vec<bool>,
    steps: Vec<StepRecord>,
    proposals: Vec<Proposal>,
    evidence: Option<PathBuf>,
    kept: Option<Kept>,
    cut: Option<Error>,
}

async fn whole(options: &Options, observer: &dyn Observer) -> Result<Report, Error> {
    let _held = interrupt::hold();
    let engine = start(options, observer).await?;
    let own = passage(options, &engine, observer, &chosen(options), &[], "").await?;
    Ok(Report {
        project: own.case.name,
        files: own.case.files,
        planned: own.case.plan.is_some(),
        quick: options.quick,
        engine: engine.version,
        notes: own.notes,
        steps: own.steps,
        proposals: own.proposals,
        evidence: own.evidence,
        kept: own.kept,
        cut: own.cut,
    })
}

/// The engine, without what killed runs have left there, once the input is not
/// plainly wrong.
async fn start(options: &Options, observer: &dyn Observer) -> Result<Engine, Error> {
    if chosen(options).is_empty() {
        let problem = Problem::new("every step is skipped")
            .help("`dockwright verify --list` says which there are");
        return Err(Error::input(problem.at("--skip")));
    }
    case::check(&options.ask)?;
    let engine = Engine::connect().await?;
    for left in leftovers::sweep(&engine).await {
        observer.note(&format!("an earlier run was killed; what it left is removed: {left}"));
    }
    Ok(engine)
}

/// Longest wait for an engine that went away.
const BACK: Duration = Duration::from_secs(20);

/// Takes a stack through steps, with faults planted in it.
async fn passage(
    options: &Options,
    engine: &Engine,
    observer: &dyn Observer,
    chosen: &[Step],
    arms: &[&Arm],
    suffix: &str,
) -> Result<Passage, Error> {
    observer.doing("copying the directory");
    let stage = Stage::copy(&options.ask.directory)?;
    let name = project_name(&options.ask) + suffix;
    let mut case = Case::read(&options.ask, &stage, &name).await?;
    let planted = arm::plant(arms, &mut case, &stage.project());
    // Where nothing could be broken there is nothing to see.
    let chosen = if !arms.is_empty() && planted.iter().all(|own| !own) { &[] } else { chosen };
    let (stack, notes) = prepare(&case, &stage, engine, &name, options.keep)?;
    let notes: Vec<String> = case.notes.iter().cloned().chain(notes).collect();
    if arms.is_empty() {
        notes.iter().for_each(|note| observer.note(note));
    }
    let events = Events::listen(engine, &name);
    let mut run = Run::new(&case, stack, engine.clone(), events, options, observer);
    let ended = steps(&mut run, chosen).await;

    if matches!(ended, Err(Trouble::Engine(_))) {
        // It may only be restarted: what runs is removed if it comes back in time.
        observer.doing("waiting for the engine");
        run.engine.is_back(BACK).await;
    }
    let does_hold = run.records().iter().all(|own| !own.findings.iter().any(Finding::is_failed));
    let evidence = match (does_hold && ended.is_ok()) || !arms.is_empty() {
        true => None,
        false => evidence::keep(&run, options.evidence.as_deref()).await,
    };
    let kept = leave(&run, options, stage).await;
    let said = evidence
        .as_ref()
        .map_or_else(String::new, |path| format!("; logs and events are in {}", path.display()));
    let cut = match ended {
        Ok(()) => None,
        Err(Trouble::Engine(message)) => Some(Error::Tool {
            message: format!("the engine failed: {message}{said}"),
            help: "see whether it runs (`docker version`), then verify again; a new run removes what this one left".into(),
        }),
        Err(_) => {
            let message = format!("interrupted; what ran is removed{said}");
            Some(Error::Ended { code: 130, message })
        }
    };
    let (steps, proposals) = (run.take_records(), run.take_proposals());
    drop(run);
    Ok(Passage { case, notes, planted, steps, proposals, evidence, kept, cut })
}

/// A name that no other project has.
fn project_name(ask: &Ask) -> String {
    let own: String = project::directory_name(&ask.directory)
        .unwrap_or_default()
        .to_lowercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(20)
        .collect();
    format!("verify-{own}-{}", std::process::id())
}

fn prepare(
    case: &Case,
    stage: &Stage,
    engine: &Engine,
    name: &str,
    keep: bool,
) -> Result<(Stack, Vec<String>), Error> {
    let mut model = case.model.clone();
    let count = model.services().iter().map(|own| model.ports(own).len()).sum();
    let ground = Ground {
        name: name.to_owned(),
        owner: if keep { format!("{}/kept", owner()) } else { owner() },
        copy: stage.project(),
        address: if engine.is_remote() { "0.0.0.0".into() } else { "127.0.0.1".into() },
        ports: stack::free_ports(count),
        stores: case.of(|own| own.kind.is_store()).map(|own| own.name.clone()).collect(),
    };
    if ground.ports.len() < count {
        return Err(Error::input(Problem::new(format!(
            "the stack publishes {count} ports, and {} are free",
            ground.ports.len()
        ))));
    }
    let mut notes = model::own(&mut model, &ground);
    // A module is mounted from this machine: another one's engine would find nothing.
    if !engine.is_remote() {
        notes.extend(tasks::inject(case, &mut model, stage.top())?);
    }
    Ok((Stack::write(model, stage.top(), &stage.project(), engine)?, notes))
}

/// The steps that are judged, in order.
fn chosen(options: &Options) -> Vec<Step> {
    let only: BTreeSet<Step> = options.only.iter().copied().collect();
    let quick = |step: &Step| {
        !options.quick || only.contains(step) || step.checks().any(|check| check.quick)
    };
    Step::ALL
        .into_iter()
        .filter(|step| only.is_empty() || only.contains(step))
        .filter(|step| !options.skip.contains(step))
        .filter(quick)
        .collect()
}

async fn steps(run: &mut Run<'_>, chosen: &[Step]) -> Result<(), Trouble> {
    let mut broken: Option<String> = None;
    let mut cut: Result<(), Trouble> = Ok(());
    for &step in chosen {
        run.begin(step);
        if cut.is_err() {
            run.end(step, true);
            continue;
        }
        if let Some(why) = &broken {
            run.leave_out(step, why);
            run.end(step, false);
            continue;
        }
        let limit = run.case.limits.seconds("verify.step-limit")
            + if step == Step::Build {
                run.case.limits.seconds("verify.build-cold")
            } else {
                Duration::ZERO
            };
        let begun = Instant::now();
        let ended = tokio::select! {
            ended = timeout(limit, steps::run(step, run)) => ended.unwrap_or(Err(Trouble::TooLong)),
            () = interrupt::interrupted() => Err(Trouble::Interrupted),
        };
        let stop = match ended {
            Ok(()) => None,
            Err(Trouble::Failed(finding)) => {
                // Without a stack that runs there is nothing to go on with.
                if finding.is_blocked
                    || matches!(finding.check.id, "build.cold" | "build.warm" | "start.healthy")
                {
                    let what =
                        finding.of.as_ref().map_or_else(String::new, |of| format!(" ({of})"));
                    broken = Some(format!("the stack did not come up in {step}{what}"));
                }
                run.record(*finding);
                None
            }
            Err(Trouble::TooLong) => {
                let why = format!("the step was given up after {} s", begun.elapsed().as_secs());
                run.too_long(step, &why);
                None
            }
            Err(trouble) => Some(trouble),
        };
        run.end(step, stop.is_some());
        if let Some(trouble) = stop {
            cut = Err(trouble);
        }
    }
    cut
}

/// Leaves the stack running, or removes everything.
async fn leave(run: &Run<'_>, options: &Options, stage: Stage) -> Option<Kept> {
    if options.keep && !interrupt::is_interrupted() {
        let top = stage.keep();
        let project = run.stack.compose.name.clone();
        // No later run takes it for what a killed one has left.
        let _ = std::fs::write(top.join(leftovers::KEPT), "");
        let images = match run.stack.model.images().as_slice() {
            [] => String::new(),
            images => format!(" && docker image rm {}", images.join(" ")),
        };
        let remove = format!(
            "docker compose -p {project} -f {} down --volumes{images} && rm -r {}",
            run.stack.compose.files[0].display(),
            top.display()
        );
        return Some(Kept { project, url: run.edge_url(), remove });
    }
    run.observer.doing("removing what ran");
    if let Err(trouble) = run.stack.remove().await {
        run.observer
            .note(&format!("what ran may be left, and is removed by the next run: {trouble:?}"));
    }
    leftovers::remove_stage(stage, &run.stack).await;
    None
}
