//! Health checks, scratch space and process limits of every service.

use crate::plan::formula::{Formula, amount};
use crate::plan::ledger::Ledger;
use crate::plan::processes;
use crate::plan::shape::Shape;
use crate::plan::uploads;
use crate::schema::numbers::rows;
use crate::schema::role::Role;
use crate::units::{MiB, MilliCpu, Seconds};

/// Decides health checks, pids, tmpfs and reservations.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    for role in shape.roles.clone() {
        if !role.is_one_shot() {
            check(shape, ledger, role);
        }
        pids(shape, ledger, role);
        scratch(shape, ledger, role);
        let half = (ledger.of(rows::MEMORY, role) / 2).at_least(MiB(6));
        ledger.decide(rows::MEMORY_RESERVATION, role, half, "half the limit");
    }
}

/// A model of a gigabyte at 50 Mbit/s.
const FETCH: Seconds = Seconds(180);

/// Seconds of one CPU that a service takes until it answers, measured and
/// rounded up.
fn start_cost(shape: &Shape, role: Role) -> Seconds {
    Seconds(match role {
        Role::Web if shape.application().model.is_some() => 20,
        Role::Web | Role::Worker | Role::Beat if shape.is_adopted() => 10,
        Role::Web | Role::Worker | Role::Beat => shape.application().framework.start_seconds,
        Role::Db => 6,
        _ => 1,
    })
}

fn check(shape: &Shape, ledger: &mut Ledger, role: Role) {
    let pings = role == Role::Worker && shape.is_adopted();
    let (interval, why) = match role {
        _ if pings => (60, "each check starts a Python process that asks the worker"),
        Role::Db | Role::Redis | Role::Cache => (10, "cheap, and others wait for it"),
        _ => (30, "often enough to notice, rare enough to cost nothing"),
    };
    ledger.decide(rows::HEALTH_INTERVAL, role, Seconds(interval), why);
    let (timeout, why) = match pings {
        true => (30, "importing the code takes seconds on a busy CPU"),
        false => (5, "a check that takes longer has failed"),
    };
    ledger.decide(rows::HEALTH_TIMEOUT, role, Seconds(timeout), why);
    ledger.decide(rows::HEALTH_RETRIES, role, 3, "one slow answer is no outage");
    let cpus = processes::cpus(shape, ledger, role).at_least(MilliCpu(10));
    let (between, why) = match cpus.evaluate() {
        _ if pings => (15, "a check costs seconds of CPU"),
        ..0.15 => (5, "a check costs CPU too, and this share is small"),
        _ => (1, "a service that is ready is seen at once"),
    };
    ledger.decide(rows::START_INTERVAL, role, Seconds(between), why);
    let why = match role {
        Role::Db => "three times, since the host may be busy; the first start creates the cluster",
        _ => STARTS_SLOWLY,
    };
    let period = start_time(shape, ledger, role, cpus);
    ledger.decide(rows::START_PERIOD, role, period, why);
}

/// Why a start is given more than it usually takes.
pub(super) const STARTS_SLOWLY: &str = "three times, since the host may be busy";

/// How long a service that has so many CPUs may take until it answers.
pub(super) fn start_time(shape: &Shape, ledger: &Ledger, role: Role, cpus: Formula) -> Formula {
    let cost = Formula::from(3) * amount(start_cost(shape, role), "to start");
    // A start keeps one CPU busy: more of them do not shorten it.
    let mut period = if cpus.evaluate() < 1.0 { cost / cpus } else { cost };
    let mut least = Seconds(30);
    if role == Role::Web && shape.application().model.is_some() {
        let tries = ledger.of(rows::MODEL_LOAD_ATTEMPTS, role);
        period = period + tries * ledger.of(rows::MODEL_LOAD_DELAY, role).named("for a late model");
        least = Seconds(60);
    }
    if matches!(role, Role::Web | Role::Worker) && shape.fetches_models() {
        period = period + amount(FETCH, "to fetch models once");
    }
    period.rounded_up(Seconds(5)).at_least(least)
}

fn pids(shape: &Shape, ledger: &mut Ledger, role: Role) {
    let (pids, why) = match role {
        Role::Web => {
            let mut threads = match shape.application().server.is_asgi() {
                true => amount(64, "threads"),
                false => ledger.of(rows::THREADS, Role::Web).named("threads") + 16,
            };
            if shape.application().model.is_some() {
                let model = ledger.of(rows::MODEL_THREADS, Role::Web).named("of the model");
                threads = threads + Formula::from(2) * model;
            }
            (ledger.of(rows::WORKERS, Role::Web) * threads + 64, "and room for checks")
        }
        Role::Worker => {
            let children = ledger.of(rows::CONCURRENCY, Role::Worker);
            (children * amount(16, "threads") + 64, "and room for checks")
        }
        Role::Db => {
            let connections = ledger.of(rows::MAX_CONNECTIONS, Role::Db).named("connections");
            (connections + 64, "one process per connection and its own")
        }
        Role::Nginx => {
            let workers = ledger.of(rows::WORKER_PROCESSES, Role::Nginx).named("for workers");
            (workers + 32, "and room for checks")
        }
        Role::Migrate => (Formula::from(64), "one process with a few threads"),
        Role::Beat | Role::Redis | Role::Cache => {
            (Formula::from(32), "one process with a few threads")
        }
    };
    ledger.decide(rows::PIDS, role, pids.rounded_up(8), why);
}

/// `/tmp` is memory and counts towards the limit.
fn scratch(shape: &Shape, ledger: &mut Ledger, role: Role) {
    // What nginx writes there is bodies, and its limit follows from them.
    if role == Role::Nginx {
        return;
    }
    if uploads::on_disk(shape, ledger, role) {
        let why = "uploads that wait are on disk: memory would not hold them";
        ledger.decide(rows::TMPFS, role, MiB(0), why);
        return;
    }
    let part = ledger.of(rows::MEMORY, role) / 8;
    let size = part.at_most(uploads::MEMORY).at_least(MiB(8)).rounded_down(MiB(8));
    match role == Role::Web && ledger.find(rows::BODY_SIZE, role).is_some() {
        true => {
            let size = size.at_least(ledger.of(rows::BODY_SIZE, role));
            let why = "the largest upload fits; what is written there is memory";
            ledger.decide(rows::TMPFS, role, size, why);
        }
        false => {
            ledger.decide(rows::TMPFS, role, size, "what is written there is memory");
        }
    }
}
