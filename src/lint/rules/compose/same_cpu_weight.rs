//! Services that all go first when the CPU gets short.

use super::{no_restart, together};
use crate::catalog::MEMORY;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};

pub static RULE: Rule = Rule {
    code: "CO140",
    name: "same-cpu-weight",
    severity: Severity::Style,
    summary: "what others wait for goes first when all want the CPU",
    why: "Every container has the same weight. While a worker computes on all CPUs, the database and the proxy get no more than it does, and each request waits for them. A weight costs nothing while the CPU is idle; a limit would. Compose ignores `reservations.cpus`.",
    example: "cpu_shares: 2048  # the database and the proxy; a worker 512",
    source: "Compose Specification: cpu_shares; Docker, Resource constraints: --cpu-shares (1024)",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        // A swarm has no weights.
        if members.iter().any(no_restart::is_of_swarm) {
            continue;
        }
        let long: Vec<Member<'_>> =
            members.into_iter().filter(|own| own.is_long_running()).collect();
        let is_said = |own: &Member<'_>| {
            ["cpu_shares", "cpuset"].iter().any(|key| own.service.item.get(key).is_some())
        };
        let works = long.iter().any(|own| matches!(own.kind(), Kind::Web | Kind::Worker));
        if !works || long.iter().any(is_said) {
            continue;
        }
        let apart: Vec<Member<'_>> =
            long.into_iter().filter(|own| weight(own.kind()) != Some(USUAL)).collect();
        if apart.iter().any(|own| weight(own.kind()).is_none()) {
            continue;
        }
        let lacks = "the same weight as all others when the CPU gets short";
        let verb = if apart.len() == 1 { "has" } else { "have" };
        let Some(finding) = together::lack(findings, &apart, &format!("{verb} {lacks}")) else {
            continue;
        };
        let value = |own: &Member<'_>| weight(own.kind()).map(|own| own.to_string());
        let lines: Vec<String> = apart
            .iter()
            .filter_map(|own| Some(format!("{}:\n  cpu_shares: {}", own.name(), value(own)?)))
            .collect();
        finding.help(format!(
            "{}\n(1024 is usual: twice that for what others wait for, half for what can wait)",
            lines.join("\n")
        ));
        let what = "lets what others wait for go first";
        let fix =
            together::fix(&apart, Grade::Safe, what, |own| own.put(&["cpu_shares"], &value(own)?));
        if let Some(fix) = fix {
            finding.fix(fix);
        }
    }
}

/// The engine's own weight.
const USUAL: u64 = 1024;

/// The weight of a service by its kind; `None` for those that nobody weighed.
fn weight(kind: Kind) -> Option<u64> {
    let of = |role: &str| Some(MEMORY.share[role].cpu_shares);
    match kind {
        Kind::Web => of("web"),
        Kind::Worker => of("worker"),
        Kind::Beat => of("beat"),
        Kind::Nginx | Kind::Proxy => of("nginx"),
        Kind::Postgres | Kind::Mysql | Kind::Mongo => of("db"),
        Kind::Redis | Kind::Memcached | Kind::Rabbitmq => of("redis"),
        _ => None,
    }
}
