//! Numbers of the processes in a container: `web.workers`, `web.threads`,
//! `worker.concurrency`. Whatever says them last counts: gunicorn's settings,
//! `GUNICORN_CMD_ARGS`, a command line, the variables that servers read.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Container, Value};
use crate::policy::Requirement;
use crate::schema::Role;

/// A number of a role, and the name it has among a server's options.
const ROWS: &[(Role, &str, &str)] = &[
    (Role::Web, "workers", "workers"),
    (Role::Web, "threads", "threads"),
    (Role::Web, "worker-connections", "worker_connections"),
    (Role::Web, "worker-class", "worker_class"),
    (Role::Web, "gunicorn-timeout", "timeout"),
    (Role::Web, "graceful-timeout", "graceful_timeout"),
    (Role::Web, "keepalive", "keepalive"),
    (Role::Web, "max-requests", "max_requests"),
    (Role::Web, "backlog", "backlog"),
    (Role::Worker, "concurrency", "concurrency"),
    (Role::Worker, "prefetch-multiplier", "prefetch"),
    (Role::Worker, "max-tasks-per-child", "max_tasks_per_child"),
    (Role::Worker, "time-limit", "time_limit"),
    (Role::Worker, "soft-time-limit", "soft_time_limit"),
];

pub static RULE: Rule = Rule {
    code: "PO110",
    name: "standard-server",
    severity: Severity::Error,
    summary: "a server has the number of processes, threads and seconds that the standard demands",
    why: "Numbers that a standard bounds were chosen for the memory and the connections of the whole stack: one worker more is a database without a free connection.",
    example: "workers = 3",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// Judges a number of whatever does the role's work; of an image that no
/// project runs as well.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    let Some(at) = Role::of_number(&requirement.key) else { return Vec::new() };
    let Some((.., option)) = ROWS.iter().find(|(own, name, _)| (*own, *name) == at) else {
        return Vec::new();
    };
    let (role, number) = at;
    let mut containers = compared.doing(role);
    if role == Role::Web {
        let alone = compared.now.containers.iter().filter(|own| own.service.is_none());
        containers.extend(alone.filter(|own| own.server.is_some()));
    }
    let mut findings: Vec<Diagnostic> = Vec::new();
    for container in containers {
        let found = of_container(requirement, number, option, container, compared);
        findings.extend(found.filter(|found| !findings.contains(found)));
    }
    findings
}

fn of_container(
    requirement: &Requirement,
    number: &str,
    option: &str,
    container: &Container,
    compared: Comparison<'_>,
) -> Option<Diagnostic> {
    let (value, at) = container.server.as_ref()?.get(option)?;
    let known = match value {
        Value::HostCpus | Value::Unknown => None,
        value => value.text(),
    };
    let Some(known) = known else {
        let said = compared.now.slice(at).lines().next().unwrap_or_default().to_owned();
        let message = format!("{number} is only known when it runs: `{said}`");
        return Some(Diagnostic::unknown(at, message));
    };
    let fault = requirement.fault(&known)?;
    let message = format!("{} is {known}, {fault}", requirement.key);
    Some(Diagnostic::new(at, message))
}
