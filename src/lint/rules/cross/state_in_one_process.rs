//! State of one process where several serve.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "XF129",
    name: "state-in-one-process",
    severity: Severity::Warning,
    summary: "what is kept in memory is kept by one process",
    why: "Each worker has a memory of its own: a job of a scheduler in the process runs once in every worker, a message reaches the sockets of one worker alone. It works on a machine with one process, and fails for a part of the users in production.",
    example: "# one process, or the state in Redis\nCMD [\"uvicorn\", \"app.main:app\", \"--workers\", \"1\"]",
    source: "APScheduler, FAQ: How do I share a single job store among worker processes?; Flask-SocketIO, Deployment: Using multiple workers",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut states = subject.facts.readiness.iter().filter(|own| own.kind == "in-process-state");
    let Some(state) = states.next() else { return };
    for container in subject.production_containers() {
        let Some(server) = container.server.as_ref().filter(|own| own.program.serves()) else {
            continue;
        };
        if !subject.runs_detected(container) {
            continue;
        }
        let workers = server.get("workers").and_then(|(value, at)| Some((value.int()?, at)));
        let (replicas, place) = subject.replicas(container);
        let (count, at, word) = match (workers, place) {
            (Some((workers, at)), _) if workers > 1 => (workers, at, "workers"),
            (_, Some(at)) if replicas > 1 => (i64::try_from(replicas).unwrap_or(2), at, "replicas"),
            _ => continue,
        };
        let finding = findings.add(
            at,
            format!(
                "{}: {count} {word}, and {} keeps state in the memory of one",
                container.name, state.path
            ),
        );
        finding.about(&container.name).help(&state.message);
        if let Some(at) = subject.line_of(&state.path, state.line) {
            finding.related(at, "the state");
        }
    }
}
