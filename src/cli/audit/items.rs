//! What an audit found, as findings for other programs.

use super::human;
use super::judging::Outcome;
use crate::cli::findings::{About, Item, Level, Mend, Place, seen};
use crate::cli::many::Done;
use crate::lint::diagnostic::At;
use crate::lint::edit::Placed;
use crate::lint::ignores::{Judged, META};
use crate::lint::{Severity, edit, rule, rules};

/// Every finding of every path; what the baseline has is no longer told.
#[must_use]
pub fn of(done: &[Done<Outcome>]) -> Vec<Item> {
    let outcomes = done.iter().filter_map(|own| own.result.as_ref().ok());
    outcomes
        .flat_map(|outcome| {
            let all = outcome.judged.iter().zip(&outcome.known);
            all.filter(|(_, known)| !**known).map(|(own, _)| item(outcome, own))
        })
        .collect()
}

/// A finding.
#[must_use]
pub fn item(outcome: &Outcome, judged: &Judged) -> Item {
    let own = &judged.diagnostic;
    let text = &outcome.subject.texts[own.at.text];
    let name = rule::find(own.code).map_or("", |rule| rule.name);
    // The text of the line, however far in it stands.
    let line: Vec<&str> = match own.at.span.end > own.at.span.start {
        true => text.line_text(text.line(own.at.span.start)).split_whitespace().collect(),
        false => Vec::new(),
    };
    Item {
        rule: own.code.to_owned(),
        title: format!("{} {name}", own.code),
        level: match own.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Advice | Severity::Style => Level::Note,
        },
        message: own.message.clone(),
        help: own.help.clone(),
        place: place(outcome, own.at),
        identity: format!("{}\0{}", own.subject, line.join(" ")),
        suppressed: judged.allowed.clone(),
        related: own.related.iter().map(|(at, what)| (place(outcome, *at), what.clone())).collect(),
        mend: own.fix.as_ref().map(|fix| Mend {
            what: fix.what.clone(),
            edits: edit::placed(&outcome.subject.texts, fix)
                .into_iter()
                .map(|own| Placed { path: seen(outcome.directory(), &own.path), ..own })
                .collect(),
        }),
    }
}

/// What a person should know of how it was judged.
#[must_use]
pub fn notes(done: &[Done<Outcome>]) -> Vec<String> {
    done.iter().filter_map(|own| own.result.as_ref().ok()).flat_map(human::notes).collect()
}

fn place(outcome: &Outcome, at: At) -> Place {
    let text = &outcome.subject.texts[at.text];
    let end =
        (at.span.end > at.span.start).then(|| (text.line(at.span.end), text.column(at.span.end)));
    Place {
        path: seen(outcome.directory(), &text.path),
        line: Some(text.line(at.span.start)),
        column: Some(text.column(at.span.start)),
        end,
    }
}

/// The paths that could not be judged, and why.
#[must_use]
pub fn failed(done: &[Done<Outcome>]) -> Vec<(String, String)> {
    let errors = done.iter().filter_map(|own| Some((own, own.result.as_ref().err()?)));
    errors.map(|(own, error)| (own.dir.display().to_string(), error.to_string())).collect()
}

/// The rules that findings are of.
#[must_use]
pub fn rules(items: &[Item]) -> Vec<About> {
    rules::ALL
        .iter()
        .chain(META)
        .filter(|rule| items.iter().any(|item| item.rule == rule.code))
        .map(|rule| About {
            id: rule.code.to_owned(),
            name: rule.name.to_owned(),
            short: rule.summary.to_owned(),
            full: rule.why.to_owned(),
        })
        .collect()
}
