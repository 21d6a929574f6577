//! The chain of time-outs, each longer than the one inside it: database
//! statement < request < gunicorn < nginx < client; and how long a stop may
//! take.

use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::numbers::rows;
use crate::schema::role::Role::{Beat, Cache, Db, Migrate, Nginx, Redis, Web, Worker};
use crate::units::{Milliseconds, Seconds};

/// Decides time-outs and grace periods.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    chain(shape, ledger);
    stops(shape, ledger);
}

fn chain(shape: &Shape, ledger: &mut Ledger) {
    let (request, why) = if shape.application().model.is_some() {
        (Seconds(60), "a prediction may be slow; gunicorn's usual 30 s would cut it")
    } else {
        (Seconds(30), "nobody waits longer for a page; longer work belongs in a task")
    };
    ledger.decide(rows::REQUEST_TIMEOUT, Web, request, why);
    let request = ledger.of(rows::REQUEST_TIMEOUT, Web);
    // Adopted code would not read it.
    if shape.has(Migrate) && !shape.is_adopted() {
        let statement = (request.clone() - Seconds(5)).at_least(Seconds(1));
        let why = "the database gives up before the request, and the application can answer";
        ledger.decide(rows::STATEMENT_TIMEOUT, Web, statement, why);
        let why = "no limit: a migration of a large table takes its time";
        ledger.decide(rows::STATEMENT_TIMEOUT, Migrate, Milliseconds(0), why);
    }
    let mut inner = request;
    if shape.application().server.is_gunicorn() {
        let why = "more than a request: a worker that is silent for so long is stuck, not slow";
        ledger.decide(rows::GUNICORN_TIMEOUT, Web, inner + Seconds(30), why);
        inner = ledger.of(rows::GUNICORN_TIMEOUT, Web);
    }
    if shape.has(Nginx) {
        let why = "the application is one hop away on the same host";
        ledger.decide(rows::CONNECT_TIMEOUT, Nginx, Seconds(5), why);
        let why = "more than the layer behind it, so that the application's answer comes first";
        ledger.decide(rows::READ_TIMEOUT, Nginx, inner + Seconds(15), why);
        let client = ledger.of(rows::READ_TIMEOUT, Nginx) + Seconds(15);
        let why = "more than nginx: set a load balancer's idle time-out to this or more";
        ledger.decide(rows::CLIENT_TIMEOUT, Nginx, client, why);
    }
}

fn stops(shape: &Shape, ledger: &mut Ledger) {
    let request = ledger.of(rows::REQUEST_TIMEOUT, Web);
    let why = "a request that began before SIGTERM may take its full time";
    ledger.decide(rows::GRACEFUL_TIMEOUT, Web, request, why);
    let stop = ledger.of(rows::GRACEFUL_TIMEOUT, Web) + Seconds(10);
    ledger.decide(rows::STOP_GRACE_PERIOD, Web, stop.clone(), "for clean-up before SIGKILL");
    if shape.has(Nginx) {
        let why = "as long as the application: nginx waits for the answers it proxies";
        ledger.decide(rows::STOP_GRACE_PERIOD, Nginx, stop, why);
        let less = ledger.of(rows::STOP_GRACE_PERIOD, Nginx) - Seconds(5);
        let why = "connections that are still open are closed before SIGKILL";
        ledger.decide(rows::WORKER_SHUTDOWN_TIMEOUT, Nginx, less.at_least(Seconds(1)), why);
    }
    if shape.has(Worker) {
        let why = "tasks may run for an hour; a deployment waits this long, then they go back to the queue";
        ledger.decide(rows::STOP_GRACE_PERIOD, Worker, Seconds(60), why);
        // Releases of Celery before 5.5 refuse the setting.
        if !shape.is_adopted() {
            let less = ledger.of(rows::STOP_GRACE_PERIOD, Worker) - Seconds(15);
            let why = "then unfinished tasks go back to the queue before SIGKILL";
            ledger.decide(rows::SOFT_SHUTDOWN_TIMEOUT, Worker, less.at_least(Seconds(1)), why);
        }
    }
    let others = [
        (Migrate, 60, "a statement in progress is rolled back cleanly"),
        (Beat, 15, "it writes its schedule and leaves"),
        (Db, 60, "a fast shutdown writes a checkpoint first; SIGKILL would mean crash recovery"),
        (Redis, 30, "it flushes its append-only file"),
        (Cache, 10, "it has nothing to save"),
    ];
    for (role, seconds, why) in others.into_iter().filter(|(role, ..)| shape.has(*role)) {
        ledger.decide(rows::STOP_GRACE_PERIOD, role, Seconds(seconds), why);
    }
}
