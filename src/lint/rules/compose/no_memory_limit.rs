//! Services that may take all memory of the host.

use super::together;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Member, Subject};

pub static RULE: Rule = Rule {
    code: "CO101",
    name: "no-memory-limit",
    severity: Severity::Advice,
    summary: "every service has a memory limit",
    why: "One process that leaks or one large request takes the memory of all: the kernel then kills what it likes, often the database. With a limit it is the container that grew, and only that one.",
    example: "deploy:\n  resources:\n    limits:\n      memory: 512M",
    source: "Compose Deploy Specification: resources; Docker, Resource constraints",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        // A file that others are built or made with, once.
        let words: Vec<String> = members
            .first()
            .map(|own| subject.path(own.at().text).to_ascii_lowercase())
            .into_iter()
            .flat_map(|path| {
                path.split(['/', '.', '-', '_']).map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        if has(&["build"]) {
            continue;
        }
        let without: Vec<Member<'_>> = members
            .into_iter()
            .filter(|own| own.is_long_running() && own.service.memory_limit().is_none())
            .collect();
        let lacks = if without.len() == 1 { "has no memory limit" } else { "have no memory limit" };
        if let Some(finding) = together::lack(findings, &without, lacks) {
            let name = without[0].name();
            if has(&["github", "bootstrap", "init", "demo"]) {
                finding.severity(Severity::Style);
            }
            finding.help(format!(
                "{name}:\n  deploy:\n    resources:\n      limits:\n        memory: …  # twice what `docker stats` shows under load; Redis: twice its maxmemory; PostgreSQL: four times its shared_buffers"
            ));
        }
    }
}
