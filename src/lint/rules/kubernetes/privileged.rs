//! Pods that are not kept apart from their node.

use super::support::{add, pods};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::kubernetes::profile::{self, Profile};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU102",
    name: "pod-privileged",
    severity: Severity::Error,
    summary: "no pod has a part of its node",
    why: "Who breaks into a pod with the node's network, processes, files or kernel has the node, and with it every other pod there and its secrets. A namespace that enforces Pod Security `baseline` refuses such a pod.",
    example: "securityContext:\n  allowPrivilegeEscalation: false\n  capabilities:\n    drop: [ALL]",
    source: "Kubernetes, Pod Security Standards: baseline",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod) in pods(subject) {
        let Some((first, reasons)) = profile::refused(&pod, Profile::Baseline) else { continue };
        let message = format!("{}: {}", pod.object.label(), reasons);
        let finding = add(findings, subject, cluster, first, message);
        finding.about(pod.object.label());
        // An agent of every node may be there for that.
        if pod.object.kind == "DaemonSet" {
            finding.severity(Severity::Advice).help(
                "an agent that has to: in a namespace of its own, the only one where Pod Security says `privileged`",
            );
        } else {
            finding.help("take it out: the application needs nothing of its node");
        }
    }
}
