//! Pods that migrate the database when they start.

use super::support::{add, containers, label};
use crate::catalog::Program;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU117",
    name: "pods-migrate",
    severity: Severity::Warning,
    summary: "migrations are a Job of each release, not a part of every pod",
    why: "An init container, or a command that migrates first, runs in every replica, at every restart and whenever a node is drained: several alter the same tables at once, and a migration that takes minutes is killed by the probe of a pod that has not started yet. Rolled back code migrates nothing back.",
    example: "apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - name: migrate\n          args: [python, manage.py, migrate, --no-input]",
    source: "Kubernetes, Init Containers: they must be idempotent; Jobs",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject).filter(|(_, pod, _)| pod.stays()) {
        let Some(step) = own.runs(subject, Program::Migrate) else { continue };
        let place = own.spot.get("args").or_else(|| own.spot.get("command")).unwrap_or(own.spot);
        let what = step.argv.join(" ");
        let message = match own.is_init {
            true => format!("{}: `{what}` runs before each of its pods", label(&pod, &own)),
            false => format!("{}: `{what}` runs at every start of each pod", label(&pod, &own)),
        };
        add(findings, subject, cluster, place, message)
            .about(label(&pod, &own))
            .help(format!("a Job that runs `{what}` once, before the release rolls out"));
    }
}
