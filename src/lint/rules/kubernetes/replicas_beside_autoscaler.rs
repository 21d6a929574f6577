//! Two that say how many pods there are.

use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::{Cluster, Object};

pub static RULE: Rule = Rule {
    code: "KU111",
    name: "replicas-beside-autoscaler",
    severity: Severity::Warning,
    summary: "what an autoscaler scales has no replicas of its own",
    why: "Every `kubectl apply` sets the number back to the one in the file: in the middle of a rush, a release takes the pods away that the autoscaler had added, and it needs minutes to bring them back.",
    example: "apiVersion: apps/v1\nkind: Deployment\nspec:\n  # replicas: the autoscaler's\n  selector:\n    matchLabels:\n      app: web",
    source: "Kubernetes, Horizontal Pod Autoscaling: migrating Deployments and StatefulSets to horizontal autoscaling",
    fix: None,
    check,
};

/// What scales others.
pub const SCALERS: [&str; 2] = ["HorizontalPodAutoscaler", "ScaledObject"];

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        for (scaler, own) in scaled(cluster) {
            let Some(replicas) = own.spot().at(&["spec", "replicas"]) else { continue };
            let number = replicas.item.scalar().unwrap_or_default();
            let message = format!(
                "{} is set to {number} pods at every apply, beside {}",
                own.label(),
                scaler.label()
            );
            add(findings, subject, cluster, replicas, message)
                .about(own.label())
                .related(scaler.spot().place(subject), "it scales the same pods")
                .help("take replicas out; the autoscaler begins with its minimum");
        }
    }
}

/// What is scaled, each with what scales it.
pub fn scaled(cluster: &Cluster) -> impl Iterator<Item = (&Object, &Object)> {
    SCALERS.iter().flat_map(|kind| cluster.of_kind(kind)).filter_map(|scaler| {
        let target = scaler.spot().at(&["spec", "scaleTargetRef"])?;
        let kind = target.text(&["kind"]).unwrap_or_else(|| "Deployment".to_owned());
        Some((scaler, cluster.find(&kind, &target.text(&["name"])?)?))
    })
}

/// The least and the most pods of an object: those of its autoscaler, else its own.
pub fn numbers(cluster: &Cluster, own: &Object) -> (i64, i64) {
    let scaler = scaled(cluster).find(|(_, other)| std::ptr::eq(*other, own));
    let of = |scaler: &Object, keys: [&str; 2], default: i64| {
        keys.iter().find_map(|key| scaler.spot().int(&["spec", key])).unwrap_or(default)
    };
    match scaler {
        Some((scaler, _)) => (
            of(scaler, ["minReplicas", "minReplicaCount"], 1),
            of(scaler, ["maxReplicas", "maxReplicaCount"], 100),
        ),
        None => {
            let replicas = own.spot().int(&["spec", "replicas"]).unwrap_or(1);
            (replicas, replicas)
        }
    }
}
