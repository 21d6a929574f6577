//! How many processes a service runs: from the CPUs it may use and from its
//! memory, whichever is less.
//!
//! The rules are the ones that win the measurement of `tests/live/compare.sh`;
//! trying another is one line here.

use crate::answers::stack::Budget;
use crate::catalog::Manager;
use crate::plan::budget::FILL;
use crate::plan::formula::{Formula, amount};
use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::numbers::rows;
use crate::schema::quantity::Quantity;
use crate::schema::role::Role::{self, Beat, Migrate, Web, Worker};
use crate::units::{Count, MiB};

/// How many processes there are for c CPUs, and how many threads in each.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Processes for each CPU.
    pub per_cpu: Count,
    /// Processes beside those.
    pub more: Count,
    /// Processes where the memory holds them: one that is recycled, hung or
    /// busy for an hour must not be the only one.
    pub least: Count,
    /// Threads in each, where a thread handles a request.
    pub threads: Count,
}

/// gunicorn's threads overlap waiting on the database. Two won against four,
/// with one more worker than CPUs, on one CPU and on two.
///
/// Django on 2 CPUs, requests a second and p99 in ms: 3 × 2 1013, 106 · 3 × 4
/// 924, 117 · 4 × 2 915, 144 · 5 × 2 821, 151 · 2 × 4 896, 93. On 1 CPU: 2 × 2
/// 539, 170 · 3 × 2 549, 139 · 2 × 4 502, 223. `tests/live/comparison.md` has
/// what is planned beside usual numbers.
pub const GTHREAD: Rule = Rule { per_cpu: 1, more: 1, least: 2, threads: 2 };
/// A sync worker waits instead: more of them fill the CPU.
pub const SYNC: Rule = Rule { per_cpu: 2, more: 1, least: 2, threads: 1 };
/// An event loop fills a CPU.
///
/// FastAPI on 2 CPUs: 2 workers 800, 112 · 3 765, 139 · 4 730, 166 · 1 577, 158.
pub const ASGI: Rule = Rule { per_cpu: 1, more: 0, least: 2, threads: 1 };
/// A child of Celery runs one task at a time.
///
/// On 2 CPUs, tasks of 2 ms a second, each child replaced after 1000: 2 children
/// 304 · 3 291.
pub const PREFORK: Rule = Rule { per_cpu: 1, more: 0, least: 2, threads: 1 };
/// One process shares one copy of the model, and computes on all CPUs.
pub const MODEL: Rule = Rule { per_cpu: 0, more: 1, least: 1, threads: 4 };

/// Code that keeps something in its process has one: where requests have a
/// thread each, there are as many as more processes would have had, and those
/// that wait cost little.
pub const ALONE: Rule = Rule { per_cpu: 0, more: 1, least: 1, threads: 8 };
/// A WebSocket keeps its thread for as long as it is open.
pub const WITH_SOCKETS: Rule = Rule { threads: 100, ..GTHREAD };
/// The same in the only process.
pub const ALONE_WITH_SOCKETS: Rule = Rule { threads: 100, ..ALONE };

/// The rule for a service of the application.
#[must_use]
pub fn rule(shape: &Shape, ledger: &Ledger, role: Role) -> Rule {
    let application = shape.application();
    match role {
        Web if application.server.manager == Manager::Own => ALONE,
        Web if application.model.is_some() => MODEL,
        Web if shape.in_process().is_some() && shape.has_websockets() => ALONE_WITH_SOCKETS,
        Web if shape.in_process().is_some() => ALONE,
        Web if shape.has_websockets() && !application.server.is_asgi() => WITH_SOCKETS,
        Web if application.server.is_asgi() => ASGI,
        Web if ledger.get(rows::WORKER_CLASS, Web) == "sync" => SYNC,
        Web => GTHREAD,
        _ => PREFORK,
    }
}

/// The CPUs that a service may use: its own where it has a limit, otherwise
/// all of the host's.
#[must_use]
pub fn cpus(shape: &Shape, ledger: &Ledger, role: Role) -> Formula {
    match ledger.find(rows::CPUS, role) {
        Some(_) => ledger.of(rows::CPUS, role),
        None => Formula::of("deploy.cpus", Quantity::MilliCpu(shape.answers.deploy.cpus)),
    }
}

/// How many processes its CPUs are worth; a pinned number is what is wanted.
#[must_use]
pub fn wanted(shape: &Shape, ledger: &Ledger, role: Role) -> Formula {
    let Rule { per_cpu, more, least, .. } = rule(shape, ledger, role);
    let cpus = cpus(shape, ledger, role);
    let processes = match (per_cpu, more) {
        (0, more) => return Formula::from(more),
        (1, 0) => cpus,
        (1, more) => cpus + more,
        (per_cpu, more) => Formula::from(per_cpu) * cpus + more,
    };
    processes.at_least(least)
}

/// How many processes a person or the rule asks for, with what that rests on.
#[must_use]
pub fn count(shape: &Shape, ledger: &Ledger, role: Role) -> Formula {
    let number = match role {
        Web => rows::WORKERS,
        Worker => rows::CONCURRENCY,
        _ => return Formula::from(1),
    };
    if let Some(pinned) = ledger.pinned(number, role) {
        return Formula::of(number.key(role).name(), Quantity::Count(pinned));
    }
    let wanted = wanted(shape, ledger, role);
    let keys = wanted.keys().into_iter().map(str::to_owned).collect();
    let value = Quantity::Count(wanted.evaluate() as Count);
    Formula::Amount { value, name: "", keys }
}

/// Memory of one process, its model included.
fn each(ledger: &Ledger, role: Role) -> Formula {
    let process = ledger.of(rows::PROCESS_MEMORY, role);
    match role == Web && ledger.find(rows::MODEL_MEMORY, Web).is_some() {
        true => process + ledger.of(rows::MODEL_MEMORY, Web).named("model"),
        false => process,
    }
}

/// Memory that `count` processes of the application take together.
#[must_use]
pub fn memory(shape: &Shape, ledger: &Ledger, role: Role, count: impl Into<Formula>) -> Formula {
    let (count, each) = (count.into(), each(ledger, role));
    let number = count.evaluate() as Count;
    let all = if number > 1 { count * each } else { each };
    match shape.supervisor(role, number) {
        MiB(0) => all,
        supervisor => amount(supervisor, "supervisor") + all,
    }
}

/// How many processes the CPUs are worth and the memory limit holds.
#[must_use]
pub fn fitting(shape: &Shape, ledger: &Ledger, role: Role) -> Formula {
    let wanted = wanted(shape, ledger, role);
    let mut room = FILL * ledger.of(rows::MEMORY, role);
    let supervisor = shape.supervisor(role, wanted.evaluate() as Count);
    if supervisor > MiB(0) {
        room = room - amount(supervisor, "supervisor");
    }
    wanted.at_most(room / each(ledger, role)).at_least(1)
}

/// Decides how much memory one process of each service takes.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    for role in [Web, Migrate, Worker, Beat].into_iter().filter(|role| shape.has(*role)) {
        ledger.decide(rows::PROCESS_MEMORY, role, shape.process(role), shape.measured());
    }
    if let Some(memory) = shape.model_memory() {
        let why = "until yours is measured: pin what the loaded model takes";
        ledger.decide(rows::MODEL_MEMORY, Web, memory, why);
    }
}

/// Whether the budget is a host's: its CPUs are shared, its system has a part.
#[must_use]
pub fn on_host(shape: &Shape) -> bool {
    shape.answers.deploy.budget == Budget::Host
}
