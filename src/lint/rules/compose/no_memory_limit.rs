//! Services that may take all memory of the host.

use super::together;
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::numbers::Numbers;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Member, Subject};
use crate::schema::numbers::rows;

pub static RULE: Rule = Rule {
    code: "CO101",
    name: "no-memory-limit",
    severity: Severity::Advice,
    summary: "every service that stays has a memory limit",
    why: "One process that leaks or one large request takes the memory of all: the kernel then kills what it likes, often the database. With a limit it is the container that grew, and only that one.",
    example: "deploy:\n  resources:\n    limits:\n      memory: 512M",
    source: "Compose Deploy Specification: resources; Docker, Resource constraints",
    fix: Some(Grade::Checked),
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
            .filter(|own| own.stays() && own.service.memory_limit().is_none())
            .collect();
        for without in findings.apart(subject, without, Member::at) {
            let lacks =
                if without.len() == 1 { "has no memory limit" } else { "have no memory limit" };
            let Some(finding) = together::lack(findings, &without, lacks) else { continue };
            let planned = subject.numbers().and_then(|own| Some((own, lines(own, &without)?)));
            let Some((numbers, lines)) = planned else {
                let name = without[0].name();
                if has(&["github", "bootstrap", "init", "demo"]) {
                    finding.severity(Severity::Style);
                }
                finding.help(format!(
                "{name}:\n  deploy:\n    resources:\n      limits:\n        memory: …  # twice what `docker stats` shows under load; Redis: twice its maxmemory; PostgreSQL: four times its shared_buffers{}",
                unplanned(subject, &without)
            ));
                continue;
            };
            finding.help(format!(
                "deploy.resources.limits.memory, for {}:\n{lines}",
                numbers.machine()
            ));
            if let Some(fix) = fix(numbers, &without) {
                finding.fix(fix);
            }
        }
    }
}

/// How the remark begins that says why there are no limits.
const UNPLANNED: &str = "(no limits that add up: ";

/// Why nothing adds up, out of a finding's help.
#[must_use]
pub fn unplanned_of(help: &str) -> Option<&str> {
    help.lines().find_map(|line| line.strip_prefix(UNPLANNED)?.strip_suffix(')'))
}

/// Why nothing adds up to the machine that somebody named, as a remark.
fn unplanned(subject: &Subject, without: &[Member<'_>]) -> String {
    let why = match subject.numbers() {
        Some(numbers) if numbers.has_memory => numbers.no_memory(without),
        None if !subject.machine.is_empty() => {
            vec!["the project cannot be planned as a whole".to_owned()]
        }
        _ => Vec::new(),
    };
    let said = |why: &str| format!("\n{UNPLANNED}{why})");
    if why.is_empty() { String::new() } else { said(&why.join("; ")) }
}

/// A line for each service: its limit, and why; `None` where one has none, though its
/// kind is known. What an image takes that nobody here knows, nobody can say.
fn lines(numbers: &Numbers, without: &[Member<'_>]) -> Option<String> {
    let line = |own: &Member<'_>| {
        let Some(limit) = numbers.memory(own) else {
            return (!own.is_long_running()).then(|| {
                format!("{}: …  # twice what `docker stats` shows under load", own.name())
            });
        };
        let reason = numbers.decided(own, rows::MEMORY)?.reason();
        Some(format!("{}: {}M  # {reason}", own.name(), limit.0))
    };
    let is_any = without.iter().any(Member::is_long_running);
    let lines: Option<Vec<String>> = without.iter().map(line).collect();
    lines.filter(|_| is_any).map(|own| own.join("\n"))
}

/// Limits, and half of each as what stays when memory gets short.
fn fix(numbers: &Numbers, without: &[Member<'_>]) -> Option<Fix> {
    let known: Vec<Member<'_>> =
        without.iter().copied().filter(|own| numbers.memory(own).is_some()).collect();
    let without = known.as_slice();
    let grade = if numbers.has_memory { Grade::Checked } else { Grade::Suggested };
    let what = format!("limits memory as it adds up on {}", numbers.machine());
    let fix = together::fix(without, grade, &what, |own| {
        let limit = numbers.memory(own)?.0;
        let kept = numbers.get(own, rows::MEMORY_RESERVATION)?.0;
        let resources = own.service.item.get("deploy").and_then(|own| own.get("resources"));
        match resources {
            Some(_) => own.put(&["deploy", "resources", "limits", "memory"], &format!("{limit}M")),
            None => {
                let block =
                    format!("\nlimits:\n  memory: {limit}M\nreservations:\n  memory: {kept}M");
                own.put(&["deploy", "resources"], &block)
            }
        }
    })?;
    let condition = "every service that runs for good is counted, with the processes it is told to start, and their limits and the system's part fit into the machine";
    Some(if numbers.has_memory { fix.condition(condition) } else { fix })
}
