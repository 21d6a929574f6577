//! The application is replaced behind its proxy: a second container, then the first
//! one goes.
//!
//! What a proxy had passed on to a connection that is closed at that moment it sends to
//! the other container, unless the request may not be sent twice. Those are counted
//! apart: no proxy can save them, and whether one is hit is chance.

use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::is_proxy;
use crate::verify::asked::{self, Asked};
use crate::verify::case::Case;
use crate::verify::client::Door;
use crate::verify::compose;
use crate::verify::engine::Container;
use crate::verify::model::Model;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::traffic::{Sent, Summary, Traffic, failures};
use crate::verify::trouble::Outcome;

const ID: &str = "stop.rolling";
/// Clients that ask meanwhile.
const CLIENTS: usize = 4;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(10);
/// Load before anything is replaced.
const BEFORE: Duration = Duration::from_millis(500);
/// Until a proxy has heard of the new container: names are looked up again that often.
const HEARD: Duration = Duration::from_millis(5500);
/// Load when the old one is gone.
const AFTER: Duration = Duration::from_secs(2);
/// For the engine's own work.
const MARGIN: Duration = Duration::from_secs(30);

/// Why the application cannot be replaced behind a proxy; `None` where it can.
pub fn obstacle(case: &Case, model: &Model) -> Option<String> {
    let Some(web) = case.web() else {
        return Some("which service is the application is not known".into());
    };
    let Some(edge) = case.edge.as_ref().and_then(|edge| case.service(&edge.service)) else {
        return Some("nothing that serves HTTP publishes a port".into());
    };
    if !is_proxy(edge.kind) {
        return Some(format!(
            "{} is not behind a proxy: its port can be published by one container only",
            web.name
        ));
    }
    if !model.ports(&web.name).is_empty() {
        return Some(format!("{} publishes a port itself, which one container only can", web.name));
    }
    None
}

/// Replaces it under light load, and counts requests that fail.
pub async fn judge(run: &mut Run<'_>, door: Option<&Door>) -> Outcome {
    if let Some(why) = obstacle(run.case, &run.stack.model) {
        run.record(Finding::skipped(ID, why));
        return Ok(());
    }
    let (Some(web), Some(door)) = (run.case.web(), door) else { return Ok(()) };
    let load: Arc<[Asked]> = asked::workload(run, door).await.into();
    let old: Vec<Container> = of(run, &web.name).await?;
    run.doing("replacing the application under load");
    let patience = run.seconds("verify.answer");
    let traffic = Traffic::paced(door, &load, CLIENTS, patience, PAUSE);
    sleep(BEFORE).await;
    let begun = Instant::now();
    let replaced = replace(run, &web.name, &old).await?;
    sleep(AFTER).await;
    let sent = traffic.finish().await;
    let (once, again): (Vec<Sent>, Vec<Sent>) =
        sent.iter().cloned().partition(|own| is_sent_once(&load[own.number].call.method));
    let seconds = begun.elapsed().as_secs_f64();
    let summary = Summary::of(&again, &load, seconds);
    let unsaved = Summary::of(&once, &load, seconds).failed;
    let most = run.case.limits.count("verify.replacement");
    let limit = run.limit("verify.replacement");
    let finding = match replaced {
        Err(why) => Finding::failed(ID, why),
        Ok(()) => {
            let mut said = format!(
                "{} of {} requests failed while {} was replaced, in {}",
                summary.failed,
                again.len(),
                web.name,
                Unit::Seconds.show(seconds)
            );
            if unsaved > 0 {
                let all = once.len();
                said.push_str(&format!("; and {unsaved} of {all} that may not be sent twice"));
            }
            Finding::judged(ID, summary.failed as u64 <= most && summary.answered > 0, said)
        }
    };
    let failed = finding.is_failed();
    let finding = match failed {
        true => finding.log(failures(&sent, &load)).help(
            "the proxy has to look names up again (resolver … valid=5s, server web:8000 resolve max_fails=0), and to pass a request on to the next server (proxy_next_upstream)",
        ),
        false => finding,
    };
    let finding = finding
        .measured("failed", summary.failed as f64, Unit::Count)
        .measured("failed, not to be repeated", unsaved as f64, Unit::Count)
        .measured("requests", sent.len() as f64, Unit::Count)
        .measured("p99", summary.p99, Unit::Milliseconds);
    run.record(finding.by(limit));
    if failed && let Some(edge) = &run.case.edge {
        // Whatever it still passes requests on to: the next checks are about other things.
        run.up().await?;
        run.stack.compose(&["restart", &edge.service], MARGIN * 2).await?;
        run.up().await?;
    }
    Ok(())
}

/// Whether a proxy may not repeat a request on its own: what it does might be done twice.
fn is_sent_once(method: &str) -> bool {
    matches!(method, "POST" | "PATCH" | "LOCK")
}

async fn of(run: &Run<'_>, service: &str) -> Outcome<Vec<Container>> {
    let all = run.containers().await?;
    Ok(all.into_iter().filter(|own| own.service == service && own.is_running()).collect())
}

/// Starts as many containers again, and stops the old ones when the new are healthy.
async fn replace(run: &Run<'_>, service: &str, old: &[Container]) -> Outcome<Result<(), String>> {
    let limit = run.seconds("verify.healthy");
    let scale = format!("{service}={}", old.len() * 2);
    let words =
        ["up", "--detach", "--no-build", "--no-deps", "--no-recreate", "--scale", &scale, service];
    let output = run.stack.compose(&words, limit).await?;
    if !output.is_ok() {
        return Ok(Err(format!(
            "a second container could not be started: {}",
            output.tail(1).join("")
        )));
    }
    let end = Instant::now() + limit;
    loop {
        let all = of(run, service).await?;
        let fresh = all.iter().filter(|own| old.iter().all(|old| old.id != own.id));
        let healthy = fresh.filter(|own| matches!(own.health(), "" | "healthy")).count();
        if healthy >= old.len() {
            break;
        }
        if Instant::now() > end {
            return Ok(Err(format!(
                "the second container was not healthy within {} s",
                limit.as_secs()
            )));
        }
        sleep(Duration::from_millis(200)).await;
    }
    sleep(HEARD).await;
    let grace = Duration::from_secs_f64(run.stack.model.grace(service)) + MARGIN;
    for container in old {
        for words in [["stop", &container.id], ["rm", &container.id]] {
            let mut command = Command::new("docker");
            command.args(words);
            let output = compose::run(&mut command, grace).await?;
            if !output.is_ok() {
                return Ok(Err(format!(
                    "the old container could not be removed: {}",
                    output.tail(1).join("")
                )));
            }
        }
    }
    Ok(Ok(()))
}
