//! The plan: every decision and every number, each with its reason.
//!
//! Takes [`Answers`], gives a [`Plan`]. Pure: no I/O, no clock, no
//! randomness. One module per topic; `mod.rs` is their order.

pub mod budget;
pub mod carry;
pub mod celery;
pub mod code;
pub mod env;
pub mod extra;
pub mod flags;
pub mod formula;
pub mod given;
pub mod health;
pub mod images;
pub mod invariants;
pub mod ledger;
pub mod network;
pub mod nginx;
pub mod outputs;
pub mod packages;
pub mod pipeline;
pub mod postgres;
pub mod processes;
pub mod redis;
pub mod registry;
pub mod shape;
mod shortfall;
mod skeleton;
pub mod store_ports;
pub mod timeouts;
pub mod topology;
pub mod uploads;
mod web;
pub mod workloads;

use std::collections::{BTreeMap, BTreeSet};

pub use ledger::{Decided, Decisions};
pub use outputs::{Bundle, Output};

pub use crate::schema::{Ownership, Role};

use crate::answers::Answers;
use crate::error::Problem;
use crate::schema::numbers::rows;
use flags::Flags;
use ledger::Ledger;
use packages::Requirements;
use shape::Shape;
use topology::{Development, Topology, VolumeNames};
use workloads::Workloads;

/// The port that the application listens on, unless it had another one.
const PORT: u16 = 8000;

/// Everything that the files will say.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it follows from.
    pub answers: Answers,
    /// Named truths, for templates and tables.
    pub flags: Flags,
    /// Services, in report order.
    pub services: Vec<Role>,
    /// Every number, in the order it was decided, to be read by its type:
    /// `plan.decisions.get(rows::WORKERS, Role::Web)`.
    pub decisions: Decisions,
    /// Complete image references by short name.
    pub images: BTreeMap<String, String>,
    /// Variables of `.env`.
    pub env: Vec<env::EnvVar>,
    /// Code that was there before; empty for a new service.
    pub code: code::Code,
    /// Python packages.
    pub requirements: Requirements,
    /// Files, sorted by path.
    pub outputs: Vec<Output>,
    /// What files call each other, by the names that templates have for them.
    pub file_names: BTreeMap<&'static str, String>,
    /// Files that `--only` leaves out and that others name.
    pub awaited: Vec<outputs::Awaited>,
    /// What an existing compose file runs, sorted by what becomes of it.
    pub carry: Option<carry::Carry>,
    /// The port that the application listens on in its container.
    pub container_port: u16,
    /// The names of the volumes that data stores and beat have.
    pub volumes: VolumeNames,
    /// What runs, complete.
    pub topology: Topology,
    /// What a cluster runs; empty where none is a target.
    pub workloads: Workloads,
    /// The bundles that the files were limited to; empty for all.
    pub only: BTreeSet<Bundle>,
    /// What a person should know before going on.
    pub warnings: Vec<String>,
}

/// Plans a stack; `only` limits the files to bundles, empty means all.
///
/// # Errors
/// All problems: a budget that is too small, pins that break an invariant or
/// name nothing, file policies for files that are not there.
pub fn plan(answers: &Answers, only: &BTreeSet<Bundle>) -> Result<Plan, Vec<Problem>> {
    let shape = Shape::of(answers);
    let mut ledger = Ledger::new(&answers.pins);
    let mut warnings = numbers(&shape, &mut ledger)?;
    let mut problems = invariants::problems(&shape, &ledger);
    problems.extend(code::problems(&shape));
    problems.extend(network::problems(answers));
    problems.extend(pipeline::problems(answers));
    if !problems.is_empty() {
        return Err(problems);
    }
    warnings.extend(notices(&shape));
    warnings.extend(code::notices(&shape));
    warnings.extend(network::notices(answers));

    let carry = carry::Carry::of(answers, &shape.roles);
    warnings.extend(carry.iter().flat_map(carry::Carry::warnings));
    let image_only = only.len() == 1 && only.contains(&Bundle::Image);
    let flags = Flags::of(&shape, image_only);
    let outputs::Files { outputs, names, awaited } = outputs::files(&shape, &flags, only)?;
    let mut plan = Plan {
        container_port: match answers.own_image() {
            Some(image) => image.port,
            None => code::port(&shape)
                .or_else(|| carry.as_ref().and_then(topology::container_port))
                .or_else(|| code::previous::port(answers))
                .unwrap_or(PORT),
        },
        volumes: VolumeNames::beside(carry.as_ref()),
        topology: Topology::default(),
        workloads: Workloads::default(),
        requirements: match answers.adopted {
            Some(_) => Requirements::default(),
            None => packages::resolve(&flags, shape.application().framework, &answers.python),
        },
        images: images::of(answers),
        env: match &carry {
            Some(carry) => carry.variables(env::variables(&shape)),
            None => env::variables(&shape),
        },
        code: code::Code::beside(&shape, carry.as_ref()),
        services: shape.roles.clone(),
        decisions: ledger.into_decisions(),
        answers: answers.clone(),
        flags,
        outputs,
        file_names: names,
        awaited,
        carry,
        only: only.clone(),
        warnings,
    };
    plan.code.own = std::mem::take(&mut plan.code.own).listening_on(plan.container_port);
    plan.topology = Topology::of(&plan);
    plan.topology.development = Development::of(&plan);
    plan.workloads = Workloads::of(&plan);
    if answers.deploy.is_clustered() {
        let problems = plan.workloads.problems(&plan.answers.name);
        if !problems.is_empty() {
            return Err(problems);
        }
        plan.warnings.extend(workloads::notices(&plan));
    }
    plan.warnings.extend(pipeline::notices(&plan));
    plan.warnings.extend(processes_said(&plan));
    plan.warnings.extend(state_divided(&plan));
    plan.warnings.extend(images::notice(&plan));
    Ok(plan)
}

/// An existing service that says how many processes it runs: that number wins.
fn processes_said(plan: &Plan) -> Option<String> {
    let web = plan.topology.of_kind(Role::Web)?;
    let variable = web.env.iter().find(|variable| variable.name == "WEB_CONCURRENCY")?;
    let topology::EnvValue::Kept(Some(said)) = &variable.value else { return None };
    let planned = plan.decisions.find(rows::WORKERS, Role::Web)?;
    (*said != planned.to_string()).then(|| {
        format!(
            "{} sets WEB_CONCURRENCY={said}, which wins over the {planned} processes that the numbers are for: --set tune.web.workers={said} plans for it, or take it out",
            web.id
        )
    })
}

/// A pinned number of processes that the code's state does not allow.
fn state_divided(plan: &Plan) -> Option<String> {
    let kept = plan.answers.adopted.as_ref()?.derived.in_process.first()?;
    let workers = plan.decisions.decided(rows::WORKERS.key(Role::Web))?;
    let pinned = plan.decisions.find(rows::WORKERS, Role::Web)? > 1;
    pinned.then(|| {
        format!(
            "{} runs {} processes ({}), and by {} {}",
            plan.answers.services[&Role::Web],
            workers.value,
            workers.origin,
            kept.place,
            kept.state.why()
        )
    })
}

/// The order in which numbers follow from each other.
fn numbers(shape: &Shape, ledger: &mut Ledger) -> Result<Vec<String>, Vec<Problem>> {
    let cpus = budget::cpus(shape, ledger);
    if shape.has(Role::Nginx) {
        nginx::decide(shape, ledger);
    }
    web::class(shape, ledger);
    processes::decide(shape, ledger);
    let problems: Vec<Problem> =
        [cpus, budget::memory(shape, ledger)].into_iter().filter_map(Result::err).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut warnings = Vec::new();
    web::decide(shape, ledger);
    timeouts::decide(shape, ledger);
    celery::decide(shape, ledger);
    if shape.has_database() {
        web::pool(shape, ledger, postgres::affordable(shape, ledger));
        postgres::connections(shape, ledger);
    }
    if shape.has(Role::Db) {
        warnings.extend(postgres::decide(ledger));
    }
    redis::decide(shape, ledger);
    health::decide(shape, ledger);
    if shape.answers.deploy.is_clustered() {
        workloads::sizes::decide(shape, ledger)?;
    }
    Ok(warnings)
}

/// What a person should know about the choices.
fn notices(shape: &Shape) -> Vec<String> {
    let answers = shape.answers;
    let mut notices = Vec::new();
    if let Some(model) = &shape.application().model
        && model.runtime.is_torch_family()
        && answers.adopted.is_none()
    {
        notices.push(format!(
            "no sample model for {}: put yours at {} before the first start, /ready answers 503 until then",
            model.runtime, model.path
        ));
    }
    let names = shape.has(Role::Nginx)
        || shape.application().framework.allowed_hosts
        || answers.deploy.is_clustered();
    if !answers.deploy.domain.is_empty() && !names {
        notices.push(format!(
            "deploy.domain = {} changes nothing: neither nginx nor the application asks for a name here",
            answers.deploy.domain
        ));
    }
    if !answers.deploy.is_loopback() {
        notices.push(format!(
            "port {} is published on {}: Docker opens it past the host's firewall",
            answers.port, answers.deploy.bind
        ));
    }
    notices
}

impl Plan {
    /// The build context, as seen from the compose file.
    #[must_use]
    pub fn context(&self) -> String {
        match (&self.carry, &self.answers.adopted) {
            (Some(carry), _) => carry.context.clone(),
            (None, Some(_)) => self.code.context.clone(),
            (None, None) => ".".to_owned(),
        }
    }

    /// What the server is told to serve.
    #[must_use]
    pub fn app(&self) -> &str {
        let application = self.answers.stack.application();
        match &self.answers.adopted {
            Some(_) => &self.code.app,
            None => {
                let app = application.framework.row().app(application.server.protocol);
                app.expect("a framework that does not speak it was refused")
            }
        }
    }

    /// What Celery is told to run; empty without it.
    #[must_use]
    pub fn celery_app(&self) -> &str {
        let application = self.answers.stack.application();
        match (&self.answers.adopted, application.celery) {
            (Some(adopted), _) => &adopted.celery_app,
            (None, None) => "",
            (None, Some(_)) => &application.framework.row().celery.app,
        }
    }

    /// Beat's scheduler; empty for Celery's own, and without beat.
    #[must_use]
    pub fn scheduler(&self) -> &str {
        let application = self.answers.stack.application();
        let beat = application.celery.is_some_and(|celery| celery.beat);
        match (&self.answers.adopted, beat) {
            (Some(_), _) => &self.code.scheduler,
            (None, false) => "",
            (None, true) => &application.framework.row().celery.scheduler,
        }
    }

    /// Whether there is a network that data stores are in.
    #[must_use]
    pub fn has_backend(&self) -> bool {
        [Role::Db, Role::Redis, Role::Cache].iter().any(|role| self.services.contains(role))
    }

    /// The decision of a full key that a person names.
    #[must_use]
    pub fn decision(&self, key: &str) -> Option<&Decided> {
        self.decisions.iter().find(|decision| decision.key.name() == key)
    }
}
