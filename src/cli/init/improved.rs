//! What improving comes to: every edit with its rule, and the findings before
//! and afterwards.

use serde_json::{Value, json};

use crate::cli::init::work::Work;
use crate::cli::layout::paragraph;
use crate::improve::{Found, Improvement, weights};
use crate::lint::mend::Made;

/// `edits` (`code`, `path`, `names`, `grade`, `what`, `condition`, `paths`), `left`
/// (`code`, `severity`, `path`, `line`, `message`, `suggested`), `refused`,
/// `taken_out`, and `findings` `before` and `after` by severity; null where the
/// user's own files are not improved.
pub fn json(work: &Work) -> Value {
    let Some(own) = &work.improvement else { return Value::Null };
    let edit = |made: &Made| {
        json!({
            "code": made.code,
            "path": made.path,
            "names": made.names,
            "grade": made.grade.word(),
            "what": made.what,
            "condition": made.condition,
            "paths": made.paths(),
        })
    };
    let left = |found: &Found| {
        json!({
            "code": found.code,
            "severity": found.severity.word(),
            "path": found.path,
            "line": found.line,
            "message": found.message,
            "suggested": found.suggested,
        })
    };
    let count = |found: &[Found]| -> Value {
        weights(found).into_iter().map(|(own, count)| (own.word(), json!(count))).collect()
    };
    json!({
        "edits": own.made.iter().map(edit).collect::<Vec<_>>(),
        "left": own.after.iter().map(left).collect::<Vec<_>>(),
        "refused": own.refused.iter().map(|own| json!({
            "code": own.code, "path": own.path, "what": own.what, "why": own.why,
        })).collect::<Vec<_>>(),
        "taken_out": own.taken_out,
        "findings": { "before": count(&own.before), "after": count(&own.after) },
    })
}

/// The edits by file, what the user took out, and what is left to a person.
pub fn text(work: &Work, dry_run: bool, width: usize) -> String {
    let Some(own) = &work.improvement else { return String::new() };
    let mut text = String::new();
    let mut paths: Vec<&str> = own.made.iter().map(|made| made.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        text.push_str(&format!("\n{}{path}\n", if dry_run { "Edits of " } else { "Edited " }));
        for made in own.made.iter().filter(|made| made.path == path) {
            let condition = made.condition.as_ref();
            let condition = condition.map(|own| format!(" (checked: {own})")).unwrap_or_default();
            let line = format!("{} {}{condition}", made.code, made.what);
            text.push_str(&paragraph(&line, width, "  "));
        }
    }
    for entry in &own.taken_out {
        text.push_str(&paragraph(&entry.taken_out(), width, ""));
    }
    for refused in &own.refused {
        let line =
            format!("{} {}: {} is left: {}", refused.code, refused.path, refused.what, refused.why);
        text.push_str(&paragraph(&line, width, ""));
    }
    text.push_str(&format!("\n{}\n", gained(own)));
    text
}

/// `Findings: 3 errors, 7 warnings, 9 advice before; 1, 2 and 4 afterwards.`
fn gained(own: &Improvement) -> String {
    let (before, after) = (weights(&own.before), weights(&own.after));
    let parts: Vec<String> = before
        .iter()
        .zip(&after)
        .filter(|((_, before), (_, after))| before + after > 0)
        .map(|((severity, before), (_, after))| format!("{} {before} → {after}", severity.word()))
        .collect();
    match parts.is_empty() {
        true => "Nothing is found in them.".to_owned(),
        false => format!(
            "Findings before → afterwards: {}; `dockwright audit` lists what is left.",
            parts.join(", ")
        ),
    }
}
