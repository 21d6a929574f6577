//! Pods whose code can be changed while they run.

use super::support::{add, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU125",
    name: "pod-root-writable",
    severity: Severity::Advice,
    summary: "the root file system of a container is read-only",
    why: "Who can run something in a container brings tools along and changes the code, for every request that follows. What the application writes belongs into an emptyDir with a limit, or into a claim.",
    example: "securityContext:\n  readOnlyRootFilesystem: true",
    source: "Kubernetes, Configure a Security Context; NSA and CISA, Kubernetes Hardening Guide: immutable container file systems",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        let keys = ["securityContext", "readOnlyRootFilesystem"];
        if own.spot.is(&keys) {
            continue;
        }
        let message = format!("{}: its root file system can be written to", label(&pod, &own));
        add(findings, subject, cluster, own.spot.near(&keys), message)
            .about(label(&pod, &own))
            .help("readOnlyRootFilesystem: true, with an emptyDir at /tmp");
    }
}
