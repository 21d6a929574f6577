//! Memory of containers: no limit, or a request that differs from it.

use super::support::{add, amount, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static NO_LIMIT: Rule = Rule {
    code: "KU104",
    name: "pod-without-memory-limit",
    severity: Severity::Advice,
    summary: "every container has a memory limit",
    why: "One process that leaks takes the node's memory, and the kubelet then evicts whatever asked for least, or the kernel kills what it likes. With a limit it is the container that grew, and only that one.",
    example: "resources:\n  requests:\n    memory: 352Mi\n  limits:\n    memory: 352Mi",
    source: "Kubernetes, Resource Management for Pods and Containers; Node-pressure Eviction",
    fix: None,
    check: no_limit,
};

pub static DIFFERS: Rule = Rule {
    code: "KU106",
    name: "memory-request-differs",
    severity: Severity::Advice,
    summary: "a container is promised the memory that it may use",
    why: "The scheduler counts requests, and memory cannot be taken back: where pods may use more than they asked for, a node is full before its sum says so, and pods above their request are evicted first.",
    example: "resources:\n  requests:\n    memory: 352Mi\n  limits:\n    memory: 352Mi",
    source: "Kubernetes, Node-pressure Eviction: pod selection for kubelet eviction",
    fix: None,
    check: differs,
};

fn no_limit(subject: &Subject, findings: &mut Findings) {
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

fn differs(subject: &Subject, findings: &mut Findings) {
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
