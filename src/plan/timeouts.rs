//! The chain of time-outs, each longer than the one inside it: database
//! statement < request < gunicorn < nginx < client; and how long a stop may
//! take.

use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::schema::role::Role::{Beat, Cache, Db, Migrate, Nginx, Redis, Web, Worker};

/// Decides time-outs and grace periods.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    let model = shape.application().model.is_some();
    let (request, reason) = if model {
        (60, "a prediction may be slow; gunicorn's usual 30 s would cut it")
    } else {
        (30, "nobody waits longer for a page; longer work belongs in a task")
    };
    let request = ledger.seconds(Web, "request-timeout", request, reason, &[]);
    // Adopted code would not read it.
    if shape.has(Migrate) && !shape.is_adopted() {
        let statement = request.saturating_sub(5).max(1) * 1000;
        let reason = "5 s less than a request, so that the database gives up first and the application can answer";
        ledger.decide(
            Web,
            "statement-timeout",
            milliseconds(statement),
            reason,
            &["web.request-timeout"],
        );
        ledger.decide(
            Migrate,
            "statement-timeout",
            milliseconds(0),
            "a migration of a large table takes its time",
            &[],
        );
    }
    let uvicorn = !shape.application().server.is_gunicorn();
    let mut inner = request;
    let mut inner_key = "web.request-timeout";
    if !uvicorn {
        let reason =
            "30 s more than a request: a worker that is silent for so long is stuck, not slow";
        inner = ledger.seconds(Web, "gunicorn-timeout", request + 30, reason, &[inner_key]);
        inner_key = "web.gunicorn-timeout";
    }
    if shape.has(Nginx) {
        ledger.seconds(
            Nginx,
            "connect-timeout",
            5,
            "the application is one hop away on the same host",
            &[],
        );
        let reason =
            "15 s more than the layer behind it, so that the application's answer comes first";
        let read = ledger.seconds(Nginx, "read-timeout", inner + 15, reason, &[inner_key]);
        let reason = "15 s more than nginx: set a load balancer's idle time-out to this or more";
        ledger.seconds(Nginx, "client-timeout", read + 15, reason, &["nginx.read-timeout"]);
    }

    let reason = "a request that began before SIGTERM may take its full time";
    let graceful =
        ledger.seconds(Web, "graceful-timeout", request, reason, &["web.request-timeout"]);
    let reason = "10 s more than graceful-timeout, for clean-up before SIGKILL";
    ledger.seconds(Web, "stop-grace-period", graceful + 10, reason, &["web.graceful-timeout"]);
    if shape.has(Nginx) {
        let reason = "as long as the application: nginx waits for the answers it proxies";
        let stop = ledger.seconds(
            Nginx,
            "stop-grace-period",
            graceful + 10,
            reason,
            &["web.graceful-timeout"],
        );
        let reason = "5 s less than the grace period: connections that are still open are closed before SIGKILL";
        ledger.seconds(
            Nginx,
            "worker-shutdown-timeout",
            stop.saturating_sub(5).max(1),
            reason,
            &["nginx.stop-grace-period"],
        );
    }
    if shape.has(Migrate) {
        let reason = "a statement in progress is rolled back cleanly";
        ledger.seconds(Migrate, "stop-grace-period", 60, reason, &[]);
    }
    if shape.has(Worker) {
        let reason = "tasks may run for an hour; a deployment waits this long, then they go back to the queue";
        let grace = ledger.seconds(Worker, "stop-grace-period", 60, reason, &[]);
        // Releases of Celery before 5.5 refuse the setting.
        if !shape.is_adopted() {
            let reason = "15 s less than the grace period: then unfinished tasks go back to the queue before SIGKILL";
            ledger.seconds(
                Worker,
                "soft-shutdown-timeout",
                grace.saturating_sub(15).max(1),
                reason,
                &["worker.stop-grace-period"],
            );
        }
    }
    if shape.has(Beat) {
        ledger.seconds(Beat, "stop-grace-period", 15, "it writes its schedule and leaves", &[]);
    }
    if shape.has(Db) {
        let reason = "a fast shutdown writes a checkpoint first; SIGKILL would mean crash recovery";
        ledger.seconds(Db, "stop-grace-period", 60, reason, &[]);
    }
    if shape.has(Redis) {
        ledger.seconds(Redis, "stop-grace-period", 30, "it flushes its append-only file", &[]);
    }
    if shape.has(Cache) {
        ledger.seconds(Cache, "stop-grace-period", 10, "it has nothing to save", &[]);
    }
}

fn milliseconds(number: u64) -> crate::schema::quantity::Quantity {
    crate::schema::quantity::Quantity::Milliseconds(number)
}
