//! What an audit found, for programs.
//!
//! ```json
//! {
//!   "code": 0 | 1 | 2 | 3,
//!   "paths": [{
//!     "path": "shop", "error": null | "why it could not be judged",
//!     "findings": [FINDING], "allowed": [FINDING], "known": 3,
//!     "unread": [{ "path": "a", "line": 1, "why": "…" }]
//!   }]
//! }
//! ```
//!
//! A FINDING is
//!
//! ```json
//! {
//!   "code": "DF101", "name": "root-user", "severity": "error" | "warning" | "advice" | "style",
//!   "fails": true, "message": "…", "path": "Dockerfile", "line": 1, "column": 1,
//!   "end_line": 1, "end_column": 12, "subject": "web", "help": "…" | null,
//!   "allowed": "the reason" | null,
//!   "fix": null | { "grade": "safe" | "checked" | "suggested", "what": "…", "condition": "…" | null },
//!   "related": [{ "path": "…", "line": 1, "message": "…" }]
//! }
//! ```
//!
//! Paths of findings are below `path`.

use serde_json::{Value, json};

use super::{FailOn, Outcome};
use crate::cli::many::{self, Done};
use crate::lint::ignores::Judged;
use crate::lint::rule;

/// Every path with its findings.
#[must_use]
pub fn value(done: &[Done<Outcome>], fail_on: FailOn) -> Value {
    let code = many::worst(done, |own| u8::from(own.failing(fail_on) > 0));
    let paths: Vec<Value> = done.iter().map(|own| of(own, fail_on)).collect();
    json!({ "code": code, "paths": paths })
}

fn of(done: &Done<Outcome>, fail_on: FailOn) -> Value {
    let path = done.dir.display().to_string();
    let outcome = match &done.result {
        Ok(outcome) => outcome,
        Err(error) => {
            return json!({
                "path": path, "error": error.to_string(),
                "findings": [], "allowed": [], "known": 0, "unread": [],
            });
        }
    };
    let counting: Vec<Value> =
        outcome.counting().map(|own| finding(outcome, own, fail_on)).collect();
    let allowed = outcome.judged.iter().filter(|own| own.allowed.is_some());
    let allowed: Vec<Value> = allowed.map(|own| finding(outcome, own, FailOn::Never)).collect();
    let unread = outcome.subject.unread.iter();
    json!({
        "path": path,
        "error": null,
        "findings": counting,
        "allowed": allowed,
        "known": outcome.known.iter().filter(|known| **known).count(),
        "unread": unread.map(|own| json!({
            "path": own.path, "line": own.line, "why": own.why,
        })).collect::<Vec<_>>(),
    })
}

fn finding(outcome: &Outcome, judged: &Judged, fail_on: FailOn) -> Value {
    let own = &judged.diagnostic;
    let text = &outcome.subject.texts[own.at.text];
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
        "end_column": text.column(own.at.span.end),
        "subject": own.subject,
        "help": own.help,
        "allowed": judged.allowed,
        "fix": own.fix.as_ref().map(|fix| json!({
            "grade": fix.grade.word(), "what": fix.what, "condition": fix.condition,
        })),
        "related": own.related.iter().map(|(at, what)| {
            let text = &outcome.subject.texts[at.text];
            json!({ "path": text.path, "line": text.line(at.span.start), "message": what })
        }).collect::<Vec<_>>(),
    })
}
