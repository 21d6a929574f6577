//! How large one pod or task of a service is, and how many of them there are.
//!
//! One process per pod: the platform starts another one beside it, instead of a
//! supervisor inside. A pod has what one process needs; how many there are follows
//! from the load.

use crate::answers::stack::Target;
use crate::error::Problem;
use crate::plan::budget::{self, FILL};
use crate::plan::formula::{Formula, amount};
use crate::plan::health;
use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::numbers::{PlanKey, rows};
use crate::schema::quantity::Quantity;
use crate::schema::role::Role::{self, Beat, Migrate, Web, Worker};
use crate::units::{Count, MiB, MilliCpu, Milliseconds, Seconds};

/// The services that are pods, in the order of reports.
pub const ROLES: [Role; 4] = [Web, Migrate, Worker, Beat];

/// CPU and memory that Fargate gives a task: CPU, the least and the most memory, and the
/// step between them. The smallest size has 512 MiB, then whole GiB.
pub const FARGATE: [(MilliCpu, MiB, MiB, MiB); 7] = [
    (MilliCpu(250), MiB(512), MiB(2048), MiB(1024)),
    (MilliCpu(500), MiB(1024), MiB(4096), MiB(1024)),
    (MilliCpu(1000), MiB(2048), MiB(8192), MiB(1024)),
    (MilliCpu(2000), MiB(4096), MiB(16_384), MiB(1024)),
    (MilliCpu(4000), MiB(8192), MiB(30_720), MiB(1024)),
    (MilliCpu(8000), MiB(16_384), MiB(61_440), MiB(4096)),
    (MilliCpu(16_000), MiB(32_768), MiB(122_880), MiB(8192)),
];

/// Longest that Fargate waits between SIGTERM and SIGKILL.
const LONGEST_STOP: Seconds = Seconds(120);
/// Longest that ECS ignores failed checks.
const LONGEST_START: Seconds = Seconds(300);
/// Why code with a database in a file is not scaled.
const FILE: &str = "its database is a file (SQLite), which one process at a time writes";
/// A node keeps five files of 10 MiB of a container's log.
const LOG: MiB = MiB(64);

/// Decides the pods' and tasks' numbers.
///
/// # Errors
/// A pod that is not given what one process needs.
pub fn decide(shape: &Shape, ledger: &mut Ledger) -> Result<(), Vec<Problem>> {
    let roles: Vec<Role> = ROLES.into_iter().filter(|role| shape.has(*role)).collect();
    let problems: Vec<Problem> =
        roles.iter().filter_map(|role| memory(shape, ledger, *role).err()).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let kubernetes = shape.answers.deploy.is_for(Target::Kubernetes);
    for role in roles {
        cpus(shape, ledger, role);
        disk(shape, ledger, role);
        stop(ledger, role);
        if role != Migrate {
            starts(shape, ledger, role);
        }
        if kubernetes {
            probes(ledger, role);
        }
    }
    if shape.has(Worker) {
        let main = amount(shape.supervisor(Worker, 1), "of the main process");
        let child = FILL * ledger.of(rows::POD_MEMORY, Worker) - main;
        let why = "a grown child is replaced before the kernel kills the pod";
        ledger.decide(rows::POD_CHILD_MEMORY, Worker, child, why);
    }
    replicas(shape, ledger);
    if shape.has_database() {
        connections(shape, ledger);
    }
    if shape.answers.deploy.is_for(Target::Ecs) {
        tasks(shape, ledger);
    }
    Ok(())
}

/// What one process needs, and room to grow; no more than a pod is given.
fn memory(shape: &Shape, ledger: &mut Ledger, role: Role) -> Result<(), Problem> {
    let count = processes(shape, ledger, role);
    let floor = budget::floor(shape, ledger, role, count);
    let least = floor.evaluate();
    // What the image starts is not ours to divide.
    let given = shape.answers.deploy.pod_memory;
    let most = if count > 1 { given.max(MiB(least as u32)) } else { given };
    if least > f64::from(most.0) {
        let message =
            format!("a pod of {} needs {least} MiB, and deploy.pod-memory is {most}", role.name());
        let whole = (least / 128.0).ceil() * 128.0;
        return Err(
            Problem::new(message).help(format!("--set deploy.pod-memory={whole}MiB, or more"))
        );
    }
    let grown = budget::limit(shape, ledger, role, count, 2);
    let budget = Formula::of("deploy.pod-memory", Quantity::MiB(most));
    let why = match role {
        Migrate => "it asks for what it may use: a migration that is killed half-way is the worst",
        _ if count > 1 => {
            "the processes that the image's own command starts, with room to grow; it asks for what it may use, so that its node has it"
        }
        _ => "one process with room to grow; it asks for what it may use, so that its node has it",
    };
    ledger.decide(rows::POD_MEMORY, role, grown.at_most(budget), why);
    Ok(())
}

/// Processes in a pod: one; an image that stays starts as many as its command says.
fn processes(shape: &Shape, ledger: &Ledger, role: Role) -> Count {
    let stays = shape.answers.own_image().is_some() && role == Web;
    ledger.pinned(rows::WORKERS, Web).filter(|_| stays).unwrap_or(1)
}

fn cpus(shape: &Shape, ledger: &mut Ledger, role: Role) {
    let budget = Formula::of("deploy.pod-cpus", Quantity::MilliCpu(shape.answers.deploy.pod_cpus));
    let (cpus, why) = match role {
        Web if shape.application().model.is_some() => {
            (budget.at_least(MilliCpu(1000)), "a model computes on all that it is given")
        }
        Web => (
            budget.at_most(MilliCpu(1000)),
            "one process uses one CPU at most; above this it has what its node has left",
        ),
        Worker => (
            budget.at_most(MilliCpu(1000)),
            "a child uses one CPU at most; above this it has what its node has left",
        ),
        Migrate => (budget.at_most(MilliCpu(250)), "it waits for the database most of the time"),
        _ => (MilliCpu(50).into(), "it sleeps most of the time"),
    };
    ledger.decide(rows::POD_CPUS, role, cpus, why);
    if role == Web && shape.application().model.is_some() {
        let threads = ledger.of(rows::POD_CPUS, Web).at_least(1);
        let why = "more threads than CPUs only wait for each other";
        ledger.decide(rows::POD_MODEL_THREADS, Web, threads, why);
    }
}

fn disk(shape: &Shape, ledger: &mut Ledger, role: Role) {
    let (scratch, why) = match role == Web && ledger.find(rows::BODY_SIZE, Web).is_some() {
        true => {
            let body = ledger.of(rows::BODY_SIZE, Web).named("of an upload");
            let at_once = match ledger.find(rows::THREADS, Web) {
                Some(_) => ledger.of(rows::THREADS, Web).named("threads"),
                None => amount(8, "requests"),
            };
            (at_once * body + MiB(64), "uploads wait there; beyond it the pod is evicted")
        }
        false => (MiB(64).into(), "for what libraries write; beyond it the pod is evicted"),
    };
    ledger.decide(rows::POD_SCRATCH, role, scratch, why);
    let emptied = shape.answers.writable.iter().filter(|path| !path.keep).count() as Count;
    let each = ledger.of(rows::POD_SCRATCH, role).named("scratch");
    let volumes = match (role, emptied) {
        (_, 0) | (Beat | Migrate, _) => each,
        (_, more) => Formula::from(1 + more) * each,
    };
    let why = "what it writes; a node that runs out of disk ends pods of others";
    ledger.decide(rows::POD_DISK, role, volumes + amount(LOG, "log"), why);
}

fn stop(ledger: &mut Ledger, role: Role) {
    let own = ledger.of(rows::STOP_GRACE_PERIOD, role);
    if role == Web {
        let why =
            "every ingress and proxy of a cluster has heard of it by then; until then it serves";
        ledger.decide(rows::PRE_STOP, Web, Seconds(5), why);
        let all = ledger.of(rows::PRE_STOP, Web).named("before SIGTERM") + own;
        ledger.decide(rows::POD_GRACE, Web, all, "requests that began have their full time");
    } else {
        ledger.decide(rows::POD_GRACE, role, own, "what it has to stop anywhere");
    }
}

/// How long a start may take on the CPU that a pod is guaranteed.
fn starts(shape: &Shape, ledger: &mut Ledger, role: Role) {
    let cpus = ledger.of(rows::POD_CPUS, role).at_least(MilliCpu(10));
    let start = health::start_time(shape, ledger, role, cpus);
    ledger.decide(rows::POD_START, role, start, health::STARTS_SLOWLY);
}

/// What the kubelet asks, and how often.
fn probes(ledger: &mut Ledger, role: Role) {
    if role == Migrate {
        job(ledger);
        return;
    }
    let (interval, why) = match role {
        Web => (Seconds(2), "the kubelet asks itself: a check costs a request"),
        _ => (Seconds(5), "each check starts a Python process in the pod"),
    };
    ledger.decide(rows::STARTUP_INTERVAL, role, interval, why);
    let start = ledger.of(rows::POD_START, role).named("to start");
    let failures = (start / ledger.of(rows::STARTUP_INTERVAL, role)).rounded_up(1);
    ledger.decide(rows::STARTUP_FAILURES, role, failures, "then it is started again");
    if role == Web {
        let why = "two failures take a pod out of service within 10 s";
        ledger.decide(rows::READINESS_INTERVAL, Web, Seconds(5), why);
        let why = "a pod that is full answers it, too: seldom";
        ledger.decide(rows::LIVENESS_INTERVAL, Web, Seconds(10), why);
        let why = "a minute: one that is merely full gets no new requests and is not killed for it";
        ledger.decide(rows::LIVENESS_FAILURES, Web, 6, why);
    } else {
        let interval = ledger.of(rows::HEALTH_INTERVAL, role);
        let why = "each check starts a Python process in the pod";
        ledger.decide(rows::LIVENESS_INTERVAL, role, interval, why);
        let failures = ledger.of(rows::HEALTH_RETRIES, role);
        ledger.decide(rows::LIVENESS_FAILURES, role, failures, "one slow answer is no outage");
    }
}

fn job(ledger: &mut Ledger) {
    let why = "then it has failed, and nothing is rolled out";
    ledger.decide(rows::JOB_DEADLINE, Migrate, Seconds(3600), why);
    let why = "a node may be lost; what fails twice more is wrong";
    ledger.decide(rows::JOB_RETRIES, Migrate, 2, why);
    let why = "a day to read its log";
    ledger.decide(rows::JOB_KEPT, Migrate, Seconds(86_400), why);
}

fn replicas(shape: &Shape, ledger: &mut Ledger) {
    let why = "assumed until `dockwright verify` or your own measurement says: pin it";
    ledger.decide(rows::REQUEST_CPU, Web, Milliseconds(20), why);
    let why = "the rest is for the time until another pod is there";
    ledger.decide(rows::CPU_TARGET, Web, 70, why);
    let load = Formula::of("deploy.load", Quantity::Count(shape.answers.deploy.load));
    let needed = load.named("a second") * ledger.of(rows::REQUEST_CPU, Web);
    let part = ledger.of(rows::CPU_TARGET, Web) / 100;
    let pods = (needed / (ledger.of(rows::POD_CPUS, Web) * part)).rounded_up(1);
    let alone = match shape.in_process() {
        Some(kept) => Some(kept.state.why()),
        None => shape.has_database_file().then_some(FILE),
    };
    match alone {
        Some(why) => {
            ledger.decide(rows::REPLICAS, Web, 1, why);
            ledger.decide(rows::MAX_REPLICAS, Web, 1, why);
        }
        None => {
            let why = "two at least: one whose node is drained is not the only one";
            ledger.decide(rows::REPLICAS, Web, pods.at_least(2), why);
            let most = ledger.of(rows::REPLICAS, Web) * 3;
            let why =
                "three times the busiest time that was asked for: beyond it something is wrong";
            ledger.decide(rows::MAX_REPLICAS, Web, most, why);
        }
    }
    if shape.has(Worker) && shape.has_database_file() {
        ledger.decide(rows::REPLICAS, Worker, 1, FILE);
        ledger.decide(rows::MAX_REPLICAS, Worker, 1, FILE);
        ledger.decide(rows::QUEUE_LENGTH, Worker, 20, "nothing is scaled");
    } else if shape.has(Worker) {
        let why = "two: a task of an hour does not hold up all others";
        ledger.decide(rows::REPLICAS, Worker, 2, why);
        let most = ledger.of(rows::REPLICAS, Worker) * 5;
        let why = "a queue that five times as many do not empty has another reason";
        ledger.decide(rows::MAX_REPLICAS, Worker, most, why);
        let why = "a short queue is normal: workers are for what stays";
        ledger.decide(rows::QUEUE_LENGTH, Worker, 20, why);
    }
}

fn connections(shape: &Shape, ledger: &mut Ledger) {
    let of = |ledger: &Ledger, role| {
        let pool = ledger.of(rows::POOL_SIZE, role).named("of a process");
        // A roll-out starts one beside them.
        let pods = ledger.of(rows::MAX_REPLICAS, role).named("pods") + 1;
        match processes(shape, ledger, role) {
            1 => pods * pool,
            count => pods * amount(count, "processes") * pool,
        }
    };
    let mut all = of(ledger, Web);
    if shape.has(Worker) {
        all = all + of(ledger, Worker);
    }
    if shape.has(Migrate) {
        all = all + amount(1, "to migrate");
    }
    let why = "what the database has to accept, beside its own reserve";
    ledger.decide(rows::DATABASE_CONNECTIONS, Web, all, why);
}

/// The least of Fargate's sizes that has the CPU and holds the memory.
fn tasks(shape: &Shape, ledger: &mut Ledger) {
    for role in ROLES.into_iter().filter(|role| shape.has(*role)) {
        let cpus = ledger.get(rows::POD_CPUS, role);
        let memory =
            MiB(ledger.get(rows::POD_MEMORY, role).0 + ledger.get(rows::POD_SCRATCH, role).0);
        let holds =
            |(size, _, most, _): &&(MilliCpu, MiB, MiB, MiB)| *size >= cpus && *most >= memory;
        let size = FARGATE.iter().find(holds).unwrap_or(&FARGATE[FARGATE.len() - 1]);
        let keys =
            [rows::POD_CPUS.key(role), rows::POD_MEMORY.key(role), rows::POD_SCRATCH.key(role)]
                .map(PlanKey::name);
        let value = Quantity::MilliCpu(size.0);
        let chosen = Formula::Amount { value, name: "", keys: keys.into() };
        let why = "the least of Fargate's sizes that has the CPU and holds the memory of a pod";
        ledger.decide(rows::TASK_CPUS, role, chosen, why);
        let size = fargate(ledger.get(rows::TASK_CPUS, role)).unwrap_or(size);
        let scratch = ledger.of(rows::POD_SCRATCH, role).named("scratch");
        let whole = (ledger.of(rows::POD_MEMORY, role) + scratch).at_least(size.1);
        let memory = match whole.evaluate() > f64::from(size.1.0) {
            true => whole.rounded_up(size.3),
            false => whole,
        };
        let why = "Fargate's sizes of memory for that CPU";
        ledger.decide(rows::TASK_MEMORY, role, memory, why);
        let stop = ledger.of(rows::STOP_GRACE_PERIOD, role).at_most(LONGEST_STOP);
        ledger.decide(rows::TASK_STOP, role, stop, "Fargate waits 120 s at most");
        if role != Migrate {
            let start = ledger.of(rows::POD_START, role).at_most(LONGEST_START);
            ledger.decide(rows::TASK_START, role, start, "ECS waits 300 s at most");
            let why = "ECS has no shorter one for the start, and a service waits for it";
            ledger.decide(rows::TASK_INTERVAL, role, Seconds(10), why);
        }
        if role == Web {
            let start = ledger.of(rows::POD_START, Web).named("to start");
            let checks = amount(Seconds(30), "for the load balancer's first checks");
            ledger.decide(rows::BALANCER_GRACE, Web, start + checks, "");
        }
    }
}

/// Fargate's size of so much CPU.
#[must_use]
pub fn fargate(cpus: MilliCpu) -> Option<&'static (MilliCpu, MiB, MiB, MiB)> {
    FARGATE.iter().find(|(size, ..)| *size == cpus)
}
