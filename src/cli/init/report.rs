//! What `init` did: files, checklist, next command.

use serde_json::{Value, json};

use crate::apply::change::{Action, Change};
use crate::apply::composed::Verdict;
use crate::cli::diff;
use crate::cli::init::layers::Layers;
use crate::cli::init::work::Work;
use crate::cli::init::{Init, git, improved, safe};
use crate::cli::layout::{paragraph, wrap};
use crate::cli::{Format, fates, report};
use crate::detect::facts::Doubt;
use crate::detect::readiness::Lack;
use crate::error::Error;
use crate::improve::{Deployed, Found};
use crate::inventory;
use crate::lint::Severity;
use crate::plan::{self, Bundle, workloads};
use crate::project;
use crate::schema::Ownership;
use crate::source::compose::FILE_NAMES;

/// Prints the report.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(init: &Init, layers: &Layers, work: &Work, git: &git::State) -> Result<(), Error> {
    match layers.choices.format {
        Format::Json => report::json(&json(init, layers, work, git)),
        Format::Human => report::print(&human(init, layers, work, git)),
    }
}

/// The documented shape: `directory`, `dry_run`, `facts`, `preset`, `files`
/// (`path`, `state`: new, unchanged, existing, deleted; `action`: create,
/// replace, extend, keep, unchanged, hold, remove; `why`; with `--dry-run`
/// `diff`), `readiness`, `doubts`, `notes`, `written`, `improved` with `--adopt` and
/// `offered` without, `fates` (what [`fates::json`] says), `new` (`what`, `reason`), `findings` (`before`
/// and `after` by severity, where fates are), `compose` (`result`, `said`:
/// what Docker Compose says of it), `next`.
fn json(init: &Init, layers: &Layers, work: &Work, git: &git::State) -> Value {
    let facts = crate::detect::report::json(&layers.facts);
    let files: Vec<Value> = work
        .shown()
        .map(|change| {
            let mut file = json!({
                "path": change.path,
                "state": state(work, change),
                "action": change.action.word(),
                "why": change.why,
            });
            if init.dry_run {
                file["diff"] = json!(shown_diff(change));
            }
            file
        })
        .collect();
    let written: Vec<&str> = work
        .changes
        .iter()
        .filter(|change| change.action.writes() && !init.dry_run)
        .map(|change| change.path.as_str())
        .collect();
    json!({
        "directory": layers.dir,
        "dry_run": init.dry_run,
        "preset": work.plan.answers.preset,
        "facts": facts,
        "files": files,
        "readiness": lacks(layers, work).into_iter().map(|(lack, applied)| {
            let mut value = json!(lack);
            value["applied"] = json!(applied && !init.dry_run);
            value
        }).collect::<Vec<_>>(),
        "doubts": doubts(layers, work).collect::<Vec<_>>(),
        "notes": notes(layers, work, git),
        "written": written,
        "improved": improved::json(work.improvement.as_ref()),
        "offered": improved::json(work.offer.as_ref()),
        "fates": fates::json(&work.fates),
        "new": fates::news(&work.news),
        "findings": work.findings.as_ref().map(|(before, after)| json!({
            "before": improved::count(before), "after": improved::count(after),
        })),
        "compose": compose(&work.verdict),
        "next": next(init, layers, work),
    })
}

fn compose(verdict: &Verdict) -> Value {
    let (result, said) = match verdict {
        Verdict::NotAsked(why) => ("not asked", why.as_str()),
        Verdict::Reads => ("reads it", ""),
        Verdict::RefusesBoth(said) => ("refuses it, as before", said.as_str()),
        Verdict::Refuses(said) => ("refuses it", said.as_str()),
    };
    json!({ "result": result, "said": said })
}

fn state(work: &Work, change: &Change) -> &'static str {
    let look = work.looks.iter().find(|look| look.file.output.path == change.path);
    look.map_or_else(
        || if change.expect.bytes().is_some() { "existing" } else { "new" },
        |look| look.word(),
    )
}

/// A change as a diff; values of `.env` are not shown.
#[must_use]
pub fn shown_diff(change: &Change) -> String {
    let text = diff::of(change);
    if change.path.as_str().ends_with(".env") { diff::without_values(&text) } else { text }
}

fn notes(layers: &Layers, work: &Work, git: &git::State) -> Vec<String> {
    let mut notes = Vec::new();
    let touched: Vec<&str> = git
        .modified()
        .filter(|path| work.shown().any(|c| c.action.writes() && c.path.as_str() == *path))
        .collect();
    let modified = git.modified().count();
    if !touched.is_empty() {
        notes.push(format!("changed, and not committed before: {}", touched.join(", ")));
    } else if modified > 0 {
        notes.push(format!(
            "{modified} {} uncommitted changes, which git diff shows together with these",
            if modified == 1 { "file has" } else { "files have" }
        ));
    }
    let env = work.shown().find(|change| change.path.as_str() == ".env" && change.action.writes());
    let tracked = env.is_some_and(|env| env.expect.bytes().is_some() && git.is_tracked(".env"));
    if tracked {
        notes.push(
            "git has .env in its history: take it out with `git rm --cached .env` before the values that were added get there".into(),
        );
    }
    let locked: Vec<&str> =
        work.shown().filter(|own| own.is_read_only()).map(|own| own.path.as_str()).collect();
    if !locked.is_empty() {
        notes.push(format!("read-only, and written all the same: {}", locked.join(", ")));
    }
    for entry in layers.lock.iter().flat_map(|lock| &lock.file) {
        let known = |change: &Change| change.path.as_str() == entry.path;
        let there = layers.dir.join(&entry.path).exists();
        let is_ours = entry.state.is_written() && entry.ownership != Ownership::Improved;
        if layers.choices.only.is_empty() && there && is_ours && !work.shown().any(known) {
            notes.push(format!("{} is not part of this stack any more: remove it", entry.path));
        }
    }
    // What would be done with the files that are there is not done.
    if !work.runs_by_itself() {
        // The image stays, and with it the server that it starts.
        let stays = work.improvement.is_some();
        let is_true = |own: &&String| !(stays && own.contains(" takes its place, whose "));
        notes.extend(work.notes.iter().filter(is_true).cloned());
    }
    if writes_compose(work) {
        let is_new = |own: &&String| !inventory::is_said_by_a_fate(own, &work.fates, &work.plan);
        notes.extend(work.plan.warnings.iter().filter(is_new).cloned());
    } else {
        // What a cluster gets, and does not get, is planned all the same.
        notes.extend(workloads::notices(&work.plan));
        if writes(work, Bundle::Ci) {
            notes.extend(plan::pipeline::notices(&work.plan));
            notes.extend(project::not_included(&work.plan, &layers.dir));
        }
    }
    notes.extend(of_what_stays(work));
    notes.extend(others(layers, work));
    if let Verdict::RefusesBoth(said) = &work.verdict {
        let said = said.lines().last().unwrap_or_default();
        notes.push(format!("docker compose refuses it, as it refuses what was there: {said}"));
    }
    for unreadable in &layers.facts.unreadable {
        notes.push(format!("{}: {}", unreadable.path, unreadable.why));
    }
    notes
}

/// Findings in files that stay which say what happens at the next start.
const OF_THE_START: [&str; 2] = [UNAWAITED, "XF129"];
const UNAWAITED: &str = "CO146";

fn of_what_stays(work: &Work) -> Vec<String> {
    let left = work.improvement.iter().flat_map(|own| &own.after);
    let told = left.filter(|found| OF_THE_START.contains(&found.code));
    let at = |found: &Found| format!("{}:{}: {}", found.path, found.line, found.message);
    let told = told.map(|found| format!("{} ({})", at(found), found.code));
    let unplanned = work.improvement.iter().flat_map(|own| &own.after).filter_map(|found| {
        Some(format!("{}; the plan gives none: {}", at(found), found.unplanned.as_ref()?))
    });
    told.chain(unplanned).collect()
}

/// Whether a compose file of ours is there afterwards: only then it matters
/// what goes on in it.
fn writes_compose(work: &Work) -> bool {
    writes(work, Bundle::Compose)
}

/// Whether a file of ours of this bundle is there afterwards.
fn writes(work: &Work, bundle: Bundle) -> bool {
    work.looks.iter().filter(|look| look.file.output.bundle == bundle).any(|look| {
        let path = &look.file.output.path;
        work.shown().any(|change| {
            let is_ours = change.action.writes() && change.action != Action::Improve;
            (is_ours || change.action == Action::Unchanged) && change.path == *path
        })
    })
}

/// Dockerfiles that none of ours takes the place of.
fn others(layers: &Layers, work: &Work) -> Option<String> {
    let ours = |path: &str| work.shown().any(|change| change.path.as_str() == path);
    let copy = |path: &str| path.contains("before-dockwright");
    let image = work.plan.answers.own_image();
    let used = image.and_then(|own| crate::relpath::join(&own.context, &own.dockerfile));
    let existing = layers.facts.existing_files.iter();
    let paths: Vec<&str> = existing
        .filter(|file| file.kind == "dockerfile" && !ours(&file.path) && !copy(&file.path))
        .map(|file| file.path.as_str())
        .filter(|path| used.as_deref() != Some(*path))
        .collect();
    (!paths.is_empty())
        .then(|| format!("there are other Dockerfiles, left alone: {}", paths.join(", ")))
}

fn human(init: &Init, layers: &Layers, work: &Work, git: &git::State) -> String {
    let width = usize::from(report::width());
    let mut text = match &work.improvement {
        Some(own) if work.runs_by_itself() => {
            format!("{}\n", improved::headline(&work.plan.answers.name, own, width))
        }
        // Its screen says what is there.
        _ if work.offer.is_some() => String::new(),
        _ => format!("{}\n", report::headline(&work.plan)),
    };
    if init.dry_run {
        for change in work.shown() {
            text.push_str(&diff::coloured(&shown_diff(change), false));
        }
        text.push('\n');
    }
    if let Some(offer) = &work.offer {
        text.push_str(&improved::screen(offer, width));
        text.push('\n');
    }
    text.push_str(&files(work, init.dry_run, width));
    text.push_str(&improved::text(work, init.dry_run, width));
    text.push_str(&fates::text(&work.fates, &work.news, width));
    // Where there was nothing to find anything in, there is nothing to compare.
    let compared = work.findings.as_ref().filter(|(before, after)| before.len() + after.len() > 0);
    if let Some((before, after)) = compared {
        text.push_str(&paragraph(&improved::gained(before, after), width, ""));
        let errors: Vec<Found> =
            after.iter().filter(|own| own.severity == Severity::Error).cloned().collect();
        text.push_str(&improved::worst(&errors, width, |found| found.message.clone()));
    }
    text.push_str(&paragraphs("Notes", &notes(layers, work, git), width));
    text.push_str(&doubtful(layers, work, width));
    text.push_str(&checklist(init, &lacks(layers, work), width));
    text.push_str(&format!("\nNext: {}\n", next(init, layers, work)));
    text
}

/// A line per file, by what happens to it.
#[must_use]
pub fn files(work: &Work, dry_run: bool, width: usize) -> String {
    let mut text = String::new();
    for (action, done, planned) in [
        (Action::Create, "Wrote", "New"),
        (Action::Replace, "Replaced", "Existing, would be replaced"),
        (Action::Extend, "Extended", "Existing, would get lines added"),
        (Action::Improve, "Improved", "Existing, would be improved"),
        (Action::Remove, "Removed", "Existing, would be removed"),
        (Action::Unchanged, "Unchanged", "Unchanged"),
        (Action::Keep, "Kept as they are", "Existing, kept as they are"),
        (Action::Hold, "Not written", "Not written"),
    ] {
        let changes: Vec<&Change> = work.shown().filter(|change| change.action == action).collect();
        if changes.is_empty() {
            continue;
        }
        text.push_str(&format!("{}\n", if dry_run { planned } else { done }));
        text.push_str(&lines(&changes, width));
    }
    text
}

/// Files with the same reason share it.
fn lines(changes: &[&Change], width: usize) -> String {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for change in changes {
        match groups.iter_mut().find(|(why, _)| *why == change.why) {
            Some((_, names)) => names.push(change.path.to_string()),
            None => groups.push((&change.why, vec![change.path.to_string()])),
        }
    }
    let mut text = String::new();
    for (why, names) in groups {
        match why {
            "" => text.push_str(&report::columns_within(&names, width)),
            why => {
                let line = format!("{}: {why}", names.join(", "));
                text.push_str(&format!("  {}\n", wrap(&line, width - 6).join("\n      ")));
            }
        }
    }
    text
}

fn paragraphs(heading: &str, items: &[String], width: usize) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{heading}\n");
    for item in items {
        text.push_str(&format!("  - {}\n", wrap(item, width - 6).join("\n    ")));
    }
    text
}

/// What a person should look at; of a compose file that goes on in ours, where it does.
fn doubts<'a>(layers: &'a Layers, work: &'a Work) -> impl Iterator<Item = &'a Doubt> {
    let all = layers.facts.doubts.iter();
    all.filter(|doubt| doubt.key != "compose" || writes_compose(work))
}

/// The same in words, each with what decides it.
fn doubtful(layers: &Layers, work: &Work, width: usize) -> String {
    let mut text = String::new();
    for doubt in doubts(layers, work) {
        if text.is_empty() {
            text.push_str("\nDoubtful\n");
        }
        text.push_str(&format!("  - {}\n", wrap(&doubt.message, width - 6).join("\n    ")));
        if !doubt.help.is_empty() {
            let help = format!("help: {}", doubt.help);
            text.push_str(&format!("    {}\n", wrap(&help, width - 8).join("\n      ")));
        }
    }
    text
}

/// What the code lacks, and whether it is mended.
fn lacks(layers: &Layers, work: &Work) -> Vec<(Lack, bool)> {
    layers.checklist(work.improvement.is_some() || work.offer.is_some())
}

/// What the code lacks: where, and the exact lines.
fn checklist(init: &Init, lacks: &[(Lack, bool)], width: usize) -> String {
    if lacks.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nChecklist: what the code lacks\n");
    for (lack, applied) in lacks {
        let mark = if *applied && !init.dry_run { "[x]" } else { "[ ]" };
        let place = match lack.line {
            0 => lack.path.clone(),
            line => format!("{}:{line}", lack.path),
        };
        let line = format!("{place}: {}", lack.message);
        text.push_str(&format!("  {mark} {}\n", wrap(&line, width - 8).join("\n      ")));
        for line in &lack.add {
            text.push_str(format!("        + {line}").trim_end());
            text.push('\n');
        }
    }
    let safe = lacks.iter().filter(|(lack, _)| safe::is_safe(lack)).count();
    if safe > 0 && !init.apply_safe {
        text.push_str(&format!(
            "  --apply-safe makes {safe} of these additions; the code is yours to edit.\n"
        ));
    }
    text
}

/// What to type next.
fn next(init: &Init, layers: &Layers, work: &Work) -> String {
    let shown = layers.dir.display().to_string();
    let quoted = report::shell_word(&shown);
    let here = shown == ".";
    let place = if here { String::new() } else { format!(" {quoted}") };
    let offered = work.offer.as_ref().is_some_and(|own| !own.made.is_empty());
    if offered {
        return format!("dockwright init{place} --yes --adopt  (makes these edits)");
    }
    if init.dry_run {
        let safe = if init.apply_safe { " --apply-safe" } else { "" };
        let flags: Vec<String> = work.flags.iter().map(|flag| report::shell_word(flag)).collect();
        return format!("dockwright init{place} {}{safe}", flags.join(" "));
    }
    let theirs = match work.improvement.as_ref().map(|own| &own.deployed) {
        Some(Deployed::Project(file)) => Some(file.as_str()),
        _ => None,
    };
    let compose = work.compose_file();
    // Compose reads `.env` where its file is.
    let below = compose.and_then(|file| file.rsplit_once('/')).map(|(directory, _)| directory);
    let to = match (below, here) {
        (None, true) => None,
        (None, false) => Some(quoted.clone()),
        (Some(directory), true) => Some(report::shell_word(directory)),
        (Some(directory), false) => {
            Some(format!("{}/{}", quoted.trim_end_matches('/'), report::shell_word(directory)))
        }
    };
    let cd = to.map_or_else(String::new, |to| format!("cd {to} && "));
    let compose = compose.map(|file| file.rsplit('/').next().unwrap_or(file));
    let image = layers.facts.existing_files.iter().any(|file| file.kind == "dockerfile")
        || work.plan.outputs.iter().any(|output| output.usual.as_str() == "Dockerfile");
    let is_whole = image && project::awaited(&work.plan, &layers.dir).next().is_none();
    if theirs.is_none() && !is_whole {
        return format!("dockwright plan{place}");
    }
    let cd = match &work.verdict {
        // Compose says what; nothing starts before.
        Verdict::RefusesBoth(_) => format!("mend what docker compose refuses, then {cd}"),
        _ => cd,
    };
    // Something ends that nothing waits for: `--wait` would call that a failure.
    let left = work.improvement.iter().flat_map(|own| &own.after);
    let up = match left.into_iter().any(|found| found.code == UNAWAITED) {
        true => "up --build --detach",
        false => "up --build --wait",
    };
    match compose {
        Some(file)
            if file.contains(".dockwright.") || theirs.is_some() && !FILE_NAMES.contains(&file) =>
        {
            format!("{cd}docker compose --file {} {up}", report::shell_word(file))
        }
        Some(_) => format!("{cd}docker compose {up}"),
        None if work.shown().any(|change| change.action == Action::Hold) => {
            format!(
                "dockwright init{place} --yes --rewrite --dry-run  (what taking dockwright's files would change)"
            )
        }
        None => format!("{cd}docker build --tag {} .", work.plan.answers.name),
    }
}
