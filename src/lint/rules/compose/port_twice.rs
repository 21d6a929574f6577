//! Two services that want one port of the host.

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
        for (at, (own, port, item)) in all.iter().enumerate() {
            let first = all[..at].iter().find(|(other, before, _)| {
                let is_other = other.name() != own.name() || port.container != before.container;
                is_other && is_same(port, before) && !is_variant(own, other)
            });
            if let Some((other, _, place)) = first {
                let number = port.host_number().unwrap_or_default();
                let who = if other.name() == own.name() {
                    format!("{} publishes {number} twice", own.name())
                } else {
                    format!("{} and {} both publish {number}", other.name(), own.name())
                };
                let message = format!("{who}: one does not start");
                let finding = findings.add(own.place(item), message);
                finding.about(own.name()).help("Give one of them another port of the host.");
                finding.related(other.place(place), other.name());
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

fn is_same(one: &Port, other: &Port) -> bool {
    let number = |port: &Port| port.host_number().filter(|_| !port.host.contains('-'));
    let protocol = |port: &Port| {
        if port.protocol.is_empty() { "tcp".to_owned() } else { port.protocol.clone() }
    };
    let address = |port: &Port| {
        let address = port.host.rsplit_once(':').map_or("", |(address, _)| address).to_owned();
        if matches!(address.as_str(), "0.0.0.0" | "[::]") { String::new() } else { address }
    };
    let (a, b) = (address(one), address(other));
    number(one).is_some()
        && number(one) == number(other)
        && protocol(one) == protocol(other)
        && (a == b || a.is_empty() || b.is_empty())
}
