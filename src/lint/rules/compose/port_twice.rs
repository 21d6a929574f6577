//! Two services that want one port of the host.

use std::collections::HashMap;

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Member, Subject};
use crate::source::compose::{Item, Port};

pub static RULE: Rule = Rule {
    code: "CO138",
    name: "port-twice",
    severity: Severity::Error,
    summary: "every port of the host is published once",
    why: "The second container does not start: \"port is already allocated\". Which one it is changes from one start to the next.",
    example: "ports: [\"127.0.0.1:8001:8000\"]",
    source: "Compose Specification: ports; Docker, Port publishing",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        // Profiles choose which of them run.
        let all: Vec<(&Member<'_>, Port, &Item)> = members
            .iter()
            .filter(|own| own.service.item.get("profiles").is_none())
            .flat_map(|own| own.ports().into_iter().map(move |(port, item)| (own, port, item)))
            .collect();
        let mut by_number: HashMap<u16, Vec<usize>> = HashMap::new();
        for (at, (own, port, item)) in all.iter().enumerate() {
            let Some(number) = number(port) else { continue };
            let earlier = by_number.entry(number).or_default();
            let first = earlier.iter().map(|at| &all[*at]).find(|(other, before, _)| {
                let is_other = other.name() != own.name() || port.container != before.container;
                is_other && is_same(port, before) && !is_variant(own, other)
            });
            earlier.push(at);
            if let Some((other, _, place)) = first {
                let who = if other.name() == own.name() {
                    format!("{} publishes {number} twice", own.name())
                } else {
                    format!("{} and {} both publish {number}", other.name(), own.name())
                };
                let message = format!("{who}: one does not start");
                let finding = findings.add(own.place(item), message);
                finding.about(own.name()).help("Give one of them another port of the host.");
                finding.related(other.place(place), other.name());
                // One of them at a time: who starts it names it.
                if other.name() != own.name() && is_other_form(own, item, other, place) {
                    finding.severity(Severity::Advice).help(format!(
                        "profiles: [{0}]   (for {0}, so that `docker compose up` starts one of them alone)",
                        own.name()
                    ));
                }
            }
        }
    }
}

/// Whether both are built from one context with targets of their own: one of
/// them is started, `docker compose up web-dev`.
fn is_variant(one: &Member<'_>, other: &Member<'_>) -> bool {
    let built = |own: &Member<'_>| own.service.build();
    match (built(one), built(other)) {
        (Some(one), Some(other)) => one.context == other.context && one.target != other.target,
        _ => false,
    }
}

/// Whether both are forms of one service: the port is one line that both have, or
/// they run one image.
fn is_other_form(one: &Member<'_>, port: &Item, other: &Member<'_>, before: &Item) -> bool {
    let image = one.service.image();
    one.place(port) == other.place(before)
        || image.is_some() && image == other.service.image()
        || one.service.build().is_some() && one.service.build() == other.service.build()
        || is_built_from_one_place(one, other)
}

/// Whether both are built from one directory, and neither waits for the other: a
/// Dockerfile for a processor and one for a graphics card.
fn is_built_from_one_place(one: &Member<'_>, other: &Member<'_>) -> bool {
    let context = |own: &Member<'_>| own.service.build().map(|own| own.context);
    let needs = |one: &Member<'_>, other: &Member<'_>| {
        one.service.needs().iter().any(|own| own == other.name())
    };
    context(one).is_some()
        && context(one) == context(other)
        && !needs(one, other)
        && !needs(other, one)
        && shares_volume(one, other)
}

/// Whether both keep what they keep in one place.
fn shares_volume(one: &Member<'_>, other: &Member<'_>) -> bool {
    let places = |own: &Member<'_>| {
        own.service.mounts().into_iter().map(|own| (own.source, own.target)).collect::<Vec<_>>()
    };
    !places(one).is_empty() && places(one) == places(other)
}

/// The one port of the host that is published; `None` for a range.
fn number(port: &Port) -> Option<u16> {
    port.host_number().filter(|_| !port.host.contains('-'))
}

/// Whether two that publish one number want it of the same address.
fn is_same(one: &Port, other: &Port) -> bool {
    let protocol = |port: &Port| {
        if port.protocol.is_empty() { "tcp".to_owned() } else { port.protocol.clone() }
    };
    let address = |port: &Port| {
        let address = port.host.rsplit_once(':').map_or("", |(address, _)| address).to_owned();
        if matches!(address.as_str(), "0.0.0.0" | "[::]") { String::new() } else { address }
    };
    let (a, b) = (address(one), address(other));
    protocol(one) == protocol(other) && (a == b || a.is_empty() || b.is_empty())
}
