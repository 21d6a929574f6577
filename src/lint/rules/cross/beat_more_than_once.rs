//! A scheduler that runs more than once.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Kind, Program, Subject};

pub static RULE: Rule = Rule {
    code: "XF112",
    name: "beat-more-than-once",
    severity: Severity::Error,
    summary: "Celery's scheduler runs exactly once",
    why: "Every running beat sends every scheduled task: with two, each invoice is written twice. beat holds no lock against a second one.",
    example: "beat:\n  command: celery -A shop beat",
    source: "Celery, Periodic Tasks: you have to ensure only a single scheduler is running for a schedule at a time",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for deployment in subject.production_deployments() {
        let mut first: Option<&Container> = None;
        for container in subject.containers_of(deployment) {
            let Some(server) = &container.server else { continue };
            // RedBeat holds a lock in Redis.
            if container.steps.iter().any(|s| s.argv.iter().any(|w| w.contains("redbeat"))) {
                continue;
            }
            let embedded = server.program == Program::CeleryWorker
                && server.get("beat").is_some_and(|(own, _)| own.truth() == Some(true));
            if container.kind != Kind::Beat && !embedded {
                continue;
            }
            let (replicas, said) = subject.replicas(container);
            if let (true, Some(at)) = (replicas > 1, said) {
                findings
                    .add(
                        at,
                        format!(
                            "{}: {replicas} replicas send every scheduled task {replicas} times",
                            container.name
                        ),
                    )
                    .about(&container.name)
                    .related(server.at, "the scheduler runs in it")
                    .help("one service with `celery beat` and one replica");
                continue;
            }
            let app = |own: &Container| {
                let server = own.server.as_ref()?;
                server.get("app").and_then(|(value, _)| value.text())
            };
            match first {
                Some(other)
                    if app(other) == app(container)
                        && app(other).is_some()
                        && !one_of_profiles(subject, other, container) =>
                {
                    let at = other.server.as_ref().map_or(server.at, |own| own.at);
                    findings
                        .add(server.at, format!("{} and {} both run a scheduler: every scheduled task is sent twice", other.name, container.name))
                        .about(&container.name)
                        .related(at, format!("{} runs one", other.name))
                        .help("one of them");
                    continue;
                }
                Some(_) => {}
                None => first = Some(container),
            }
            if embedded {
                findings
                    .add(server.at, format!("{}: the worker runs the scheduler in itself: a second worker sends every task twice", container.name))
                    .about(&container.name)
                    // Compose cannot start a second one of that name.
                    .severity(if subject.key(container, &["container_name"]).is_some() {
                        Severity::Style
                    } else {
                        Severity::Advice
                    })
                    .help("a service of its own: celery … beat");
            }
        }
    }
}

/// Whether profiles choose between two services.
fn one_of_profiles(subject: &Subject, one: &Container, other: &Container) -> bool {
    let has = |own: &Container| subject.key(own, &["profiles"]).is_some();
    has(one) || has(other)
}
