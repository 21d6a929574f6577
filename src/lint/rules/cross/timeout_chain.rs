//! A proxy that gives up before the server does.

use crate::environments::words;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::proxy::owner::owners;
use crate::lint::rules::server::{no_timeout::LONGEST, options};
use crate::lint::subject::{Passed, Program, Proxy, Server, Subject, amount};

pub static RULE: Rule = Rule {
    code: "XF105",
    name: "timeout-chain",
    severity: Severity::Warning,
    summary: "nginx waits longer for an answer than gunicorn lets a worker take",
    why: "Each part has to wait a little longer than the one behind it: statement, request, gunicorn, nginx, client. nginx answers 504 after `proxy_read_timeout`, 60 s unless it is set, while the worker goes on: the work is done for nobody, and who tries again does it twice.",
    example: "proxy_read_timeout 130s;  # gunicorn: timeout = 120",
    source: "nginx, ngx_http_proxy_module: proxy_read_timeout; gunicorn, Settings: timeout",
    fix: None,
    check,
};

/// Where an nginx passes on to a server that has a time of its own.
struct Pair<'s> {
    proxy: &'s Proxy,
    passed: Passed<'s>,
    server: &'s Server,
    /// How long nginx waits.
    waits: u64,
    /// How long a worker may take, and where that is said.
    limit: u64,
    at: At,
}

fn check(subject: &Subject, findings: &mut Findings) {
    let pairs = pairs(subject);
    for own in pairs.iter().filter(|own| own.limit > own.waits) {
        let (limit, waits) = (own.limit, own.waits);
        let host = &own.passed.host;
        let set = own.passed.get("proxy_read_timeout");
        let place = set.map_or(own.passed.at, |set| At::new(own.proxy.text, set.span));
        let unset = if set.is_some() { "" } else { ", since no proxy_read_timeout is set" };
        // What one location waits for that leads to the same server, here or in
        // another configuration, its workers are to be given.
        let is_needed = |other: &Pair<'_>| {
            other.at == own.at
                && other.waits >= limit
                && other.passed.get("proxy_read_timeout").is_some()
        };
        let mut needing = pairs.iter().filter(|other| is_needed(other)).peekable();
        let is_meant = needing.peek().is_some();
        // One location for what takes long: the others are shorter on purpose.
        let on_purpose = needing.any(|other| other.proxy.text == own.proxy.text);
        // PY108 asks for less.
        let is_long = i64::try_from(limit).is_ok_and(|own| own > LONGEST);
        let help = if is_meant {
            format!(
                "proxy_read_timeout {}s;  # where requests may take that long here, too",
                limit + 10
            )
        } else if is_long {
            let less = waits.saturating_sub(10).max(1).to_string();
            format!(
                "gunicorn: {}, below nginx's {waits} s; what takes longer belongs into a task queue",
                options::written_at(subject, own.server, own.at, ("timeout", &less))
            )
        } else {
            format!("proxy_read_timeout {}s;", limit + 10)
        };
        findings
            .add(place, format!("nginx gives up on {host} after {waits} s{unset}, and gunicorn lets a worker take {limit} s"))
            .about(format!("{host} proxy_read_timeout"))
            .related(own.at, format!("a worker may take {limit} s"))
            .severity(if on_purpose || is_local(subject.path(own.proxy.text)) {
                Severity::Advice
            } else {
                Severity::Warning
            })
            .help(help);
    }
}

/// Whether a configuration rehearses on the own machine what another one is for:
/// `local-prod.conf`.
fn is_local(path: &str) -> bool {
    words(path.rsplit('/').next().unwrap_or(path)).iter().any(|word| word == "local")
}

/// Every place where a configuration passes on to gunicorn, with both times known.
fn pairs(subject: &Subject) -> Vec<Pair<'_>> {
    let mut found = Vec::new();
    for proxy in subject.proxies.iter().filter(|own| !subject.is_for_development(own.text)) {
        let owners = owners(subject, proxy);
        for passed in subject.passed(proxy) {
            let set = passed.get("proxy_read_timeout");
            if set.is_none() && subject.set_elsewhere(proxy, "proxy_read_timeout") {
                continue;
            }
            let Some(waits) = waits(&passed) else { continue };
            // The project that has this nginx, where one is known to.
            let container = if owners.is_empty() {
                subject
                    .production_deployments()
                    .find_map(|deployment| subject.named(deployment, &passed.host))
            } else {
                owners.iter().find_map(|(own, _)| subject.named(own.deployment, &passed.host))
            };
            let Some(server) = container.and_then(|own| own.server.as_ref()) else { continue };
            // With an event loop it is a heartbeat, and no limit of a request.
            if server.program != Program::Gunicorn || server.is_asgi() {
                continue;
            }
            let Some((value, at)) = server.get("timeout") else { continue };
            let Some(limit) = value.int().and_then(|own| u64::try_from(own).ok()) else { continue };
            found.push(Pair { proxy, passed, server, waits, limit, at });
        }
    }
    found
}

/// How long nginx waits for an answer there; `None` where that cannot be read.
fn waits(passed: &Passed<'_>) -> Option<u64> {
    match passed.get("proxy_read_timeout") {
        Some(own) => amount::seconds(own.first()),
        None => Some(60),
    }
}
