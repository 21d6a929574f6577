//! nginx: processes, connections, buffers.

use crate::plan::ledger::Ledger;
use crate::plan::processes;
use crate::plan::shape::Shape;
use crate::plan::uploads;
use crate::schema::numbers::rows;
use crate::schema::role::Role::Nginx;
use crate::units::Seconds;

/// Decides nginx's own numbers; its time-outs are in the chain.
pub fn decide(shape: &Shape, ledger: &mut Ledger) {
    let cpus = processes::cpus(shape, ledger, Nginx).at_least(1);
    ledger.decide(rows::WORKER_PROCESSES, Nginx, cpus, "`auto` would count the host's cores");
    let why = "clients and upstream together; about a MiB of memory";
    ledger.decide(rows::WORKER_CONNECTIONS, Nginx, 1024, why);
    let connections = ledger.of(rows::WORKER_CONNECTIONS, Nginx);
    let why = "a proxied request holds two descriptors";
    ledger.decide(rows::RLIMIT_NOFILE, Nginx, connections * 2, why);
    uploads::largest_body(shape, ledger);
    // A slow client must not hold one of the application's threads: bodies are read whole
    // before they are passed on. Where they wait is memory, so there is a limit.
    let why = "a further one is answered with 503 instead of filling the memory where they wait";
    ledger.decide(rows::UPLOADS, Nginx, 8, why);
    uploads::of_proxy(shape, ledger);
    let why = "longer than the 60 s that load balancers keep idle connections";
    ledger.decide(rows::KEEPALIVE_TIMEOUT, Nginx, Seconds(65), why);
    ledger.decide(rows::UPSTREAM_KEEPALIVE, Nginx, 32, "saves a TCP handshake per request");
    let why = "a recreated application container has a new address";
    ledger.decide(rows::RESOLVER_VALID, Nginx, Seconds(5), why);
    let why = "a smaller answer fits in one packet anyway";
    ledger.decide(rows::GZIP_MIN_LENGTH, Nginx, 1024, why);
    let why = "an hour: a changed file is seen the same day";
    ledger.decide(rows::STATIC_MAX_AGE, Nginx, Seconds(3600), why);
    let why = "a year: another content has another name";
    ledger.decide(rows::STATIC_IMMUTABLE_MAX_AGE, Nginx, Seconds(31_536_000), why);
    let why = "nginx's default; the application keeps its side longer";
    ledger.decide(rows::UPSTREAM_KEEPALIVE_TIMEOUT, Nginx, Seconds(60), why);
}
