//! What an audit found, for programs.
//!
//! ```json
//! {
//!   "code": 0 | 1 | 2 | 3,
//!   "paths": [{
//!     "path": "shop", "root": "shop", "files": [], "error": null | "why it could not be judged",
//!     "findings": [FINDING], "allowed": [FINDING], "known": 3, "repeated": 0,
//!     "unread": [{ "path": "a", "line": 1, "why": "…" }],
//!     "development": [{ "path": "compose.dev.yaml", "why": "its name says so" }],
//!     "not_judged": ["README.md"],
//!     "overlays": [{ "path": "k8s/prod/kustomization.yaml", "built": false, "why": "…" | null,
//!                    "expects": [{ "secret": "shop-secrets", "keys": ["DATABASE_URL"] }] }]
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
//!   "fix": null | { "grade": "safe" | "checked" | "suggested", "what": "…",
//!                   "condition": "…" | null, "edits": [EDIT] },
//!   "related": [{ "path": "…", "line": 1, "message": "…" }]
//! }
//! ```
//!
//! and an EDIT, whose end is behind the last character that goes,
//!
//! ```json
//! { "path": "Dockerfile", "line": 1, "column": 22, "end_line": 1, "end_column": 22,
//!   "text": "\nUSER 10001", "new": false }
//! ```
//!
//! Paths of findings and edits are below `root`, the directory that was read: for a
//! file that of the repository it belongs to.

use serde_json::{Value, json};

use super::FailOn;
use super::judging::Outcome;
use crate::cli::many::{self, Done};
use crate::lint::edit::{self as edits, Placed};
use crate::lint::ignores::Judged;
use crate::lint::rule;
use crate::lint::subject::Overlay;

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
                "path": path, "root": null, "files": [], "error": error.to_string(),
                "findings": [], "allowed": [], "known": 0, "repeated": 0,
                "unread": [], "development": [], "not_judged": [], "overlays": [],
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
        "root": outcome.directory().display().to_string(),
        "files": outcome.target.files,
        "error": null,
        "findings": counting,
        "allowed": allowed,
        "known": outcome.known.iter().filter(|known| **known).count(),
        "repeated": outcome.repeated,
        "not_judged": outcome.strange(),
        "overlays": outcome.subject.overlays().iter().map(overlay).collect::<Vec<_>>(),
        "development": outcome.developed().iter().map(|own| json!({
            "path": own.path, "why": own.why,
        })).collect::<Vec<_>>(),
        "unread": unread.map(|own| json!({
            "path": own.path, "line": own.line, "why": own.why,
        })).collect::<Vec<_>>(),
    })
}

/// How an overlay was judged.
fn overlay(own: &Overlay<'_>) -> Value {
    let expects = own.expects.iter();
    json!({
        "path": own.path,
        "built": own.unbuilt.is_none(),
        "why": own.unbuilt,
        "expects": expects.map(|(secret, keys)| json!({ "secret": secret, "keys": keys }))
            .collect::<Vec<_>>(),
    })
}

/// What is written, and where.
#[must_use]
pub fn edit(own: &Placed) -> Value {
    json!({
        "path": own.path,
        "line": own.start.0, "column": own.start.1,
        "end_line": own.end.0, "end_column": own.end.1,
        "text": own.text, "new": own.is_new,
    })
}

/// A finding.
#[must_use]
pub fn finding(outcome: &Outcome, judged: &Judged, fail_on: FailOn) -> Value {
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
            "edits": edits::placed(&outcome.subject.texts, fix).iter().map(edit).collect::<Vec<_>>(),
        })),
        "related": own.related.iter().map(|(at, what)| {
            let text = &outcome.subject.texts[at.text];
            json!({ "path": text.path, "line": text.line(at.span.start), "message": what })
        }).collect::<Vec<_>>(),
    })
}
