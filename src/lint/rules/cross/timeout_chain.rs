//! A proxy that gives up before the server does.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::proxy::owner::owners;
use crate::lint::rules::server::{no_timeout::LONGEST, options};
use crate::lint::subject::{Passed, Program, Subject, amount};

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

fn check(subject: &Subject, findings: &mut Findings) {
    for proxy in subject.proxies.iter().filter(|own| !subject.is_for_development(own.text)) {
        let owners = owners(subject, proxy);
        let all = subject.passed(proxy);
        for passed in &all {
            let set = passed.get("proxy_read_timeout");
            if set.is_none() && subject.set_elsewhere(proxy, "proxy_read_timeout") {
                continue;
            }
            let Some(waits) = waits(passed) else { continue };
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
            if limit <= waits {
                continue;
            }
            let place = set.map_or(passed.at, |own| crate::lint::At::new(proxy.text, own.span));
            let unset = if set.is_some() { "" } else { ", since no proxy_read_timeout is set" };
            // One location for what takes long: the others are shorter on purpose.
            let is_meant = |other: &Passed<'_>| {
                other.get("proxy_read_timeout").is_some()
                    && self::waits(other).is_some_and(|own| own >= limit)
            };
            let on_purpose = all.iter().any(|own| own.host == passed.host && is_meant(own));
            // Another configuration of a proxy waits for the same server.
            let is_meant_elsewhere =
                || subject.proxies.iter().flat_map(|own| subject.passed(own)).any(|o| is_meant(&o));
            // PY108 asks for less.
            let is_long = i64::try_from(limit).is_ok_and(|own| own > LONGEST);
            let help = if is_long && !on_purpose && !is_meant_elsewhere() {
                let lower = waits.saturating_sub(10).max(1).to_string();
                format!(
                    "gunicorn: {}, below nginx's {waits} s; what takes longer belongs into a task queue",
                    options::written(server, &[("timeout", &lower)])
                )
            } else {
                format!("proxy_read_timeout {}s;", limit + 10)
            };
            findings
                .add(place, format!("nginx gives up on {} after {waits} s{unset}, and gunicorn lets a worker take {limit} s", passed.host))
                .about(format!("{} proxy_read_timeout", passed.host))
                .related(at, format!("a worker may take {limit} s"))
                .severity(if on_purpose { Severity::Advice } else { Severity::Warning })
                .help(help);
        }
    }
}

/// How long nginx waits for an answer there; `None` where that cannot be read.
fn waits(passed: &Passed<'_>) -> Option<u64> {
    match passed.get("proxy_read_timeout") {
        Some(own) => amount::seconds(own.first()),
        None => Some(60),
    }
}
