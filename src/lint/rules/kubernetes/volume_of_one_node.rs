//! Pods on several nodes that share a volume of one.

use super::replicas_beside_autoscaler::numbers;
use super::support::{add, pods};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Purpose, Subject};

pub static RULE: Rule = Rule {
    code: "KU124",
    name: "volume-of-one-node",
    severity: Severity::Warning,
    summary: "a volume of one node has one pod, and its update stops that first",
    why: "A ReadWriteOnce volume is attached to one node. A second pod, or the new one of a rolling update, that is put on another node waits in ContainerCreating for as long as the first has the volume: the release hangs, depending on where the scheduler put it.",
    example: "kind: Deployment\nspec:\n  replicas: 1\n  strategy:\n    type: Recreate",
    source: "Kubernetes, Persistent Volumes: access modes",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    // Who works on the application has one node.
    let all = pods(subject).filter(|(cluster, _)| cluster.purpose == Purpose::Production);
    for (cluster, pod) in all.filter(|(_, pod)| pod.object.kind == "Deployment") {
        for volume in pod.spec.list(&["volumes"]) {
            let Some(name) = volume.text(&["persistentVolumeClaim", "claimName"]) else { continue };
            let Some(claim) = cluster.find("PersistentVolumeClaim", &name) else { continue };
            let modes = claim.spot().words(&["spec", "accessModes"]);
            if modes.is_empty() || modes.iter().any(|own| !own.starts_with("ReadWriteOnce")) {
                continue;
            }
            let spot = pod.object.spot();
            let (_, most) = numbers(cluster, pod.object);
            let is_recreated = spot.text(&["spec", "strategy", "type"]).as_deref()
                == Some("Recreate")
                || spot.text(&["spec", "strategy", "rollingUpdate", "maxSurge"]).as_deref()
                    == Some("0");
            let why = match (most > 1, is_recreated) {
                (true, _) => format!("up to {most} pods share it"),
                (false, false) => "a rolling update has two of its pods".to_owned(),
                (false, true) => continue,
            };
            let message =
                format!("{}: {name} is attached to one node, and {why}", pod.object.label());
            let place = volume.near(&["persistentVolumeClaim", "claimName"]);
            add(findings, subject, cluster, place, message)
                .about(format!("{} {name}", pod.object.label()))
                .related(claim.spot().place(subject), "the claim")
                .help(match most > 1 {
                    true => "ReadWriteMany where the storage has it, or files in a bucket",
                    false => "strategy:\n  type: Recreate",
                });
        }
    }
}
