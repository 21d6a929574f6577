//! `--fix`: shows what would be mended, then writes it.

use std::path::Path;

use console::{Term, style};

use super::{Audit, Request, named, split, waivers};
use crate::apply::change::Change;
use crate::apply::commit;
use crate::apply::disk;
use crate::apply::exclusive::Held;
use crate::cli::{diff, report as reporting};
use crate::error::{Error, Problem};
use crate::lint::mend::{Mended, mend};
use crate::lint::{Diagnostic, Edit, Grade, ignores};
use crate::relpath::RelPath;

/// Mends every path.
///
/// # Errors
/// Directories that cannot be read or written, codes that are not there.
pub fn run(audit: &Audit, request: &Request, codes: &[String]) -> Result<(), Error> {
    let codes: Option<Vec<&'static str>> = match codes {
        [only] if only == "safe" => None,
        codes => {
            let found: Result<Vec<_>, _> =
                codes.iter().map(|word| named(word, "--fix").map(|rule| rule.code)).collect();
            Some(found?)
        }
    };
    for path in &audit.paths {
        one(audit, request, codes.as_deref(), path)?;
    }
    Ok(())
}

fn one(
    audit: &Audit,
    request: &Request,
    codes: Option<&[&'static str]>,
    path: &Path,
) -> Result<(), Error> {
    let (directory, only) = split(path, &request.overlay);
    let waivers = waivers(&directory)?.map(|(_, waivers)| waivers).unwrap_or_default();
    let mended = mend(&directory, &request.rules, &request.machine, &|subject, found| {
        // What is allowed stays as it is.
        let judged = ignores::apply(subject, found, &waivers, &request.today);
        let open = judged.into_iter().filter(|own| own.allowed.is_none());
        let wanted = |own: &Diagnostic| {
            let Some(fix) = &own.fix else { return false };
            let asked = match codes {
                Some(codes) => codes.contains(&own.code),
                None => fix.grade > Grade::Suggested && own.severity >= request.level,
            };
            let is_here = |edit: &Edit| only.as_deref() == Some(subject.path(edit.at.text));
            asked && (only.is_none() || fix.files.is_empty() && fix.edits.iter().all(is_here))
        };
        open.map(|own| own.diagnostic).filter(wanted).collect()
    })?;
    let changes = changes(&directory, &mended)?;
    reporting::print(&text(&directory, &mended, &changes))?;
    if changes.is_empty() || audit.dry_run {
        return Ok(());
    }
    if !audit.yes && Term::stderr().is_term() && !agreed(changes.len())? {
        return Err(Error::Cancelled);
    }
    let held = Held::take(&directory, &mut reporting::waiting(&directory))?;
    let written = commit::commit(&held, &changes)?;
    reporting::print(&format!("Written: {}\n", written.join(", ")))
}

fn changes(directory: &Path, mended: &Mended) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    for (path, text) in &mended.texts {
        let refused = |message: String| Error::input(Problem::new(message).at(path.clone()));
        let relative = RelPath::new(path).map_err(|why| refused(why.to_string()))?;
        let expect = disk::look(directory, &relative)?;
        let change = Change::write(relative, expect, text.clone().into_bytes(), 0o644);
        if change.action.writes() {
            changes.push(change);
        }
    }
    Ok(changes)
}

fn text(directory: &Path, mended: &Mended, changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        let shown = diff::of(change);
        let secret = change.path.as_str().rsplit('/').next().is_some_and(|n| n.starts_with(".env"));
        let shown = if secret { diff::without_values(&shown) } else { shown };
        text.push_str(&diff::coloured(&shown, false));
        text.push('\n');
    }
    for made in &mended.made {
        let condition =
            made.condition.as_ref().map(|c| format!(" (checked: {c})")).unwrap_or_default();
        text.push_str(&format!(
            "{} {}: {}{condition}\n",
            style(made.code).bold(),
            made.paths.join(", "),
            made.what
        ));
    }
    for refused in &mended.refused {
        text.push_str(&format!("{} {refused}\n", style("left").yellow()));
    }
    if mended.made.is_empty() {
        text.push_str(&format!("{}: nothing to mend\n", directory.display()));
    }
    text
}

fn agreed(files: usize) -> Result<bool, Error> {
    let noun = if files == 1 { "file" } else { "files" };
    dialoguer::Confirm::new()
        .with_prompt(format!("Write {files} {noun}?"))
        .default(true)
        .interact_on(&Term::stderr())
        .map_err(|_| Error::Interrupted)
}
