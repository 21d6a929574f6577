//! Names that nothing in a built overlay answers to.

use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::references::{self, Reference};

pub static RULE: Rule = Rule {
    code: "KU120",
    name: "reference-missing",
    severity: Severity::Error,
    summary: "everything that an overlay names is in it",
    why: "A pod whose ConfigMap, key, claim or service account is not there is not started: it waits in ContainerCreating or CreateContainerConfigError, and a rolling update with it, until somebody looks. A route to a Service that is not there answers 503.",
    example: "configMapGenerator:\n  - name: shop-config\n    literals:\n      - LOG_LEVEL=info",
    source: "Kubernetes, Configure a Pod to Use a ConfigMap: restrictions; Ingress",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    // Of files as they are nobody knows what else is applied.
    for cluster in subject.clusters().iter().filter(|own| own.is_built()) {
        for Reference { owner, what, place } in references::missing(cluster) {
            let message = format!("{owner} names {what}, which the overlay does not have");
            add(findings, subject, cluster, place, message)
                .about(format!("{owner} {what}"))
                .help("add it to the overlay, or mend the name");
        }
    }
}
