//! Workers by the number of the host's processors.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::numbers;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::server::options;
use crate::lint::subject::{Program, Subject, Value};
use crate::schema::numbers::rows;

pub static RULE: Rule = Rule {
    code: "PY101",
    name: "workers-follow-host",
    severity: Severity::Warning,
    summary: "a container says how many workers it has",
    why: "In a container cpu_count() is the host's: on a machine with 32 processors a container that may take one of them starts 65 workers, each with its memory, and is killed. Celery without --concurrency does the same. 62 % of public Python services leave it to the host.",
    example: "workers = int(os.environ.get(\"WEB_CONCURRENCY\") or 3)",
    source: "Python, os.cpu_count; Celery, Workers Guide: Concurrency; counted over 129 public repositories",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        let Some(server) = &container.server else { continue };
        // Started anew with every change: it is for who works on it.
        let step = container.steps.get(server.step);
        if step.is_some_and(|own| subject.slice(own.at).contains("watchmedo")) {
            continue;
        }
        // Airflow says its own number; a project that is worked on needs none.
        let by_airflow = step.is_some_and(|own| own.argv.iter().any(|word| word == "airflow"));
        let is_developed = subject.composed(container).is_some_and(|(own, _)| own.is_developed);
        if by_airflow || is_developed {
            continue;
        }
        let cpus = subject.cpu_limit(container);
        let memory = subject.memory_limit(container);
        let limited = cpus.map(|(_, at)| at).or(memory.map(|(_, at)| at));
        let weight = if limited.is_some() { Severity::Warning } else { Severity::Advice };
        let planned = |number| {
            let (numbers, member) = (subject.numbers()?, subject.member(container)?);
            let reason = numbers.decided(&member, number)?.reason();
            Some((i64::try_from(numbers.get(&member, number)?).ok()?, reason))
        };
        let (at, message, setting, reason) = match server.program {
            Program::Gunicorn => {
                let Some((Value::HostCpus, at)) = server.get("workers") else { continue };
                let by_cpus = || {
                    let own = cpus.map_or(1.0, |(cpus, _)| cpus);
                    let most = (2.0 * own).ceil() as i64 + 1;
                    let share = numbers::share(subject, own.ceil() as i64);
                    (most, format!("for {share}: 2 × {own} + 1"))
                };
                let (most, reason) = planned(rows::WORKERS).unwrap_or_else(by_cpus);
                let message = format!(
                    "{}: gunicorn's workers are counted by the host's processors",
                    container.name
                );
                (at, message, format!("workers = {most}"), reason)
            }
            Program::CeleryWorker => {
                let pool = server.get("pool").and_then(|(value, _)| value.text());
                let counts = pool.is_none_or(|own| own == "prefork" || own == "threads");
                let said =
                    server.get("concurrency").is_some_and(|(value, _)| *value != Value::HostCpus)
                        || server.get("autoscale").is_some()
                        || ["worker_concurrency", "celeryd_concurrency", "worker_autoscaler"]
                            .iter()
                            .any(|name| subject.celery(name).is_some())
                        || container.env.keys().any(|own| own.contains("CONCURRENCY"));
                if said || !counts {
                    continue;
                }
                let by_cpus = || {
                    let most = cpus.map_or(2, |(cpus, _)| cpus.ceil() as i64);
                    (most, format!("for {}, one each", numbers::share(subject, most)))
                };
                let (most, reason) = planned(rows::CONCURRENCY).unwrap_or_else(by_cpus);
                let message = format!(
                    "{}: Celery starts a child for each processor of the host",
                    container.name
                );
                (server.at, message, format!("--concurrency={most}"), reason)
            }
            _ => continue,
        };
        let finding = findings.add(at, message);
        finding.severity(weight).about(&container.name).help(format!("{setting}  # {reason}"));
        if let Some(limit) = limited {
            finding.related(limit, "what the container may take");
        }
        let fix = Fix::new(Grade::Suggested, format!("sets {setting}"));
        if server.program == Program::CeleryWorker {
            let edit = options::behind(subject, server, "worker", &[setting]);
            if let Some(edit) = edit {
                finding.fix(fix.edit(edit.at, edit.text));
            }
        } else if subject.slice(at).starts_with("workers") {
            finding.fix(fix.edit(at, setting));
        }
    }
}
