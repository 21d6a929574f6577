//! A container that may take all memory of its node.

use super::support::{add, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU104",
    name: "pod-without-memory-limit",
    severity: Severity::Advice,
    summary: "every container has a memory limit",
    why: "One process that leaks takes the node's memory, and the kubelet then evicts whatever asked for least, or the kernel kills what it likes. With a limit it is the container that grew, and only that one.",
    example: "resources:\n  requests:\n    memory: 352Mi\n  limits:\n    memory: 352Mi",
    source: "Kubernetes, Resource Management for Pods and Containers; Node-pressure Eviction",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        if own.spot.has(&["resources", "limits", "memory"]) {
            continue;
        }
        let place = own.spot.near(&["resources", "limits"]);
        let message = format!("{} has no memory limit", label(&pod, &own));
        add(findings, subject, cluster, place, message)
            .about(label(&pod, &own))
            .help("resources.limits.memory, with the same value as its request: what it uses under load and a quarter more");
    }
}
