//! A container that may use more memory than it is promised.

use super::support::{add, amount, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU106",
    name: "memory-request-differs",
    severity: Severity::Advice,
    summary: "a container is promised the memory that it may use",
    why: "The scheduler counts requests, and memory cannot be taken back: where pods may use more than they asked for, a node is full before its sum says so, and pods above their request are evicted first.",
    example: "resources:\n  requests:\n    memory: 352Mi\n  limits:\n    memory: 352Mi",
    source: "Kubernetes, Node-pressure Eviction: pod selection for kubelet eviction",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        let Some(limit) = own.spot.text(&["resources", "limits", "memory"]) else { continue };
        // Kubernetes takes the limit where no request is said.
        let Some(request) = own.spot.text(&["resources", "requests", "memory"]) else { continue };
        if amount(&request) == amount(&limit) {
            continue;
        }
        let place = own.spot.near(&["resources", "requests", "memory"]);
        let message =
            format!("{} asks for {request} of memory and may use {limit}", label(&pod, &own));
        add(findings, subject, cluster, place, message)
            .about(label(&pod, &own))
            .help(format!("memory: {limit}"));
    }
}
