//! Numbers of the processes in a container: `web.workers`, `web.threads`,
//! `worker.concurrency`. Whatever says them last counts: gunicorn's settings,
//! `GUNICORN_CMD_ARGS`, a command line, the variables that servers read.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each, launch};
use crate::lint::subject::{Comparison, Container, Server, Value};
use crate::policy::{Constraint, Requirement};
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
    judged(requirement, number, option, container, compared).or_else(|| {
        let counts = compared.standard.is_outside;
        counts.then(|| launch::doubt(option, container, compared)).flatten()
    })
}

fn judged(
    requirement: &Requirement,
    number: &str,
    option: &str,
    container: &Container,
    compared: Comparison<'_>,
) -> Option<Diagnostic> {
    let server = container.server.as_ref()?;
    let unknown = |at, what: &str| Some(Diagnostic::unknown(at, format!("{number}: {what}")));
    if option == "concurrency" {
        if let Some(more) = concurrency(server, container) {
            let at = server.at;
            return match requirement.fault(&more) {
                Some(fault) => {
                    let message = format!("{} is {more}, {fault}", requirement.key);
                    Some(Diagnostic::new(at, message))
                }
                None if more.parse::<u32>().is_err() => unknown(at, "it cannot be told"),
                None => None,
            };
        }
        if server.get(option).is_none() && compared.standard.is_outside {
            return unknown(server.at, "without it there are as many as the host has processors");
        }
    }
    let (value, at) = server.get(option)?;
    let known = match value {
        Value::HostCpus | Value::Unknown => None,
        // The most it may be is what counts, where only the most is bounded.
        Value::AtMost(most) => Some(most.to_string()).filter(|most| {
            let only_most = matches!(
                &requirement.constraint,
                Constraint::Within { min: None, max: Some(_), .. }
            );
            only_most && requirement.fault(most).is_none()
        }),
        // What Python counts them as.
        value => value.text().map(|text| match text.as_str() {
            "false" => "0".to_owned(),
            "true" => "1".to_owned(),
            _ => text,
        }),
    };
    let Some(known) = known else {
        let said = compared.now.slice(at).lines().next().unwrap_or_default().to_owned();
        let message = format!("{number} is only known when it runs: `{said}`");
        return Some(Diagnostic::unknown(at, message));
    };
    let has_most = matches!(&requirement.constraint, Constraint::Within { max: Some(_), .. });
    if option == "timeout" && known == "0" && has_most {
        let message = format!("{} is 0, which is without end", requirement.key);
        return Some(Diagnostic::new(at, message));
    }
    let fault = requirement.fault(&known)?;
    let message = format!("{} is {known}, {fault}", requirement.key);
    Some(Diagnostic::new(at, message))
}

/// How many children Celery has by what counts more than `--concurrency`.
fn concurrency(server: &Server, container: &Container) -> Option<String> {
    if let Some((value, _)) = server.get("autoscale") {
        let text = value.text().unwrap_or_default();
        return Some(text.split(',').next().unwrap_or_default().to_owned());
    }
    let argv = &container.steps.get(server.step)?.argv;
    let after = argv.iter().skip_while(|word| *word != "--");
    let set = after.filter_map(|word| word.split_once("concurrency=")).last();
    set.map(|(_, value)| value.to_owned())
}
