//! Services that name each other and share no network.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "XF127",
    name: "network-not-shared",
    severity: Severity::Error,
    summary: "a service shares a network with those that it names",
    why: "The name of a service is known on its networks alone: elsewhere it is `could not translate host name \"db\" to address`, and the application does not start.",
    example: "web:\n  networks: [edge, backend]\ndb:\n  networks: [backend]",
    source: "Compose specification: networks",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in &subject.containers {
        let Some((deployment, service)) = subject.composed(container) else { continue };
        let Some(own) = subject.networks(container) else { continue };
        let mut said: Vec<&str> = Vec::new();
        for address in container.addresses() {
            let Some(other) = subject.named(deployment, &address.host) else { continue };
            let Some(theirs) = subject.networks(other) else { continue };
            if own.iter().any(|name| theirs.contains(name))
                || std::ptr::eq(other, container)
                || said.contains(&other.name.as_str())
            {
                continue;
            }
            said.push(&other.name);
            let Some((_, there)) = subject.composed(other) else { continue };
            findings
                .add(
                    subject.service(deployment, service),
                    format!(
                        "{}: it names {} in {}, and shares no network with it",
                        container.name, address.host, address.variable
                    ),
                )
                .about(format!("{} {}", container.name, other.name))
                .related(address.at, format!("{} names {}", address.variable, address.host))
                .related(
                    subject.service(deployment, there),
                    format!("{} is on {}", other.name, theirs.join(", ")),
                )
                .help(format!(
                    "networks: [{}]",
                    own.iter().chain(theirs.first()).cloned().collect::<Vec<_>>().join(", ")
                ));
        }
    }
}
