//! An application of which Compose does not know whether it is well.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "CO121",
    name: "health-unknown",
    severity: Severity::Advice,
    summary: "the application has a health check, in its image or its service",
    why: "A process that hangs runs: `docker compose ps` says Up, `up --wait` reports success for a deployment that answers nothing, and a proxy starts before it.",
    example: "healthcheck:\n  test: [CMD, python, -c, \"import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=3); c.request('GET', '/health'); exit(c.getresponse().status >= 400)\"]",
    source: "Compose Specification: healthcheck; Dockerfile reference: HEALTHCHECK",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        // What a pulled image brings is not known, nor what another base has.
        let Some(build) = subject.build_of(own.container).filter(|build| build.is_python) else {
            continue;
        };
        let base = build.image.base.known().unwrap_or_default();
        let is_library =
            crate::source::compose::image::parts(base).0.rsplit('/').next() == Some("python");
        if own.kind() != Kind::Web || own.has_health() || own.health_is_off() || !is_library {
            continue;
        }
        let server = own.container.server.as_ref();
        let port = server.and_then(|server| server.port()).unwrap_or(8000);
        let path = subject.facts.health.value().map_or("/", String::as_str);
        let message = format!("nothing tells whether {} answers", own.name());
        findings.add(own.at(), message).about(own.name()).help(format!(
            "healthcheck:\n  test: [CMD, python, -c, \"import http.client as h; c = h.HTTPConnection('127.0.0.1', {port}, timeout=3); c.request('GET', '{path}'); exit(c.getresponse().status >= 400)\"]\n  interval: 30s\n  timeout: 5s\n  start_period: 30s"
        ));
    }
}
