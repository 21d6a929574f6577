//! Containers that are killed while they still finish their work.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Program, Server, Subject};
use crate::schema::numbers::rows;
use crate::source::dockerfile::Keyword;
use crate::units::Seconds;

pub static RULE: Rule = Rule {
    code: "XF103",
    name: "grace-period",
    severity: Severity::Warning,
    summary: "a container is given as long to stop as its server takes to finish",
    why: "Docker sends SIGKILL 10 s after SIGTERM unless `stop_grace_period` says otherwise. A server that would let requests finish for 30 s is cut off in the middle of them at every deployment: clients see a closed connection, a worker's task is lost or runs twice.",
    example: "stop_grace_period: 40s",
    source: "Compose specification: stop_grace_period; gunicorn, Settings: graceful_timeout (30); Celery, Workers Guide: Stopping the worker",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for container in subject.production_containers() {
        below_a_shell(subject, container, findings);
        let (Some((grace, said)), Some((needed, why, place))) =
            (subject.grace(container), needed(subject, container))
        else {
            continue;
        };
        if grace >= needed {
            continue;
        }
        let Some((deployment, service)) = subject.composed(container) else { continue };
        // Enough to end after the last request did, or what the plan gives it.
        let planned = planned(subject, container).filter(|own| (needed + 5..=300).contains(own));
        let wanted = planned.unwrap_or(needed + 5);
        let at = said.unwrap_or_else(|| subject.service(deployment, service));
        let killed = if said.is_some() {
            format!("it is killed after {grace} s")
        } else {
            format!("it is killed after {grace} s, since no stop_grace_period is set")
        };
        let finding = findings.add(at, format!("{}: {why}, and {killed}", container.name));
        if deployment.is_developed {
            finding.severity(Severity::Advice);
        }
        let help = if planned.is_some() {
            format!(
                "stop_grace_period: {wanted}s  # more than the {needed} s it takes, as `init` would plan it"
            )
        } else if wanted <= 300 {
            format!("stop_grace_period: {wanted}s  # {needed} s, and 5 to end in")
        } else {
            "worker_soft_shutdown_timeout = 45 with REMAP_SIGTERM=SIGQUIT and stop_grace_period: 60s (Celery 5.5): what is not done by then goes back to the queue where task_acks_late is on".to_owned()
        };
        finding.about(&container.name).help(help);
        if let Some(place) = place {
            finding.related(place, why);
        }
        let value = format!("{wanted}s");
        // Hours are no time to wait for a container.
        let edit = edit::compose::put(subject, deployment, service, &["stop_grace_period"], &value)
            .filter(|_| wanted <= 300);
        if let Some(edit) = edit {
            let fix =
                Fix::new(Grade::Checked, format!("gives {} {wanted} s to stop", container.name));
            finding.fix(
                fix.edit(edit.at, edit.text)
                    .condition("the engine waits that long only while something is still running"),
            );
        }
    }
}

/// How long the plan gives a service to stop, where the stack can be planned.
fn planned(subject: &Subject, container: &Container) -> Option<u64> {
    let (numbers, member) = (subject.numbers()?, subject.member(container)?);
    numbers.get(&member, rows::STOP_GRACE_PERIOD).map(|Seconds(own)| u64::from(own))
}

/// A service whose own command starts its server below Debian's sh: it is told
/// nothing of the stop, and no time is enough.
fn below_a_shell(subject: &Subject, container: &Container, findings: &mut Findings) {
    let Some((deployment, service)) = subject.composed(container) else { return };
    let Some(server) = container.server.as_ref().filter(|own| !own.reloads()) else { return };
    let Some(step) = container.steps.get(server.step) else { return };
    let is_last = server.step + 1 == container.steps.len();
    let finishes =
        matches!(server.program, Program::Gunicorn | Program::Uvicorn | Program::CeleryWorker);
    let of_debian = subject
        .build_of(container)
        .and_then(|build| build.image.base.known())
        .is_some_and(|base| base.starts_with("python:") && !base.contains("alpine"));
    let Some(item) = service.item.get("command").filter(|_| {
        service.item.get("entrypoint").is_none()
            && subject.build_of(container).is_some_and(|build| build.image.entrypoint.is_none())
    }) else {
        return;
    };
    let words = match item.scalar() {
        Some(text) => shell_words::split(&text).unwrap_or_default(),
        None => item.scalars(),
    };
    let [shell, option, text] = words.as_slice() else { return };
    let is_sh = matches!(shell.as_str(), "sh" | "/bin/sh") && option == "-c";
    let is_open = text.contains("trap ") || text.contains('&') && text.contains("wait");
    if !is_sh
        || is_open
        || !finishes
        || !is_last
        || !of_debian
        || deployment.is_developed
        || step.replaces
        || step.in_background
        || step.script.is_some()
    {
        return;
    }
    let name = step.program.word();
    let at = subject.item(deployment, item);
    findings
        .add(
            at,
            format!("{}: {name} runs below sh and never gets SIGTERM: it is killed in the middle of its work", container.name),
        )
        .about(&container.name)
        .help(format!("exec {}", step.argv.join(" ")));
}

/// How long it takes to finish where it is told to, why, and where that is said.
fn needed(subject: &Subject, container: &Container) -> Option<(u64, String, Option<At>)> {
    let server = container.server.as_ref()?;
    graceful(subject, container).filter(|_| gets_sigterm(subject, container, server))
}

/// How long its server lets work finish, why, and where that is said.
pub(crate) fn graceful(
    subject: &Subject,
    container: &Container,
) -> Option<(u64, String, Option<At>)> {
    // With reload it is for who works on it.
    let server = container.server.as_ref().filter(|own| !own.reloads())?;
    let seconds = |value: i64| u64::try_from(value).ok().filter(|own| *own > 0);
    match server.program {
        Program::Gunicorn => match server.get("graceful_timeout") {
            Some((value, at)) => {
                let own = seconds(value.int()?)?;
                Some((own, format!("gunicorn lets requests finish for {own} s"), Some(at)))
            }
            // Settings that are not here may say it.
            None if server.has("config") && server.config.is_none() => None,
            None => {
                Some((30, "gunicorn lets requests finish for 30 s".to_owned(), Some(server.at)))
            }
        },
        Program::Uvicorn => {
            let (value, at) = server.get("graceful_timeout")?;
            let own = seconds(value.int()?)?;
            Some((own, format!("uvicorn lets requests finish for {own} s"), Some(at)))
        }
        Program::CeleryWorker => {
            // It hands running tasks back in time.
            let soft = subject.celery("worker_soft_shutdown_timeout").is_some()
                || container.env.contains_key("REMAP_SIGTERM")
                || container
                    .steps
                    .iter()
                    .any(|s| s.argv.iter().any(|w| w.contains("soft_shutdown")));
            if soft {
                return None;
            }
            let (value, at) =
                server.get("time_limit").or_else(|| subject.celery("task_time_limit"))?;
            let own = seconds(value.int()?)?;
            Some((own, format!("a task may run for {own} s"), Some(at)))
        }
        _ => None,
    }
}

/// Whether the signal reaches the server at all: a shell that does not `exec`
/// it, or `conda run`, keeps it to itself, and more time only makes stops longer.
fn gets_sigterm(subject: &Subject, container: &Container, server: &Server) -> bool {
    let Some(step) = container.steps.get(server.step) else { return false };
    let of_text = |text: &str| {
        let between = |c: char| c.is_whitespace() || "\"',[]".contains(c);
        let words: Vec<&str> = text.split(between).filter(|own| !own.is_empty()).collect();
        words.windows(2).any(|own| {
            matches!(own[0].rsplit('/').next(), Some("conda" | "mamba" | "micromamba"))
                && own[1] == "run"
        })
    };
    let by_service = ["command", "entrypoint"].iter().any(|key| {
        subject.key(container, &[key]).is_some_and(|(item, _)| of_text(&item.scalars().join(" ")))
    });
    let by_image = subject.build_of(container).is_some_and(|build| {
        subject
            .instructions(build)
            .any(|(_, own)| own.keyword == Keyword::Entrypoint && of_text(&own.arguments.text))
    });
    let wrapped = by_service || by_image || of_text(subject.slice(step.at));
    !(step.in_background || !step.replaces || wrapped)
}
