//! GitLab's code quality report: a list that merge requests show.

use serde_json::{Value, json};

use super::{Item, Level, fingerprints};

/// The report. What is allowed is left out, since the format cannot say it.
#[must_use]
pub fn of(items: &[Item]) -> Value {
    let prints = fingerprints(items);
    items
        .iter()
        .zip(prints)
        .filter(|(item, _)| item.suppressed.is_none())
        .map(|(item, print)| {
            json!({
                "description": item.message,
                "check_name": item.rule,
                "fingerprint": print,
                "severity": match item.level {
                    Level::Error => "critical",
                    Level::Warning => "minor",
                    Level::Note => "info",
                },
                "location": {
                    "path": item.place.path,
                    "lines": { "begin": item.place.line.unwrap_or(1) },
                },
            })
        })
        .collect()
}
