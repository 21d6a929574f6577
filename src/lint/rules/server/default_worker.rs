//! gunicorn with its one default worker.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::{Container, Subject, Value};
use crate::schema::numbers::rows;

pub static RULE: Rule = Rule {
    code: "PY102",
    name: "default-worker",
    severity: Severity::Warning,
    summary: "gunicorn has more than one worker, or threads",
    why: "gunicorn starts one sync worker unless told otherwise, and that serves one request at a time: while one waits for the database everybody else waits, the health check as well.",
    example: "CMD [\"gunicorn\", \"--workers\", \"3\", \"--threads\", \"2\", \"shop.wsgi\"]",
    source: "gunicorn, Settings: workers (1); Design: How Many Workers?",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (container, server) in options::gunicorns(subject) {
        let said = ["workers", "threads"].iter().any(|name| server.get(name).is_some());
        let class = server.get("worker_class").map(|(value, _)| value.text());
        let is_sync = match class {
            None => true,
            Some(own) => own.as_deref() == Some("sync"),
        };
        // A platform that says the port says the rest.
        let platform = matches!(server.get("bind"), Some((Value::Variable { .. }, _)));
        let (replicas, _) = subject.replicas(container);
        if said
            || !is_sync
            || platform
            || replicas > 1
            || options::is_hidden(server)
            || container.env.contains_key("WEB_CONCURRENCY")
            || container.env.get("GUNICORN_CMD_ARGS").is_some_and(|own| own.value.is_none())
            || !container.missing_env_files.is_empty()
            || seen.contains(&server.at)
        {
            continue;
        }
        seen.push(server.at);
        // A result that one worker keeps is asked of another.
        let keeps_state =
            ["flask-executor", "flask-shell2http", "apscheduler", "flask-apscheduler"]
                .iter()
                .any(|name| subject.facts.installs(name));
        let finding = findings.add(
            server.at,
            format!(
                "{}: gunicorn has one sync worker, which serves one request at a time",
                container.name
            ),
        );
        let (settings, help, what) = if keeps_state {
            let help = "--threads 4: one process keeps its state, and a second request is served while one waits";
            (vec![("threads", "4".to_owned())], help.to_owned(), "four threads".to_owned())
        } else {
            let (workers, threads, why) = sized(subject, container);
            (
                vec![("workers", workers.to_string()), ("threads", threads.to_string())],
                format!("--workers {workers} --threads {threads}: {why}"),
                format!("{workers} workers with {threads} threads each"),
            )
        };
        finding.about(&container.name).help(help);
        let settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if let Some(edit) = options::gunicorn(subject, server, &settings) {
            finding.fix(Fix::new(Grade::Suggested, what).edit(edit.at, edit.text));
        }
    }
}

/// Workers and threads of the plan, else for one CPU, and why.
fn sized(subject: &Subject, container: &Container) -> (u64, u64, String) {
    let planned = || {
        let (numbers, member) = (subject.numbers()?, subject.member(container)?);
        let (workers, threads) =
            (numbers.get(&member, rows::WORKERS)?, numbers.get(&member, rows::THREADS)?);
        let reason = numbers.decided(&member, rows::WORKERS)?.reason();
        Some((workers, threads, format!("{reason} ({})", numbers.machine())))
    };
    planned()
        .unwrap_or_else(|| (3, 2, "2 × 1 CPU + 1, and a second request while one waits".to_owned()))
}
