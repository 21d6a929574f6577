//! What a check found, for people.

use console::style;

use super::{Outcome, name, pins};
use crate::check::report::Why;
use crate::check::{FailOn, Finding, Kind, Level, Report};
use crate::cli::findings::seen;
use crate::cli::layout;
use crate::cli::many::Done;
use crate::cli::report as reporting;
use crate::error::Error;

/// One repository in whole, several as one table with their findings below.
///
/// # Errors
/// A report that cannot be written.
pub fn print(outcome: &Outcome) -> Result<(), Error> {
    if let [only] = outcome.done {
        return match &only.result {
            Ok(report) => reporting::print(&one(only, report, &outcome.fail_on)),
            Err(_) => Ok(()),
        };
    }
    let mut text = String::new();
    for done in outcome.done {
        if let Ok(report) = &done.result
            && report.failures(&outcome.fail_on) > 0
        {
            text.push_str(&format!("{}\n", style(done.dir.display()).bold()));
            text.push_str(&groups(done, report, &outcome.fail_on));
        }
    }
    let rows = outcome.done.iter().map(|done| row(done, &outcome.fail_on));
    text.push_str(&reporting::table(["repository", "result", "findings"], rows));
    for done in outcome.done {
        if let Ok(Report { pins: Some(pins), .. }) = &done.result {
            text.push_str(&format!("\n{}\n", style(done.dir.display()).bold()));
            text.push_str(&pins::text(done, pins));
        }
    }
    reporting::print(&text)
}

fn one(done: &Done<Report>, report: &Report, fail_on: &FailOn) -> String {
    let mut text = groups(done, report, fail_on);
    if !report.kept.is_empty() {
        let rows =
            report.kept.iter().map(|out| [seen(&done.dir, &out.path), out.why.word().into()]);
        text.push_str(&reporting::table(["stays out", ""], rows));
    }
    if report.failures(fail_on) == 0 {
        let waived = report.waived().count();
        let mut line = match report.kept.iter().filter(|own| own.why == Why::Improved).count() {
            0 => format!("{} follows {}", name(&done.dir), report.label()),
            1 => format!("{}: a file of yours is improved by rule", name(&done.dir)),
            n => format!("{}: {n} files of yours are improved by rule", name(&done.dir)),
        };
        if waived > 0 {
            line.push_str(&format!(", with {waived} waived"));
        }
        let warnings = report
            .findings
            .iter()
            .filter(|found| Report::level(found, fail_on) == Level::Warning)
            .count();
        match warnings {
            0 => {}
            1 => line.push_str("; 1 warning"),
            n => line.push_str(&format!("; {n} warnings")),
        }
        text.push_str(&format!("{line}\n"));
    }
    if let Some(pins) = &report.pins {
        text.push('\n');
        text.push_str(&pins::text(done, pins));
    }
    text
}

/// A table for each kind.
fn groups(done: &Done<Report>, report: &Report, fail_on: &FailOn) -> String {
    let mut text = String::new();
    for kind in
        [Kind::Drift, Kind::Conflict, Kind::Policy, Kind::Manifests, Kind::Outdated, Kind::Note]
    {
        let rows: Vec<[String; 2]> =
            report.of(kind).map(|found| [place(done, found), what(found, fail_on)]).collect();
        text.push_str(&table(kind.word(), rows));
    }
    let waived = report.waived().filter_map(|found| {
        let waiver = found.waived.as_ref()?;
        let why = format!("{}\nuntil {}: {}", told(found), waiver.until, waiver.reason);
        Some([place(done, found), why])
    });
    text.push_str(&table("waived", waived.collect()));
    text
}

fn table(name: &'static str, rows: Vec<[String; 2]>) -> String {
    if rows.is_empty() { String::new() } else { reporting::table([name, ""], rows) + "\n" }
}

fn place(done: &Done<Report>, found: &Finding) -> String {
    let path = found.path.as_deref().map(|path| seen(&done.dir, path)).unwrap_or_default();
    match found.line {
        Some(line) => format!("{path}:{line}"),
        None => path,
    }
}

fn told(found: &Finding) -> String {
    let message = layout::visible(&found.message);
    match &found.layer {
        Some(layer) => format!("{message} ({}, {layer})", found.rule),
        None => message.into_owned(),
    }
}

fn what(found: &Finding, fail_on: &FailOn) -> String {
    let mut text = told(found);
    match &found.warn_until {
        Some(day) => text.push_str(&format!("; an error after {day}")),
        None if found.kind != Kind::Note && Report::level(found, fail_on) == Level::Warning => {
            text.push_str("; a warning");
        }
        None => {}
    }
    if let Some(help) = &found.help {
        text.push_str(&format!("\n→ {help}"));
    }
    text
}

fn row(done: &Done<Report>, fail_on: &FailOn) -> [String; 3] {
    let dir = done.dir.display().to_string();
    match &done.result {
        Err(error) => {
            let text = error.to_string();
            [dir, "failed".into(), text.lines().next().unwrap_or_default().to_owned()]
        }
        Ok(report) => {
            let word = if report.failures(fail_on) > 0 { "does not follow" } else { "follows" };
            [dir, format!("{word} {}", report.label()), counts(report)]
        }
    }
}

/// `1 drift, 2 policy, 1 waived`.
fn counts(report: &Report) -> String {
    let kinds = [Kind::Drift, Kind::Conflict, Kind::Policy, Kind::Manifests, Kind::Outdated];
    let counted = kinds.iter().map(|kind| (report.of(*kind).count(), kind.word()));
    let counted = counted.chain([(report.waived().count(), "waived")]);
    let parts: Vec<String> =
        counted.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    parts.join(", ")
}
