//! nginx: processes, connections, buffers.

use crate::plan::ledger::Ledger;
use crate::schema::role::Role::Nginx;
use crate::units::{MiB, MilliCpu};

/// Decides nginx's own numbers; its time-outs are in the chain.
pub fn decide(ledger: &mut Ledger) {
    let cpus = MilliCpu(ledger.number(Nginx, "cpus") as u32);
    let processes = u64::from(cpus.threads());
    let reason = format!("{cpus}; `auto` would count the host's cores");
    ledger.count(Nginx, "worker-processes", processes, reason, &["nginx.cpus"]);
    let connections = ledger.count(
        Nginx,
        "worker-connections",
        1024,
        "clients and upstream together; about a MiB of memory",
        &[],
    );
    let reason = "twice worker-connections: a proxied request holds two descriptors";
    ledger.count(Nginx, "rlimit-nofile", connections * 2, reason, &["nginx.worker-connections"]);
    ledger.memory(
        Nginx,
        "body-size",
        MiB(10),
        "enough for a form with a picture; a larger upload is a decision",
        &[],
    );
    ledger.seconds(
        Nginx,
        "keepalive-timeout",
        65,
        "longer than the 60 s that load balancers keep idle connections",
        &[],
    );
    ledger.count(Nginx, "upstream-keepalive", 32, "saves a TCP handshake per request", &[]);
    ledger.seconds(
        Nginx,
        "resolver-valid",
        5,
        "a recreated application container has a new address",
        &[],
    );
    ledger.count(Nginx, "gzip-min-length", 1024, "a smaller answer fits in one packet anyway", &[]);
    ledger.seconds(
        Nginx,
        "static-max-age",
        3600,
        "an hour: a changed file is seen the same day",
        &[],
    );
    ledger.seconds(
        Nginx,
        "static-immutable-max-age",
        31_536_000,
        "a year: another content has another name",
        &[],
    );
    ledger.seconds(
        Nginx,
        "upstream-keepalive-timeout",
        60,
        "nginx's default; the application keeps its side longer",
        &[],
    );
}
