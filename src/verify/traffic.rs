//! Bounded load: clients that each send one request after the other, and what became
//! of every request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::asked::Asked;
use super::client::{Connection, Door, Failure};

/// Requests on one connection before a client opens another, so that both are tried.
const PER_CONNECTION: usize = 50;
/// A client that got no answer waits a moment, as clients do.
const AFTER_FAILURE: Duration = Duration::from_millis(50);
/// No load goes on longer than this, whatever becomes of who began it.
const LONGEST: Duration = Duration::from_secs(180);

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Which, in the list of what is asked.
    pub number: usize,
    /// When it was sent.
    pub at: Instant,
    /// When its answer was complete, or was given up.
    pub done: Instant,
    /// The status of its answer.
    pub result: Result<u16, Failure>,
}

impl Sent {
    /// From sending to the end of the answer, in milliseconds.
    #[must_use]
    pub fn milliseconds(&self) -> f64 {
        (self.done - self.at).as_secs_f64() * 1000.0
    }
}

/// Clients at work.
#[derive(Debug)]
pub struct Traffic {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Vec<Sent>>,
}

impl Traffic {
    /// Starts clients that go through what is asked in turn, each from another one on.
    #[must_use]
    pub fn start(door: &Door, asked: &Arc<[Asked]>, clients: usize, patience: Duration) -> Self {
        Self::paced(door, asked, clients, patience, Duration::ZERO)
    }

    /// The same, with a pause of every client after each answer.
    #[must_use]
    pub fn paced(
        door: &Door,
        asked: &Arc<[Asked]>,
        clients: usize,
        patience: Duration,
        pause: Duration,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut set = JoinSet::new();
        for number in 0..clients {
            let client = Client { number, patience, pause };
            set.spawn(work(door.clone(), Arc::clone(asked), client, Arc::clone(&stop)));
        }
        Self { stop, clients: set }
    }

    /// Lets every client finish its request; what became of all of them.
    pub async fn finish(mut self) -> Vec<Sent> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(own) = self.clients.join_next().await {
            all.extend(own.unwrap_or_default());
        }
        all
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// One of several clients.
struct Client {
    number: usize,
    patience: Duration,
    pause: Duration,
}

async fn work(door: Door, asked: Arc<[Asked]>, client: Client, stop: Arc<AtomicBool>) -> Vec<Sent> {
    let end = Instant::now() + LONGEST;
    let mut all = Vec::new();
    let mut connection = None;
    let mut count = 0;
    while !asked.is_empty() && !stop.load(Ordering::Relaxed) && Instant::now() < end {
        let number = (client.number + count) % asked.len();
        count += 1;
        if count % PER_CONNECTION == 0 {
            connection = None;
        }
        let at = Instant::now();
        let result = send(&door, &mut connection, &asked[number], client.patience).await;
        let failed = result.is_err();
        all.push(Sent { number, at, done: Instant::now(), result });
        if failed {
            connection = None;
            sleep(AFTER_FAILURE).await;
        } else if !client.pause.is_zero() {
            sleep(client.pause).await;
        }
    }
    all
}

/// Sends on the connection that is open, or on a new one. A kept connection may have
/// been closed the moment before, which every client answers with another try.
async fn send(
    door: &Door,
    connection: &mut Option<Connection>,
    asked: &Asked,
    patience: Duration,
) -> Result<u16, Failure> {
    if let Some(own) = connection.as_mut().filter(|own| own.is_open()) {
        match own.ask(&asked.call, patience).await {
            Err(Failure::Unanswered(_)) => {}
            other => return other.map(|answer| answer.status),
        }
    }
    let own = connection.insert(door.connect(patience).await?);
    own.ask(&asked.call, patience).await.map(|answer| answer.status)
}

/// What a stage of load gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Requests that were answered as they have to be.
    pub answered: usize,
    /// Requests that were not, those that were turned away apart.
    pub failed: usize,
    /// Requests that were told to come later: 429.
    pub turned_away: usize,
    /// Answers in a second.
    pub throughput: f64,
    /// Milliseconds of half of the answers.
    pub p50: f64,
    /// Of 95 of a hundred.
    pub p95: f64,
    /// Of 99 of a hundred.
    pub p99: f64,
}

impl Summary {
    /// Sums up what was sent in so many seconds.
    #[must_use]
    pub fn of(all: &[Sent], asked: &[Asked], seconds: f64) -> Self {
        let mut times: Vec<f64> = Vec::with_capacity(all.len());
        let mut summary = Self::default();
        for own in all {
            match &own.result {
                Ok(429) if asked[own.number].status != Some(429) => summary.turned_away += 1,
                Ok(status) if asked[own.number].is_met(*status) => times.push(own.milliseconds()),
                _ => summary.failed += 1,
            }
        }
        times.sort_by(f64::total_cmp);
        summary.answered = times.len();
        summary.throughput = times.len() as f64 / seconds.max(0.001);
        (summary.p50, summary.p95, summary.p99) =
            (part(&times, 0.5), part(&times, 0.95), part(&times, 0.99));
        summary
    }
}

/// The value below which a part of sorted values is.
fn part(sorted: &[f64], part: f64) -> f64 {
    if sorted.is_empty() {
        return 0.0;
    }
    let at = ((sorted.len() as f64 * part).ceil() as usize).clamp(1, sorted.len());
    sorted[at - 1]
}

/// What failed, for people: each kind with its number, the most frequent first.
#[must_use]
pub fn failures<'s>(all: impl IntoIterator<Item = &'s Sent>, asked: &[Asked]) -> Vec<String> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for own in all {
        let said = match &own.result {
            Ok(429) => continue,
            Ok(status) if asked[own.number].is_met(*status) => continue,
            Ok(status) => format!("{}: {status}", asked[own.number].call),
            Err(failure) => format!("{}: {failure}", asked[own.number].call),
        };
        match kinds.iter_mut().find(|(kind, _)| *kind == said) {
            Some((_, count)) => *count += 1,
            None => kinds.push((said, 1)),
        }
    }
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    kinds.truncate(8);
    kinds.into_iter().map(|(kind, count)| format!("{count} × {kind}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(milliseconds: u64, result: Result<u16, Failure>) -> Sent {
        let at = Instant::now();
        Sent { number: 0, at, done: at + Duration::from_millis(milliseconds), result }
    }

    #[test]
    fn times_are_those_of_answers_that_count() {
        let mut all: Vec<Sent> = (1..=100).map(|time| sent(time, Ok(200))).collect();
        all.push(sent(9000, Ok(500)));
        all.push(sent(9000, Err(Failure::Unanswered("refused".into()))));
        all.push(sent(1, Ok(429)));
        let asked = [Asked::get("/")];
        let summary = Summary::of(&all, &asked, 2.0);
        assert_eq!((summary.answered, summary.failed, summary.turned_away), (100, 2, 1));
        assert_eq!((summary.p50.round(), summary.p99.round()), (50.0, 99.0));
        assert!((summary.throughput - 50.0).abs() < 1e-9);
        let said = failures(&all, &asked);
        assert_eq!(said, ["1 × GET /: 500", "1 × GET /: not answered (refused)"]);
    }

    #[test]
    fn nothing_answered_has_no_times() {
        assert_eq!(Summary::of(&[], &[], 1.0), Summary::default());
    }
}
