//! A dependency goes away, in three ways, and comes back.

use std::time::Duration;

use bollard::query_parameters as query;
use tokio::time::{Instant, sleep};

use super::clients::{LOOK, Site};
use crate::lint::subject::Kind;
use crate::verify::engine::Container;
use crate::verify::events::now;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// How something goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is stopped: connections are refused.
    Stop,
    /// It is paused: connections hang.
    Pause,
    /// It leaves the networks: its name is not known.
    Name,
}

impl Way {
    const fn check(self) -> &'static str {
        match self {
            Self::Stop => "break.database-stop",
            Self::Pause => "break.database-pause",
            Self::Name => "break.dns",
        }
    }

    const fn said(self) -> &'static str {
        match self {
            Self::Stop => "stopped",
            Self::Pause => "paused",
            Self::Name => "gone from the network",
        }
    }
}

/// How long a store that may be a cache is away.
const UNNEEDED: Duration = Duration::from_secs(5);

/// What is given back: the networks with the names that it had there.
type Networks = Vec<(String, Vec<String>)>;

/// Takes away what the application rests on.
///
/// # Errors
/// When the engine does not answer.
pub async fn run(run: &mut Run<'_>, site: &Site, way: Way) -> Outcome {
    let check = way.check();
    let database = run.case.services.iter().find(|own| own.kind.is_database());
    let needed = match way {
        Way::Name => database.or_else(|| {
            run.case.services.iter().find(|own| matches!(own.kind, Kind::Redis | Kind::Rabbitmq))
        }),
        _ => database,
    };
    let Some(name) = needed.map(|own| own.name.clone()) else {
        let why = match way {
            Way::Name => "the stack has no database, cache or broker of its own",
            _ => "the stack has no database of its own",
        };
        run.record(Finding::skipped(check, why));
        return Ok(());
    };
    if site.door.is_none() {
        run.record(Finding::skipped(check, "nobody can ask the stack: it publishes no HTTP"));
        return Ok(());
    }
    let Some(container) = run.container(&name).await?.filter(Container::is_running) else {
        run.record(Finding::skipped(check, format!("{name} does not run")));
        return Ok(());
    };
    run.doing(format!("{name} is {}", way.said()));
    let before = lives(run).await?;
    let since = now() as i64;
    let clients = site.clients();
    let networks = match take(run, way, &container).await? {
        Ok(networks) => networks,
        Err(why) => {
            clients.finish().await?;
            run.record(Finding::skipped(check, why).of(name));
            return Ok(());
        }
    };
    let away = meanwhile(run, site, way, &name, is_needed(run, &name)).await;
    give(run, way, &container, &networks).await?;
    let begun = Instant::now();
    let limit = run.seconds("verify.recovery");
    let fine = site.fine_within(limit).await;
    let recovery = begun.elapsed().as_secs_f64();
    let heard = clients.finish().await?;
    let mut wrong = away.wrong;
    if fine.is_none() {
        wrong.push(format!(
            "{name} is back, and after {} s the stack does not answer as before",
            limit.as_secs()
        ));
    }
    let mut at_fault = Vec::new();
    for (service, life) in lives(run).await? {
        if before.iter().any(|(own, old)| *own == service && *old != life) {
            wrong.push(format!("{service} was restarted"));
            at_fault.push(service);
        }
    }
    let mut said = vec![format!("{name} was {}", way.said())];
    said.extend(away.said);
    if fine.is_some() {
        said.push(format!("answered as before {} after it was back", Unit::Seconds.show(recovery)));
    }
    said.push(heard.say());
    let holds = wrong.is_empty();
    let text =
        if holds { said.join("; ") } else { format!("{}; {}", wrong.join("; "), said.join("; ")) };
    let mut finding = Finding::judged(check, holds, text).of(name);
    finding = finding.measured("recovery", recovery, Unit::Seconds);
    if let Some(noticed) = away.noticed {
        finding = finding.measured("noticed", noticed, Unit::Seconds);
    }
    if !holds {
        let web = at_fault.first().cloned().or_else(|| run.case.web().map(|own| own.name.clone()));
        if let Some(web) = web
            && let Some(own) = run.container(&web).await?
        {
            let lines = run.engine.logs_since(&own.id, since).await?;
            let last = lines.len().saturating_sub(8);
            finding = finding.log(lines[last..].to_vec());
        }
        finding = finding.help(away.help);
    }
    let key = if away.ignored { "verify.notice" } else { "verify.recovery" };
    run.record(finding.by(run.limit(key)));
    Ok(())
}

/// What was seen while it was away.
struct Away {
    said: Vec<String>,
    wrong: Vec<String>,
    noticed: Option<f64>,
    ignored: bool,
    help: &'static str,
}

/// Whether the application cannot work without a store: a cache may forget, and be
/// away, as its author decides. A Redis beside workers is their broker.
fn is_needed(run: &Run<'_>, store: &str) -> bool {
    let is = |kind: Kind| run.case.service(store).is_some_and(|own| own.kind == kind);
    let has_workers = run.case.first(Kind::Worker).is_some();
    !is(Kind::Memcached) && (!is(Kind::Redis) || has_workers)
}

async fn meanwhile(run: &Run<'_>, site: &Site, way: Way, name: &str, is_needed: bool) -> Away {
    let mut away = Away {
        said: Vec::new(),
        wrong: Vec::new(),
        noticed: None,
        ignored: false,
        help: "connections have to be opened again by themselves, with time-outs; nothing has to be restarted for it",
    };
    match &site.ready {
        Some(path) => {
            let begun = Instant::now();
            let limit = match is_needed {
                true => run.seconds("verify.notice"),
                false => run.seconds("verify.notice").min(UNNEEDED),
            };
            while begun.elapsed() < limit {
                let left = limit.saturating_sub(begun.elapsed());
                let answer = site.status(path, left).await;
                if answer.is_some_and(|own| own >= 500) {
                    away.noticed = Some(begun.elapsed().as_secs_f64());
                    away.said.push(format!(
                        "{path} said so after {}",
                        Unit::Seconds.show(begun.elapsed().as_secs_f64())
                    ));
                    break;
                }
                sleep(LOOK).await;
            }
            if away.noticed.is_none() && !is_needed {
                let text = format!(
                    "{path} answered without {name}, which may be a cache that it can do without"
                );
                away.said.push(text);
            } else if away.noticed.is_none() {
                let last = site.status(path, Duration::from_secs(2)).await;
                let last = last.map_or_else(|| "nothing".to_owned(), |own| own.to_string());
                away.ignored = true;
                away.wrong.push(format!(
                    "a readiness that ignores {name}: {path} answered {last} after {} s without it",
                    limit.as_secs()
                ));
                away.help = "let readiness ask what requests need, with a short time-out, and answer 503 without it";
            }
        }
        None => away.said.push(match &site.live {
            Some(path) => format!("{path} is the only route of health that is known"),
            None => "no route of readiness is known: recovery is judged alone".into(),
        }),
    }
    match (&site.live, &site.ready) {
        // Whether it is asked for the one or for the other nobody says: it may fail.
        (Some(path), None) if !run.case.is_new() => {
            let limit = run.seconds("verify.alive");
            let answer = site.status(path, limit).await;
            let got = answer.map_or_else(
                || format!("nothing within {} s", limit.as_secs()),
                |own| own.to_string(),
            );
            away.said.push(format!("it answered {got} meanwhile"));
        }
        (Some(path), _) => alive(run, site, path, name, &mut away).await,
        (None, _) => {
            away.said.push("no route of liveness is known".into());
            // As long as somebody would need to notice it.
            if way != Way::Stop && site.ready.is_none() {
                sleep(Duration::from_secs(2)).await;
            }
        }
    }
    away
}

/// Liveness asks nobody: it answers as ever.
async fn alive(run: &Run<'_>, site: &Site, path: &str, name: &str, away: &mut Away) {
    let limit = run.seconds("verify.alive");
    let mut slowest = Duration::ZERO;
    for _ in 0..3 {
        let begun = Instant::now();
        let answer = site.status(path, limit).await;
        slowest = slowest.max(begun.elapsed());
        if answer.is_none_or(|own| own >= 400) {
            let got = answer.map_or_else(
                || format!("nothing within {} s", limit.as_secs()),
                |own| own.to_string(),
            );
            away.wrong.push(format!(
                "{path} says whether the process lives, and answered {got} without {name}"
            ));
            away.help = "liveness must ask nobody: what is restarted for its database's sake is away longer";
            return;
        }
    }
    let slowest = Unit::Milliseconds.show(slowest.as_secs_f64() * 1000.0);
    away.said.push(format!("{path} answered within {slowest}"));
}

async fn take(run: &Run<'_>, way: Way, container: &Container) -> Outcome<Result<Networks, String>> {
    let api = run.engine.api();
    match way {
        Way::Stop => {
            let options = query::StopContainerOptions { t: Some(20), ..Default::default() };
            api.stop_container(&container.id, Some(options)).await?;
        }
        Way::Pause => api.pause_container(&container.id).await?,
        Way::Name => {
            let networks: Networks = container
                .networks()
                .into_iter()
                .filter(|network| !matches!(*network, "host" | "none"))
                .map(|network| {
                    let aliases = &container.fact("/NetworkSettings/Networks")[network]["Aliases"];
                    let names = aliases.as_array().into_iter().flatten();
                    let names = names.filter_map(|own| own.as_str().map(str::to_owned));
                    (network.to_owned(), names.collect())
                })
                .collect();
            if networks.is_empty() {
                return Ok(Err("it is in no network that it could leave".into()));
            }
            for (network, _) in &networks {
                run.engine.disconnect(network, &container.id).await?;
            }
            return Ok(Ok(networks));
        }
    }
    Ok(Ok(Vec::new()))
}

async fn give(run: &Run<'_>, way: Way, container: &Container, networks: &Networks) -> Outcome {
    let api = run.engine.api();
    match way {
        Way::Stop => api.start_container(&container.id, None).await?,
        Way::Pause => api.unpause_container(&container.id).await?,
        Way::Name => {
            for (network, aliases) in networks {
                run.engine.reconnect(network, &container.id, aliases.clone()).await?;
            }
        }
    }
    Ok(())
}

/// What tells whether the application was restarted, by service.
async fn lives(run: &Run<'_>) -> Outcome<Vec<(String, (String, String, i64))>> {
    let one_shots = run.one_shots();
    let all = run.containers().await?;
    let own = all.iter().filter(|own| {
        run.case.service(&own.service).is_some_and(|own| own.is_application())
            && !one_shots.contains(&own.service)
            && own.number == 1
    });
    Ok(own.map(|own| (own.service.clone(), own.life())).collect())
}
