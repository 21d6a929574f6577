//! gunicorn with its one default worker.

use ruff_python_ast::{Expr, Stmt};

use crate::detect::python::assignments;
use crate::detect::scope;
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::{Container, Server, Subject, Value};
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
        let keeps_state = keeps_state(subject) || is_decided(subject, server);
        let finding = findings.add(
            server.at,
            format!(
                "{}: gunicorn has one sync worker, which serves one request at a time",
                container.name
            ),
        );
        let (settings, why, what) = if keeps_state {
            let why = "one process keeps its state, and a second request is served while one waits";
            (vec![("threads", "4".to_owned())], why.to_owned(), "four threads".to_owned())
        } else {
            let (workers, threads, why) = sized(subject, container);
            (
                vec![("workers", workers.to_string()), ("threads", threads.to_string())],
                why,
                format!("{workers} workers with {threads} threads each"),
            )
        };
        // As the others stand: lines of its settings, or words behind its name.
        let written: Vec<String> = settings
            .iter()
            .map(|(name, value)| match server.config {
                Some(_) => format!("{name} = {value}"),
                None => format!("--{name} {value}"),
            })
            .collect();
        let between = if server.config.is_some() { "\n" } else { " " };
        let why = if server.config.is_some() { format!("\n({why})") } else { format!(": {why}") };
        finding.about(&container.name).help(format!("{}{why}", written.join(between)));
        // What no project, whose services are here, builds is deployed in another way.
        if container.service.is_none() && !subject.deployments.is_empty() {
            finding.severity(Severity::Advice);
        }
        let settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if let Some(edit) = options::gunicorn(subject, server, &settings) {
            finding.fix(Fix::new(Grade::Suggested, what).edit(edit.at, edit.text));
        }
    }
}

/// Whether the settings have the number of workers as a comment: somebody tried more.
fn is_decided(subject: &Subject, server: &Server) -> bool {
    server.config.is_some_and(|config| {
        let text = &subject.texts[subject.gunicorn[config].text].text;
        text.lines().any(|line| {
            let comment = line.trim_start().strip_prefix('#').map(str::trim_start);
            comment
                .and_then(|own| own.strip_prefix("workers"))
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        })
    })
}

/// Whether the code keeps in its process what a request asks for later: a result
/// that one worker has is asked of another, and a job that each of them starts
/// runs several times. The package may be the project's own copy.
fn keeps_state(subject: &Subject) -> bool {
    const PACKAGES: [&str; 5] = [
        "flask-executor",
        "flask-shell2http",
        "apscheduler",
        "flask-apscheduler",
        "django-plotly-dash",
    ];
    const STARTS: [&str; 6] = [
        "threading.Thread",
        "threading.Timer",
        "concurrent.futures.ThreadPoolExecutor",
        "concurrent.futures.ProcessPoolExecutor",
        "multiprocessing.Process",
        "multiprocessing.pool.ThreadPool",
    ];
    PACKAGES.iter().any(|name| subject.facts.installs(name))
        || subject.facts.readiness.iter().any(|own| own.kind == "in-process-state")
        || subject.tree.modules().filter(|own| scope::counts(&own.path)).any(|module| {
            let imports = module.imports();
            let is_package = PACKAGES.iter().any(|name| {
                let name = name.replace('-', "_");
                module.text().contains(&format!("import {name}"))
                    || module.text().contains(&format!("from {name}"))
                    || module.text().contains(&format!(".{name} import"))
            });
            // What a function starts and waits for is over with its request.
            let is_kept = || {
                let made = |value: &Expr| {
                    let Expr::Call(call) = value else { return false };
                    let name = imports.resolve(&call.func).unwrap_or_default();
                    STARTS.contains(&name.as_str())
                };
                module.top_level().into_iter().any(|statement| {
                    // `Thread(target=poll).start()`
                    let started = match statement {
                        Stmt::Expr(own) => own.value.as_call_expr(),
                        _ => None,
                    };
                    let started = started.and_then(|own| own.func.as_attribute_expr());
                    started.is_some_and(|own| made(&own.value))
                        || assignments(statement).into_iter().any(|(_, value)| made(value))
                })
            };
            is_package || is_kept()
        })
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
