//! What a check found, as SARIF 2.1.0, which code hosts show beside the code.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::{Outcome, seen};
use crate::check::{FailOn, Finding, Kind, Report};
use crate::cli::many::Done;
use crate::digest::hash;

/// The report. A repository that could not be checked is a notification.
pub fn of(outcome: &Outcome) -> Value {
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    let mut prints: HashMap<String, usize> = HashMap::new();
    let mut results = Vec::new();
    let mut failed = Vec::new();
    for done in outcome.done {
        match &done.result {
            Ok(report) => {
                for found in &report.findings {
                    rules.entry(id(found)).or_insert_with(|| rule(found));
                    results.push(result(done, found, &outcome.fail_on, &mut prints));
                }
            }
            Err(error) => failed.push(json!({
                "level": "error",
                "message": { "text": format!("{}: {error}", done.dir.display()) },
            })),
        }
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dockwright",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": failed.is_empty(),
                "exitCode": outcome.code(),
                "toolExecutionNotifications": failed,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// `policy/deploy.hardening`.
fn id(found: &Finding) -> String {
    format!("{}/{}", found.kind.word(), found.rule)
}

fn rule(found: &Finding) -> Value {
    let about = match found.kind {
        Kind::Drift => "What dockwright alone writes was edited, or is gone.",
        Kind::Conflict => "An update waits for a person.",
        Kind::Policy => "A lock, a floor or a rule of the preset does not hold.",
        Kind::Outdated => "There is something newer than the files.",
        Kind::Note => "Something a person should know.",
    };
    json!({
        "id": id(found),
        "shortDescription": { "text": format!("{}: {}", found.kind.word(), found.rule) },
        "fullDescription": { "text": about },
    })
}

fn result(
    done: &Done<Report>,
    found: &Finding,
    fail_on: &FailOn,
    prints: &mut HashMap<String, usize>,
) -> Value {
    let path = found.path.as_deref().map_or_else(|| seen(&done.dir, ""), |p| seen(&done.dir, p));
    let mut text = found.message.clone();
    if let Some(layer) = &found.layer {
        text.push_str(&format!(" ({layer})"));
    }
    if let Some(help) = &found.help {
        text.push_str(&format!("\n{help}"));
    }
    let mut place = json!({ "artifactLocation": { "uri": uri(&path) } });
    // A host shows a result without a region nowhere.
    place["region"] = json!({ "startLine": found.line.unwrap_or(1) });
    // Without the line, so that lines above it do not make it another one.
    let print = hash(format!("{}\0{path}\0{}", id(found), found.message).as_bytes());
    let count = prints.entry(print.clone()).or_default();
    *count += 1;
    let mut value = json!({
        "ruleId": id(found),
        "level": Report::level(found, fail_on).word(),
        "message": { "text": text },
        "locations": [{ "physicalLocation": place }],
        "partialFingerprints": { "dockwright/v1": format!("{print}:{count}") },
    });
    if let Some(waiver) = &found.waived {
        value["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": format!("{} (until {})", waiver.reason, waiver.until),
        }]);
    }
    value
}

/// A path as a relative URI.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte as char);
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_relative_uri() {
        assert_eq!(uri("a b/ä:1.yaml"), "a%20b/%C3%A4%3A1.yaml");
    }
}
