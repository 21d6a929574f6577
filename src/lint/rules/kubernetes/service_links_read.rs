//! Variables that Kubernetes adds and the code reads as its own.

use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::{Cluster, Pod};

pub static RULE: Rule = Rule {
    code: "KU112",
    name: "service-links-read",
    severity: Severity::Error,
    summary: "no Service gives the code a variable that it reads as its own",
    why: "For every Service of the namespace a pod gets variables such as `REDIS_PORT=tcp://10.0.0.7:6379`. Code that reads REDIS_PORT as a number ends at its start with a ValueError, and only where a Service of that name was there before the pod.",
    example: "spec:\n  enableServiceLinks: false",
    source: "Kubernetes, Service: environment variables; enableServiceLinks",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        for pod in cluster.pods() {
            if pod.spec.truth(&["enableServiceLinks"]) == Some(false) {
                continue;
            }
            let services = cluster.of_kind("Service");
            for service in services.filter(|own| own.namespace == pod.object.namespace) {
                let name = service.name.to_ascii_uppercase().replace(['-', '.'], "_");
                let ends = ["_PORT", "_SERVICE_HOST", "_SERVICE_PORT"];
                let Some(variable) = ends
                    .iter()
                    .map(|end| format!("{name}{end}"))
                    .find(|own| !is_set(cluster, &pod, own) && reads(subject, own))
                else {
                    continue;
                };
                let message = format!(
                    "{}: the code reads {variable}, which Service {} sets to an address",
                    pod.object.label(),
                    service.name
                );
                let place = pod.spec.near(&["enableServiceLinks"]);
                let place = if place.item == pod.spec.item { pod.object.spot() } else { place };
                add(findings, subject, cluster, place, message)
                    .about(pod.object.label())
                    .related(service.spot().place(subject), "the Service")
                    .help("enableServiceLinks: false");
            }
        }
    }
}

/// Whether the pod sets a variable itself, which then holds; what secrets bring, nobody
/// here knows.
fn is_set(cluster: &Cluster, pod: &Pod<'_>, variable: &str) -> bool {
    pod.containers().iter().any(|own| {
        let in_env = own
            .spot
            .list(&["env"])
            .iter()
            .any(|own| own.text(&["name"]).as_deref() == Some(variable));
        let in_files = own.spot.list(&["envFrom"]).iter().any(|own| {
            let Some(name) = own.text(&["configMapRef", "name"]) else { return true };
            cluster.find("ConfigMap", &name).is_none_or(|own| own.spot().has(&["data", variable]))
        });
        in_env || in_files
    })
}

/// Whether the code reads a variable, or has a setting of its name.
fn reads(subject: &Subject, variable: &str) -> bool {
    let quoted = [format!("\"{variable}\""), format!("'{variable}'")];
    let field = format!("{}:", variable.to_ascii_lowercase());
    subject.tree.modules().any(|module| {
        let text = module.text();
        quoted.iter().any(|own| text.contains(own.as_str()))
            || text.contains("BaseSettings")
                && text.lines().any(|line| line.trim_start().starts_with(&field))
    })
}
