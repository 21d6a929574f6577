//! Requests that are in flight when the stop comes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::sleep;

use super::is_proxy;
use crate::verify::asked::{self, Asked};
use crate::verify::client::{Answer, Call, Door, Failure, Half};
use crate::verify::engine::Container;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::traffic::{Sent, Traffic, failures};
use crate::verify::trouble::Outcome;

const ID: &str = "stop.in-flight";
/// Clients that ask meanwhile.
const CLIENTS: usize = 6;
/// Requests that are in the middle of their body when the stop comes.
const HALVES: usize = 2;
/// Load before the stop.
const BEFORE: Duration = Duration::from_millis(1000);
/// Until a server has read what was sent.
const READ: Duration = Duration::from_millis(300);
/// How long the other half is kept back after new requests go unanswered.
const KEPT_BACK: Duration = Duration::from_millis(1500);
/// Longest wait for an answer while the stop is awaited.
const NOBODY: Duration = Duration::from_secs(1);
/// Longest until the stop is seen by clients.
const SEEN: Duration = Duration::from_secs(15);
/// Longer than grace periods, for the engine's own work.
const MARGIN: Duration = Duration::from_secs(30);

/// Stops the stack under load, and judges what became of requests.
pub async fn judge(run: &mut Run<'_>, door: Option<&Door>, before: &[Container]) -> Outcome {
    let grace = before.iter().map(|own| run.stack.model.grace(&own.service)).fold(10.0, f64::max);
    let limit = Duration::from_secs_f64(grace * 2.0) + MARGIN;
    let Some(door) = door else {
        run.doing("stopping");
        stop(run, &[], limit).await?;
        run.record(Finding::skipped(ID, "nothing that serves HTTP publishes a port"));
        return Ok(());
    };
    let load: Arc<[Asked]> = asked::workload(run, door).await.into();
    let halved = asked::with_body(run, door).await;
    run.doing("stopping under load");
    // Whoever is not answered when what serves has had its time is never answered.
    let serves = |own: &&Container| run.case.service(&own.service).is_some_and(|own| own.serves());
    let serving = before.iter().filter(serves).map(|own| run.stack.model.grace(&own.service));
    let patience = Duration::from_secs_f64(serving.fold(10.0, f64::max) + 5.0);
    let traffic = Traffic::start(door, &load, CLIENTS, patience);
    sleep(BEFORE).await;
    let halves = begin(door, halved.as_ref()).await;
    sleep(READ).await;
    let called = Instant::now();
    let words = first_of(run);
    let stopping = stop(run, &words, limit);
    let finishing = finish(door, run.case.live.as_deref().unwrap_or("/"), halves);
    let (stopped, answers) = tokio::join!(stopping, finishing);
    stopped?;
    // The rest of the stack, where the application went first.
    stop(run, &[], limit).await?;
    let sent = traffic.finish().await;
    let finding = judged(&sent, &load, called, halved.as_ref(), &answers);
    let finding = match finding.is_failed() {
        true => finding.log(lines(run, &sent, &load).await?),
        false => finding,
    };
    run.record(finding);
    Ok(())
}

/// What is stopped first: the application where clients ask it directly, for what it
/// needs may not go before it. Behind a proxy it is all: the proxy holds a request
/// back until it has all of it, and goes first.
fn first_of(run: &Run<'_>) -> Vec<String> {
    let edge = run.case.edge().and_then(|edge| run.case.service(&edge.service));
    match edge {
        Some(edge) if !is_proxy(edge.kind) => vec![edge.name.clone()],
        _ => Vec::new(),
    }
}

async fn stop(run: &Run<'_>, services: &[String], limit: Duration) -> Outcome {
    let words: Vec<&str> =
        std::iter::once("stop").chain(services.iter().map(String::as_str)).collect();
    let output = run.stack.compose(&words, limit).await?;
    match output.is_ok() {
        true => Ok(()),
        false => {
            Err(Finding::failed(ID, format!("`{}` failed", output.line)).log(output.tail(8)).into())
        }
    }
}

/// Sends first halves.
async fn begin(door: &Door, halved: Option<&Asked>) -> Vec<Result<Half, Failure>> {
    let Some(halved) = halved else { return Vec::new() };
    let begin = |_| async { door.connect(Duration::from_secs(5)).await?.half(&halved.call).await };
    join_all((0..HALVES).map(begin)).await
}

/// Sends second halves, a moment after new requests go unanswered.
async fn finish(
    door: &Door,
    path: &str,
    halves: Vec<Result<Half, Failure>>,
) -> Vec<Result<Answer, Failure>> {
    let end = Instant::now() + SEEN;
    while Instant::now() < end {
        // Behind a server of several processes a connection is taken, and nobody answers.
        if door.ask(&Call::get(path), NOBODY).await.is_err() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    if halves.is_empty() {
        return Vec::new();
    }
    sleep(KEPT_BACK).await;
    let finish = |half: Result<Half, Failure>| async { half?.finish(SEEN).await };
    join_all(halves.into_iter().map(finish)).await
}

/// What became of requests.
fn judged(
    sent: &[Sent],
    load: &[Asked],
    called: Instant,
    halved: Option<&Asked>,
    answers: &[Result<Answer, Failure>],
) -> Finding {
    let is_fine = |own: &&Sent| {
        own.result.as_ref().is_ok_and(|status| *status == 429 || load[own.number].is_met(*status))
    };
    let in_flight = sent.iter().filter(|own| own.at < called && own.done > called).count();
    let lost = sent.iter().filter(|own| own.at < called && !is_fine(own)).count();
    let broken = sent
        .iter()
        .filter(|own| own.at >= called && !is_fine(own))
        .filter(|own| !is_unanswered(&own.result))
        .count();
    let halves: Vec<String> = answers
        .iter()
        .filter_map(|answer| match answer {
            Ok(answer) if halved.is_some_and(|own| own.is_met(answer.status)) => None,
            Ok(answer) => Some(format!("answered with {}", answer.status)),
            Err(failure) => Some(failure.to_string()),
        })
        .collect();
    let finding = if lost + broken + halves.len() == 0 {
        let half = match (halved, answers.len()) {
            (Some(own), count) => format!("{count} whose body was half sent ({}) are answered", own.call),
            (None, _) => {
                "no request with a body is known, so none was half sent: [[verify.request]] names one".to_owned()
            }
        };
        Finding::passed(ID, format!("{in_flight} in flight at SIGTERM are answered; {half}"))
    } else {
        let mut said = Vec::new();
        if lost > 0 {
            said.push(format!("{lost} requests that had been sent before SIGTERM were lost"));
        }
        if broken > 0 {
            said.push(format!("{broken} that were sent after it got an error or half an answer"));
        }
        if let Some(first) = halves.first() {
            said.push(format!(
                "{} of {} whose body was half sent were not answered: {first}",
                halves.len(),
                answers.len()
            ));
        }
        Finding::failed(ID, said.join("; ")).help(
            "the server itself has to get SIGTERM (exec), finish what it has begun, and have the time to (stop_grace_period); a proxy stops before what it passes on to (depends_on)",
        )
    };
    finding
        .measured("in flight", in_flight as f64, Unit::Count)
        .measured("half sent", answers.len() as f64, Unit::Count)
        .measured("lost", (lost + broken + halves.len()) as f64, Unit::Count)
}

/// Whether not a byte of an answer came: a client may ask again.
fn is_unanswered(result: &Result<u16, Failure>) -> bool {
    matches!(result, Err(Failure::Unanswered(_) | Failure::TooLate(_)))
}

/// What failed, and the last words of the application.
async fn lines(run: &Run<'_>, sent: &[Sent], load: &[Asked]) -> Outcome<Vec<String>> {
    let worse = sent.iter().filter(|own| !is_unanswered(&own.result));
    let mut lines = failures(worse, load);
    if let Some(web) = run.case.web()
        && let Some(container) = run.container(&web.name).await?
    {
        lines.extend(run.engine.logs(&container.id, 6).await?);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_too_late_may_be_refused_and_nobody_else() {
        let begun = Instant::now();
        let called = begun + Duration::from_secs(1);
        let at = |offset: u64, result| Sent {
            number: 0,
            at: begun + Duration::from_millis(offset),
            done: begun + Duration::from_millis(offset + 200),
            result,
        };
        let load = [Asked::get("/")];
        let refused = || Err(Failure::Unanswered("refused".into()));
        let failed = |sent: &[Sent]| judged(sent, &load, called, None, &[]).is_failed();
        assert!(!failed(&[at(900, Ok(200)), at(1100, refused())]));
        let silent = || Err(Failure::TooLate(Duration::from_secs(1)));
        assert!(!failed(&[at(1100, silent())]));
        assert!(failed(&[at(900, silent())]));
        assert!(failed(&[at(900, refused())]));
        assert!(failed(&[at(1100, Ok(502))]));
        assert!(failed(&[at(1100, Err(Failure::BrokenOff("reset".into())))]));
        let finding = judged(&[at(900, Ok(200))], &load, called, None, &[]);
        assert_eq!(finding.measures[0].value, 1.0);
    }
}
