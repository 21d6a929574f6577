//! Workers that are all replaced at the same time.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "PY105",
    name: "recycled-together",
    severity: Severity::Warning,
    summary: "max_requests has a jitter",
    why: "Workers share requests evenly, so that all of them reach the limit within seconds of each other: for as long as the application takes to import nobody answers.",
    example: "max_requests = 10000\nmax_requests_jitter = 1000",
    source: "gunicorn, Settings: max_requests_jitter, to stagger worker restarts to avoid all workers restarting at the same time",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (container, server) in options::gunicorns(subject) {
        let Some((limit, at)) = server.get("max_requests") else { continue };
        let Some(limit) = limit.int().filter(|own| *own > 0) else { continue };
        let is_alone = options::workers(server) == Some(1);
        if server.get("max_requests_jitter").is_some()
            || is_alone
            || options::is_hidden(server)
            || seen.contains(&at)
        {
            continue;
        }
        seen.push(at);
        let jitter = (limit / 10).max(1).to_string();
        let preloads = server.get("preload").and_then(|(value, _)| value.truth()) == Some(true);
        let finding = findings.add(
            at,
            format!(
                "{}: all workers are replaced at once, after {limit} requests each",
                container.name
            ),
        );
        finding.about(&container.name).help(format!(
            "{}  # a tenth of the limit",
            options::written_at(subject, server, at, ("max_requests_jitter", &jitter))
        ));
        // A fork of what is loaded already is there at once.
        if preloads {
            finding.severity(Severity::Advice);
        }
        if let Some(edit) = options::gunicorn(subject, server, &[("max_requests_jitter", &jitter)])
        {
            finding.fix(
                Fix::new(Grade::Safe, format!("spreads that over {jitter} requests"))
                    .edit(edit.at, edit.text),
            );
        }
    }
}
