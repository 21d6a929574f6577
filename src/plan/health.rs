//! Health checks, scratch space and process limits of every service.

use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::role::Role;
use crate::units::{MiB, MilliCpu};

/// Decides health checks, pids, tmpfs and reservations.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    for role in shape.roles.clone() {
        if !role.is_one_shot() {
            check(shape, ledger, role);
        }
        limits(shape, ledger, role);
        reservations(ledger, role);
    }
}

/// Seconds of CPU a service takes until it answers, measured and rounded up.
fn start_cost(shape: &Shape, role: Role) -> u64 {
    match role {
        Role::Web if shape.application().model.is_some() => 20,
        Role::Web | Role::Worker | Role::Beat if shape.is_adopted() => 10,
        Role::Web | Role::Worker | Role::Beat => shape.application().framework.start_seconds,
        Role::Db => 6,
        _ => 1,
    }
}

fn check(shape: &Shape, ledger: &mut Ledger, role: Role) {
    let pings = role == Role::Worker && shape.is_adopted();
    let (interval, why) = match role {
        _ if pings => (60, "each check starts a Python process that asks the worker"),
        Role::Db | Role::Redis | Role::Cache => (10, "cheap, and others wait for it"),
        _ => (30, "often enough to notice, rare enough to cost nothing"),
    };
    ledger.seconds(role, "health-interval", interval, why, &[]);
    let (timeout, why) = match pings {
        true => (30, "importing the code takes seconds on a small share of CPU"),
        false => (5, "a check that takes longer has failed"),
    };
    ledger.seconds(role, "health-timeout", timeout, why, &[]);
    ledger.count(role, "health-retries", 3, "one slow answer is no outage", &[]);
    let cost = start_cost(shape, role);
    let cpus = MilliCpu(ledger.number(role, "cpus").max(10) as u32);
    let (between, why) = match cpus.0 {
        _ if pings => (15, "a check costs seconds of CPU"),
        ..150 => (5, "a check costs CPU too, and this share is small"),
        _ => (2, "a service that is ready is seen at once"),
    };
    ledger.seconds(role, "start-interval", between, why, &[&format!("{}.cpus", role.name())]);
    let loading =
        ledger.number(role, "model-load-attempts") * ledger.number(role, "model-load-delay");
    let computed = (cost * 1000 * 3 / u64::from(cpus.0) + loading).next_multiple_of(5);
    let least = if loading > 0 { 60 } else { 15 };
    let mut reason = format!("about {cost} s of CPU at {cpus}, times 3 for a busy host");
    if loading > 0 {
        reason.push_str(&format!(", and {loading} s for late models"));
    }
    if role == Role::Db {
        reason.push_str("; the first start creates the cluster");
    }
    ledger.seconds(
        role,
        "start-period",
        computed.max(least),
        reason,
        &[&format!("{}.cpus", role.name())],
    );
}

fn limits(shape: &Shape, ledger: &mut Ledger, role: Role) {
    let (pids, why) = match role {
        Role::Web => {
            let workers = ledger.number(Role::Web, "workers");
            let threads = if shape.application().server.is_asgi() {
                64
            } else {
                ledger.number(Role::Web, "threads") + 16
            } + 2 * ledger.number(Role::Web, "model-threads");
            (workers * threads + 64, format!("{workers} × {threads} threads and room for checks"))
        }
        Role::Worker => {
            let children = ledger.number(Role::Worker, "concurrency");
            (
                children * 16 + 64,
                format!("{children} children with a few threads each, and room for checks"),
            )
        }
        Role::Db => {
            let connections = ledger.number(Role::Db, "max-connections");
            (connections + 64, format!("one process per connection ({connections}) and its own"))
        }
        Role::Migrate => (64, "one process with a few threads".to_owned()),
        Role::Nginx => {
            let workers = ledger.number(Role::Nginx, "worker-processes");
            (workers + 32, "its workers and room for checks".to_owned())
        }
        Role::Beat | Role::Redis | Role::Cache => (32, "one process with a few threads".to_owned()),
    };
    ledger.count(role, "pids", pids.next_multiple_of(8), why, &[]);

    scratch(ledger, role);
}

/// `/tmp` is memory and counts towards the limit.
fn scratch(ledger: &mut Ledger, role: Role) {
    let limit = MiB(ledger.number(role, "memory") as u32);
    let key = format!("{}.memory", role.name());
    if role == Role::Nginx {
        let body = ledger.number(Role::Nginx, "body-size") as u32;
        let why = "three of the largest request bodies at once: nginx buffers them before it passes them on";
        let size = MiB(body * 3).round_up(8);
        ledger.memory(role, "tmpfs", size, why, &["nginx.body-size", &key]);
        return;
    }
    let size = limit.scaled(1, 8).min(MiB(64)).max(MiB(8)).round_down(8);
    let why = "an eighth of the limit, at most 64 MiB: what is written there is memory";
    ledger.memory(role, "tmpfs", size, why, &[&key]);
}

fn reservations(ledger: &mut Ledger, role: Role) {
    let memory = MiB(ledger.number(role, "memory") as u32);
    let cpus = MilliCpu(ledger.number(role, "cpus") as u32);
    let key = |name: &str| format!("{}.{name}", role.name());
    let half = MiB((memory.0 / 2).max(6));
    ledger.memory(role, "memory-reservation", half, "half the limit", &[&key("memory")]);
    let half = MilliCpu((cpus.0 / 2).max(10)).round_down(10);
    ledger.cpus(role, "cpus-reservation", half, "half the limit", &[&key("cpus")]);
}
