//! Redis with more data than its container may hold.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject, amount};
use crate::units;

pub static RULE: Rule = Rule {
    code: "XF126",
    name: "redis-memory",
    severity: Severity::Error,
    summary: "maxmemory leaves Redis room below the container's limit",
    why: "maxmemory counts data alone. Buffers of clients, fragmentation and, where it persists, the copy that a rewrite makes come on top, up to twice the data: Redis is killed before it would evict or refuse anything, and what was not yet on disk is lost.",
    example: "command: redis-server --maxmemory 192mb  # memory: 256M, a cache",
    source: "Redis, Memory optimization; redis.conf: maxmemory; Redis persistence",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for redis in subject.production_containers().filter(|own| own.kind == Kind::Redis) {
        let Some((limit, at)) = subject.memory_limit(redis) else { continue };
        let Some((item, said)) = subject.key(redis, &["command"]) else { continue };
        let command = item.scalars().join(" ");
        let words: Vec<&str> = command.split_whitespace().collect();
        let after = |name: &str| {
            let at = words.iter().position(|own| own.trim_start_matches('-') == name)?;
            words.get(at + 1).map(|own| own.trim_matches(['"', '\'']))
        };
        let Some(written) = after("maxmemory") else { continue };
        let Some(most) = units::bytes(written).filter(|most| *most > 0) else { continue };
        let persists = after("appendonly") == Some("yes");
        let percent = most * 100 / limit;
        let is_over = percent >= 100;
        if !(is_over || persists && percent > 75) {
            continue;
        }
        let message = if is_over {
            format!(
                "{}: it may hold {written} of data in a container of {}",
                redis.name,
                amount::mebibytes(limit)
            )
        } else {
            format!(
                "{}: {written} of data are {percent} % of its container, and a rewrite of its log takes as much again",
                redis.name
            )
        };
        let wanted = (limit >> 20) * if persists { 50 } else { 75 } / 100;
        findings
            .add(said, message)
            .about(&redis.name)
            .severity(if is_over { Severity::Error } else { Severity::Warning })
            .related(at, "its memory limit")
            .help(format!(
                "--maxmemory {wanted}mb, {} % of the limit",
                if persists { 50 } else { 75 }
            ));
    }
}
