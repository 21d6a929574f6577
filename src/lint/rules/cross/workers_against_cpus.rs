//! More processes than the processors can run.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Program, Subject};

pub static RULE: Rule = Rule {
    code: "XF124",
    name: "workers-against-cpus",
    severity: Severity::Warning,
    summary: "a container has no more workers than its processors can run",
    why: "Beyond two for each processor and one, workers only take each other's turns: the container is throttled for most of every 100 ms, each request takes longer, and each worker has its memory all the same. Threads cost less for what waits.",
    example: "workers = 5  # cpus: 2",
    source: "gunicorn, Design: How Many Workers? (2 x num_cores) + 1",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let (Some(server), Some((cpus, at))) = (&container.server, subject.cpu_limit(container))
        else {
            continue;
        };
        let (name, word) = match server.program {
            Program::Gunicorn | Program::Uvicorn | Program::FastapiRun => ("workers", "workers"),
            Program::CeleryWorker => ("concurrency", "children"),
            _ => continue,
        };
        // Threads and greenlets are not processes.
        let pool = server.get("pool").and_then(|(value, _)| value.text());
        if pool.is_some_and(|own| own != "prefork") {
            continue;
        }
        let Some((workers, said)) =
            server.get(name).and_then(|(value, at)| Some((value.int()?, at)))
        else {
            continue;
        };
        let most = (2.0 * cpus).ceil() as i64 + 1;
        if workers <= most {
            continue;
        }
        // One or two above a rule of thumb cost nobody anything.
        let weight = if workers > 2 * most { Severity::Warning } else { Severity::Advice };
        findings
            .add(said, format!("{}: {workers} {word}, and it may take {cpus} CPUs", container.name))
            .severity(weight)
            .about(&container.name)
            .related(at, format!("{cpus} CPUs"))
            .help(format!("{most} {word}, which is 2 × {cpus} + 1, or more CPUs"));
    }
}
