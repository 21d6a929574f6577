//! Pods that the strictest profile of Pod Security refuses.

use super::support::{add, pods};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::kubernetes::profile::{self, Profile};
use crate::lint::subject::{Cluster, Subject};

pub static RULE: Rule = Rule {
    code: "KU103",
    name: "pod-not-restricted",
    severity: Severity::Advice,
    summary: "every pod can run where Pod Security `restricted` is enforced",
    why: "A pod that runs as root, may gain rights, keeps capabilities or has no seccomp profile leaves whoever breaks in every way out that the kernel has. A namespace that enforces the profile refuses its pods: the rollout stands still, with an event that few look for.",
    example: "securityContext:\n  runAsNonRoot: true\n  runAsUser: 10001\n  seccompProfile:\n    type: RuntimeDefault\ncontainers:\n  - name: web\n    securityContext:\n      allowPrivilegeEscalation: false\n      capabilities:\n        drop: [ALL]",
    source: "Kubernetes, Pod Security Standards: restricted",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod) in pods(subject) {
        let Some((first, reasons)) = profile::refused(&pod, Profile::Restricted) else { continue };
        let enforced = enforced(cluster, &pod.object.namespace);
        let message = match &enforced {
            Some(namespace) => format!(
                "{} is refused by its namespace, {namespace}: {}",
                pod.object.label(),
                reasons
            ),
            None => format!("{}: {}", pod.object.label(), reasons),
        };
        let finding = add(findings, subject, cluster, first, message);
        finding
            .about(pod.object.label())
            .help("securityContext of the pod: runAsNonRoot, runAsUser and seccompProfile; of each container: allowPrivilegeEscalation: false and capabilities.drop: [ALL]");
        if enforced.is_some() {
            finding.severity(Severity::Error);
        }
    }
}

/// The namespace of a cluster that refuses what is not restricted.
fn enforced(cluster: &Cluster, namespace: &str) -> Option<String> {
    const LABEL: &str = "pod-security.kubernetes.io/enforce";
    let own = cluster.of_kind("Namespace").find(|own| own.name == namespace)?;
    let level = own.spot().text(&["metadata", "labels", LABEL])?;
    (level == "restricted").then(|| own.name.clone())
}
