//! A scheduler that runs in more than one pod.

use super::replicas_beside_autoscaler::numbers;
use super::support::{add, containers};
use crate::catalog::Program;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU116",
    name: "beat-pods",
    severity: Severity::Error,
    summary: "Celery's scheduler is one pod, and the old one ends before the new one starts",
    why: "Every running beat sends every scheduled task: with two, each invoice is written twice. A rolling update starts the new pod before it stops the old one, so that each release has two of them for a while.",
    example: "kind: Deployment\nspec:\n  replicas: 1\n  strategy:\n    type: Recreate",
    source: "Celery, Periodic Tasks: you have to ensure only a single scheduler is running for a schedule at a time; Kubernetes, Deployments: Recreate",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        let steps = own.steps(subject);
        let Some(step) = steps.iter().find(|step| {
            let has = |words: &[&str]| step.argv.iter().any(|own| words.contains(&own.as_str()));
            step.program == Program::CeleryBeat
                || step.program == Program::CeleryWorker && has(&["-B", "--beat"])
        }) else {
            continue;
        };
        // RedBeat holds a lock in Redis.
        if step.argv.iter().any(|word| word.to_ascii_lowercase().contains("redbeat"))
            || !pod.stays()
        {
            continue;
        }
        let spot = pod.object.spot();
        let (_, most) = numbers(cluster, pod.object);
        if most > 1 || pod.object.kind == "DaemonSet" {
            let message = match pod.object.kind.as_str() {
                "DaemonSet" => format!("{} runs a scheduler on every node", pod.object.label()),
                _ => format!(
                    "{}: {most} pods send every scheduled task {most} times",
                    pod.object.label()
                ),
            };
            let place = spot.at(&["spec", "replicas"]).unwrap_or(spot);
            add(findings, subject, cluster, place, message)
                .about(pod.object.label())
                .help("a Deployment of its own with one replica, and no autoscaler");
            continue;
        }
        let strategy = spot.text(&["spec", "strategy", "type"]);
        let overlaps = pod.object.kind == "Deployment"
            && strategy.as_deref() != Some("Recreate")
            && spot
                .text(&["spec", "strategy", "rollingUpdate", "maxSurge"])
                .is_none_or(|own| own != "0");
        if overlaps {
            let message = format!(
                "{}: each release starts the new scheduler before the old one ends",
                pod.object.label()
            );
            let place = spot.at(&["spec", "strategy"]).unwrap_or(spot);
            let severity = Severity::Warning;
            add(findings, subject, cluster, place, message)
                .about(pod.object.label())
                .severity(severity)
                .help("strategy:\n  type: Recreate");
        }
    }
}
