//! What improving comes to: every edit with its rule, and the findings before
//! and afterwards.

use console::style;
use serde_json::{Value, json};

use crate::apply::bookkeeping::EditEntry;
use crate::cli::diff;
use crate::cli::init::work::Work;
use crate::cli::layout::paragraph;
use crate::cli::wizard::asker::{Asker, Reply};
use crate::error::Error;
use crate::improve::{Deployed, Found, Improvement, entries_of, weights};
use crate::lint::Severity;
use crate::lint::mend::Made;
use crate::lint::subject::listed;

/// `runs`, `edits` (`code`, `path`, `names`, `grade`, `what`, `why`, `condition`,
/// `paths`), `left` (`code`, `severity`, `path`, `line`, `message`, `suggested`),
/// `refused`, `taken_out`, `changed_since`, `aside` (why, by path), `line_ends`, and `findings` `before` and `after` by
/// severity; null where the user's own files are not improved.
pub fn json(own: Option<&Improvement>) -> Value {
    let Some(own) = own else { return Value::Null };
    let edit = |made: &Made| {
        json!({
            "code": made.code,
            "path": made.path,
            "names": made.names,
            "grade": made.grade.word(),
            "what": made.what,
            "why": made.why,
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
    let named =
        |own: &EditEntry| json!({ "rule": own.rule, "path": own.path, "subject": own.subject });
    json!({
        "runs": own.runs,
        "edits": own.made.iter().map(edit).collect::<Vec<_>>(),
        "left": own.after.iter().map(left).collect::<Vec<_>>(),
        "refused": own.refused.iter().map(|own| json!({
            "code": own.code, "path": own.path, "what": own.what, "why": own.why,
        })).collect::<Vec<_>>(),
        "taken_out": own.taken_out.iter().map(named).collect::<Vec<_>>(),
        "aside": own.aside,
        "line_ends": own.line_ends,
        "changed_since": own.changed_since.iter().map(named).collect::<Vec<_>>(),
        "findings": { "before": count(&own.before), "after": count(&own.after) },
    })
}

/// What runs, in a line: `shop: docker-compose.yml stays, and starts web (gunicorn) and db`.
pub fn headline(name: &str, own: &Improvement, width: usize) -> String {
    let runs: Vec<&str> = own.runs.iter().map(String::as_str).collect();
    let line = match &own.deployed {
        Deployed::Project(file) => format!("{name}: {file} stays, and starts {}", listed(&runs)),
        Deployed::Image(_) => format!("{name}: your own image stays: {}", listed(&runs)),
    };
    paragraph(&line, width, "")
}

/// How many findings there are, by severity.
pub fn count(found: &[Found]) -> Value {
    weights(found).into_iter().map(|(own, count)| (own.word(), json!(count))).collect()
}

/// The edits by file, what the user took out, and what is left to a person.
pub fn text(work: &Work, dry_run: bool, width: usize) -> String {
    work.improvement.as_ref().map(|own| said(own, dry_run, width)).unwrap_or_default()
}

fn said(own: &Improvement, dry_run: bool, width: usize) -> String {
    let mut text = edits(own, if dry_run { "Edits of " } else { "Edited " }, width);
    text.push_str(&left_alone(own, width));
    text.push('\n');
    text.push_str(&paragraph(&gained(&own.before, &own.after), width, ""));
    text
}

/// Findings of one kind that are shown by name.
const NAMED: usize = 5;

/// What the repository deploys with, what is wrong with that, and what becomes of it
/// with `--adopt`: the first thing that is said of a repository with container files.
pub fn screen(own: &Improvement, width: usize) -> String {
    let runs: Vec<&str> = own.runs.iter().map(String::as_str).collect();
    let files = match &own.deployed {
        Deployed::Project(file) => format!("{file}, which starts {}", listed(&runs)),
        Deployed::Image(_) => listed(&runs),
    };
    let line = format!("Your own container files deploy it: {files}");
    let mut text = format!("\n{}", paragraph(&line, width, ""));
    text.push_str(&paragraph(&format!("Found in them: {}", counted(&own.before)), width, ""));
    text.push_str(&worst(&own.before, width, |found| found.message.clone()));
    match own.made.len() {
        0 if !own.entries.is_empty() => {
            let count = own.entries.len();
            let noun = if count == 1 { "edit stands" } else { "edits stand" };
            text.push_str(&format!("\n{count} {noun}; there is nothing more to improve.\n"));
        }
        0 => text.push_str("\n--adopt would edit nothing in them.\n"),
        count => {
            let noun = if count == 1 { "edit that is" } else { "edits, each" };
            let line = format!(
                "--adopt makes {count} {noun} safe, or safe by a condition that was checked; \
                 every other line stays as it is:"
            );
            text.push_str(&format!("\n{}", paragraph(&line, width, "")));
            text.push_str(edits(own, "", width).trim_start_matches('\n'));
        }
    }
    if let Some(what) = &own.line_ends {
        text.push_str(&paragraph(&format!(".gitattributes: {what}"), width, ""));
    }
    text.push_str(&left_alone(own, width));
    if !own.after.is_empty() {
        text.push_str("\nIt leaves to you, since no edit is known that is safe\n");
        text.push_str(&worst(&own.left(), width, |found| match &found.suggested {
            Some(what) => format!("{}; {} {what}", found.message, fix_of(found)),
            None => found.message.clone(),
        }));
    }
    text.push('\n');
    text.push_str(&paragraph(
        "--rewrite is the other way: dockwright's own files take the place of yours, and \
         --dry-run shows them.",
        width,
        "",
    ));
    text
}

/// The command that makes the edit which a person has to decide on.
fn fix_of(found: &Found) -> String {
    format!("`dockwright audit --fix={}`", found.code)
}

/// `1 error, 7 warnings, 6 advice`.
fn counted(found: &[Found]) -> String {
    let parts: Vec<String> = weights(found)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            let is_one = count == 1 || severity == Severity::Advice;
            format!("{count} {}{}", severity.word(), if is_one { "" } else { "s" })
        })
        .collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// The heaviest findings by name, and how many more there are.
pub fn worst(found: &[Found], width: usize, says: impl Fn(&Found) -> String) -> String {
    let mut all: Vec<&Found> = found.iter().collect();
    all.sort_by_key(|own| std::cmp::Reverse(own.severity));
    let mut text = String::new();
    for own in all.iter().take(NAMED) {
        let severity = own.severity.word();
        let line = format!("{severity} {} {}:{}: {}", own.code, own.path, own.line, says(own));
        text.push_str(&paragraph(&line, width, "  "));
    }
    if let Some(more) = all.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text.push_str(&format!("  … {more} more, which `dockwright audit` lists\n"));
    }
    text
}

fn edits(own: &Improvement, head: &str, width: usize) -> String {
    let mut text = String::new();
    let mut paths: Vec<&str> = own.made.iter().map(|made| made.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        text.push_str(&format!("\n{head}{path}\n"));
        for made in own.made.iter().filter(|made| made.path == path) {
            let condition = made.condition.as_ref();
            let condition = condition.map(|own| format!(" (checked: {own})")).unwrap_or_default();
            let line = format!("{} {}: {}{condition}", made.code, made.what, made.why);
            text.push_str(&paragraph(&line, width, "  "));
        }
    }
    text
}

/// Edits that are not made, and why.
fn left_alone(own: &Improvement, width: usize) -> String {
    let taken_out = own.taken_out.iter().map(EditEntry::taken_out);
    let changed = own.changed_since.iter().map(EditEntry::changed_since);
    let refused = own
        .refused
        .iter()
        .map(|own| format!("{} {}: {} is left: {}", own.code, own.path, own.what, own.why));
    let aside = own.aside.iter().map(|(path, why)| format!("{path} is not edited: {why}"));
    let all = taken_out.chain(changed).chain(refused).chain(aside);
    all.map(|line| paragraph(&line, width, "")).collect()
}

/// `Findings before → afterwards: error 3 → 1, warning 7 → 2, advice 9 → 4`
pub fn gained(before: &[Found], after: &[Found]) -> String {
    let (before, after) = (weights(before), weights(after));
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

/// What becomes of the user's own container files.
pub enum Wanted {
    /// They are improved, but for these edits.
    Improved(Vec<EditEntry>),
    /// They stay as they are, or others take their place: asked file by file.
    Others,
}

/// Shows what would be edited, and asks what becomes of the files.
///
/// # Errors
/// Interrupted.
pub fn ask(asker: &mut Asker, own: &Improvement, is_shown: &mut bool) -> Result<Wanted, Error> {
    const LEAVE: &str = "Leave them as they are";
    const EACH: &str = "Decide about each edit";
    const SHOW: &str = "Show the edits";
    const OTHERS: &str = "Keep them as they are, or take dockwright's in their place";
    const TAKE: &str = "Take dockwright's in their place, decided file by file";
    const PROMPT: &str = "Your container files";
    if !std::mem::replace(is_shown, true) {
        asker.say(&screen(own, asker.width()))?;
    }
    let noun = if own.made.len() == 1 { "edit" } else { "edits" };
    let improve = format!("Improve them by {} {noun}; the rest stays as it is", own.made.len());
    let items = match own.made.is_empty() {
        true => vec![LEAVE.to_owned(), TAKE.to_owned()],
        false => [&improve, EACH, SHOW, OTHERS].map(str::to_owned).to_vec(),
    };
    loop {
        match asker.select(PROMPT, "", &items, 0)? {
            Reply::Given(0) => {
                let what = if own.made.is_empty() { "left as they are" } else { "improved" };
                asker.answered(PROMPT, what)?;
                return Ok(Wanted::Improved(Vec::new()));
            }
            Reply::Given(chosen) if items[chosen] == EACH => {
                if let Some(left) = each(asker, own)? {
                    return Ok(Wanted::Improved(left));
                }
            }
            Reply::Given(chosen) if items[chosen] == SHOW => {
                for made in &own.made {
                    asker.say(&shown(made))?;
                }
            }
            Reply::Given(_) => {
                asker.answered(PROMPT, "decided file by file")?;
                return Ok(Wanted::Others);
            }
            Reply::Back => asker.remark("Choose one: nothing is written before the summary.")?,
        }
    }
}

/// Asks for each edit whether it is made; gives those that are not, and `None` where
/// somebody goes back from the first one.
fn each(asker: &mut Asker, own: &Improvement) -> Result<Option<Vec<EditEntry>>, Error> {
    const REST: &str = "Make it, and all that follow";
    const NO_REST: &str = "Leave it out, and all that follow";
    let mut left = Vec::new();
    let mut number = 0;
    while let Some(made) = own.made.get(number) {
        asker.say(&shown(made))?;
        let prompt = format!("{} ({} of {})", made.code, number + 1, own.made.len());
        let is_last = number + 1 == own.made.len();
        let rest = [REST, NO_REST].into_iter().filter(|_| !is_last);
        let items: Vec<String> =
            ["Make it", "Leave it out"].into_iter().chain(rest).map(str::to_owned).collect();
        match asker.select(&prompt, "", &items, 0)? {
            Reply::Given(0) => asker.answered(&prompt, "made")?,
            Reply::Given(1) => {
                left.extend(entries_of(made));
                asker.answered(&prompt, "left out")?;
            }
            Reply::Given(2) => {
                asker.answered(&prompt, "made, and all that follow")?;
                break;
            }
            Reply::Given(_) => {
                left.extend(own.made[number..].iter().flat_map(entries_of));
                asker.answered(&prompt, "left out, and all that follow")?;
                break;
            }
            Reply::Back => {
                let Some(before) = number.checked_sub(1) else { return Ok(None) };
                number = before;
                left.retain(|entry| !entries_of(&own.made[number]).contains(entry));
                continue;
            }
        }
        number += 1;
    }
    Ok(Some(left))
}

/// What of the edits that were shown is another one, or is not made, without those that
/// are left out.
pub fn others(shown: &Improvement, own: &Improvement, left: &[EditEntry]) -> String {
    let is_left = |made: &Made| entries_of(made).iter().any(|entry| left.contains(entry));
    let is_same = |one: &Made, other: &Made| {
        (one.code, &one.path, &one.names) == (other.code, &other.path, &other.names)
    };
    let said = shown.made.iter().filter(|made| !is_left(made)).filter_map(|made| {
        let head = format!("{} {}", made.code, made.path);
        match own.made.iter().find(|other| is_same(made, other)) {
            None => Some(format!("{head}: not made without what is left out: {}\n", made.what)),
            Some(other) if other.what != made.what => {
                Some(format!("{head}: another one without what is left out: {}\n", other.what))
            }
            Some(_) => None,
        }
    });
    said.collect()
}

/// An edit with what it writes.
fn shown(made: &Made) -> String {
    let head = format!("{} {}: {}", made.code, made.path, made.what);
    let mut text = format!("{}\n{}\n", style(head).for_stderr().bold(), made.why);
    for edit in &made.edits {
        let (before, after) = &edit.lines;
        let place = match edit.is_new {
            true => format!("@ {}, new\n", edit.path),
            false => format!("@ {}:{}\n", edit.path, edit.start.0),
        };
        text.push_str(&diff::coloured(&place, true));
        text.push_str(&diff::coloured(&diff::lines(before, after), true));
    }
    text
}
