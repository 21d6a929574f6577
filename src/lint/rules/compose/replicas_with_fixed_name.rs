//! Several containers that want one name, or one port.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::source::compose::Item;

pub static RULE: Rule = Rule {
    code: "CO122",
    name: "replicas-with-fixed-name",
    severity: Severity::Error,
    summary: "a service with replicas has neither a container_name nor a fixed port of the host",
    why: "A name and a port of the host are there once: the second container does not start, and `up` fails.",
    example: "deploy: {replicas: 2}\nexpose: [8000]",
    source: "Compose Specification: container_name, scale, ports",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        // A swarm ignores the name, and has one port for all.
        let of_swarm = members.iter().any(|own| {
            let deploy = own.service.item.get("deploy");
            ["placement", "update_config", "endpoint_mode"]
                .iter()
                .any(|key| deploy.is_some_and(|own| own.get(key).is_some()))
        });
        for own in members.iter().filter(|_| !of_swarm) {
            let item = &own.service.item;
            let replicas = item.get("deploy").and_then(|deploy| deploy.get("replicas"));
            let count = replicas.or_else(|| item.get("scale"));
            let number = count.and_then(Item::scalar).and_then(|text| text.parse::<u32>().ok());
            let Some((count, number)) = count.zip(number).filter(|(_, number)| *number > 1) else {
                continue;
            };
            if let Some(name) = item.get("container_name") {
                let message =
                    format!("{} has {number} containers and one name for them", own.name());
                let finding = findings.add(own.place(name), message);
                finding.about(own.name()).help("Take container_name out.");
                finding.related(own.place(count), format!("{number} of them"));
            }
            let fixed = own.ports().into_iter().find(|(port, item)| {
                port.host_number().is_some() && !port.host.contains('-') && own.is_literal(item)
            });
            if let Some((port, item)) = fixed {
                let message =
                    format!("{} has {number} containers and one port for them", own.name());
                let finding = findings.add(own.place(item), message);
                finding
                    .about(own.name())
                    .help(format!("expose: [{}]  # and a proxy before them", port.container));
                finding.related(own.place(count), format!("{number} of them"));
            }
        }
    }
}
