//! SARIF 2.1.0, which code hosts show beside the code.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{About, Item, Level, Mend, Place, fingerprints};

/// The report. What failed as a whole is a notification.
#[must_use]
pub fn of(items: &[Item], rules: &[About], failed: &[(String, String)], code: u8) -> Value {
    let failed: Vec<Value> = failed
        .iter()
        .map(|(path, message)| {
            json!({ "level": "error", "message": { "text": format!("{path}: {message}") } })
        })
        .collect();
    let prints = fingerprints(items);
    let results: Vec<Value> =
        items.iter().zip(&prints).map(|(item, print)| result(item, print, rules)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dockwright",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(about).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": failed.is_empty(),
                "exitCode": code,
                "toolExecutionNotifications": failed,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn about(rule: &About) -> Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": { "text": rule.short },
        "fullDescription": { "text": rule.full },
    })
}

fn result(item: &Item, print: &str, rules: &[About]) -> Value {
    let mut text = item.message.clone();
    if let Some(help) = &item.help {
        text.push_str(&format!("\n{help}"));
    }
    let mut value = json!({
        "ruleId": item.rule,
        "level": match item.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        },
        "message": { "text": text },
        "locations": [{ "physicalLocation": place(&item.place) }],
        "partialFingerprints": { "dockwright/v2": print },
    });
    if let Some(index) = rules.iter().position(|rule| rule.id == item.rule) {
        value["ruleIndex"] = json!(index);
    }
    if !item.related.is_empty() {
        let related = item.related.iter().enumerate().map(|(number, (at, what))| {
            json!({ "id": number, "physicalLocation": place(at), "message": { "text": what } })
        });
        value["relatedLocations"] = related.collect();
    }
    if let Some(mend) = &item.mend {
        value["fixes"] = json!([fix(mend)]);
    }
    if let Some(why) = &item.suppressed {
        value["suppressions"] =
            json!([{ "kind": "external", "status": "accepted", "justification": why }]);
    }
    value
}

/// Adds what a person should know of how it was judged.
pub fn note(report: &mut Value, notes: &[String]) {
    let list = &mut report["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    if let Some(list) = list.as_array_mut() {
        let own = notes.iter().map(|note| json!({ "level": "note", "message": { "text": note } }));
        list.extend(own);
    }
}

/// A file that is not there yet gets all of its text at its beginning.
fn fix(mend: &Mend) -> Value {
    let mut changes: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for edit in &mend.edits {
        let ((line, column), (end_line, end_column)) = (edit.start, edit.end);
        changes.entry(&edit.path).or_default().push(json!({
            "deletedRegion": {
                "startLine": line, "startColumn": column,
                "endLine": end_line, "endColumn": end_column,
            },
            "insertedContent": { "text": edit.text },
        }));
    }
    let changes: Vec<Value> = changes
        .into_iter()
        .map(|(path, replacements)| {
            json!({ "artifactLocation": { "uri": uri(path) }, "replacements": replacements })
        })
        .collect();
    json!({ "description": { "text": mend.what }, "artifactChanges": changes })
}

fn place(place: &Place) -> Value {
    // A host shows a result without a region nowhere.
    let mut region = json!({ "startLine": place.line.unwrap_or(1) });
    if let Some(column) = place.column {
        region["startColumn"] = json!(column);
    }
    if let Some((line, column)) = place.end {
        region["endLine"] = json!(line);
        region["endColumn"] = json!(column);
    }
    json!({ "artifactLocation": { "uri": uri(&place.path) }, "region": region })
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
