//! Pods that are killed while they still answer.

use super::support::{add, containers, label};
use crate::catalog::Program;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::cluster::Container;
use crate::lint::subject::{Subject, given};

pub static RULE: Rule = Rule {
    code: "KU110",
    name: "pod-killed-early",
    severity: Severity::Warning,
    summary: "a pod's grace period holds its preStop and the time in which requests end",
    why: "The grace period runs from the moment at which a pod is to go: what preStop sleeps is taken from it. Where the rest is shorter than what the server gives to requests that began, SIGKILL ends them, at every release and every drained node.",
    example: "terminationGracePeriodSeconds: 45\ncontainers:\n  - name: web\n    args: [gunicorn, --graceful-timeout, \"30\", \"shop.wsgi:application\"]\n    lifecycle:\n      preStop:\n        sleep:\n          seconds: 5",
    source: "Kubernetes, Pod Lifecycle: termination of Pods; gunicorn, graceful_timeout",
    fix: None,
    check,
};

/// What Kubernetes waits where nobody says how long.
const DEFAULT: i64 = 30;

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        if own.is_init {
            continue;
        }
        let grace = pod.spec.int(&["terminationGracePeriodSeconds"]);
        let (slept, ends) = (slept(&own), ends(subject, &own));
        let (before, after) = (slept.unwrap_or(0), ends.unwrap_or(0));
        let least = grace.unwrap_or(DEFAULT);
        // What sleeps as long as there is leaves nothing; without it the default is enough.
        let is_short = slept.is_some() && before >= least || before + after > least;
        if !is_short {
            continue;
        }
        let parts = [
            slept.map(|own| format!("preStop takes {own} s")),
            ends.map(|own| format!("requests may take {own} s to end")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let message = format!(
            "{}: {}, and it is killed after {least} s",
            label(&pod, &own),
            parts.join(" and ")
        );
        let place = pod.spec.get("terminationGracePeriodSeconds").unwrap_or(own.spot);
        add(findings, subject, cluster, place, message).about(label(&pod, &own)).help(format!(
            "terminationGracePeriodSeconds: {}",
            before + after.max(DEFAULT.min(after + 5)) + 5
        ));
    }
}

/// What preStop sleeps, in seconds.
fn slept(own: &Container<'_>) -> Option<i64> {
    let keys = ["lifecycle", "preStop"];
    if let Some(seconds) = own.spot.at(&keys)?.int(&["sleep", "seconds"]) {
        return Some(seconds);
    }
    let words = own.spot.at(&keys)?.words(&["exec", "command"]).join(" ");
    let mut words = words.split([' ', ';', '&']).map(|word| word.trim_matches(['"', '\'']));
    words.find(|word| *word == "sleep" || word.ends_with("/sleep"))?;
    words.next()?.trim_end_matches('s').parse().ok()
}

/// What the server gives to requests that began, in seconds, where its command says
/// which server it is.
fn ends(subject: &Subject, own: &Container<'_>) -> Option<i64> {
    let steps = own.steps(subject);
    let step = steps.iter().rev().find(|own| own.program.serves())?;
    let (name, default) = match step.program {
        Program::Gunicorn => ("graceful_timeout", Some(30)),
        Program::Uvicorn => ("timeout_graceful_shutdown", None),
        _ => return None,
    };
    let said = given(step.program, &step.argv);
    let said = said.iter().find(|own| own.row.is_some_and(|row| row.name == name));
    match said {
        Some(said) => said.value.as_deref()?.parse().ok(),
        None => default,
    }
}
