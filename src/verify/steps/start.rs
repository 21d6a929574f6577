//! `start`: everything starts in its order, becomes healthy and stays within its
//! limits.

mod arms;
mod mounts;
mod order;
mod probe;

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::lint::subject::Kind;
use crate::verify::check;
use crate::verify::engine::{Container, Process, memory_in_use};
use crate::verify::events::{Event, now};
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::{Outcome, Trouble};

pub use arms::ARMS;

/// Runs the step.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    let begun = now();
    up(run).await?;
    let containers = run.containers().await?;
    healthy(run, &containers, begun);
    order::judge(run, &containers);
    one_shots(run, &containers);
    restarts(run, &containers);
    at_rest(run, &containers).await?;
    ports(run).await;
    mounts::judge(run).await?;
    if !run.is_quick() {
        probe::judge(run, &containers).await?;
    }
    Ok(())
}

/// Starts everything; what runs to its end and fails is a result of its own.
async fn up(run: &mut Run<'_>) -> Outcome {
    let mut ended = run.up().await;
    if let Err(Trouble::Failed(finding)) = &mut ended
        && let Some(service) = finding.of.clone()
        && run.one_shots().contains(&service)
        && let Some(container) = run.container(&service).await?
        && container.text("/State/Status") == "exited"
        && let Some(check) = check::find("start.one-shots")
    {
        finding.check = check;
        finding.limit = None;
    }
    ended
}

/// When a service was healthy for the first time, or had ended.
fn ready(events: &[Event], container: &Container) -> Option<f64> {
    let own = |event: &&Event| event.container == container.id;
    let is = |event: &&Event, action: &str| event.action == action;
    events
        .iter()
        .filter(own)
        .find(|event| is(event, "health_status: healthy"))
        .map(|event| event.time)
}

fn healthy(run: &mut Run<'_>, containers: &[Container], begun: f64) {
    let events = run.events.since(begun);
    let limit = run.limit("verify.healthy");
    for container in containers.iter().filter(|own| own.is_running()) {
        let started = container.started().unwrap_or(begun);
        let finding = match (container.health(), ready(&events, container)) {
            ("healthy", Some(at)) => {
                let took = (at - started).max(0.0);
                Finding::passed(
                    "start.healthy",
                    format!("healthy after {}", Unit::Seconds.show(took)),
                )
                .measured("healthy", took, Unit::Seconds)
            }
            ("healthy", None) => Finding::passed("start.healthy", "healthy"),
            _ => Finding::passed("start.healthy", "runs; it has no health check"),
        };
        run.record(finding.of(&container.service).by(limit.clone()));
    }
}

fn one_shots(run: &mut Run<'_>, containers: &[Container]) {
    let names = run.one_shots();
    if names.is_empty() {
        run.record(Finding::skipped("start.one-shots", "nothing runs to its end"));
    }
    for container in containers.iter().filter(|own| names.contains(&own.service)) {
        let took = match (container.started(), container.finished()) {
            (Some(from), Some(to)) => (to - from).max(0.0),
            _ => 0.0,
        };
        let said =
            format!("ended with {} after {}", container.exit_code(), Unit::Seconds.show(took));
        let finding = Finding::judged("start.one-shots", container.exit_code() == 0, said);
        run.record(finding.of(&container.service).measured("took", took, Unit::Seconds));
    }
}

fn restarts(run: &mut Run<'_>, containers: &[Container]) {
    let mut fine = true;
    for container in containers {
        let oom = container.fact("/State/OOMKilled") == true;
        if container.restarts() > 0 || oom {
            fine = false;
            let oom = if oom { ", and was killed for its memory" } else { "" };
            let said = format!("was restarted {} times{oom}", container.restarts());
            run.record(Finding::failed("start.restarts", said).of(&container.service));
        }
    }
    if fine {
        run.record(Finding::passed("start.restarts", "nothing was restarted"));
    }
}

/// Memory and processes while nothing is asked.
async fn at_rest(run: &mut Run<'_>, containers: &[Container]) -> Outcome {
    let most = run.case.limits.count("verify.memory-rest") as f64;
    let limit = run.limit("verify.memory-rest");
    for container in containers.iter().filter(|own| own.is_running()) {
        let Some(stats) = run.engine.stats(&container.id).await else { continue };
        let used = memory_in_use(&stats) as f64;
        let finding = match container.memory_limit() {
            None => {
                let said =
                    format!("{} in use, and no limit to hold it against", Unit::Bytes.show(used));
                match run.case.is_strict() {
                    true => Finding::failed("start.memory", said)
                        .help("give it a memory limit: it can take what everything else needs"),
                    false => Finding::skipped("start.memory", said),
                }
            }
            Some(bytes) => {
                let part = used / bytes as f64 * 100.0;
                let said = format!(
                    "{} of {} in use ({part:.0} %)",
                    Unit::Bytes.show(used),
                    Unit::Bytes.show(bytes as f64)
                );
                Finding::judged("start.memory", part <= most, said).measured(
                    "part",
                    part,
                    Unit::Percent,
                )
            }
        };
        run.record(
            finding.of(&container.service).measured("memory", used, Unit::Bytes).by(limit.clone()),
        );
        processes(run, container, stats.pids_stats.and_then(|own| own.current).unwrap_or_default())
            .await?;
    }
    Ok(())
}

async fn processes(run: &mut Run<'_>, container: &Container, pids: u64) -> Outcome {
    let most = container.fact("/HostConfig/PidsLimit").as_i64().filter(|own| *own > 0);
    let below = most.is_none_or(|most| i64::try_from(pids).is_ok_and(|pids| pids < most));
    let of = most.map_or_else(|| ", without a limit".to_owned(), |most| format!(" of {most}"));
    let mut holds = below;
    let count =
        if pids == 1 { "1 process".to_owned() } else { format!("{pids} processes and threads") };
    let mut said = format!("{count}{of}");
    let kind = run.case.service(&container.service).map(|own| own.kind);
    if let (Some(Kind::Web), Some(planned)) = (kind, run.case.planned("web.workers")) {
        let all = run.engine.processes(&container.id).await?;
        let workers = Process::servers(&all).len();
        said = format!("{workers} server processes, {planned:.0} planned; {said}");
        holds &= workers as f64 == planned;
    }
    let finding = Finding::judged("start.processes", holds, said);
    run.record(finding.of(&container.service).measured("pids", pids as f64, Unit::Count));
    Ok(())
}

/// Whether something listens behind a published port. The engine's own proxy accepts
/// every connection, and closes it when nobody is there in the container.
async fn listens(host: &str, port: u16) -> bool {
    let connect = TcpStream::connect((host, port));
    let Ok(Ok(mut stream)) = timeout(Duration::from_secs(5), connect).await else { return false };
    let mut first = [0; 1];
    match timeout(Duration::from_millis(500), stream.read(&mut first)).await {
        // It waits to be asked.
        Err(_) => true,
        Ok(read) => read.is_ok_and(|count| count > 0),
    }
}

async fn ports(run: &mut Run<'_>) {
    let edge = run.edge().map(|(edge, ..)| edge.service.clone());
    let mut any = false;
    let names: Vec<String> = run.case.services.iter().map(|own| own.name.clone()).collect();
    for name in names {
        let declared = run.case.model.ports(&name);
        let own = run.stack.model.ports(&name);
        for (declared, own) in declared.into_iter().zip(own).filter(|(own, _)| own.is_tcp) {
            any = true;
            let answers = listens(&run.engine.host, own.port).await;
            let address =
                if declared.address.is_empty() { "every address" } else { &declared.address };
            let place = format!("{address}, port {}", declared.port);
            let said = match answers {
                true => format!("published on {place}, and answers"),
                false => format!(
                    "published on {place}, and nothing listens on {} in the container",
                    declared.target
                ),
            };
            let mut finding = Finding::judged("start.ports", answers, said).of(&name);
            if answers && edge.as_deref() != Some(&name) && declared.address.is_empty() {
                finding.said.push_str("; everybody who reaches the host can connect");
            }
            run.record(finding);
        }
    }
    if !any {
        run.record(Finding::skipped("start.ports", "no port is published"));
    }
}
