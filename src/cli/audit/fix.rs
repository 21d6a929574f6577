//! `--fix`: shows what would be mended, then writes it, and says what is left.

use std::collections::BTreeMap;
use std::path::Path;

use console::{Term, style};
use serde_json::{Value, json};

use super::judging::{self, Outcome, Request};
use super::target::Target;
use super::{Audit, Format, named};
use crate::apply::change::Change;
use crate::apply::commit;
use crate::apply::disk::{self, DiskState};
use crate::cli::many::{self, Done};
use crate::cli::{diff, input, layout, report as reporting};
use crate::error::{Error, Problem};
use crate::lint::ignores::{self, Judged};
use crate::lint::mend::{Made, Refused, mend};
use crate::lint::{Diagnostic, Edit, Grade};
use crate::relpath::RelPath;
use crate::source::path;

/// What came of mending one target.
pub struct Fixed {
    /// The stack afterwards, and what is still found in it.
    pub outcome: Outcome,
    /// What was made.
    pub made: Vec<Made>,
    /// What was to be made and was not.
    pub refused: Vec<Refused>,
    /// The files that are other ones.
    pub written: Vec<String>,
}

/// Which fixes are asked for.
#[derive(Clone, Copy)]
struct Asked<'a>(Option<&'a [&'static str]>);

impl Asked<'_> {
    /// How many findings fail, of the rules that were named where some were.
    fn failing(self, audit: &Audit, fixed: &Fixed) -> usize {
        let own = fixed.outcome.counting().map(|own| &own.diagnostic);
        own.filter(|own| audit.fail_on.fails(own.severity))
            .filter(|own| self.0.is_none_or(|codes| codes.contains(&own.code)))
            .count()
    }

    /// Why the fix of a finding is left alone, where it is.
    fn leaves(self, own: &Diagnostic, outcome: &Outcome) -> String {
        let Some(fix) = &own.fix else {
            return "no edit fits here, the finding says what to write".to_owned();
        };
        let others = others(&fix.edits, outcome);
        match self.0 {
            _ if !others.is_empty() || outcome.target.is_part && !fix.files.is_empty() => {
                format!("its fix is in more files than were named: --fix={} of all", own.code)
            }
            None if fix.grade == Grade::Suggested => {
                format!("it changes more: --fix={} makes it", own.code)
            }
            _ => format!("--fix={} makes it", own.code),
        }
    }
}

/// The files that edits are in beside those that were named.
fn others<'o>(edits: &[Edit], outcome: &'o Outcome) -> Vec<&'o str> {
    let paths = edits.iter().map(|edit| outcome.subject.path(edit.at.text));
    paths.filter(|path| !outcome.target.shows(path)).collect()
}

/// Mends every target.
///
/// # Errors
/// Findings that fail and are left, codes that are not there, directories that
/// cannot be read or written.
pub fn run(
    audit: &Audit,
    request: &Request,
    targets: &[Target],
    codes: &[String],
) -> Result<(), Error> {
    let codes: Option<Vec<&'static str>> = match codes {
        [only] if only == "safe" => None,
        codes => {
            let found: Result<Vec<_>, _> =
                codes.iter().map(|word| named(word, "--fix").map(|rule| rule.code)).collect();
            Some(found?)
        }
    };
    let asked = Asked(codes.as_deref());
    let mut done = Vec::new();
    for target in targets {
        let result = one(audit, request, asked, target);
        if let Err(Error::Cancelled | Error::Interrupted) = &result {
            return result.map(drop);
        }
        let is_shown = audit.format == Format::Human;
        if let (true, Ok(fixed)) = (is_shown, &result) {
            reporting::print(&closing(audit, asked, fixed))?;
        }
        done.push(Done { dir: target.name.clone(), result });
    }
    let code = many::worst(&done, |own| u8::from(asked.failing(audit, own) > 0));
    if audit.format == Format::Json {
        reporting::json(&json!({
            "code": code,
            "paths": done.iter().map(|own| value(audit, asked, own)).collect::<Vec<_>>(),
        }))?;
    }
    let failing = done.iter().filter_map(|own| own.result.as_ref().ok());
    let failing: usize = failing.map(|own| asked.failing(audit, own)).sum();
    if audit.format == Format::Human || audit.format == Format::Json {
        return ended(&mut done, code, failing);
    }
    // Other programs are told what is left.
    let mut left: Vec<Done<Outcome>> = done
        .into_iter()
        .map(|own| Done { dir: own.dir, result: own.result.map(|own| own.outcome) })
        .collect();
    super::others(&left, audit.format, code)?;
    ended(&mut left, code, failing)
}

fn ended<T>(done: &mut Vec<Done<T>>, code: u8, failing: usize) -> Result<(), Error> {
    if done.len() == 1 && done[0].result.is_err() {
        return done.remove(0).result.map(drop);
    }
    for own in done.iter() {
        if let Err(error) = &own.result {
            reporting::error(error);
        }
    }
    if code == 0 {
        return Ok(());
    }
    let noun = if failing == 1 { "finding that fails is" } else { "findings that fail are" };
    Err(Error::Ended { code, message: format!("{failing} {noun} left") })
}

fn one(
    audit: &Audit,
    request: &Request,
    asked: Asked<'_>,
    target: &Target,
) -> Result<Fixed, Error> {
    let (target, _) = target.clone().widened(None)?;
    let root = &target.root;
    // Before anything is read: an earlier run may have been killed.
    let held = (!audit.dry_run).then(|| input::hold(root)).transpose()?;
    let waivers = judging::waivers(&target)?;
    let own = waivers.as_ref().map_or(&[][..], |(_, waivers)| waivers.as_slice());
    let read = |texts| {
        let mut subject = target.read(texts)?;
        subject.machine.clone_from(&request.machine);
        Ok(subject)
    };
    let subject = read(BTreeMap::new())?;
    let mended = mend(&request.rules, subject, &read, &|subject, found| {
        let other_names = judging::other_names(subject);
        let is_here = |edit: &Edit| target.shows(subject.path(edit.at.text));
        let is_wanted = |own: &Diagnostic| {
            let Some(fix) = &own.fix else { return false };
            let is_asked = match asked.0 {
                Some(codes) => codes.contains(&own.code),
                None => fix.grade > Grade::Suggested && own.severity >= request.level,
            };
            is_asked
                && !other_names[own.at.text]
                && (!target.is_part || fix.files.is_empty() && fix.edits.iter().all(is_here))
        };
        // What is allowed stays as it is; what is said beside the findings comes last.
        let judged = ignores::apply(subject, found.to_vec(), &request.rules, own, &request.today);
        let judged = judged.iter().take(found.len());
        judged.map(|own| own.allowed.is_none() && is_wanted(&own.diagnostic)).collect()
    })?;
    let (mut changes, mut refused) = (Vec::new(), mended.refused);
    for (path, text) in &mended.texts {
        match change(root, path, text)? {
            Ok(change) if changes.iter().any(|own: &Change| own.path == change.path) => {}
            Ok(change) if change.action.writes() => changes.push(change),
            Ok(_) => {}
            Err(why) => {
                let lost = mended.made.iter().filter(|made| made.paths().contains(&path.as_str()));
                refused.extend(lost.map(|made| Refused {
                    code: made.code,
                    what: made.what.clone(),
                    subject: String::new(),
                    path: path.clone(),
                    why: why.clone(),
                }));
            }
        }
    }
    let is_lost = |made: &Made| {
        made.paths().iter().any(|path| {
            refused
                .iter()
                .any(|own| own.path == *path && own.subject.is_empty() && own.code == made.code)
        })
    };
    let made: Vec<Made> = mended.made.into_iter().filter(|made| !is_lost(made)).collect();
    if audit.format == Format::Human {
        reporting::print(&shown(&made, &changes))?;
    }
    let mut written = Vec::new();
    if let Some(held) = held.filter(|_| !changes.is_empty()) {
        commit::refuse_read_only(root, &changes)?;
        if !audit.yes && reporting::can_ask() && !agreed(changes.len())? {
            return Err(Error::Cancelled);
        }
        written = commit::commit(&held, &changes)?;
    }
    let outcome = judging::settle(target, mended.subject, mended.found, waivers, request);
    Ok(Fixed { outcome, made, refused, written })
}

/// What is written to a file; else why nothing is. What a link inside of the
/// repository leads to is written, and the link stays.
fn change(root: &Path, path: &str, text: &str) -> Result<Result<Change, String>, Error> {
    let failed = |source| Error::Io { action: "read", path: root.to_owned(), source };
    let base = path::canonical(root).map_err(failed)?;
    let real = path::canonical(&root.join(path)).ok();
    let inside = match &real {
        None => Some(path.to_owned()),
        Some(real) => real.strip_prefix(&base).ok().map(path::portable),
    };
    let Some(inside) = inside else {
        return Ok(Err(format!("{path} is a link out of the directory, and is not written")));
    };
    let refused = |message: String| Error::input(Problem::new(message).at(path));
    let relative = RelPath::new(&inside).map_err(|why| refused(why.to_string()))?;
    let expect = disk::look(root, &relative)?;
    if let DiskState::Obstructed(obstacle) = &expect {
        return Ok(Err(format!("{path} {obstacle}")));
    }
    Ok(Ok(Change::write(relative, expect, text.as_bytes().to_vec(), 0o644)))
}

fn width() -> usize {
    usize::from(reporting::width())
}

/// The diffs, then each fix with its reason.
fn shown(made: &[Made], changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        let shown = diff::of(change);
        let secret = change.path.as_str().rsplit('/').next().is_some_and(|n| n.starts_with(".env"));
        let shown = if secret { diff::without_values(&shown) } else { shown };
        text.push_str(&diff::coloured(&shown, false));
        text.push('\n');
    }
    for own in made {
        let condition =
            own.condition.as_ref().map(|c| format!(" (checked: {c})")).unwrap_or_default();
        let (code, paths) = (style(own.code).bold(), own.paths().join(", "));
        let line = format!("{code} {paths}: {}{condition}", own.what);
        text.push_str(&layout::paragraph(&line, width(), ""));
    }
    text
}

/// What was mended, what was not and why, and what is left.
fn closing(audit: &Audit, asked: Asked<'_>, fixed: &Fixed) -> String {
    let mut text = String::new();
    for own in &fixed.refused {
        let left = style("left").yellow();
        let line = format!("{left} {} {}: {} ({})", own.code, own.path, own.what, own.why);
        text.push_str(&layout::paragraph(&line, width(), ""));
    }
    let (made, root) = (fixed.made.len(), fixed.outcome.directory().display());
    let noun =
        |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    text.push_str(&match made {
        0 => format!("{root}: nothing to mend"),
        made if audit.dry_run => {
            format!("Would mend {}; nothing was written", noun(made, "finding"))
        }
        made => {
            let without = !audit.yes && !reporting::can_ask();
            let hint = if without { " (nobody could be asked; --dry-run only shows)" } else { "" };
            let written = fixed.written.join(", ");
            format!("Mended {}. Written: {written}{hint}", noun(made, "finding"))
        }
    });
    text.push_str(&left(audit, asked, fixed));
    text.push('\n');
    text
}

/// How many findings are left, by why: each with its codes.
fn left(audit: &Audit, asked: Asked<'_>, fixed: &Fixed) -> String {
    let left: Vec<(&Judged, String)> = reasons(asked, fixed).collect();
    if left.is_empty() {
        return String::from(". No finding is left.");
    }
    let failing = asked.failing(audit, fixed);
    let mut text = format!(". {} left, {failing} of them fail:", left.len());
    let mut kinds: Vec<(String, Vec<&str>)> = Vec::new();
    for (judged, why) in &left {
        let code = judged.diagnostic.code;
        let kind = why.replace(&format!("={code}"), "=CODE");
        match kinds.iter_mut().find(|(own, _)| *own == kind) {
            Some((_, codes)) => codes.push(code),
            None => kinds.push((kind, vec![code])),
        }
    }
    for (why, mut codes) in kinds {
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        let line = format!("{count}: {why} ({})", codes.join(", "));
        text.push_str(&format!("\n{}", layout::paragraph(&line, width(), "  ").trim_end()));
    }
    text
}

/// What is left, each with why it was not mended.
fn reasons<'f>(
    asked: Asked<'f>,
    fixed: &'f Fixed,
) -> impl Iterator<Item = (&'f Judged, String)> + 'f {
    let outcome = &fixed.outcome;
    outcome.counting().map(move |judged| {
        let own = &judged.diagnostic;
        let refused = fixed.refused.iter().find(|other| other.is_of(&outcome.subject, own));
        let why = refused.map_or_else(|| asked.leaves(own, outcome), |own| own.why.clone());
        (judged, why)
    })
}

fn value(audit: &Audit, asked: Asked<'_>, done: &Done<Fixed>) -> Value {
    let path = done.dir.display().to_string();
    let fixed = match &done.result {
        Ok(fixed) => fixed,
        Err(error) => {
            return json!({
                "path": path, "root": null, "error": error.to_string(),
                "written": [], "made": [], "refused": [], "left": [],
            });
        }
    };
    let made = fixed.made.iter().map(|own| {
        json!({
            "code": own.code, "grade": own.grade.word(), "what": own.what,
            "condition": own.condition, "paths": own.paths(),
            "edits": own.edits.iter().map(super::json::edit).collect::<Vec<_>>(),
        })
    });
    let refused = fixed
        .refused
        .iter()
        .map(|own| json!({ "code": own.code, "path": own.path, "what": own.what, "why": own.why }));
    let left = reasons(asked, fixed).map(|(judged, why)| {
        let mut finding = super::json::finding(&fixed.outcome, judged, audit.fail_on);
        finding["left"] = json!(why);
        finding
    });
    json!({
        "path": path,
        "root": fixed.outcome.directory().display().to_string(),
        "error": null,
        "written": fixed.written,
        "made": made.collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "left": left.collect::<Vec<_>>(),
    })
}

fn agreed(files: usize) -> Result<bool, Error> {
    let noun = if files == 1 { "file" } else { "files" };
    dialoguer::Confirm::new()
        .with_prompt(format!("Write {files} {noun}?"))
        .default(true)
        .interact_on(&Term::stderr())
        .map_err(|_| Error::Interrupted)
}
