//! Clients that ask while something is broken: what they were answered, and when.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::verify::client::Door;
use crate::verify::record::Unit;
use crate::verify::run::Run;
use crate::verify::trouble::{Outcome, Trouble};

/// Clients at once: a light load.
const COUNT: usize = 3;
/// Between two requests of one client.
const PAUSE: Duration = Duration::from_millis(60);
/// Longest that a client waits.
const WAIT: Duration = Duration::from_secs(10);
/// Between two looks at what is awaited.
pub const LOOK: Duration = Duration::from_millis(150);

/// What is asked of a stack to see how it is.
#[derive(Clone, Debug)]
pub struct Site {
    /// The way in.
    pub door: Option<Door>,
    /// Liveness; `None` where it is not known.
    pub live: Option<String>,
    /// Readiness, the same.
    pub ready: Option<String>,
}

impl Site {
    /// That of a run.
    ///
    /// # Errors
    /// When the stack does not come up.
    pub async fn of(run: &mut Run<'_>) -> Outcome<Self> {
        let door = run.door().await?;
        Ok(Self { door, live: run.case.live.clone(), ready: run.case.ready.clone() })
    }

    fn paths(&self) -> Vec<String> {
        let known: Vec<String> = self.live.iter().chain(&self.ready).cloned().collect();
        if known.is_empty() { vec!["/".to_owned()] } else { known }
    }

    /// Whether it answers as it should now; a stack that nobody can ask does.
    pub async fn is_fine(&self) -> bool {
        let Some(door) = &self.door else { return true };
        for path in self.paths() {
            let known = self.live.is_some() || self.ready.is_some();
            match door.get(&path, WAIT).await {
                Ok(answer) if answer.is_fine() || !known && answer.status < 500 => {}
                _ => return false,
            }
        }
        true
    }

    /// How long it takes until it answers as it should, twice in a row; `None` where
    /// it does not.
    pub async fn fine_within(&self, limit: Duration) -> Option<Duration> {
        // What is left of a limit may be nothing; it is looked at all the same.
        let limit = limit.max(Duration::from_secs(2));
        let begun = Instant::now();
        let mut first = None;
        loop {
            match (self.is_fine().await, first) {
                (true, Some(at)) => return Some(at),
                (true, None) => first = Some(begun.elapsed()),
                (false, _) => first = None,
            }
            if begun.elapsed() > limit {
                return None;
            }
            sleep(LOOK).await;
        }
    }

    /// The status of a path now; `None` where there is no answer within the limit.
    pub async fn status(&self, path: &str, limit: Duration) -> Option<u16> {
        let door = self.door.as_ref()?;
        door.get(path, limit).await.ok().map(|answer| answer.status)
    }

    /// Lets clients ask until they are stopped.
    #[must_use]
    pub fn clients(&self) -> Clients {
        let (stop, asked) = watch::channel(false);
        let paths = self.paths();
        let tasks = self.door.iter().flat_map(|door| std::iter::repeat_n(door, COUNT)).enumerate();
        let tasks = tasks
            .map(|(number, door)| {
                let (door, asked, paths) = (door.clone(), asked.clone(), paths.clone());
                tokio::spawn(ask(door, paths, number, asked))
            })
            .collect();
        Clients { stop, tasks, begun: Instant::now() }
    }
}

/// One answer: when it was there, and what was wrong with it.
type Said = (Instant, Option<String>);

async fn ask(
    door: Door,
    paths: Vec<String>,
    first: usize,
    asked: watch::Receiver<bool>,
) -> Vec<Said> {
    let mut said = Vec::new();
    let mut number = first;
    while !*asked.borrow() {
        let path = &paths[number % paths.len()];
        number += 1;
        let wrong = match door.get(path, WAIT).await {
            Ok(answer) if answer.status < 500 => None,
            Ok(answer) => Some(format!("{path} answered {}", answer.status)),
            Err(failure) => Some(format!("{path} was {failure}")),
        };
        said.push((Instant::now(), wrong));
        sleep(PAUSE).await;
    }
    said
}

/// Clients that ask.
#[derive(Debug)]
pub struct Clients {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<Vec<Said>>>,
    begun: Instant,
}

/// What clients were answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Requests.
    pub asked: usize,
    /// Those that failed.
    pub failed: usize,
    /// Longest time in which no request was answered as it should be, in seconds.
    pub gap: f64,
    /// The first failure.
    pub first: Option<String>,
}

impl Clients {
    /// Stops them; what they were answered.
    ///
    /// # Errors
    /// When one of them broke down.
    pub async fn finish(self) -> Outcome<Heard> {
        let _ = self.stop.send(true);
        let mut said = Vec::new();
        for task in self.tasks {
            said.extend(task.await.map_err(|error| Trouble::Engine(error.to_string()))?);
        }
        said.sort_by_key(|(at, _)| *at);
        let times = said
            .iter()
            .map(|(at, wrong)| (at.duration_since(self.begun).as_secs_f64(), wrong.clone()));
        Ok(heard(times.collect(), self.begun.elapsed().as_secs_f64()))
    }
}

/// `said` in the order of time, from the beginning to the end.
fn heard(said: Vec<(f64, Option<String>)>, end: f64) -> Heard {
    let mut heard = Heard { asked: said.len(), ..Heard::default() };
    let (mut last, mut failed_since) = (0.0, false);
    for (at, wrong) in said {
        match wrong {
            None => {
                // A pause in which nothing failed is no gap.
                if failed_since {
                    heard.gap = heard.gap.max(at - last);
                }
                (last, failed_since) = (at, false);
            }
            Some(wrong) => {
                heard.failed += 1;
                failed_since = true;
                heard.first.get_or_insert(wrong);
            }
        }
    }
    if failed_since {
        heard.gap = heard.gap.max(end - last);
    }
    heard
}

impl Heard {
    /// For people: what failed, and how long.
    #[must_use]
    pub fn say(&self) -> String {
        match (self.asked, self.failed, &self.first) {
            (0, ..) => "no client could ask".to_owned(),
            (asked, 0, _) => format!("none of {asked} requests failed"),
            (asked, failed, first) => format!(
                "{failed} of {asked} requests failed meanwhile ({}), and for at most {} none was answered well",
                first.as_deref().unwrap_or_default(),
                Unit::Seconds.show(self.gap)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_the_time_between_good_answers_with_a_failure_in_it() {
        let bad = || Some("/ answered 502".to_owned());
        let said = vec![(0.1, None), (2.0, None), (2.5, bad()), (3.0, bad()), (3.4, None)];
        let seen = heard(said, 4.0);
        assert_eq!((seen.asked, seen.failed), (5, 2));
        assert!((seen.gap - 1.4).abs() < 1e-9, "{seen:?}");
        assert_eq!(heard(vec![(0.1, None)], 9.0).say(), "none of 1 requests failed");
        assert!((heard(vec![(0.1, None), (0.2, bad())], 9.0).gap - 8.9).abs() < 1e-9);
    }
}
