//! The ramp: twice the clients each time, until more of them get no more answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::verify::asked::Asked;
use crate::verify::client::Door;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::traffic::{Sent, Summary, Traffic, failures};
use crate::verify::trouble::Outcome;

/// What is asked before anything is measured: the first answers fill caches and pools.
const WARM: Duration = Duration::from_millis(500);
/// Growth of throughput below which more clients give no more.
const GROWTH: f64 = 1.05;

/// A number of clients, and what they got.
#[derive(Clone, Debug)]
pub struct Stage {
    /// How many.
    pub clients: usize,
    /// What they got.
    pub summary: Summary,
}

/// The whole ramp.
#[derive(Clone, Debug)]
pub struct Ramp {
    /// In order; the last one may be far beyond the bend.
    pub stages: Vec<Stage>,
    /// The number of the last stage with more throughput than the one before.
    pub bend: usize,
    /// Every request.
    sent: Vec<Sent>,
}

impl Ramp {
    /// The stage at the bend.
    #[must_use]
    pub fn at_bend(&self) -> &Stage {
        &self.stages[self.bend]
    }
}

/// Keeps up so many clients for a time; what they got.
pub async fn stage(
    run: &Run<'_>,
    door: &Door,
    asked: &Arc<[Asked]>,
    clients: usize,
    time: Duration,
) -> (Stage, Vec<Sent>) {
    let begun = Instant::now();
    let traffic = Traffic::start(door, asked, clients, run.seconds("verify.answer"));
    sleep(time).await;
    let sent = traffic.finish().await;
    let summary = Summary::of(&sent, asked, begun.elapsed().as_secs_f64());
    (Stage { clients, summary }, sent)
}

/// Climbs until latency bends, and asks with all clients once more.
pub async fn climb(run: &Run<'_>, door: &Door, asked: &Arc<[Asked]>) -> Ramp {
    let time = run.seconds("verify.load-seconds");
    let most = usize::try_from(run.case.limits.count("verify.load-clients")).unwrap_or(1);
    let slowest = run.case.limits.count("verify.p99") as f64;
    let (_, mut all) = stage(run, door, asked, 2, WARM).await;
    let mut stages: Vec<Stage> = Vec::new();
    for clients in counts(most) {
        run.doing(format!("load with {clients} clients"));
        let (stage, sent) = stage(run, door, asked, clients, time).await;
        all.extend(sent);
        stages.push(stage);
        if has_bent(&stages, slowest) {
            break;
        }
    }
    let bend = bend(&stages, slowest);
    if stages.last().is_some_and(|last| last.clients < most) {
        run.doing(format!("load with {most} clients"));
        let (stage, sent) = stage(run, door, asked, most, time).await;
        all.extend(sent);
        stages.push(stage);
    }
    Ramp { stages, bend, sent: all }
}

/// 1, 2, 4 … up to the most.
fn counts(most: usize) -> Vec<usize> {
    let mut counts: Vec<usize> = std::iter::successors(Some(1_usize), |own| own.checked_mul(2))
        .take_while(|own| *own < most)
        .collect();
    counts.push(most);
    counts
}

/// Whether the last stage gave no more than the one before.
fn has_bent(stages: &[Stage], slowest: f64) -> bool {
    match stages {
        [.., before, last] => {
            last.summary.throughput < before.summary.throughput * GROWTH
                || last.summary.p99 > slowest
        }
        [only] => only.summary.answered == 0,
        [] => false,
    }
}

/// The last stage that gave more than the one before it.
fn bend(stages: &[Stage], slowest: f64) -> usize {
    let last = stages.len().saturating_sub(1);
    if last > 0 && has_bent(stages, slowest) { last - 1 } else { last }
}

/// Judges answers and their times.
pub async fn judge(run: &mut Run<'_>, ramp: &Ramp, asked: &[Asked]) -> Outcome {
    let whole = Summary::of(&ramp.sent, asked, 1.0);
    let count = ramp.sent.len();
    let parts = whole.failed as f64 * 1000.0 / (count.max(1) as f64);
    let limit = run.limit("verify.error-rate");
    let most = run.case.limits.count("verify.error-rate") as f64;
    let away = match whole.turned_away {
        0 => String::new(),
        own => format!(", {own} told to come later (429)"),
    };
    let said = format!("{} of {count} requests failed{away}", whole.failed);
    let holds = parts <= most && whole.answered > 0;
    let mut finding = Finding::judged("load.errors", holds, said)
        .measured("requests", count as f64, Unit::Count)
        .measured("failed", whole.failed as f64, Unit::Count)
        .by(limit);
    if !holds {
        let mut lines = failures(&ramp.sent, asked);
        lines.extend(last_words(run).await?);
        finding = finding.log(lines);
    }
    run.record(finding);
    latency(run, ramp);
    Ok(())
}

fn latency(run: &mut Run<'_>, ramp: &Ramp) {
    let bend = ramp.at_bend();
    let most = run.case.limits.count("verify.p99") as f64;
    let mut finding = if bend.summary.answered == 0 {
        Finding::failed("load.latency", "nothing was answered")
    } else {
        let mut said = shown(bend);
        if let Some(last) = ramp.stages.last().filter(|last| last.clients != bend.clients) {
            said.push_str(&format!("; with {}", shown(last)));
        }
        Finding::judged(
            "load.latency",
            bend.summary.p99 <= most,
            format!("latency bends after {said}"),
        )
    };
    for stage in &ramp.stages {
        let (name, own) = (format!("{} clients", stage.clients), &stage.summary);
        finding = finding
            .measured(format!("{name}, throughput"), own.throughput, Unit::PerSecond)
            .measured(format!("{name}, p50"), own.p50, Unit::Milliseconds)
            .measured(format!("{name}, p95"), own.p95, Unit::Milliseconds)
            .measured(format!("{name}, p99"), own.p99, Unit::Milliseconds);
    }
    let limit = run.limit("verify.p99");
    run.record(finding.by(limit));
}

fn shown(stage: &Stage) -> String {
    let own = &stage.summary;
    let time = |value| Unit::Milliseconds.show(value);
    format!(
        "{} clients: {}, p50 {}, p95 {}, p99 {}",
        stage.clients,
        Unit::PerSecond.show(own.throughput),
        time(own.p50),
        time(own.p95),
        time(own.p99)
    )
}

/// The last lines of the application's log.
async fn last_words(run: &Run<'_>) -> Outcome<Vec<String>> {
    let Some(web) = run.case.web() else { return Ok(Vec::new()) };
    match run.container(&web.name).await? {
        Some(container) => run.engine.logs(&container.id, 6).await,
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(clients: usize, throughput: f64, p99: f64) -> Stage {
        Stage { clients, summary: Summary { answered: 1, throughput, p99, ..Summary::default() } }
    }

    #[test]
    fn clients_double_up_to_the_most() {
        assert_eq!(counts(32), [1, 2, 4, 8, 16, 32]);
        assert_eq!(counts(20), [1, 2, 4, 8, 16, 20]);
        assert_eq!(counts(1), [1]);
    }

    #[test]
    fn latency_bends_where_more_clients_give_no_more() {
        let stages = [of(1, 100.0, 10.0), of(2, 190.0, 11.0), of(4, 195.0, 22.0)];
        assert!(!has_bent(&stages[..2], 2000.0));
        assert!(has_bent(&stages, 2000.0));
        assert_eq!(bend(&stages, 2000.0), 1);
        assert_eq!(bend(&stages[..2], 2000.0), 1);
        assert_eq!(bend(&[of(1, 10.0, 10.0), of(2, 20.0, 3000.0)], 2000.0), 0);
    }
}
