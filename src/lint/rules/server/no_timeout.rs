//! Workers that may hang for ever.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::{Container, Program, Subject, Value, amount};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "PY108",
    name: "no-timeout",
    severity: Severity::Warning,
    summary: "gunicorn kills a worker that hangs within minutes",
    why: "With no time-out, or one of many minutes, a worker that hangs is never replaced: each takes one away, until none is left and only a restart by hand helps. Work that takes minutes belongs into a task queue.",
    example: "timeout = 60",
    source: "gunicorn, Settings: timeout (30)",
    fix: Some(Grade::Suggested),
    check,
};

/// The longest that somebody waits for a page, in seconds.
pub const LONGEST: i64 = 300;

fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen = Vec::new();
    for container in subject.production_containers() {
        let Some(server) = container.server.as_ref().filter(|own| own.program == Program::Gunicorn)
        else {
            continue;
        };
        let Some((value, at)) = server.get("timeout") else { continue };
        let Some(limit) = value.int().filter(|own| *own == 0 || *own > LONGEST) else { continue };
        // Cloud Run's own line: the platform says the port, and ends requests itself.
        let platform =
            limit == 0 && matches!(server.get("bind"), Some((Value::Variable { .. }, _)));
        if platform || seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let message = if limit == 0 {
            format!("{}: gunicorn never kills a worker that hangs", container.name)
        } else {
            format!("{}: a worker may hang for {limit} s before gunicorn kills it", container.name)
        };
        let finding = findings.add(at, message);
        finding
            .about(&container.name)
            .severity(if limit > 0 && nginx_waits(subject, container, limit) {
                Severity::Advice
            } else {
                Severity::Warning
            })
            .help(format!(
                "{}  # or what the longest request really takes",
                options::written_at(subject, server, at, ("timeout", "60"))
            ));
        // How long the longest request takes is not in the files.
        let (written, number) = (subject.slice(at), limit.to_string());
        let whole = |own: &(usize, &str)| {
            let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            !is_digit(written[..own.0].chars().next_back())
                && !is_digit(written[own.0 + number.len()..].chars().next())
        };
        let mut places = written.match_indices(number.as_str()).filter(whole);
        if let (Some((start, _)), None) = (places.next(), places.next()) {
            let start = at.span.start + start;
            let place = At::new(at.text, Span::new(start, start + number.len()));
            let what = "kills a worker that hangs after 60 s";
            finding.fix(Fix::new(Grade::Suggested, what).edit(place, "60"));
        }
    }
}

/// Whether an nginx waits as long for it: the time is meant.
fn nginx_waits(subject: &Subject, container: &Container, limit: i64) -> bool {
    let Some((deployment, _)) = subject.composed(container) else { return false };
    subject.proxies.iter().flat_map(|own| subject.passed(own)).any(|passed| {
        let waits = passed.get("proxy_read_timeout").and_then(|own| amount::seconds(own.first()));
        waits.is_some_and(|own| i64::try_from(own).is_ok_and(|own| own >= limit))
            && subject
                .named(deployment, &passed.host)
                .is_some_and(|named| std::ptr::eq(named, container))
    })
}
