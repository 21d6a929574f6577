//! Workers that may hang for ever.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Program, Subject};

pub static RULE: Rule = Rule {
    code: "PY108",
    name: "no-timeout",
    severity: Severity::Warning,
    summary: "gunicorn kills a worker that hangs within minutes",
    why: "With no time-out, or one of many minutes, a worker that hangs is never replaced: each takes one away, until none is left and only a restart by hand helps. Work that takes minutes belongs into a task queue.",
    example: "timeout = 60",
    source: "gunicorn, Settings: timeout (30)",
    fix: None,
    check,
};

/// The longest that somebody waits for a page, in seconds.
const LONGEST: i64 = 300;

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some(server) = container.server.as_ref().filter(|own| own.program == Program::Gunicorn)
        else {
            continue;
        };
        let Some((value, at)) = server.get("timeout") else { continue };
        let Some(limit) = value.int().filter(|own| *own == 0 || *own > LONGEST) else { continue };
        let message = if limit == 0 {
            format!("{}: gunicorn never kills a worker that hangs", container.name)
        } else {
            format!("{}: a worker may hang for {limit} s before gunicorn kills it", container.name)
        };
        findings
            .add(at, message)
            .about(&container.name)
            .help("timeout = 60, or what the longest request really takes");
    }
}
