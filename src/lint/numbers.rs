//! Numbers for what a finding says to write: those of the plan that `init` makes
//! of the same repository, where it can be planned. Pure but for
//! `dockwright.toml` and the lock, which are read where a rule asks.

use std::collections::BTreeSet;

use crate::answers::{Origin, Sources};
use crate::apply::bookkeeping::Lock;
use crate::lint::subject::{Deployment, Kind, Member, Program, Server, Subject, listed};
use crate::plan::{Decided, Plan};
use crate::preset::{self, Reference};
use crate::project;
use crate::schema::Role;
use crate::schema::numbers::{Number, rows};
use crate::schema::quantity::Planned;
use crate::units::MiB;

/// The rules whose fixes hold numbers of the plan.
pub const PLANNED: [&str; 5] = ["CO101", "CO136", "PY101", "PY102", "XF103"];

/// The numbers of a repository.
#[derive(Debug)]
pub struct Numbers {
    plan: Plan,
    /// Whether somebody named the machine's memory: `dockwright.toml`, or a flag.
    /// Else it is that which a new service is planned for, a guess.
    pub has_memory: bool,
    /// The same of its CPUs.
    pub has_cpus: bool,
    /// Whether the plan counts all that runs for good, so that its memory adds up.
    adds_up: bool,
}

impl Numbers {
    /// Plans the repository; `None` where it cannot be planned.
    #[must_use]
    pub fn of(subject: &Subject) -> Option<Self> {
        let facts = &subject.facts;
        facts.framework.value()?;
        let deployment = deployment(subject)?;
        let base = subject.tree.base();
        let entries = project::document(base).ok()?.map(|(_, entries)| entries);
        let entries = entries.unwrap_or_default();
        let lock = Lock::read(base).ok()?;
        // A team's own preset may be far away, and an audit asks no network.
        let named = Reference::of_entries(&entries).ok()?;
        let preset = match &named {
            Some(Reference::Builtin(name)) => preset::find(name).ok()?,
            _ => preset::find(preset::fitting(facts)).ok()?,
        };
        let is_set = |key: &str| {
            let is_key = |set: &String| set.split_once('=').is_some_and(|own| own.0 == key);
            entries.iter().any(|own| own.key == key) || subject.machine.iter().any(is_key)
        };
        let mut set = subject.machine.clone();
        set.extend(pins(subject, deployment));
        let sources = Sources {
            facts: Some(facts),
            set: &set,
            ..project::sources(&preset, lock.as_ref(), &entries)
        };
        let mut draft = sources.assemble().ok()?.draft;
        draft.set("project.name", "service", Origin::Builtin).ok()?;
        project::fit_found(&mut draft, &BTreeSet::new());
        let plan = project::plan(&draft, &BTreeSet::new()).ok()?;
        let (has_memory, has_cpus) = (is_set("deploy.memory"), is_set("deploy.cpus"));
        let mut numbers = Self { plan, has_memory, has_cpus, adds_up: false };
        numbers.adds_up = subject
            .members(deployment)
            .iter()
            .all(|own| own.runs_once() || numbers.role(own).is_some());
        Some(numbers)
    }

    /// What the plan has a service for.
    #[must_use]
    pub fn role(&self, member: &Member<'_>) -> Option<Role> {
        let carry = self.plan.carry.as_ref()?;
        if member.subject.path(member.deployment.texts[0]) != carry.carried.file {
            return None;
        }
        let (role, _) = carry.services.iter().find(|(_, own)| own.name == member.name())?;
        fits(*role, member.kind()).then_some(*role)
    }

    /// A number of a service, with its reason.
    #[must_use]
    pub fn decided<T: Planned>(&self, member: &Member<'_>, number: Number<T>) -> Option<&Decided> {
        self.plan.decisions.decided(number.key(self.role(member)?))
    }

    /// A number of a service.
    #[must_use]
    pub fn get<T: Planned>(&self, member: &Member<'_>, number: Number<T>) -> Option<T> {
        T::of(&self.decided(member, number)?.value)
    }

    /// The most processes and threads of a service, where it is known how many it
    /// starts.
    #[must_use]
    pub fn pids(&self, member: &Member<'_>) -> Option<u64> {
        self.get(member, rows::PIDS).filter(|_| is_counted(member))
    }

    /// The memory limit of a service, where those of all services add up to what
    /// the machine has, and where it holds what the service is told to start and
    /// to keep.
    #[must_use]
    pub fn memory(&self, member: &Member<'_>) -> Option<MiB> {
        let limit =
            self.get(member, rows::MEMORY).filter(|_| self.adds_up && is_counted(member))?;
        (!is_sized(member)).then_some(limit)
    }

    /// Why a service of these has no memory limit, for each such reason once.
    #[must_use]
    pub fn no_memory(&self, members: &[Member<'_>]) -> Vec<String> {
        let unknown = |own: &&Member<'_>| !own.runs_once() && self.role(own).is_none();
        let all = members.first().map(|own| own.subject.members(own.deployment));
        let all = all.unwrap_or_default();
        let names: Vec<&str> = all.iter().filter(unknown).map(Member::name).collect();
        let mut why = Vec::new();
        if !names.is_empty() {
            why.push(format!("what {} may take is not known", listed(&names)));
        }
        for own in members.iter().filter(|own| self.role(own).is_some()) {
            let name = own.name();
            if !is_counted(own) {
                why.push(format!("it is not known how many processes {name} starts"));
            } else if is_sized(own) {
                why.push(format!("the command of {name} sets sizes for another limit"));
            }
        }
        why
    }

    /// The machine that they are for, in words.
    #[must_use]
    pub fn machine(&self) -> String {
        let deploy = &self.plan.answers.deploy;
        let (cpus, memory) = (deploy.cpus, deploy.memory);
        let machine = format!("a machine of {cpus} and {memory}");
        match (self.has_cpus, self.has_memory) {
            (true, true) => machine,
            (false, true) => format!("a machine of {memory}"),
            (true, false) => {
                format!("{machine}, of which the memory is a guess: --memory says the real one")
            }
            (false, false) => {
                format!("{machine}, which is a guess: --cpus and --memory say the real one")
            }
        }
    }
}

/// The project that the plan carries on.
fn deployment(subject: &Subject) -> Option<&Deployment> {
    let carried = subject.facts.carried.value()?;
    subject
        .production_deployments()
        .find(|own| own.texts.first().is_some_and(|text| subject.path(*text) == carried.file))
}

fn fits(role: Role, kind: Kind) -> bool {
    match role {
        Role::Web => kind == Kind::Web,
        Role::Nginx => kind == Kind::Nginx,
        Role::Migrate => kind == Kind::OneShot,
        Role::Worker => kind == Kind::Worker,
        Role::Beat => kind == Kind::Beat,
        Role::Db => kind == Kind::Postgres,
        Role::Redis | Role::Cache => kind == Kind::Redis,
    }
}

/// How many CPUs a service has of the machine that somebody named: `1 of 4 CPUs`.
#[must_use]
pub fn share(subject: &Subject, own: i64) -> String {
    let named = subject.machine.iter().find_map(|own| own.strip_prefix("deploy.cpus="));
    match named {
        Some(all) if all.parse() != Ok(own) => format!("{own} of {all} CPUs"),
        _ if own == 1 => "1 CPU".to_owned(),
        _ => format!("{own} CPUs"),
    }
}

/// Whether its command sets sizes, which are for another limit.
fn is_sized(member: &Member<'_>) -> bool {
    let command = member.service.command();
    ["shared_buffers", "maxmemory"].iter().any(|own| command.contains(own))
}

/// Whether it is known how many processes of the application a service starts:
/// those of the plan are the same then.
fn is_counted(member: &Member<'_>) -> bool {
    if !member.kind().is_application() {
        return true;
    }
    let Some(server) = &member.container.server else { return member.kind() == Kind::Beat };
    let is_open = server.has("config") && server.config.is_none();
    let by_variable = ["WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"]
        .iter()
        .any(|name| member.container.env.contains_key(*name));
    let known = |name: &str, default: bool| {
        server.get(name).map_or(default, |(value, _)| value.int().is_some())
    };
    let few_threads =
        server.get("threads").is_none_or(|(value, _)| value.int().is_some_and(|own| own <= 32));
    !is_open
        && !by_variable
        && few_threads
        && match server.program {
            Program::CeleryWorker => {
                known("concurrency", false) && server.get("autoscale").is_none()
            }
            // Celery's scheduler is one process.
            Program::CeleryBeat => true,
            Program::Gunicorn | Program::Uvicorn | Program::FastapiRun => known("workers", true),
            _ => false,
        }
}

/// What the files say already, which the other numbers have to go with.
fn pins(subject: &Subject, deployment: &Deployment) -> Vec<String> {
    let Some(carried) = subject.facts.carried.value() else { return Vec::new() };
    let mut pins = Vec::new();
    for member in subject.members(deployment) {
        let role = carried.roles.iter().find(|(_, name)| *name == member.name());
        let Some((role, _)) = role.filter(|(role, _)| fits(**role, member.kind())) else {
            continue;
        };
        if let Some((bytes, _)) = subject.memory_limit(member.container) {
            pins.push(format!("tune.{}.memory={}MiB", role.name(), bytes >> 20));
        }
        if let Some((cpus, _)) = subject.cpu_limit(member.container) {
            pins.push(format!("tune.{}.cpus={cpus}", role.name()));
        }
        let count = |server: &Server, name: &str| server.get(name).and_then(|(own, _)| own.int());
        let Some(server) = &member.container.server else { continue };
        let said = match (role, server.program) {
            (Role::Web, Program::Gunicorn | Program::Uvicorn | Program::FastapiRun) => {
                count(server, "workers").map(|own| ("workers", own))
            }
            (Role::Worker, Program::CeleryWorker) => {
                count(server, "concurrency").map(|own| ("concurrency", own))
            }
            _ => None,
        };
        if let Some((name, count)) = said {
            pins.push(format!("tune.{}.{name}={count}", role.name()));
        }
    }
    pins
}
