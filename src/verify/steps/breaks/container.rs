//! Each container is killed in turn.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::clients::{LOOK, Site};
use crate::lint::subject::{Kind, Program};
use crate::verify::engine::Container;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::strike;
use crate::verify::trouble::Outcome;

const CHECK: &str = "break.container";

/// Migrations that were seen while something else than a migration started: the
/// command by its service.
pub type Migrates = BTreeMap<String, String>;

/// Kills every container that is meant to go on, the application first, stores last.
///
/// # Errors
/// When the engine does not answer.
pub async fn killed(run: &mut Run<'_>, site: &Site) -> Outcome<Migrates> {
    let mut migrates = Migrates::new();
    let one_shots = run.one_shots();
    let mut containers = run.containers().await?;
    containers.retain(|own| own.is_running() && !one_shots.contains(&own.service));
    let place = |own: &Container| match run.case.service(&own.service).map(|own| own.kind) {
        Some(kind) if kind.is_application() => 0,
        Some(kind) if kind.is_store() => 2,
        _ => 1,
    };
    containers.sort_by_key(place);
    // One of several replicas stands for all of them.
    containers.dedup_by(|a, b| a.service == b.service);
    for container in containers {
        one(run, site, &container, &mut migrates).await?;
    }
    Ok(migrates)
}

async fn one(
    run: &mut Run<'_>,
    site: &Site,
    before: &Container,
    migrates: &mut Migrates,
) -> Outcome {
    let name = before.service.clone();
    run.doing(format!("killing {name}"));
    let policy = before.text("/HostConfig/RestartPolicy/Name").to_owned();
    let comes_back = !matches!(policy.as_str(), "" | "no");
    let clients = site.clients();
    if let Err(why) = strike::container(run, before).await? {
        clients.finish().await?;
        run.record(Finding::skipped(CHECK, why).of(name));
        return Ok(());
    }
    let begun = Instant::now();
    let limit = match comes_back {
        true => run.seconds("verify.healthy"),
        // Nobody will start it: it is only seen to be down.
        false => Duration::from_secs(2),
    };
    let is_application = run.case.service(&name).is_some_and(|own| own.is_application());
    let back = loop {
        let container = run.engine.inspect(&before.id).await?;
        let is_new = container.text("/State/StartedAt") != before.text("/State/StartedAt");
        if is_new && is_application {
            see_migration(run, &container, migrates).await?;
        }
        if is_new && container.is_running() && matches!(container.health(), "" | "healthy") {
            break true;
        }
        if begun.elapsed() > limit {
            break false;
        }
        sleep(LOOK).await;
    };
    if !back && !comes_back {
        run.engine.api().start_container(&before.id, None).await?;
    }
    let fine = match back || !comes_back {
        true => site.fine_within(run.seconds("verify.recovery")).await,
        false => None,
    };
    let took = begun.elapsed().as_secs_f64();
    let heard = clients.finish().await?;
    let show = Unit::Seconds.show(took);
    let finding = match (back, comes_back, fine) {
        (true, _, Some(_)) => Finding::passed(CHECK, format!("killed, it was back and the stack answered after {show}; {}", heard.say()))
            .measured("recovery", took, Unit::Seconds),
        (true, _, None) => Finding::failed(CHECK, format!("killed, it came back, and after {show} the stack still did not answer as before; {}", heard.say()))
            .help("what uses it has to open a new connection by itself"),
        (false, false, _) => Finding::failed(CHECK, format!("killed, it stayed down: it has no restart policy; {}", heard.say()))
            .help(format!("give {name} `restart: unless-stopped`")),
        (false, true, _) => Finding::failed(CHECK, format!("killed, it was not healthy again after {show}; {}", heard.say())),
    };
    let log = if finding.is_failed() { run.engine.logs(&before.id, 8).await? } else { Vec::new() };
    let finding = finding.of(name).measured("failed", heard.failed as f64, Unit::Count).log(log);
    run.record(finding.by(run.limit("verify.recovery")));
    Ok(())
}

/// Looks whether a migration runs in a container that is no migration.
async fn see_migration(run: &Run<'_>, container: &Container, migrates: &mut Migrates) -> Outcome {
    for process in run.engine.processes(&container.id).await? {
        if is_migration(&process.command) {
            migrates.insert(container.service.clone(), process.command);
        }
    }
    Ok(())
}

/// Whether a command line, or the script that Python was given, migrates a database.
pub fn is_migration(command: &str) -> bool {
    let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    let is = |words: &[String]| !words.is_empty() && Program::of(words) == Program::Migrate;
    let python = words.first().is_some_and(|first| {
        first.rsplit('/').next().is_some_and(|name| name.starts_with("python"))
    });
    is(&words) || python && is(&words[1..])
}

/// The kinds that may not migrate: whatever is kept running.
pub fn keeps_running(run: &Run<'_>, name: &str) -> bool {
    run.case
        .service(name)
        .is_some_and(|own| !own.one_shot && own.kind != Kind::OneShot && own.is_application())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_known_by_its_process() {
        assert!(is_migration("/opt/venv/bin/python /opt/venv/bin/alembic upgrade head"));
        assert!(is_migration("python manage.py migrate --no-input"));
        assert!(is_migration("alembic upgrade head"));
        assert!(!is_migration("/opt/venv/bin/python /opt/venv/bin/uvicorn app.main:app"));
    }
}
