//! The application is replaced behind its proxy: a second container, then the first
//! one goes.

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
use crate::verify::traffic::{Summary, Traffic, failures};
use crate::verify::trouble::Outcome;

const ID: &str = "stop.rolling";
/// Clients that ask meanwhile.
const CLIENTS: usize = 4;
/// Load before anything is replaced.
const BEFORE: Duration = Duration::from_millis(500);
/// Until a proxy has heard of the new container: names are looked up again that often.
const HEARD: Duration = Duration::from_secs(6);
/// Load when the old one is gone.
const AFTER: Duration = Duration::from_secs(2);
/// For the engine's own work.
const MARGIN: Duration = Duration::from_secs(30);

/// Why the application cannot be replaced behind a proxy; `None` where it can.
pub fn obstacle(case: &Case, model: &Model) -> Option<String> {
    let Some(web) = case.web() else {
        return Some("which service is the application is not known".into());
    };
    let Some(edge) = case.edge().and_then(|edge| case.service(&edge.service)) else {
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
    let traffic = Traffic::start(door, &load, CLIENTS, run.seconds("verify.answer"));
    sleep(BEFORE).await;
    let begun = Instant::now();
    let replaced = replace(run, &web.name, &old).await?;
    sleep(AFTER).await;
    let sent = traffic.finish().await;
    let summary = Summary::of(&sent, &load, begun.elapsed().as_secs_f64());
    let most = run.case.limits.count("verify.replacement");
    let limit = run.limit("verify.replacement");
    let finding = match replaced {
        Err(why) => Finding::failed(ID, why),
        Ok(()) => {
            let said = format!(
                "{} of {} requests failed while {} was replaced, in {}",
                summary.failed,
                sent.len(),
                web.name,
                Unit::Seconds.show(begun.elapsed().as_secs_f64())
            );
            Finding::judged(ID, summary.failed as u64 <= most && summary.answered > 0, said)
        }
    };
    let failed = finding.is_failed();
    let finding = match failed {
        true => finding.log(failures(&sent, &load)).help(
            "the proxy has to look names up again (resolver … valid=5s, server web:8000 resolve), and to pass a request on to the next server (proxy_next_upstream)",
        ),
        false => finding,
    };
    let finding = finding
        .measured("failed", summary.failed as f64, Unit::Count)
        .measured("requests", sent.len() as f64, Unit::Count)
        .measured("p99", summary.p99, Unit::Milliseconds);
    run.record(finding.by(limit));
    if failed && let Some(edge) = run.case.edge() {
        // Whatever it still passes requests on to: the next checks are about other things.
        run.up().await?;
        run.stack.compose(&["restart", &edge.service], MARGIN * 2).await?;
        run.up().await?;
    }
    Ok(())
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
