//! PostgreSQL's buffers in a container that they do not fit into.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject, amount};
use crate::units;

pub static RULE: Rule = Rule {
    code: "XF125",
    name: "postgres-memory",
    severity: Severity::Warning,
    summary: "shared_buffers is about a quarter of the container's memory",
    why: "shared_buffers is taken once and never given back. Sorts, connections and maintenance come on top, and PostgreSQL relies on the page cache of the system, which counts for the container as well: when the rest is used up the kernel kills a process, and PostgreSQL then restarts all of them.",
    example: "command: postgres -c shared_buffers=256MB  # memory: 1G",
    source: "PostgreSQL, Resource Consumption: shared_buffers, 25 % of memory, more than 40 % unlikely to work better",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for database in subject.production_containers().filter(|own| own.kind == Kind::Postgres) {
        let Some((limit, at)) = subject.memory_limit(database) else { continue };
        let Some((item, said)) = subject.key(database, &["command"]) else { continue };
        let command = item.scalars().join(" ");
        if let Some((written, cache)) = size(&command, "effective_cache_size")
            && cache > limit / 10 * 8
        {
            let message = format!(
                "{}: effective_cache_size of {written} counts on more page cache than the {} that it may take leave",
                database.name,
                amount::mebibytes(limit)
            );
            findings
                .add(said, message)
                .about(format!("{} effective_cache_size", database.name))
                .severity(Severity::Advice)
                .related(at, "its memory limit")
                .help(format!(
                    "effective_cache_size={}MB, three quarters of the limit",
                    (limit >> 20) / 4 * 3
                ));
        }
        let Some((written, buffers)) = size(&command, "shared_buffers") else { continue };
        let percent = buffers * 100 / limit;
        if percent <= 40 {
            continue;
        }
        let message = if percent >= 100 {
            format!(
                "{}: shared_buffers of {written} do not fit into the {} that it may take",
                database.name,
                amount::mebibytes(limit)
            )
        } else {
            format!(
                "{}: shared_buffers of {written} are {percent} % of the {} that it may take",
                database.name,
                amount::mebibytes(limit)
            )
        };
        findings
            .add(said, message)
            .about(&database.name)
            .severity(if percent >= 90 { Severity::Error } else { Severity::Warning })
            .related(at, "its memory limit")
            .help(format!("shared_buffers={}MB, a quarter of the limit", (limit >> 20) / 4));
    }
}

/// A size among the settings of a command, as it is written and in bytes.
fn size<'c>(command: &'c str, name: &str) -> Option<(&'c str, u64)> {
    let (_, rest) = command.split_once(name)?;
    let rest = rest.trim_start_matches([' ', '=', '\'', '"']);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let written = &rest[..end];
    // A bare number counts pages of 8 KiB.
    let pages = !written.is_empty() && written.chars().all(|c| c.is_ascii_digit());
    let bytes = units::bytes(written).filter(|_| !written.is_empty())?;
    Some((written, if pages { bytes * 8192 } else { bytes }))
}
