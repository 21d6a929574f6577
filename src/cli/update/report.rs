//! What an update did, for people and programs.

use std::path::Path;

use serde_json::{Value, json};

use super::Outcome;
use crate::cli::diff;
use crate::cli::many::{Done, worst};
use crate::cli::report as reporting;
use crate::error::Error;
use crate::merge::Hunk;
use crate::update::{FileUpdate, Update, What};

/// Lines of a hunk's side that are shown.
const SHOWN: usize = 6;

/// Reports one repository.
///
/// # Errors
/// Conflicts, as exit code 1; a report that cannot be written.
pub fn one(dir: &Path, outcome: &Outcome, dry_run: bool) -> Result<(), Error> {
    let update = &outcome.update;
    let mut text = format!("{}\n", versions(update));
    let told: Vec<[String; 3]> = update
        .files
        .iter()
        .filter(|file| !file.what.is_quiet())
        .map(|file| [file.path.clone(), file.what.word().to_owned(), file.why.clone()])
        .collect();
    if !told.is_empty() {
        text.push_str(&reporting::table(["file", "what", "why"], told));
    }
    if dry_run {
        for change in update.changes.iter().filter(|change| !is_bookkeeping(change.path.as_str())) {
            let diff = diff::of(change);
            let secret = change.path.as_str().ends_with(".env");
            let diff = if secret { diff::without_values(&diff) } else { diff };
            text.push_str(&diff::coloured(&diff, false));
        }
    }
    for file in update.conflicts() {
        if let What::Conflict(found) = &file.what {
            text.push_str(&hunks(&file.path, found));
        }
    }
    let decided: Vec<String> = update.files.iter().flat_map(FileUpdate::decisions).collect();
    text.push_str(&reporting::notes(&decided));
    text.push_str(&reporting::notes(&update.notes));
    text.push_str(&summary(outcome, dry_run));
    reporting::print(&text)?;
    let conflicts = update.conflicts().count();
    if conflicts == 0 {
        return Ok(());
    }
    let what = match (outcome.written, dry_run) {
        (true, _) => "open until they are resolved; what did merge was written",
        (false, true) => "nothing was to be written",
        (false, false) => {
            "nothing was written: --keep PATH or --take PATH decides one, --conflict markers writes both sides"
        }
    };
    let noun = if conflicts == 1 { "file conflicts" } else { "files conflict" };
    Err(Error::Ended { code: 1, message: format!("{}: {conflicts} {noun}; {what}", dir.display()) })
}

fn summary(outcome: &Outcome, dry_run: bool) -> String {
    let update = &outcome.update;
    let count = update.files.iter().filter(|file| !file.what.is_quiet()).count();
    match (outcome.written, dry_run) {
        (true, _) if count == 0 => "Recorded; no file changes\n".to_owned(),
        (true, _) => {
            let noun = if count == 1 { "file; look at it" } else { "files; look at them" };
            format!("{count} {noun} with `git diff`\n")
        }
        (false, true) if !update.is_nothing() => "Nothing written: --dry-run\n".to_owned(),
        _ if update.conflicts().next().is_some() => String::new(),
        _ => "Up to date\n".to_owned(),
    }
}

/// `acme 1.0.0 → 2.0.0`, or the version that stays.
fn versions(update: &Update) -> String {
    let name = update.preset.name();
    let now = update.preset.top().manifest.version.to_string();
    match update.before.last() {
        Some(old) if old.name != name => format!("{} {} → {name} {now}", old.name, old.version),
        Some(old) if old.version != now => format!("{name} {} → {now}", old.version),
        _ => format!("{name} {now}"),
    }
}

/// The hunks of a file, each with its line and both sides.
pub fn hunks(path: &str, hunks: &[Hunk]) -> String {
    let mut text = String::new();
    for hunk in hunks {
        match &hunk.why {
            Some(why) => text.push_str(&format!("{path}: {why}\n")),
            None => {
                text.push_str(&format!("{path}:{}\n", hunk.line));
                side(&mut text, "on disk", &hunk.disk);
                side(&mut text, "new", &hunk.new);
            }
        }
    }
    text
}

fn side(text: &mut String, name: &str, lines: &str) {
    let count = lines.lines().count();
    if count == 0 {
        text.push_str(&format!("  {name:<8}(nothing)\n"));
    }
    for (number, line) in lines.lines().take(SHOWN).enumerate() {
        let name = if number == 0 { name } else { "" };
        text.push_str(&format!("  {name:<8}| {line}\n"));
    }
    if count > SHOWN {
        text.push_str(&format!("  {:<8}| … {} lines more\n", "", count - SHOWN));
    }
}

/// One table of many repositories, then what went wrong where.
///
/// # Errors
/// A report that cannot be written.
pub fn many(done: &[Done<Outcome>], dry_run: bool) -> Result<(), Error> {
    let rows = done.iter().map(|done| {
        let dir = done.dir.display().to_string();
        match &done.result {
            Err(error) => {
                let first = error.to_string();
                [dir, "failed".into(), first.lines().next().unwrap_or_default().to_owned()]
            }
            Ok(outcome) => [dir, word(outcome, dry_run).into(), counts(outcome, dry_run)],
        }
    });
    reporting::print(&reporting::table(["repository", "result", "files"], rows))
}

fn word(outcome: &Outcome, dry_run: bool) -> &'static str {
    match (outcome.update.conflicts().next().is_some(), outcome.written) {
        (true, _) => "conflict",
        (false, true) => "updated",
        (false, false) if dry_run && !outcome.update.is_nothing() => "would change",
        (false, false) => "up to date",
    }
}

/// `2 updated, 1 merged`, and the files that conflict by name.
fn counts(outcome: &Outcome, dry_run: bool) -> String {
    let update = &outcome.update;
    let happened = outcome.written || dry_run;
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for file in update.files.iter().filter(|file| !file.what.is_quiet()) {
        let word = file.what.word();
        match counted.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counted.push((word, 1)),
        }
    }
    let mut parts: Vec<String> = counted
        .iter()
        .filter(|(word, _)| happened && *word != "conflict")
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let conflicts: Vec<&str> = update.conflicts().map(|file| file.path.as_str()).collect();
    if !conflicts.is_empty() {
        parts.push(format!("conflict: {}", conflicts.join(", ")));
    }
    parts.join(", ")
}

/// The documented shape for programs.
pub fn json(done: &[Done<Outcome>], dry_run: bool) -> Value {
    let repositories: Vec<Value> = done
        .iter()
        .map(|done| match &done.result {
            Err(error) => json!({
                "directory": done.dir,
                "result": "failed",
                "error": error.to_string(),
                "code": error.exit_code(),
            }),
            Ok(outcome) => {
                let mut value = update_json(&outcome.update);
                value["directory"] = json!(done.dir);
                value["result"] = json!(word(outcome, dry_run));
                value["written"] = json!(outcome.written);
                value["code"] = json!(outcome.code());
                value
            }
        })
        .collect();
    json!({ "dry_run": dry_run, "repositories": repositories })
}

/// An update for programs.
pub fn update_json(update: &Update) -> Value {
    let layer = |name: &str, version: &str, source: &str, commit: Option<&str>| json!({ "name": name, "version": version, "source": source, "commit": commit });
    json!({
        "preset": {
            "reference": update.preset.reference.to_string(),
            "from": update.before.iter()
                .map(|l| layer(&l.name, &l.version, &l.source, l.commit.as_deref()))
                .collect::<Vec<_>>(),
            "to": update.preset.layers.iter().map(|l| {
                let commit = match &l.source {
                    crate::preset::Source::Git { commit, .. } => Some(commit.as_str()),
                    _ => None,
                };
                layer(&l.manifest.name, &l.manifest.version.to_string(), &l.source.to_string(), commit)
            }).collect::<Vec<_>>(),
        },
        "files": update.files.iter().map(|file| json!({
            "path": file.path,
            "what": file.what.word(),
            "why": file.why,
            "values": file.values(),
            "from": match &file.what { What::Moved(from) => Some(from), _ => None },
            "hunks": match &file.what { What::Conflict(hunks) => hunks.as_slice(), _ => &[] },
        })).collect::<Vec<_>>(),
        "notes": update.notes,
    })
}

/// The exit code of many repositories: the highest.
///
/// # Errors
/// When one of them failed or conflicts.
pub fn verdict(done: &[Done<Outcome>]) -> Result<(), Error> {
    let worst = worst(done, Outcome::code);
    if worst == 0 {
        return Ok(());
    }
    let failed = done.iter().filter(|done| done.result.is_err()).count();
    let conflicts = done.iter().filter(|d| d.result.as_ref().is_ok_and(|o| o.code() == 1)).count();
    let message =
        format!("of {} repositories, {conflicts} have conflicts and {failed} failed", done.len());
    Err(Error::Ended { code: worst, message })
}

fn is_bookkeeping(path: &str) -> bool {
    path.starts_with(".dockwright/")
}
