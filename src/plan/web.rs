//! The web service: processes, threads, recycling, connections.

use crate::answers::stack::Database;
use crate::catalog::{Manager, Protocol};
use crate::plan::formula::{Formula, amount};
use crate::plan::ledger::Ledger;
use crate::plan::processes;
use crate::plan::shape::Shape;
use crate::plan::uploads;
use crate::schema::numbers::rows;
use crate::schema::role::Role::{Nginx, Web};
use crate::units::{MiB, Seconds};

/// Decides what gunicorn's workers are: how many there are follows from it.
pub fn class(shape: &Shape, ledger: &mut Ledger) {
    if let Some(class) = &shape.application().server.row().worker_class {
        let old = crate::plan::code::old_worker_class(shape);
        let (name, why) = old.unwrap_or((class.name.as_str(), class.why.as_str()));
        ledger.decide(rows::WORKER_CLASS, Web, name, why);
    }
}

/// Decides everything about the web service that follows from its share.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    processes(shape, ledger);
    recycling(shape, ledger);
    connections(shape, ledger);
    if shape.application().model.is_some() {
        model(shape, ledger);
    }
    shared_memory(shape, ledger);
}

fn processes(shape: &Shape, ledger: &mut Ledger) {
    let model = shape.application().model.is_some();
    let workers = processes::fitting(shape, ledger, Web);
    let why = match shape.in_process() {
        _ if model => "one process shares one copy of the model",
        Some(kept) => kept.state.why(),
        None if shape.application().server.manager == Manager::Own => {
            "the application's own server is started as it is"
        }
        None => "",
    };
    ledger.decide(rows::WORKERS, Web, workers, why);
    if !shape.application().server.is_asgi() {
        let (threads, why) = match ledger.get(rows::WORKER_CLASS, Web).as_str() {
            "sync" => (1, "a sync worker handles one request at a time"),
            _ if model => {
                (processes::MODEL.threads, "the only process answers others while it predicts")
            }
            _ => match processes::rule(shape, ledger, Web) {
                rule if shape.has_websockets() => {
                    (rule.threads, "each open WebSocket keeps a thread, and most of them wait")
                }
                alone if shape.in_process().is_some() => {
                    (alone.threads, "the only process has a thread for each request that waits")
                }
                rule => {
                    let why = "one computes while another waits; more of them wait for each other";
                    (rule.threads, why)
                }
            },
        };
        ledger.decide(rows::THREADS, Web, threads, why);
    }
}

fn recycling(shape: &Shape, ledger: &mut Ledger) {
    if !shape.application().server.is_gunicorn() {
        return;
    }
    let (requests, why) = match shape.application() {
        application if application.model.is_some() => {
            (0, "off: a replacement loads the model again, which costs more than a slow leak")
        }
        // 50 of 10,000 requests failed with 1,000 here, and none of them with 0.
        application if application.server.is_asgi() => {
            (0, "off: an event loop that is replaced closes connections with requests on their way")
        }
        _ => (10_000, "bounds a leak; a start costs a second or two of CPU, so it is rare"),
    };
    ledger.decide(rows::MAX_REQUESTS, Web, requests, why);
    let tenth = ledger.of(rows::MAX_REQUESTS, Web) / 10;
    ledger.decide(rows::MAX_REQUESTS_JITTER, Web, tenth, "workers are not replaced at once");
}

fn connections(shape: &Shape, ledger: &mut Ledger) {
    // Adopted code has a limit of its own: without nginx there is nothing to set.
    if !shape.is_adopted() && !shape.has(Nginx) {
        uploads::largest_body(shape, ledger);
    }
    let why = "a burst waits in the kernel for a moment instead of being refused";
    ledger.decide(rows::BACKLOG, Web, 2048, why);
    if shape.has(Nginx) {
        let longer = ledger.of(rows::UPSTREAM_KEEPALIVE_TIMEOUT, Nginx) + Seconds(15);
        let why = "longer than nginx keeps an idle connection, so that nginx is the one to close";
        ledger.decide(rows::KEEPALIVE, Web, longer, why);
    } else if shape.answers.deploy.is_clustered() {
        let longer = amount(Seconds(60), "of a load balancer") + Seconds(15);
        let why = "longer than an ingress or load balancer keeps an idle connection, so that it is the one to close";
        ledger.decide(rows::KEEPALIVE, Web, longer, why);
    } else {
        let why = "clients reach the server directly: an idle one gives its connection back soon";
        ledger.decide(rows::KEEPALIVE, Web, Seconds(5), why);
    }
    let server = shape.application().server;
    match (server.manager, server.protocol) {
        // Nobody knows how many WebSockets adopted code holds open.
        (Manager::Uvicorn, _)
            if shape.is_adopted() && ledger.pinned(rows::LIMIT_CONCURRENCY, Web).is_none() => {}
        (Manager::Uvicorn, _) => {
            let idle = if shape.has(Nginx) {
                ledger.of(rows::UPSTREAM_KEEPALIVE, Nginx)
                    * ledger.of(rows::WORKER_PROCESSES, Nginx).named("idle")
            } else {
                amount(100, "idle")
            };
            let limit = amount(100, "requests") + idle + amount(1, "health check") + 1;
            let why = "idle connections count, and uvicorn serves one fewer";
            ledger.decide(rows::LIMIT_CONCURRENCY, Web, limit, why);
        }
        (Manager::Gunicorn, Protocol::Wsgi) => {
            let most = Formula::from(256).at_least(ledger.of(rows::THREADS, Web));
            let why = "connections a gthread worker keeps open, most of them idle; only its threads serve requests";
            ledger.decide(rows::WORKER_CONNECTIONS, Web, most, why);
        }
        (Manager::Gunicorn, Protocol::Asgi) | (Manager::Own, _) => {}
    }
}

/// Decides the pool's size: it needs what the database affords.
pub fn pool(shape: &Shape, ledger: &mut Ledger, affordable: Formula) {
    let (wanted, why) = match shape.application().server.protocol {
        Protocol::Wsgi => (ledger.of(rows::THREADS, Web), "one per thread"),
        _ if shape.is_adopted() => {
            let adopted = shape.answers.adopted.as_ref();
            let has_pool = adopted.is_some_and(|own| own.derived.installs("sqlalchemy"));
            let why = match has_pool {
                true => "assumed: SQLAlchemy's pool of 5 and 10 more",
                false => "assumed: a connection for each of 15 threads",
            };
            (Formula::from(15), why)
        }
        _ => (Formula::from(10), "an event loop shares ten"),
    };
    // Adopted code has a pool of its own size, whatever the database affords.
    let fixed = shape.is_adopted() && shape.answers.stack.database == Database::Postgres;
    let size = if fixed {
        wanted
    } else {
        let workers = ledger.of(rows::WORKERS, Web).at_least(1);
        wanted.at_most(affordable / workers).at_least(1)
    };
    ledger.decide(rows::POOL_SIZE, Web, size, why);
}

fn model(shape: &Shape, ledger: &mut Ledger) {
    let workers = ledger.of(rows::WORKERS, Web).at_least(1);
    let threads = processes::cpus(shape, ledger, Web) / workers;
    let why = "more threads than cores only wait for each other";
    ledger.decide(rows::MODEL_THREADS, Web, threads.at_least(1), why);
    let why = "a mount or download that is late gets a second and a third chance";
    ledger.decide(rows::MODEL_LOAD_ATTEMPTS, Web, 3, why);
    let why = "long enough for a slow mount to appear";
    ledger.decide(rows::MODEL_LOAD_DELAY, Web, Seconds(5), why);
}

/// Memory of `/dev/shm`: gunicorn's heartbeat files are tiny; torch passes
/// tensors through it.
fn shared_memory(shape: &Shape, ledger: &mut Ledger) {
    let model = shape.application().model.as_ref();
    let (size, why) = if model.is_some_and(|model| model.runtime.is_torch_family()) {
        (MiB(256), "torch passes tensors between threads and processes through it")
    } else {
        (MiB(64), "Docker's default, of which little is used")
    };
    ledger.decide(rows::SHM, Web, size, why);
}
