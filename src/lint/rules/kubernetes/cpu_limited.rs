//! Containers that are stopped while the node is idle.

use super::support::{add, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU105",
    name: "pod-cpu-limited",
    severity: Severity::Style,
    summary: "CPU is shared by requests, not cut by limits",
    why: "A limit of CPU is a share of each tenth of a second: who used it up stands still until the next, in the middle of a request, even where the node has nothing else to do. A request already says how cores are shared where they are short.",
    example: "resources:\n  requests:\n    cpu: 500m\n  limits:\n    memory: 352Mi",
    source: "Linux, CFS bandwidth control; Kubernetes, Resource Management: how CPU limits are enforced",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        let Some(limit) = own.spot.at(&["resources", "limits", "cpu"]) else { continue };
        let most = limit.item.scalar().unwrap_or_default();
        let message = format!("{} is stopped above {most} CPU", label(&pod, &own));
        add(findings, subject, cluster, limit, message)
            .about(label(&pod, &own))
            .help("a request of CPU, and no limit");
    }
}
