//! `dockwright detect`: what a repository is, with the lines that say so.

use std::path::Path;

use serde_json::Value;

use crate::cli::{Format, layout, report};
use crate::detect::report::{Row, json, rows};
use crate::detect::{Evidence, Facts, Wishes};
use crate::error::Error;

/// Shows the facts of a directory.
///
/// # Errors
/// A directory that cannot be read.
pub fn run(dir: &Path, format: Format) -> Result<(), Error> {
    let facts = crate::detect::detect(dir, &Wishes::default())?;
    match format {
        Format::Json => report::json(&json(&facts)),
        Format::Human => report::print(&human(&facts)),
    }
}

/// The report for people: what was found, then what the code lacks.
#[must_use]
pub fn human(facts: &Facts) -> String {
    format!("{}{}", found(facts), checklist(facts))
}

/// A table of what was found, then what is missing or doubtful.
#[must_use]
pub fn found(facts: &Facts) -> String {
    found_but(facts, "")
}

/// The same without what is doubtful about one thing, which is said where it matters.
#[must_use]
pub fn found_but(facts: &Facts, doubt: &str) -> String {
    let rows = rows(facts);
    let found = rows.iter().filter_map(|row| {
        let value = said(row)?;
        Some([row.key.replace('_', " "), value, places(&row.evidence)])
    });
    let mut text = match &facts.instead {
        Some(instead) => format!("No web application: this is {instead}.\n\n"),
        None => String::new(),
    };
    text.push_str(&report::table(["fact", "value", "evidence"], found));
    for row in rows.iter().filter(|row| !row.candidates.is_empty()) {
        text.push_str(&format!("\n{}: no clear winner\n", row.key.replace('_', " ")));
        for (value, evidence) in &row.candidates {
            text.push_str(&format!("  {}  ({})\n", plain(value), places(evidence)));
        }
    }
    let doubts: Vec<_> = facts.doubts.iter().filter(|own| own.key != doubt).collect();
    if !doubts.is_empty() || !facts.unreadable.is_empty() {
        text.push_str("\nMissing or doubtful\n");
    }
    let width = usize::from(report::width());
    for doubt in doubts {
        let message = format!("{}: {}", doubt.key.replace('_', " "), doubt.message);
        text.push_str(&layout::paragraph(&message, width, "  "));
        if !doubt.help.is_empty() {
            text.push_str(&layout::paragraph(&format!("help: {}", doubt.help), width, "    "));
        }
    }
    for unreadable in &facts.unreadable {
        text.push_str(&format!("  {}: {}\n", unreadable.path, unreadable.why));
    }
    text
}

/// What the code lacks, each with its place and the lines to add.
#[must_use]
pub fn checklist(facts: &Facts) -> String {
    if facts.readiness.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nWhat the code lacks for container files\n");
    let width = usize::from(report::width());
    for lack in &facts.readiness {
        let place = match lack.line {
            0 => lack.path.clone(),
            line => format!("{}:{line}", lack.path),
        };
        text.push_str(&layout::paragraph(&format!("{place}: {}", lack.message), width, "  "));
        let after = if lack.line == 0 { "at the end of the file" } else { "after this line" };
        if !lack.add.is_empty() {
            text.push_str(&format!("    {after}, add\n"));
        }
        for line in &lack.add {
            text.push_str(&format!("      {line}"));
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
    }
    text
}

/// A row's value as people read it; `None` where there is nothing to say.
fn said(row: &Row) -> Option<String> {
    let text = match (row.key, &row.value) {
        (_, Value::Null) | (_, Value::Bool(false)) => return None,
        ("python", python) => match python["constraint"].as_str() {
            Some(constraint) => format!("{} (of {constraint})", plain(&python["version"])),
            None => format!("{} ({})", plain(&python["version"]), plain(&python["source"])),
        },
        ("celery", celery) if celery["beat"] == true => {
            format!("{}, with beat", plain(&celery["app"]))
        }
        ("celery", celery) => plain(&celery["app"]),
        ("static", files) => {
            let words = ["collectstatic", "whitenoise", "manifest"];
            words.into_iter().filter(|word| files[word] == true).collect::<Vec<_>>().join(", ")
        }
        ("system_packages", packages) => [("build", "to build"), ("runtime", "to run")]
            .into_iter()
            .filter(|(key, _)| packages[key].as_array().is_some_and(|list| !list.is_empty()))
            .map(|(key, what)| format!("{what}: {}", plain(&packages[key])))
            .collect::<Vec<_>>()
            .join("; "),
        ("ml", ml) if ml["models"].as_array().is_some_and(|list| !list.is_empty()) => {
            format!("{}: {}", plain(&ml["framework"]), plain(&ml["models"]))
        }
        ("ml", ml) => plain(&ml["framework"]),
        ("uploads", uploads) => match uploads["largest-mib"].as_u64() {
            Some(largest) => format!("up to {largest} MiB"),
            None => "yes".to_owned(),
        },
        ("front_end", own) => match own["directory"].as_str() {
            Some(directory) => {
                format!(
                    "{} in {directory} makes {}",
                    plain(&own["manager"]),
                    plain(&own["outputs"])
                )
            }
            None => format!("{}: no build is known to make it", plain(&own["outputs"])),
        },
        ("connections", Value::Array(list)) => {
            list.iter().map(|entry| plain(&entry["name"])).collect::<Vec<_>>().join(", ")
        }
        (_, value) => plain(value),
    };
    (!text.is_empty()).then_some(text)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".into(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The first places of the evidence; the rest is in the JSON.
fn places(evidence: &[Evidence]) -> String {
    /// Places that fit a table beside the value.
    const SHOWN: usize = 2;
    let mut places: Vec<String> = Vec::new();
    for place in evidence.iter().map(Evidence::place) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let more = places.len().saturating_sub(SHOWN);
    places.truncate(SHOWN);
    let mut text = places.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
