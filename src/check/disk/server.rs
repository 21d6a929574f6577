//! Numbers of the processes in a container: `web.workers`, `web.threads`,
//! `worker.concurrency`. Whatever says them last counts: gunicorn's settings,
//! `GUNICORN_CMD_ARGS`, a command line, the variables that servers read.

use crate::check::disk::scene::Scene;
use crate::check::finding::Finding;
use crate::lint::diagnostic::At;
use crate::lint::subject::{Container, Value};
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

/// Whether a number is judged here.
#[must_use]
pub fn is_known(role: Role, number: &str) -> bool {
    ROWS.iter().any(|(own, name, _)| (*own, *name) == (role, number))
}

/// Judges a number of whatever does the role's work; of an image that no
/// project runs as well.
pub fn judge(
    requirement: &Requirement,
    role: Role,
    number: &str,
    scene: &Scene<'_>,
) -> Vec<Finding> {
    let Some((.., option)) = ROWS.iter().find(|(own, name, _)| (*own, *name) == (role, number))
    else {
        return Vec::new();
    };
    let mut containers = scene.doing(role);
    if role == Role::Web {
        let alone = scene.now.containers.iter().filter(|own| own.service.is_none());
        containers.extend(alone.filter(|own| own.server.is_some()));
    }
    let mut findings: Vec<Finding> = Vec::new();
    for container in containers {
        let found = of_container(requirement, number, option, container, scene);
        findings.extend(found.filter(|found| !findings.iter().any(|own| own.is(found))));
    }
    findings
}

fn of_container(
    requirement: &Requirement,
    number: &str,
    option: &str,
    container: &Container,
    scene: &Scene<'_>,
) -> Option<Finding> {
    let (value, at) = container.server.as_ref()?.get(option)?;
    let (path, line) = place(scene, at);
    let known = match value {
        Value::HostCpus | Value::Unknown => None,
        value => value.text(),
    };
    let Some(known) = known else {
        let said = scene.now.slice(at).lines().next().unwrap_or_default().to_owned();
        let message = format!("{number} is only known when it runs: `{said}`");
        return Some(Finding::unknown(requirement, &path, Some(line), &message));
    };
    let fault = requirement.fault(&known)?;
    let message = format!("{} is {known}, {fault}", requirement.key);
    Some(Finding::of(requirement, &path, Some(line), &message))
}

fn place(scene: &Scene<'_>, at: At) -> (String, usize) {
    (scene.now.path(at.text).to_owned(), scene.now.line(at))
}
