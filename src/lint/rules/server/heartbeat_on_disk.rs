//! gunicorn's heartbeat in a file on a disk.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::{Kind, Subject};
use crate::source::compose::{Mount, Service, Source};

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
            Some((_, service)) => has_memory(service),
            // A service may run the image under the name that it is published by.
            None => subject.containers.iter().any(|other| {
                let of_nobody = other.build.is_none() && other.kind == Kind::Other;
                of_nobody && subject.composed(other).is_some_and(|(_, service)| has_memory(service))
            }),
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

/// Whether the /tmp of a service is in memory.
fn has_memory(service: &Service) -> bool {
    let is_tmp = |own: &String| own.split(':').next() == Some("/tmp");
    let by_mount = |own: &Mount| own.target == "/tmp" && own.source == Source::Nothing;
    service.names("tmpfs").iter().any(is_tmp) || service.mounts().iter().any(by_mount)
}
