//! Settings that Compose reads and does nothing with.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Subject, listed};

pub static RULE: Rule = Rule {
    code: "CO133",
    name: "swarm-only-key",
    severity: Severity::Style,
    summary: "a project that Compose runs has no settings for a swarm",
    why: "Compose passes over update_config, rollback_config, placement and reserved CPUs without a word: who reads the file believes in rolling updates that are none.",
    example: "deploy:\n  resources:\n    limits: {memory: 512M}",
    source: "docker/compose: pkg/compose/create.go (setReservations, getDeployResources); Compose Deploy Specification",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        // A swarm refuses or ignores these, so it is Compose that runs it.
        let is_of_compose = members.iter().any(|own| {
            let item = &own.service.item;
            let builds = item.get("build").is_some() && item.get("image").is_none();
            let waits = item.get("depends_on").is_some_and(|on| on.entries().next().is_some());
            builds || waits || item.get("container_name").is_some()
        });
        for own in members.iter().filter(|_| is_of_compose) {
            let Some(deploy) = own.service.item.get("deploy") else { continue };
            let mut names: Vec<&str> =
                ["update_config", "rollback_config", "placement", "endpoint_mode"]
                    .into_iter()
                    .filter(|key| deploy.get(key).is_some())
                    .collect();
            let reserved = deploy.get("resources").and_then(|own| own.get("reservations"));
            if reserved.is_some_and(|own| own.get("cpus").is_some()) {
                names.push("reservations.cpus");
            }
            if names.is_empty() {
                continue;
            }
            let message = format!("{}: Compose does nothing with {}", own.name(), listed(&names));
            findings
                .add(own.at(), message)
                .about(own.name())
                .help("Take them out; cpu_shares weighs services.");
        }
    }
}
