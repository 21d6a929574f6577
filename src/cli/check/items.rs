//! What a check found, as findings for other programs.

use std::collections::BTreeMap;

use super::{Outcome, pins};
use crate::check::{FailOn, Finding, Kind, Level, Report};
use crate::cli::findings::{self, About, Item, Place, seen};
use crate::cli::many::Done;
use crate::lint;

/// Every finding of every repository.
#[must_use]
pub fn of(outcome: &Outcome) -> Vec<Item> {
    let reports = outcome.done.iter().filter_map(|done| Some((done, done.result.as_ref().ok()?)));
    reports
        .flat_map(|(done, report)| {
            let found = report.findings.iter().map(|found| item(done, found, &outcome.fail_on));
            found.chain(report.pins.iter().flat_map(|own| pins::items(done, own)))
        })
        .collect()
}

/// The repositories that could not be checked, and why.
#[must_use]
pub fn failed(outcome: &Outcome) -> Vec<(String, String)> {
    let errors = outcome.done.iter().filter_map(|done| Some((done, done.result.as_ref().err()?)));
    errors.map(|(done, error)| (seen(&done.dir, "dockwright.toml"), error.to_string())).collect()
}

/// The rules that findings are of.
#[must_use]
pub fn rules(outcome: &Outcome) -> Vec<About> {
    let reports = || outcome.done.iter().filter_map(|done| done.result.as_ref().ok());
    let mut rules = BTreeMap::new();
    for found in reports().flat_map(|report| &report.findings) {
        rules.entry(id(found)).or_insert_with(|| about(found));
    }
    let pins = reports().filter_map(|report| report.pins.as_ref());
    if pins.into_iter().any(|own| !own.newer.is_empty()) {
        rules.insert(pins::RULE.to_owned(), pins::about());
    }
    rules.into_values().collect()
}

/// `policy/deploy.hardening`.
fn id(found: &Finding) -> String {
    format!("{}/{}", found.kind.word(), found.rule)
}

fn about(found: &Finding) -> About {
    let full = match found.kind {
        Kind::Drift => "What dockwright alone writes was edited, or is gone.",
        Kind::Conflict => "An update waits for a person.",
        Kind::Policy => "A lock, a floor or a rule of the preset does not hold.",
        Kind::Manifests => "What a cluster would be told does not fit together.",
        Kind::Outdated => "There is something newer than the files.",
        Kind::Note => "Something a person should know.",
    };
    // One requirement may be held by several rules: the first that found something
    // says why.
    let rule = found.code.and_then(lint::rule::find);
    About {
        id: id(found),
        name: found.rule.clone(),
        short: format!("{}: {}", found.kind.word(), found.rule),
        full: rule.map_or_else(|| full.to_owned(), |rule| format!("{full} {}", rule.why)),
    }
}

fn item(done: &Done<Report>, found: &Finding, fail_on: &FailOn) -> Item {
    let layer = found.layer.as_ref().map(|layer| format!(" ({layer})")).unwrap_or_default();
    let kind = if found.waived.is_some() { "waived" } else { found.kind.word() };
    Item {
        rule: id(found),
        title: format!("{kind}: {}", found.rule),
        level: match Report::level(found, fail_on) {
            Level::Error => findings::Level::Error,
            Level::Warning => findings::Level::Warning,
            Level::Note => findings::Level::Note,
        },
        message: format!("{}{layer}", found.message),
        help: found.help.clone(),
        place: Place {
            path: seen(&done.dir, found.path.as_deref().unwrap_or_default()),
            line: found.line,
            ..Place::default()
        },
        identity: found.layer.clone().unwrap_or_default(),
        members: Vec::new(),
        suppressed: found
            .waived
            .as_ref()
            .map(|waiver| format!("until {}: {}", waiver.until, waiver.reason)),
        related: Vec::new(),
        mend: None,
    }
}
