//! Pods that get requests before they can answer.

use super::support::{add, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::{Container, Object, Pod};

pub static RULE: Rule = Rule {
    code: "KU107",
    name: "served-without-readiness",
    severity: Severity::Warning,
    summary: "what is behind a Service has a readiness probe",
    why: "Without one a pod counts as ready once its process runs: while the code is still loading, and while its database is away, a share of all requests goes to it and fails. Every release loses some.",
    example: "readinessProbe:\n  httpGet:\n    path: /ready\n    port: http\n  periodSeconds: 5",
    source: "Kubernetes, Liveness, Readiness, and Startup Probes",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        for service in cluster.of_kind("Service") {
            for pod in cluster.pods().filter(|own| selects(service, own)) {
                let Some(own) = served(service, &pod) else { continue };
                if own.spot.has(&["readinessProbe"]) {
                    continue;
                }
                let message = format!(
                    "{} is behind Service {} and has no readiness probe",
                    label(&pod, &own),
                    service.name
                );
                add(findings, subject, cluster, own.spot, message)
                    .about(label(&pod, &own))
                    .related(service.spot().place(subject), "the Service")
                    .help("a readinessProbe on what says that it can answer: a route that asks its database");
            }
        }
    }
}

/// Whether a Service sends requests to pods.
pub fn selects(service: &Object, pod: &Pod<'_>) -> bool {
    let selector = service.spot().pairs(&["spec", "selector"]);
    !selector.is_empty()
        && service.namespace == pod.object.namespace
        && selector.iter().all(|pair| pod.labels.contains(pair))
        && pod.stays()
}

/// The container that a Service's first port leads to, as far as that can be told.
fn served<'c>(service: &Object, pod: &Pod<'c>) -> Option<Container<'c>> {
    let all: Vec<Container<'c>> = pod.containers().into_iter().filter(|own| !own.is_init).collect();
    let port = service.spot().list(&["spec", "ports"]).into_iter().next();
    let target = port.and_then(|own| own.text(&["targetPort"]).or_else(|| own.text(&["port"])));
    let has = |own: &&Container<'c>| {
        own.spot
            .list(&["ports"])
            .iter()
            .any(|port| [port.text(&["name"]), port.text(&["containerPort"])].contains(&target))
    };
    all.iter().find(has).or_else(|| all.first()).cloned()
}
