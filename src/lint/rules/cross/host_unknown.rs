//! A host that is no service.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject, is_local};
use crate::source::compose::Item;

pub static RULE: Rule = Rule {
    code: "XF132",
    name: "host-unknown",
    severity: Severity::Warning,
    summary: "a bare host name in an address is a service of the project",
    why: "A name without a dot that is no service on the container's networks is found by nobody: `Name or service not known`. It is left over from a service that was renamed, more often than not.",
    example: "DATABASE_URL: postgresql://app@db/app  # services: db",
    source: "Compose, Networking in Compose",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject
        .production_containers()
        .filter(|own| matches!(own.kind, Kind::Web | Kind::Worker | Kind::Beat))
    {
        let Some((deployment, service)) = subject.composed(container) else { continue };
        let Some(networks) = subject.networks(container) else { continue };
        // On a network of somebody else there may be other names.
        let external = networks.iter().any(|name| {
            let top = deployment.project.root.get("networks").and_then(|own| own.get(name));
            top.and_then(|own| own.get("external")).is_some_and(|own| own.truth() != Some(false))
        });
        let extra = service.item.get("extra_hosts").map_or(Vec::new(), Item::scalars);
        let linked = service.names("links").join(" ") + &service.names("external_links").join(" ");
        if external {
            continue;
        }
        for address in container.addresses() {
            let host = &address.host;
            let is_name =
                !host.contains('.') && !address.is_local() && host.chars().any(char::is_alphabetic);
            let known = subject.named(deployment, host).is_some()
                || extra.iter().any(|own| own.starts_with(host.as_str()))
                || service.names("extra_hosts").contains(host)
                || linked.contains(host.as_str())
                // Another file of the repository may be started beside it.
                || subject.containers.iter().any(|own| own.name == *host && own.service.is_some());
            // One that is laid over another file is not whole here.
            if !is_name || known || !deployment.project.faults.is_empty() {
                continue;
            }
            let near = subject
                .containers_of(deployment)
                .find(|own| address.kinds.contains(&own.kind))
                .map(|own| own.name.clone());
            let finding = findings.add(
                address.at,
                format!(
                    "{}: {} names the host {host}, and no service is called that",
                    container.name, address.variable
                ),
            );
            finding.about(&address.variable);
            if let Some(near) = near {
                finding.help(if is_local(&near) {
                    format!(
                        "the service {near} renamed to {host}: in every container {near} is that container itself"
                    )
                } else {
                    format!("{near} in place of {host}")
                });
            }
        }
    }
}
