//! What an audit found, for programs.

use serde_json::{Value, json};

use super::{FailOn, Outcome};
use crate::cli::many::Done;
use crate::lint::{Diagnostic, rule};

/// Every directory with its findings.
#[must_use]
pub fn value(done: &[Done<Outcome>], fail_on: FailOn) -> Value {
    let of = |own: &Done<Outcome>| match &own.result {
        Err(error) => json!({"path": own.dir.display().to_string(), "error": error.to_string()}),
        Ok(outcome) => json!({
            "path": own.dir.display().to_string(),
            "findings": outcome.found.iter().map(|d| finding(outcome, d, fail_on)).collect::<Vec<_>>(),
            "unread": outcome.unread.iter().map(|own| json!({
                "path": own.path, "line": own.line, "why": own.why,
            })).collect::<Vec<_>>(),
        }),
    };
    json!({"directories": done.iter().map(of).collect::<Vec<_>>()})
}

fn finding(outcome: &Outcome, own: &Diagnostic, fail_on: FailOn) -> Value {
    let text = &outcome.texts[own.at.text];
    json!({
        "code": own.code,
        "name": rule::find(own.code).map(|rule| rule.name),
        "severity": own.severity.word(),
        "fails": fail_on.fails(own.severity),
        "message": own.message,
        "path": text.path,
        "line": text.line(own.at.span.start),
        "column": text.column(own.at.span.start),
        "end_line": text.line(own.at.span.end),
        "subject": own.subject,
        "help": own.help,
        "fix": own.fix.as_ref().map(|fix| json!({
            "grade": fix.grade.word(), "what": fix.what, "condition": fix.condition,
        })),
        "related": own.related.iter().map(|(at, what)| {
            let text = &outcome.texts[at.text];
            json!({"path": text.path, "line": text.line(at.span.start), "message": what})
        }).collect::<Vec<_>>(),
    })
}
