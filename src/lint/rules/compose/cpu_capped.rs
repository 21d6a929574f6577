//! Services that wait while processors are idle.

use super::no_restart;
use crate::answers::document;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::compose::Item;

pub static RULE: Rule = Rule {
    code: "CO141",
    name: "cpu-capped",
    severity: Severity::Style,
    summary: "on one host the CPU is shared by weight, not capped",
    why: "A service with `cpus: 0.25` works for 25 ms of every 100 ms and then waits, whether or not anybody else wants the CPU. Measured on 2 CPUs: the same Django answered 824 requests a second with caps and 1170 without, at half the latency. A weight protects the others as well, and costs nothing.",
    example: "cpu_shares: 1024",
    source: "Linux, CFS bandwidth control; measured over the same images with and without",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    // A task has CPUs of its own, which are divided.
    let of_task = subject.tree.text(document::FILE).is_some_and(|text| {
        text.lines().any(|line| {
            let line: String = line.split_whitespace().collect();
            line.starts_with("budget=\"task\"")
        })
    });
    if of_task {
        return;
    }
    for members in subject.production_members() {
        if members.iter().any(no_restart::is_of_swarm) {
            continue;
        }
        for own in members.iter().filter(|own| own.is_long_running()) {
            let is_waited_for = matches!(own.kind(), Kind::Web | Kind::Nginx | Kind::Proxy)
                || own.kind().is_store();
            let Some((cpus, at)) = subject.cpu_limit(own.container).filter(|_| is_waited_for)
            else {
                continue;
            };
            let message = if cpus < 1.0 {
                format!(
                    "{} works {:.0} ms of every 100 ms and then waits, though nobody else may want the CPU",
                    own.name(),
                    cpus * 100.0
                )
            } else {
                format!("{} gets {cpus} CPUs at most, though the others may be idle", own.name())
            };
            let finding = findings.add(at, message);
            finding.about(own.name()).help(
                "cpu_shares says who goes first when all want it: 2048 for what others wait for",
            );
            // One that is throttled in the middle of a request.
            if cpus < 1.0 && own.service.item.get("cpu_shares").and_then(Item::scalar).is_none() {
                finding.severity(Severity::Advice);
            }
        }
    }
}
