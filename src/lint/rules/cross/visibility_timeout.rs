//! Tasks that run for longer than Redis waits for them.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "XF114",
    name: "visibility-timeout",
    severity: Severity::Warning,
    summary: "Redis waits longer for a task than a task may run",
    why: "With acks_late a task is acknowledged when it is done. Redis as a broker hands it to a second worker after `visibility_timeout`, an hour unless it is set: a task that runs as long runs twice, and then again.",
    example: "CELERY_TASK_TIME_LIMIT = 3600\nCELERY_BROKER_TRANSPORT_OPTIONS = {\"visibility_timeout\": 4200}",
    source: "Celery, Using Redis: Visibility timeout",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let late = subject.celery("task_acks_late").or_else(|| subject.celery("acks_late"));
    if late.is_none_or(|(value, _)| value.truth() != Some(true)) {
        return;
    }
    if subject.facts.broker.value().is_none_or(|broker| broker != "redis" && broker != "valkey") {
        return;
    }
    let visible = match subject.celery("visibility_timeout") {
        Some((value, at)) => value.int().map(|own| (own, Some(at))),
        None if subject.celery("broker_transport_options").is_some() => None,
        None => Some((3600, None)),
    };
    let Some((visible, said)) = visible else { return };
    // A command line's limit wins.
    let of_command = subject
        .production_containers()
        .filter(|own| own.kind == Kind::Worker)
        .find_map(|own| own.server.as_ref()?.get("time_limit"));
    let Some((limit, at)) = of_command.or_else(|| subject.celery("task_time_limit")) else {
        return;
    };
    let Some(limit) = limit.int().filter(|own| *own >= visible) else { return };
    let waits = if said.is_some() { "" } else { ", since no visibility_timeout is set" };
    let finding = findings.add(
        said.unwrap_or(at),
        format!("a task may run for {limit} s, and Redis hands it to another worker after {visible} s{waits}"),
    );
    finding.about("visibility_timeout").help(format!("visibility_timeout: {}", limit + 600));
    if let Some(said) = said {
        finding.related(at, format!("a task may run for {limit} s"));
        // A task of a worker that died waits as long.
        let (written, number) = (subject.slice(said), visible.to_string());
        let mut places = written.match_indices(number.as_str());
        if let (Some((start, _)), None) = (places.next(), places.next()) {
            let start = said.span.start + start;
            let place = At::new(said.text, Span::new(start, start + number.len()));
            let what = "lets Redis wait ten minutes longer than a task may run";
            let fix = Fix::new(Grade::Suggested, what);
            finding.fix(fix.edit(place, (limit + 600).to_string()));
        }
    }
}
