//! What a check found, for programs.
//!
//! ```json
//! {
//!   "code": 1,
//!   "repositories": [{
//!     "directory": "shop",
//!     "result": "follows" | "does not follow" | "failed",
//!     "code": 0 | 1 | 2 | 3,
//!     "error": null | "why it could not be checked",
//!     "preset": { "reference": "…", "layers": [{ "name", "version", "source", "commit" }] },
//!     "drift": [FINDING], "conflicts": [FINDING], "policy": [FINDING],
//!     "manifests": [FINDING],
//!     "outdated": [FINDING], "waived": [FINDING], "notes": [FINDING],
//!     "kept": [{ "path": "…", "why": "kept, not adopted" | "left out, …" | "deleted by you" }],
//!     "customised": [{ "path": "…" }],
//!     "pins": null | PINS
//!   }]
//! }
//! ```
//!
//! One repository has the shape of many. A repository that could not be
//! checked has every field, with nothing in it. A FINDING is
//!
//! ```json
//! {
//!   "kind": "drift" | "conflict" | "policy" | "manifests" | "outdated" | "note",
//!   "rule": "managed", "level": "error" | "warning" | "note",
//!   "message": "…", "path": "Dockerfile" | null, "line": 12 | null,
//!   "layer": "acme 3.1.0" | null, "demand": "acme/preset.toml:7:1" | null,
//!   "warn_until": "2027-03-01" | null, "help": "…" | null,
//!   "waiver": null | { "reason": "…", "until": "2027-03-01", "place": "dockwright.toml:9:1" }
//! }
//! ```
//!
//! PINS is there with `--fetch`, for a repository that could be judged:
//!
//! ```json
//! {
//!   "read": null | [{ "what": "images" | "tools" | "packages" | "servers",
//!                     "day": "2026-11-20", "days": 10 }],
//!   "packages": 41, "images": 3,
//!   "newer": [{ "name": "celery", "pinned": "5.7.0", "newest": "5.7.1",
//!               "places": [{ "path": "requirements.txt", "line": 12 }] }],
//!   "moving": ["postgres:18-trixie"],
//!   "unasked": [{ "names": ["celery"], "why": "…" }]
//! }
//! ```
//!
//! `newer` has packages with a newer patch release, and images whose tag names another
//! digest by now than the one beside it. No entry of it fails. `path` is below `directory`. What fails has the level `error`.

use serde_json::{Value, json};

use super::Outcome;
use crate::catalog::Ages;
use crate::check::{FailOn, Finding, Kind, Pins, Report};
use crate::cli::many::Done;

/// The report.
pub fn of(outcome: &Outcome) -> Value {
    let repositories: Vec<Value> =
        outcome.done.iter().map(|done| repository(outcome, done)).collect();
    json!({ "code": outcome.code(), "repositories": repositories })
}

fn repository(outcome: &Outcome, done: &Done<Report>) -> Value {
    let none = Report::default();
    let report = done.result.as_ref().unwrap_or(&none);
    let code = outcome.code_of(done);
    let of = |kind: Kind| -> Vec<Value> {
        report.of(kind).map(|found| finding(found, &outcome.fail_on)).collect()
    };
    let waived: Vec<Value> =
        report.waived().map(|found| finding(found, &outcome.fail_on)).collect();
    json!({
        "directory": done.dir,
        "result": match (&done.result, code) {
            (Err(_), _) => "failed",
            (Ok(_), 0) => "follows",
            (Ok(_), _) => "does not follow",
        },
        "code": code,
        "error": done.result.as_ref().err().map(ToString::to_string),
        "preset": {
            "reference": report.reference,
            "layers": report.layers.iter().map(|layer| json!({
                "name": layer.name,
                "version": layer.version,
                "source": layer.source,
                "commit": layer.commit,
            })).collect::<Vec<_>>(),
        },
        "drift": of(Kind::Drift),
        "conflicts": of(Kind::Conflict),
        "policy": of(Kind::Policy),
        "manifests": of(Kind::Manifests),
        "outdated": of(Kind::Outdated),
        "waived": waived,
        "kept": report.kept.iter()
            .map(|out| json!({ "path": out.path, "why": out.why.word() }))
            .collect::<Vec<_>>(),
        "customised": report.customised.iter()
            .map(|path| json!({ "path": path }))
            .collect::<Vec<_>>(),
        "notes": of(Kind::Note),
        "pins": report.pins.as_ref().map(pins),
    })
}

fn pins(pins: &Pins) -> Value {
    let newer = pins.newer.iter().map(|own| {
        let places = own.places.iter();
        let places = places.map(|place| json!({ "path": place.path, "line": place.line }));
        json!({
            "name": own.name,
            "pinned": own.pinned,
            "newest": own.newest,
            "places": places.collect::<Vec<_>>(),
        })
    });
    let read = |read: &Ages| -> Vec<Value> {
        let days = read.each().into_iter();
        days.map(|(what, day)| json!({ "what": what, "day": day, "days": pins.age(day) })).collect()
    };
    json!({
        "read": pins.read.as_ref().map(read),
        "packages": pins.packages,
        "images": pins.images,
        "newer": newer.collect::<Vec<_>>(),
        "moving": pins.moving,
        "unasked": pins.unasked.iter()
            .map(|own| json!({ "names": own.names, "why": own.why }))
            .collect::<Vec<_>>(),
    })
}

fn finding(found: &Finding, fail_on: &FailOn) -> Value {
    json!({
        "kind": found.kind.word(),
        "rule": found.rule,
        "code": found.code,
        "level": Report::level(found, fail_on).word(),
        "message": found.message,
        "path": found.path,
        "line": found.line,
        "layer": found.layer,
        "demand": found.demand.as_ref().map(ToString::to_string),
        "warn_until": found.warn_until,
        "help": found.help,
        "waiver": found.waived.as_ref().map(|waiver| json!({
            "reason": waiver.reason,
            "until": waiver.until,
            "place": waiver.place.to_string(),
        })),
    })
}
