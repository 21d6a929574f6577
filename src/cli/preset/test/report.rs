//! What came of testing presets, for people and for programs.

use std::path::Path;

use serde_json::{Value, json};

use super::{CaseTested, Tested};
use crate::cli::diff;
use crate::cli::many::Done;
use crate::error::Problem;
use crate::preset_test::cases::{DIRECTORY, Difference};

/// Every preset with its problems and differences.
pub fn human(done: &[Done<Tested>]) -> String {
    let mut text = String::new();
    for done in done {
        let shown = done.dir.display();
        match &done.result {
            Err(error) => {
                text.push_str(&format!("{shown}: wrong\n{}", indented(&error.to_string())))
            }
            Ok(tested) => text.push_str(&one(&done.dir, tested)),
        }
    }
    text
}

fn one(dir: &Path, tested: &Tested) -> String {
    let mut text = String::new();
    let preset = &tested.preset;
    let version = &preset.top().manifest.version;
    let word = if tested.holds() { "ok" } else { "does not pass" };
    let count = match tested.cases.len() {
        0 => format!("no cases in {DIRECTORY}/: only its defaults were tested"),
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    };
    for case in &tested.cases {
        text.push_str(&of_case(dir, case));
    }
    text.push_str(&format!("{} {version}: {word}, {count}\n", preset.name()));
    text.push_str(&problems(&tested.problems));
    if !tested.accepted.is_empty() {
        text.push_str(&format!("  accepted {} files\n", tested.accepted.len()));
    }
    text
}

fn of_case(dir: &Path, case: &CaseTested) -> String {
    let mut text = String::new();
    for difference in &case.differences {
        let path = dir.join(difference.path.as_str());
        text.push_str(&format!("{}: {}\n", path.display(), said(difference)));
        text.push_str(&diff::coloured(&unified(difference), false));
    }
    if !case.problems.is_empty() {
        text.push_str(&format!("case {}\n{}", case.name, problems(&case.problems)));
    }
    for note in &case.notes {
        text.push_str(&format!("case {}: note: {note}\n", case.name));
    }
    text
}

fn problems(problems: &[Problem]) -> String {
    problems.iter().map(|problem| indented(&problem.to_string())).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// What is different, in words.
pub fn said(difference: &Difference) -> &'static str {
    match difference.word() {
        "missing" => "missing: the preset renders it, and the case does not have it",
        "surplus" => "surplus: the case has it, and the preset does not render it",
        "mode" => "the preset makes it executable, or no longer does",
        _ => "changed",
    }
}

/// From what is expected to what is made.
pub fn unified(difference: &Difference) -> String {
    let bytes = |side: &Option<crate::preset_test::cases::Golden>| {
        side.as_ref().map(|golden| golden.bytes.clone()).unwrap_or_default()
    };
    let (expected, made) = (bytes(&difference.expected), bytes(&difference.made));
    if [&expected, &made].iter().any(|bytes| bytes.contains(&0)) {
        return "(a binary file)\n".to_owned();
    }
    diff::between(difference.path.as_str(), &expected, &made)
}

/// `presets[{directory, name, version, result (ok|differs|wrong), problems[],
/// cases[{name, problems[], notes[], differences[{path, what
/// (changed|missing|surplus|mode), diff}]}], accepted[]}]`; one that cannot be
/// read has `error` and `code`.
pub fn json(done: &[Done<Tested>]) -> Value {
    let presets: Vec<Value> = done
        .iter()
        .map(|done| match &done.result {
            Err(error) => json!({
                "directory": done.dir,
                "result": "wrong",
                "error": error.to_string(),
                "code": error.exit_code(),
            }),
            Ok(tested) => json!({
                "directory": done.dir,
                "name": tested.preset.name(),
                "version": tested.preset.top().manifest.version.to_string(),
                "result": if tested.holds() { "ok" } else { "differs" },
                "problems": strings(&tested.problems),
                "cases": tested.cases.iter().map(case_json).collect::<Vec<_>>(),
                "accepted": tested.accepted,
            }),
        })
        .collect();
    json!({ "presets": presets })
}

fn case_json(case: &CaseTested) -> Value {
    json!({
        "name": case.name,
        "problems": strings(&case.problems),
        "notes": case.notes,
        "differences": case.differences.iter().map(|difference| json!({
            "path": difference.path,
            "what": difference.word(),
            "diff": unified(difference),
        })).collect::<Vec<_>>(),
    })
}

fn strings(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}
