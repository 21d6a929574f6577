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
    /// The number of the first stage that gave all there is.
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
    if stages.last().is_some_and(|last| last.clients < most) {
        run.doing(format!("load with {most} clients"));
        let (stage, sent) = stage(run, door, asked, most, time).await;
        all.extend(sent);
        stages.push(stage);
    }
    let bend = bend(&stages, slowest);
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

/// Whether more clients give no more: neither of the last two stages did, or answers
/// take too long. One stage may be a moment of the machine's.
fn has_bent(stages: &[Stage], slowest: f64) -> bool {
    match stages {
        [before @ .., one, two] if !before.is_empty() => {
            let best = before.iter().map(|own| own.summary.throughput).fold(0.0, f64::max);
            let grows = |own: &Stage| own.summary.throughput > best * GROWTH;
            !grows(one) && !grows(two) || two.summary.p99 > slowest
        }
        [.., last] => last.summary.answered == 0 || last.summary.p99 > slowest,
        [] => false,
    }
}

/// The first stage that gave all there is, or nearly; of those in time, where any is.
fn bend(stages: &[Stage], slowest: f64) -> usize {
    let in_time = |own: &Stage| own.summary.p99 <= slowest;
    let any = stages.iter().any(in_time);
    let counts = |own: &&Stage| !any || in_time(own);
    let best = stages.iter().filter(counts).map(|own| own.summary.throughput).fold(0.0, f64::max);
    let is_it = |own: &Stage| counts(&own) && own.summary.throughput * GROWTH >= best;
    stages.iter().position(is_it).unwrap_or(0)
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
        let stages =
            [of(1, 100.0, 10.0), of(2, 190.0, 11.0), of(4, 180.0, 22.0), of(8, 195.0, 44.0)];
        assert!(!has_bent(&stages[..3], 2000.0));
        assert!(has_bent(&stages, 2000.0));
        assert_eq!(bend(&stages, 2000.0), 1);
        // A bad moment is no bend.
        let dip = [of(1, 100.0, 10.0), of(2, 90.0, 11.0), of(4, 300.0, 22.0)];
        assert!(!has_bent(&dip, 2000.0));
        assert_eq!(bend(&dip, 2000.0), 2);
        let slow = [of(1, 10.0, 10.0), of(2, 20.0, 3000.0)];
        assert!(has_bent(&slow, 2000.0));
        assert_eq!(bend(&slow, 2000.0), 0);
    }
}
