//! The web service: processes, threads, recycling, connections.

use crate::answers::stack::{Database, Runtime};
use crate::catalog::{Manager, Protocol};
use crate::plan::budget::FILL_PERCENT;
use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::quantity::Quantity;
use crate::schema::role::Role::{Nginx, Web};
use crate::units::{MiB, MilliCpu};

/// Decides everything about the web service that follows from its share.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    memory_per_process(shape, ledger);
    processes(shape, ledger);
    recycling(shape, ledger);
    connections(shape, ledger);
    if shape.application().model.is_some() {
        model(ledger);
    }
}

fn memory_per_process(shape: &Shape, ledger: &mut Ledger) {
    let (memory, parts) = shape.process(Web);
    let reason = match shape.is_adopted() {
        true => format!("{}: {parts}", shape.measured()),
        false => format!("measured under load: {parts}"),
    };
    ledger.memory(Web, "process-memory", memory, reason, &[]);
    if let Some(memory) = shape.model_memory() {
        let reason = "until yours is measured: pin what the loaded model takes";
        ledger.memory(Web, "model-memory", memory, reason, &["model.runtime"]);
    }
}

/// How many processes of this size fit in the part of the limit they may
/// fill.
fn fitting(shape: &Shape, ledger: &Ledger, wanted: u64) -> u64 {
    let limit = ledger.number(Web, "memory");
    let each = ledger.number(Web, "process-memory") + ledger.number(Web, "model-memory");
    let supervisor = u64::from(shape.supervisor(Web, wanted).0);
    let room = (limit * u64::from(FILL_PERCENT) / 100).saturating_sub(supervisor);
    (room / each.max(1)).max(1)
}

fn processes(shape: &Shape, ledger: &mut Ledger) {
    let cpus = MilliCpu(ledger.number(Web, "cpus") as u32);
    let threads = u64::from(cpus.threads());
    let server = shape.application().server;
    let model = shape.application().model.is_some();

    if let Some(class) = &server.worker_class {
        let word = Quantity::Word(class.name.clone());
        ledger.decide(Web, "worker-class", word, class.why.clone(), &[]);
    }
    let sync = ledger
        .get(Web, "worker-class")
        .is_some_and(|class| class.value == Quantity::Word("sync".into()));

    let (wanted, formula) = if model {
        (1, "one process shares one copy of the model".to_owned())
    } else if sync {
        let wanted = u64::from(2 * cpus.0 / 1000) + 1;
        (wanted.max(1), format!("2×{cpus} + 1 = {wanted}"))
    } else {
        (threads, format!("{cpus} → {threads}"))
    };
    let fit = fitting(shape, ledger, wanted);
    let each =
        MiB((ledger.number(Web, "process-memory") + ledger.number(Web, "model-memory")) as u32);
    let limit = MiB(ledger.number(Web, "memory") as u32);
    let workers = wanted.min(fit);
    let supervisor = shape.supervisor(Web, workers);
    let beside = match supervisor.0 {
        0 => String::new(),
        _ => format!(" less {supervisor} for the supervisor"),
    };
    let reason = if fit < wanted {
        format!("{formula}, but only {fit} × {each} ≤ 0.8 × {limit}{beside}")
    } else {
        format!("{formula}; {workers} × {each} ≤ 0.8 × {limit}{beside}")
    };
    let uses = ["web.cpus", "web.memory", "web.process-memory"];
    ledger.count(Web, "workers", workers, reason, &uses);

    if !server.is_asgi() {
        let (threads, reason) = if sync {
            (1, "a sync worker handles one request at a time")
        } else {
            (4, "2 to 4 for gthread: requests wait more than they compute")
        };
        ledger.count(Web, "threads", threads, reason, &["web.worker-class"]);
    }
}

fn recycling(shape: &Shape, ledger: &mut Ledger) {
    if !shape.application().server.is_gunicorn() {
        return;
    }
    let (most, jitter, reason) = if shape.application().model.is_some() {
        (0, 0, "off: a replacement loads the model again, which costs more than a slow leak")
    } else {
        (
            10_000,
            1_000,
            "a start costs a second or two of CPU: at 50 requests a second 1000 would spend a tenth of a small share on restarts",
        )
    };
    ledger.count(Web, "max-requests", most, reason, &[]);
    let reason = "a tenth, so that workers are not replaced at once";
    ledger.count(Web, "max-requests-jitter", jitter, reason, &["web.max-requests"]);
}

fn connections(shape: &Shape, ledger: &mut Ledger) {
    let server = shape.application().server;
    ledger.count(
        Web,
        "backlog",
        2048,
        "a burst waits in the kernel for a moment instead of being refused",
        &[],
    );
    if shape.has(Nginx) {
        ledger.seconds(Web, "keepalive", 75, "longer than nginx keeps an idle connection to the application (60 s), so that nginx is the one to close", &["nginx.upstream-keepalive-timeout"]);
    } else {
        ledger.seconds(
            Web,
            "keepalive",
            5,
            "clients reach the server directly: an idle one gives its connection back soon",
            &[],
        );
    }
    match (server.manager, server.protocol) {
        // Nobody knows how many WebSockets adopted code holds open.
        (Manager::Uvicorn, _)
            if shape.is_adopted() && ledger.pinned(Web, "limit-concurrency").is_none() => {}
        (Manager::Uvicorn, _) => {
            let (limit, reason, uses): (u64, String, &[&str]) = if shape.has(Nginx) {
                let idle = ledger.number(Nginx, "upstream-keepalive")
                    * ledger.number(Nginx, "worker-processes");
                (
                    100 + idle + 2,
                    format!(
                        "100 requests at once, {idle} idle connections nginx may keep, 1 health check, and 1 because uvicorn serves one fewer"
                    ),
                    &["nginx.upstream-keepalive", "nginx.worker-processes"],
                )
            } else {
                (
                    202,
                    "100 requests at once, as many idle connections of clients, 1 health check, and 1 because uvicorn serves one fewer".into(),
                    &["web.keepalive"],
                )
            };
            ledger.count(Web, "limit-concurrency", limit, reason, uses);
        }
        (Manager::Gunicorn, Protocol::Wsgi) => {
            let threads = ledger.number(Web, "threads");
            let reason = "connections a gthread worker keeps open, most of them idle; only its threads serve requests";
            ledger.count(Web, "worker-connections", 256.max(threads), reason, &["web.threads"]);
        }
        (Manager::Gunicorn, Protocol::Asgi) => {}
    }
}

/// Decides pool size and statement time-out: they need the database's share.
pub fn pool(shape: &Shape, ledger: &mut Ledger, affordable: u64) {
    if shape.answers.stack.database == Database::None {
        return;
    }
    let workers = ledger.number(Web, "workers").max(1);
    let (wanted, why) = match shape.application().server.protocol {
        Protocol::Wsgi => {
            let threads = ledger.number(Web, "threads");
            (threads, "one per thread".to_owned())
        }
        _ if shape.is_adopted() => (15, "assumed: SQLAlchemy's pool of 5 and 10 more".to_owned()),
        _ => (10, "an event loop shares ten".to_owned()),
    };
    let each = affordable / workers;
    // Adopted code has a pool of its own size, whatever the database affords.
    let fixed = shape.is_adopted() && shape.answers.stack.database == Database::Postgres;
    let size = if fixed { wanted } else { wanted.min(each).max(1) };
    let reason = if size < wanted {
        format!("{why}, but the database affords {affordable} for all processes")
    } else {
        format!("{why}; the database affords {affordable}")
    };
    ledger.count(Web, "pool-size", size, reason, &["web.workers", "db.max-connections"]);
}

fn model(ledger: &mut Ledger) {
    let cpus = MilliCpu(ledger.number(Web, "cpus") as u32);
    let workers = ledger.number(Web, "workers").max(1);
    let threads = (u64::from(cpus.threads()) / workers).max(1);
    let reason = format!(
        "{cpus} for {}: more threads than cores only wait for each other",
        plural(workers, "process", "processes")
    );
    ledger.count(Web, "model-threads", threads, reason, &["web.cpus", "web.workers"]);
    ledger.count(
        Web,
        "model-load-attempts",
        3,
        "a mount or download that is late gets a second and a third chance",
        &[],
    );
    ledger.seconds(Web, "model-load-delay", 5, "long enough for a slow mount to appear", &[]);
}

/// Memory of `/dev/shm`: gunicorn's heartbeat files are tiny; torch passes
/// tensors through it.
pub fn shared_memory(shape: &Shape, ledger: &mut Ledger) {
    let torch = shape.application().model.as_ref().is_some_and(|model| {
        matches!(model.runtime, Runtime::Torch | Runtime::Ultralytics | Runtime::Transformers)
    });
    let (size, reason) = if torch {
        (MiB(256), "torch passes tensors between threads and processes through it")
    } else {
        (MiB(64), "Docker's default; gunicorn's heartbeat files take a few bytes")
    };
    ledger.memory(Web, "shm", size, reason, &[]);
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
