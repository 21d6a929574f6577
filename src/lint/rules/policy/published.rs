//! `deploy.bind` and `project.port`: where ports are published.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Container};
use crate::policy::Requirement;
use crate::schema::Role;
use crate::source::compose::{Item, Port, interpolate};

pub static RULE: Rule = Rule {
    code: "PO108",
    name: "standard-published",
    severity: Severity::Error,
    summary: "ports are published where the standard says",
    why: "A port that is published on every address is reachable from outside past the host's firewall: Docker writes its own rules before those of ufw.",
    example: "ports: [\"127.0.0.1:8000:8000\"]",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    match requirement.key.as_str() {
        "deploy.bind" => bind(requirement, compared),
        "project.port" => port(requirement, compared),
        _ => Vec::new(),
    }
}

/// The addresses that every service is published on.
fn bind(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    each(compared, |container, port| {
        let parts = interpolate::split(&port.host, ':');
        let address = match parts.as_slice() {
            [address, _, ..] => address.trim_matches(['[', ']']),
            _ => "0.0.0.0",
        };
        let fault = requirement.fault(address)?;
        Some(format!("{}: {} is published on {address}, {fault}", container.name, port.container))
    })
}

/// The port that the service is published at.
fn port(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    let has_proxy = compared.standard.plan.services.contains(&Role::Nginx);
    let role = if has_proxy { Role::Nginx } else { Role::Web };
    let entry: Vec<&str> = compared.doing(role).iter().map(|own| own.name.as_str()).collect();
    each(compared, |container, port| {
        let number = port.host_number()?;
        let is_entry = entry.contains(&container.name.as_str());
        let fault = is_entry.then(|| requirement.fault(&number.to_string()))??;
        Some(format!("{}: it is published at {number}, {fault}", container.name))
    })
}

fn each(
    compared: Comparison<'_>,
    judge: impl Fn(&Container, &Port) -> Option<String>,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for container in compared.containers() {
        let Some((deployment, service)) = compared.now.composed(container) else { continue };
        for item in service.item.get("ports").map_or(&[][..], Item::items) {
            let Some(port) = Port::read(item) else { continue };
            let open = Comparison::is_open(deployment, item)
                || item.entries().any(|(_, value)| Comparison::is_open(deployment, value));
            if open {
                let message = format!("{}: where it is published cannot be told", container.name);
                findings.push(Diagnostic::unknown(compared.now.item(deployment, item), message));
            } else if let Some(message) = judge(container, &port) {
                findings.push(Diagnostic::new(compared.now.item(deployment, item), message));
            }
        }
    }
    findings
}
