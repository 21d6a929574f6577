//! Workers that are never replaced.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "PY103",
    name: "no-max-requests",
    severity: Severity::Advice,
    summary: "sync and threaded workers are replaced after a number of requests",
    why: "What code and libraries leak adds up until the kernel kills the container at its limit, in the middle of requests. A worker that is replaced after some thousands of them gives it back. An event loop is another matter: recycling one lost 50 of 10,000 requests. 69 % of public services under gunicorn have no limit.",
    example: "max_requests = 10000\nmax_requests_jitter = 1000",
    source: "gunicorn, Settings: max_requests; measured: requests lost with uvicorn's worker",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    if works_in_threads(subject) {
        return;
    }
    let mut seen = Vec::new();
    for (container, server) in options::gunicorns(subject) {
        let class = server.get("worker_class").map(|(value, _)| value.text());
        let fits = match class {
            None => true,
            Some(own) => matches!(own.as_deref(), Some("sync" | "gthread")),
        };
        let workers = options::workers(server);
        // The only worker would leave nobody to answer while it is replaced.
        let alone = workers == Some(1);
        if !fits
            || alone
            || server.get("max_requests").is_some()
            || options::is_hidden(server)
            || !container.missing_env_files.is_empty()
            || seen.contains(&server.at)
        {
            continue;
        }
        seen.push(server.at);
        let finding = findings
            .add(server.at, format!("{}: gunicorn's workers are never replaced", container.name));
        let settings = [("max_requests", "10000"), ("max_requests_jitter", "1000")];
        finding.about(&container.name).help(format!(
            "{}  # rarely, and not all at once",
            options::written(server, &settings)
        ));
        if let (Some(edit), true) =
            (options::gunicorn(subject, server, &settings), workers.is_some_and(|own| own > 1))
        {
            finding.fix(
                Fix::new(Grade::Checked, "replaces workers after about 10,000 requests")
                    .edit(edit.at, edit.text)
                    .condition(
                        "several sync or threaded workers: others answer while one is replaced",
                    ),
            );
        }
    }
}

/// Whether the application does work of its own beside its requests, which a
/// worker that is replaced would not finish.
fn works_in_threads(subject: &Subject) -> bool {
    let words = ["(threading.Thread):", "(Thread):", "BackgroundScheduler("];
    let is_code = |path: &&str| path.ends_with(".py") && !path.contains("test");
    subject.tree.counted().filter(is_code).filter_map(|path| subject.tree.text(path)).any(|text| {
        text.lines()
            .map(|line| line.split('#').next().unwrap_or_default())
            .any(|line| words.iter().any(|word| line.contains(word)))
    })
}
