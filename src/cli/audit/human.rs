//! What an audit found, for people.

use std::collections::BTreeSet;

use console::style;

use super::FailOn;
use super::judging::{Developed, Outcome};
use crate::cli::findings::seen;
use crate::cli::many::Done;
use crate::cli::{layout, report};
use crate::lint::ignores::Judged;
use crate::lint::subject::{CHART, Overlay};
use crate::lint::{Grade, Severity, rule};

/// Findings by file, each with its line, then how many there are. `gone` is how
/// many of the baseline's are no longer found.
#[must_use]
pub fn text(done: &[Done<Outcome>], fail_on: FailOn, gone: usize) -> String {
    let mut text = String::new();
    for own in done {
        let Ok(outcome) = &own.result else { continue };
        for judged in outcome.counting() {
            text.push_str(&finding(outcome, judged));
        }
        let name = own.dir.display().to_string();
        let lead = if done.len() > 1 { format!("{}: ", style(name).bold()) } else { String::new() };
        let width = usize::from(report::width());
        text.push_str(&format!(
            "{lead}{}\n",
            layout::paragraph(&summary(outcome, fail_on), width, "").trim_end()
        ));
        for note in notes(outcome) {
            text.push_str(&layout::paragraph(&format!("note: {note}"), width, ""));
        }
        if done.len() > 1 {
            text.push('\n');
        }
    }
    if gone > 0 {
        let noun = if gone == 1 { "finding is" } else { "findings are" };
        text.push_str(&format!(
            "{gone} {noun} in the baseline and no longer there: --write-baseline writes it anew\n"
        ));
    }
    text
}

fn finding(outcome: &Outcome, judged: &Judged) -> String {
    let own = &judged.diagnostic;
    let width = usize::from(report::width());
    let file = &outcome.subject.texts[own.at.text];
    let (line, column) = (file.line(own.at.span.start), file.column(own.at.span.start));
    let word = style(own.severity.word());
    let word = match own.severity {
        Severity::Error => word.red().bold(),
        Severity::Warning => word.yellow().bold(),
        Severity::Advice | Severity::Style => word.cyan(),
    };
    let name = rule::find(own.code).map_or("", |rule| rule.name);
    let path = seen(outcome.directory(), &file.path);
    let mut text = format!("{path}:{line}:{column}: {word} {} {name}\n", style(own.code).bold());
    text.push_str(&layout::paragraph(&layout::visible(&own.message), width, "  "));
    if own.at.span.end > own.at.span.start {
        let said = file.line_text(line).trim_end();
        let said = layout::visible(said).replace('\t', "    ");
        let shown = console::truncate_str(&said, width.saturating_sub(9), "…");
        text.push_str(&format!("  {:>4} | {shown}\n", style(line).dim()));
    }
    for (at, what) in &own.related {
        let other = &outcome.subject.texts[at.text];
        let path = seen(outcome.directory(), &other.path);
        let place = format!("{path}:{}: {what}", other.line(at.span.start));
        text.push_str(&layout::paragraph(&place, width, "  "));
    }
    if let Some(help) = &own.help {
        text.push_str(&layout::snippet(&layout::visible(help), width, "  → ", "    "));
    }
    text.push('\n');
    text
}

fn summary(outcome: &Outcome, fail_on: FailOn) -> String {
    let counting: Vec<&Judged> = outcome.counting().collect();
    let count = |severity: Severity| {
        counting.iter().filter(|own| own.diagnostic.severity == severity).count()
    };
    let mut parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| match (count(severity), severity) {
            (1, _) | (_, Severity::Advice | Severity::Style) => {
                format!("{} {}", count(severity), severity.word())
            }
            (number, _) => format!("{number} {}s", severity.word()),
        })
        .collect();
    if parts.is_empty() {
        parts.push(match outcome.has_files() || outcome.repeated > 0 {
            false => nothing_there(outcome),
            true => "No finding".to_owned(),
        });
    }
    let allowed = outcome.judged.iter().filter(|own| own.allowed.is_some()).count();
    let known = outcome.known.iter().filter(|known| **known).count();
    let mendable = counting
        .iter()
        .filter(|own| own.diagnostic.fix.as_ref().is_some_and(|fix| fix.grade > Grade::Suggested))
        .count();
    let mut tail = String::new();
    let failing: BTreeSet<&str> = counting
        .iter()
        .filter(|own| fail_on.fails(own.diagnostic.severity))
        .map(|own| own.diagnostic.code)
        .collect();
    if !failing.is_empty() {
        let codes: Vec<&str> = failing.into_iter().collect();
        let verb = if outcome.failing(fail_on) == 1 { "fails" } else { "fail" };
        tail = format!("; {} {verb} ({})", outcome.failing(fail_on), codes.join(", "));
    }
    for (number, what) in
        [(allowed, "allowed"), (known, "known from the baseline"), (outcome.repeated, "told above")]
    {
        if number > 0 {
            tail.push_str(&format!("; {number} {what}"));
        }
    }
    if mendable > 0 {
        tail.push_str(&format!("; --fix mends {mendable}"));
    }
    format!("{}{tail}.", parts.join(", "))
}

/// What a person should know of how it was judged.
#[must_use]
pub fn notes(outcome: &Outcome) -> Vec<String> {
    let mut notes: Vec<String> = outcome
        .strange()
        .into_iter()
        .map(|file| {
            let file = seen(outcome.directory(), file);
            format!("{file} is none of the files that an audit judges: nothing is said of it")
        })
        .collect();
    notes.extend(developed(outcome));
    notes.extend(overlays(outcome));
    notes
}

/// Which overlays were not built, what was left out, and what has to be there first.
fn overlays(outcome: &Outcome) -> Vec<String> {
    let subject = &outcome.subject;
    let shown = |path: &str| seen(outcome.directory(), path);
    let overlays: Vec<Overlay<'_>> =
        subject.overlays().into_iter().filter(|own| outcome.target.shows(own.path)).collect();
    let mut reasons: Vec<&str> = overlays.iter().filter_map(|own| own.unbuilt.as_deref()).collect();
    reasons.dedup();
    let mut notes = Vec::new();
    for why in reasons {
        let own = overlays.iter().filter(|own| own.unbuilt.as_deref() == Some(why));
        let names: Vec<String> = own.map(|own| shown(own.path)).collect();
        let note = format!("not built, so judged as its files are: {} ({why})", names.join(", "));
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    for own in &overlays {
        for (secret, keys) in &own.expects {
            notes.push(format!("{} {}", shown(own.path), expects(secret, keys)));
        }
    }
    let charts = subject.unread.iter().filter(|own| own.why == CHART);
    let charts: Vec<String> = charts.map(|own| shown(&own.path)).collect();
    match charts.as_slice() {
        [] => {}
        [only] => notes.push(format!("not judged, as charts are not rendered: {only}")),
        [first, rest @ ..] => notes.push(format!(
            "not judged, as charts are not rendered: {first} and {} more",
            rest.len()
        )),
    }
    let lone = subject.lone_components();
    if !overlays.is_empty() && !lone.is_empty() {
        let names: Vec<String> = lone.iter().map(|own| shown(own)).collect();
        notes.push(format!("taken by no overlay, so not judged: {}", names.join(", ")));
    }
    notes
}

/// What has to be there before an overlay is applied.
pub fn expects(secret: &str, keys: &BTreeSet<String>) -> String {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let with = if keys.is_empty() { String::new() } else { format!(" with {}", keys.join(", ")) };
    format!("asks for the Secret {secret}{with}, which has to be there first")
}

/// Said once: where less is asked, why, and how that is changed.
fn developed(outcome: &Outcome) -> Option<String> {
    const MOST: usize = 3;
    let all = outcome.developed();
    let mut reasons: Vec<&str> = all.iter().map(|own| own.why).collect();
    reasons.dedup();
    let mut parts = Vec::new();
    for why in reasons {
        let own: Vec<&Developed> = all.iter().filter(|own| own.why == why).collect();
        let names = own.iter().take(MOST).map(|own| seen(outcome.directory(), &own.path));
        let mut names = names.collect::<Vec<_>>().join(", ");
        if own.len() > MOST {
            names.push_str(&format!(" and {} more", own.len() - MOST));
        }
        let part = format!("{names} ({why})");
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    (!parts.is_empty()).then(|| {
        format!(
            "judged as development, where less is asked: {}. If users get one of these, give it \
             a name that says so, like compose.prod.yaml: it is judged in full then",
            parts.join("; ")
        )
    })
}

/// For who has nothing yet.
fn nothing_there(outcome: &Outcome) -> String {
    let facts = &outcome.subject.facts;
    let place = report::shell_word(&outcome.directory().display().to_string());
    match facts.framework.value() {
        _ if outcome.target.is_part => "Nothing was judged".to_owned(),
        Some(framework) => format!(
            "There are no container files here. This is {framework}: `dockwright init {place}` \
             would write a Dockerfile, a compose file and what belongs to them; --dry-run shows them",
        ),
        None if outcome.subject.tree.paths().next().is_none() => {
            format!("The directory is empty. `dockwright new {place}` makes a service in it")
        }
        None => "There are no container files here, and no web service in Python that \
                 `dockwright init` would write them for"
            .to_owned(),
    }
}
