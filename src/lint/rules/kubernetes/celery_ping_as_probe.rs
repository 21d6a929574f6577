//! Probes that start Celery once more to ask it.

use super::support::{add, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "KU109",
    name: "celery-ping-as-probe",
    severity: Severity::Warning,
    summary: "a worker's probe does not send a command through the broker",
    why: "`celery inspect ping` loads the whole application at every probe, seconds of CPU and as much memory as a worker's process, within the pod's own limit. And it asks through the broker: when that is slow, every worker is killed in the middle of its task.",
    example: "livenessProbe:\n  exec:\n    command:\n      - sh\n      - -c\n      - test -n \"$(find /tmp/worker-heartbeat -mmin -1)\"",
    source: "Celery, Workers Guide: remote control; Kubernetes, Configure Probes: exec",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let keys = [probe, "exec", "command"];
            let words = own.spot.words(&keys).join(" ");
            let has = |word: &str| {
                words.split_whitespace().any(|own| own.trim_matches(['"', '\'']) == word)
            };
            if !(has("inspect") && has("ping") || has("celery") && has("status")) {
                continue;
            }
            let message = format!(
                "{}: its {probe} starts Celery to ping through the broker",
                label(&pod, &own)
            );
            add(findings, subject, cluster, own.spot.near(&keys), message)
                .about(label(&pod, &own))
                .help("a file that the worker touches while it lives, and a probe that asks how old it is");
        }
    }
}
