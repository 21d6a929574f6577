//! How much memory and CPU a stack takes, watched while something else goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::models::ContainerStatsResponse;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::{Container, Engine};
use crate::verify::trouble::{Outcome, Trouble};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// The most that was seen of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peak {
    /// Bytes that cannot be reclaimed at once, as `docker stats` counts them.
    pub memory: u64,
    /// Processes and threads.
    pub pids: u64,
    /// CPUs that were busy, on average over the whole time.
    pub cpus: f64,
    /// Part of the CPU periods in which it was held back, from 0 to 1.
    pub throttled: f64,
}

/// Per service, over all of its containers: the most of any.
pub type Usage = BTreeMap<String, Peak>;

/// Watches until it is asked.
#[derive(Debug)]
pub struct Watch {
    stop: watch::Sender<bool>,
    task: JoinHandle<Usage>,
}

impl Watch {
    /// Begins to watch these containers.
    #[must_use]
    pub fn start(engine: &Engine, containers: &[Container]) -> Self {
        let (stop, asked) = watch::channel(false);
        let engine = engine.clone();
        let running: Vec<(String, String)> = containers
            .iter()
            .filter(|own| own.is_running())
            .map(|own| (own.service.clone(), own.id.clone()))
            .collect();
        let task = tokio::spawn(async move {
            let mut usage = Usage::new();
            let mut first: BTreeMap<String, (Instant, ContainerStatsResponse)> = BTreeMap::new();
            loop {
                let looks = running.iter().map(|(_, id)| engine.stats(id));
                let seen = join_all(looks).await;
                for ((service, id), stats) in running.iter().zip(seen) {
                    // What was killed meanwhile has nothing to say.
                    let Some(stats) = stats else { continue };
                    let now = Instant::now();
                    let (since, before) =
                        first.entry(id.clone()).or_insert_with(|| (now, stats.clone()));
                    let peak = usage.entry(service.clone()).or_default();
                    peak.memory = peak.memory.max(memory_in_use(&stats));
                    let pids = stats.pids_stats.as_ref().and_then(|own| own.current);
                    peak.pids = peak.pids.max(pids.unwrap_or_default());
                    let time = now.duration_since(*since).as_secs_f64();
                    if time > 0.1 {
                        let busy = busy(&stats).saturating_sub(busy(before)) as f64 / 1e9;
                        peak.cpus = peak.cpus.max(busy / time);
                        peak.throttled = peak.throttled.max(throttled(before, &stats));
                    }
                }
                if *asked.borrow() {
                    return usage;
                }
                sleep(EVERY).await;
            }
        });
        Self { stop, task }
    }

    /// The most that was seen.
    ///
    /// # Errors
    /// When watching itself broke down.
    pub async fn finish(self) -> Outcome<Usage> {
        let _ = self.stop.send(true);
        self.task.await.map_err(|error| Trouble::Engine(error.to_string()))
    }
}

/// What `docker stats` shows: all but the files that nobody has used lately.
#[must_use]
pub fn memory_in_use(stats: &ContainerStatsResponse) -> u64 {
    let Some(memory) = &stats.memory_stats else { return 0 };
    let usage = memory.usage.unwrap_or_default();
    // Either version of cgroups has a name for it.
    let idle = memory.stats.as_ref().and_then(|stats| {
        stats.get("total_inactive_file").or_else(|| stats.get("inactive_file")).copied()
    });
    usage.saturating_sub(idle.unwrap_or_default())
}

fn busy(stats: &ContainerStatsResponse) -> u64 {
    let usage = stats.cpu_stats.as_ref().and_then(|cpu| cpu.cpu_usage.as_ref());
    usage.and_then(|usage| usage.total_usage).unwrap_or_default()
}

fn throttled(before: &ContainerStatsResponse, now: &ContainerStatsResponse) -> f64 {
    let periods = |stats: &ContainerStatsResponse| {
        let own = stats.cpu_stats.as_ref()?.throttling_data.as_ref()?;
        Some((own.periods.unwrap_or_default(), own.throttled_periods.unwrap_or_default()))
    };
    let (Some((from, held_from)), Some((to, held_to))) = (periods(before), periods(now)) else {
        return 0.0;
    };
    match to.saturating_sub(from) {
        0 => 0.0,
        all => held_to.saturating_sub(held_from) as f64 / all as f64,
    }
}
