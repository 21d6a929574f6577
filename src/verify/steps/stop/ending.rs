//! How every service ended, and how long it took.

use std::collections::BTreeMap;

use super::is_proxy;
use crate::lint::rules::graceful;
use crate::lint::subject::{Kind, Purpose};
use crate::verify::case::Case;
use crate::verify::engine::Container;
use crate::verify::events::Event;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// SIGKILL, as an exit code.
const KILLED: i64 = 137;
/// SIGTERM, as an exit code.
const TERMINATED: i64 = 143;

/// The command of each container's first process, the engine's init apart.
pub async fn commands(
    run: &Run<'_>,
    containers: &[Container],
) -> Outcome<BTreeMap<String, String>> {
    let mut commands = BTreeMap::new();
    for container in containers {
        let all = run.engine.processes(&container.id).await?;
        if let Some(first) = all.iter().find(|own| !own.is_init()) {
            commands.insert(container.id.clone(), first.command.clone());
        }
    }
    Ok(commands)
}

/// Judges exit codes and times.
pub async fn judge(
    run: &mut Run<'_>,
    before: &[Container],
    commands: &BTreeMap<String, String>,
    begun: f64,
) -> Outcome {
    let one_shots = run.one_shots();
    let events = run.events.since(begun);
    let mut any = false;
    for container in before.iter().filter(|own| !one_shots.contains(&own.service)) {
        let after = run.engine.inspect(&container.id).await?;
        let name = container.service.clone();
        let kind = run.case.service(&name).map_or(Kind::Other, |own| own.kind);
        let grace = run.stack.model.grace(&name);
        let took = took(&events, &after, begun);
        any = true;
        let end = End {
            code: after.exit_code(),
            runs: after.is_running(),
            was_killed_for_memory: after.fact("/State/OOMKilled") == true,
            strict: kind.is_application() || is_proxy(kind),
            command: commands.get(&container.id).map_or("", String::as_str),
        };
        let exit = end.finding(took, grace);
        let exit = match exit.is_failed() {
            true => exit.log(run.engine.logs(&container.id, 6).await?),
            false => exit,
        };
        run.record(exit.measured("code", after.exit_code() as f64, Unit::Count).of(&name));
        let time = time(took, grace, needed(run.case, &name));
        run.record(
            time.measured("took", took, Unit::Seconds)
                .measured("grace", grace, Unit::Seconds)
                .of(&name),
        );
    }
    if !any {
        for id in ["stop.exit", "stop.grace"] {
            run.record(Finding::skipped(id, "nothing was running"));
        }
    }
    Ok(())
}

/// How a container ended.
struct End<'a> {
    code: i64,
    runs: bool,
    was_killed_for_memory: bool,
    /// Whether it has to end with 0: images of others have codes of their own.
    strict: bool,
    command: &'a str,
}

impl End<'_> {
    fn finding(&self, took: f64, grace: f64) -> Finding {
        let id = "stop.exit";
        let after = Unit::Seconds.show(took);
        let code = self.code;
        if self.runs {
            return Finding::failed(id, "it still runs");
        }
        if self.was_killed_for_memory {
            return Finding::failed(id, "it was killed for its memory");
        }
        match code {
            0 => Finding::passed(id, format!("exit code 0 after {after}")),
            KILLED => {
                let when = match took + 0.5 >= grace {
                    true => format!("when its grace period of {grace:.0} s was over"),
                    false => format!("after {after}"),
                };
                Finding::failed(id, format!("killed {when} (exit code 137)")).help(self.advice())
            }
            _ if !self.strict => Finding::passed(id, format!("exit code {code} after {after}")),
            // It does so when all is done, for who started it to see; the engine's init
            // reports it as a code.
            TERMINATED if self.is_uvicorn() => Finding::passed(
                id,
                format!("exit code 143 after {after}: uvicorn ends by the signal that it was sent"),
            ),
            TERMINATED => Finding::failed(
                id,
                format!(
                    "ended by SIGTERM itself, without a handler (exit code 143), after {after}"
                ),
            )
            .help(self.advice()),
            code => Finding::failed(id, format!("exit code {code} after {after}"))
                .help("what runs in it should take SIGTERM for the end of its work, and no error"),
        }
    }

    /// Whether uvicorn itself is what runs.
    fn is_uvicorn(&self) -> bool {
        let mut words =
            self.command.split_whitespace().map(|own| own.rsplit('/').next().unwrap_or(own));
        let first = words.next().unwrap_or_default();
        first == "uvicorn"
            || first.starts_with("python") && words.take(2).any(|own| own == "uvicorn")
    }

    fn advice(&self) -> String {
        let program = self.command.split_whitespace().next().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default();
        match program {
            "sh" | "bash" | "dash" | "ash" | "busybox" => {
                let mut command = self.command.to_owned();
                if command.chars().count() > 80 {
                    command = command.chars().take(80).chain(['…']).collect();
                }
                format!("its first process is `{command}`, which passes no signal on: begin the last command with `exec`")
            }
            _ => "see that the server is the first process (exec form, `exec \"$@\"` in scripts), handles SIGTERM, and ends inside stop_grace_period".to_owned(),
        }
    }
}

/// Seconds from the signal to the end.
fn took(events: &[Event], after: &Container, begun: f64) -> f64 {
    let own = |action: &str| {
        events.iter().find(|event| event.container == after.id && event.action == action)
    };
    let asked = own("kill").map_or(begun, |event| event.time);
    let ended = own("die").map(|event| event.time).or_else(|| after.finished());
    (ended.unwrap_or(asked) - asked).max(0.0)
}

/// How long its own server lets work finish, where that is known, and what says so.
fn needed(case: &Case, name: &str) -> Option<(f64, String)> {
    if case.service(name).is_some_and(|own| own.kind == Kind::Worker)
        && let Some(soft) = case.planned("worker.soft-shutdown-timeout").filter(|own| *own > 0.0)
    {
        return Some((soft, format!("Celery lets tasks finish for {soft:.0} s")));
    }
    let subject = &case.subject;
    let named =
        || subject.containers.iter().filter(|own| own.name == name && own.service.is_some());
    let container =
        named().find(|own| own.purpose == Purpose::Production).or_else(|| named().next())?;
    let (seconds, why, _) = graceful(subject, container)?;
    Some((seconds as f64, why))
}

/// Judges the time against the grace period, and this against the server's own.
fn time(took: f64, grace: f64, needed: Option<(f64, String)>) -> Finding {
    let id = "stop.grace";
    let shown = Unit::Seconds.show(took);
    if took >= grace {
        return Finding::failed(id, format!("{shown} of a grace period of {grace:.0} s"))
            .help("stop_grace_period has to be longer than what the service takes to finish");
    }
    match needed {
        Some((needed, why)) if needed >= grace => {
            Finding::failed(id, format!("{why}, and it is killed after {grace:.0} s"))
                .help(format!("stop_grace_period: {:.0}s", needed + 10.0))
        }
        Some((_, why)) => Finding::passed(id, format!("{shown} of {grace:.0} s; {why}")),
        None => Finding::passed(id, format!("{shown} of {grace:.0} s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(code: i64, strict: bool, command: &str) -> Finding {
        let own = End { code, runs: false, was_killed_for_memory: false, strict, command };
        own.finding(10.1, 10.0)
    }

    #[test]
    fn the_application_ends_with_0_and_others_are_not_killed() {
        assert!(!end(0, true, "").is_failed());
        assert!(end(143, true, "").is_failed());
        assert!(!end(143, false, "").is_failed());
        assert!(end(137, false, "").is_failed());
        let help = end(137, true, "/bin/sh -c gunicorn shop.wsgi").help.unwrap();
        assert!(help.contains("exec"), "{help}");
    }

    #[test]
    fn uvicorn_ends_by_the_signal_that_it_was_sent() {
        let ended = |command| {
            let end = End {
                code: TERMINATED,
                runs: false,
                was_killed_for_memory: false,
                strict: true,
                command,
            };
            end.finding(0.5, 20.0).is_failed()
        };
        assert!(!ended("/venv/bin/python3.14 /venv/bin/uvicorn app.main:app"));
        assert!(!ended("python -m uvicorn app.main:app"));
        assert!(ended("sh -c uvicorn app.main:app"));
        assert!(ended("python server.py"));
    }

    #[test]
    fn a_grace_period_is_longer_than_the_servers_own() {
        let gunicorn = || Some((30.0, "gunicorn lets requests finish for 30 s".to_owned()));
        assert!(time(1.0, 10.0, gunicorn()).is_failed());
        assert!(!time(1.0, 40.0, gunicorn()).is_failed());
        assert!(time(10.2, 10.0, None).is_failed());
        assert!(!time(1.0, 10.0, None).is_failed());
    }
}
