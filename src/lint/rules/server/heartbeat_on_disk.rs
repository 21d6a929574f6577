//! gunicorn's heartbeat in a file on a disk.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::Subject;
use crate::source::compose::{Service, Source};

pub static RULE: Rule = Rule {
    code: "PY107",
    name: "heartbeat-on-disk",
    severity: Severity::Advice,
    summary: "gunicorn's heartbeat files are in memory",
    why: "Each worker touches a file in /tmp to say that it lives. In a container that is the disk: when the disk is busy the touch waits, and gunicorn kills a worker that did nothing wrong.",
    example: "worker_tmp_dir = \"/dev/shm\"",
    source: "gunicorn, FAQ: How do I avoid Gunicorn excessively blocking in os.fchmod?",
    fix: Some(Grade::Safe),
    check,
};

const SETTING: [(&str, &str); 1] = [("worker_tmp_dir", "\"/dev/shm\"")];

fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (container, server) in options::gunicorns(subject) {
        let in_memory = match subject.composed(container) {
            Some((_, service)) => has_memory_at_tmp(service),
            // A service that pulls what nobody here builds may run this image.
            None => subject
                .deployments
                .iter()
                .flat_map(|own| &own.services)
                .any(|service| service.build().is_none() && has_memory_at_tmp(service)),
        };
        let elsewhere = container.variable("TMPDIR").is_some_and(|own| own.starts_with("/dev/shm"));
        if server.get("worker_tmp_dir").is_some()
            || in_memory
            || elsewhere
            || options::is_hidden(server)
            || !container.missing_env_files.is_empty()
            || seen.contains(&server.at)
        {
            continue;
        }
        seen.push(server.at);
        let finding = findings.add(
            server.at,
            format!("{}: gunicorn's heartbeat is a file on the disk", container.name),
        );
        finding
            .about(&container.name)
            .help(format!("{}  # which every container has", options::written(server, &SETTING)));
        if let Some(edit) = options::gunicorn(subject, server, &SETTING) {
            finding.fix(
                Fix::new(Grade::Safe, "keeps the heartbeat in memory").edit(edit.at, edit.text),
            );
        }
    }
}

fn has_memory_at_tmp(service: &Service) -> bool {
    service.names("tmpfs").iter().any(|own| own.split(':').next() == Some("/tmp"))
        || service.mounts().iter().any(|own| own.target == "/tmp" && own.source == Source::Nothing)
}
