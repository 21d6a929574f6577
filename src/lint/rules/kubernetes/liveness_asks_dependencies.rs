//! Pods that are killed because something else is away.

use super::support::{add, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU108",
    name: "liveness-asks-dependencies",
    severity: Severity::Warning,
    summary: "a liveness probe asks the process alone",
    why: "A probe that asks the database fails in every pod at once when the database is slow: the kubelet kills them all, and they all start again at the moment at which it can bear that least. Readiness may ask it, since that only keeps requests away.",
    example: "readinessProbe:\n  httpGet:\n    path: /ready\n    port: http\nlivenessProbe:\n  httpGet:\n    path: /health\n    port: http",
    source: "Kubernetes, Liveness, Readiness, and Startup Probes: caution",
    fix: None,
    check,
};

/// Words in a route's path that say that it asks what the process depends on.
const WORDS: [&str; 5] = ["ready", "readiness", "readyz", "dependencies", "deep"];

fn check(subject: &Subject, findings: &mut Findings) {
    let ready = subject.facts.ready.value();
    for (cluster, pod, own) in containers(subject) {
        let keys = ["livenessProbe", "httpGet", "path"];
        let (Some(path), Some(place)) = (own.spot.text(&keys), own.spot.at(&keys)) else {
            continue;
        };
        let bare = path.split('?').next().unwrap_or_default().trim_end_matches('/');
        let asks = ready.is_some_and(|own| own.trim_end_matches('/') == bare)
            || bare.split(['/', '-', '_', '.']).any(|part| WORDS.contains(&part));
        // A route that is both tells nothing by its name.
        if !asks || subject.facts.health.value().is_some_and(|own| own == &path) {
            continue;
        }
        let message = format!(
            "{}: liveness asks {path}, which fails where its database does",
            label(&pod, &own)
        );
        add(findings, subject, cluster, place, message)
            .about(label(&pod, &own))
            .help("a route that answers from the process alone, like /health");
    }
}
