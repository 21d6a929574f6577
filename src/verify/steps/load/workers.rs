//! The planned number of processes, measured against its neighbours.

mod verdict;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::ramp::{self, Ramp};
use crate::verify::asked::Asked;
use crate::verify::client::Door;
use crate::verify::engine::{Process, Watch};
use crate::verify::model::Model;
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::stack::Stack;
use crate::verify::trouble::Outcome;
use verdict::{ID, Measured, disturbed, judged};

/// Until a signal has changed the number of processes.
const CHANGED: Duration = Duration::from_secs(8);
/// Until a process that is new has loaded the application.
const LOADED: Duration = Duration::from_millis(1000);
/// What is asked before it is measured.
const WARM: Duration = Duration::from_millis(300);

/// Sets the number of processes, by the variable that gunicorn and uvicorn read.
pub fn set(model: &mut Model, service: &str, workers: u64) {
    model.service_mut(service)["environment"]["WEB_CONCURRENCY"] = json!(workers.to_string());
}

/// Measures the neighbours, and judges.
pub async fn judge(run: &mut Run<'_>, door: &Door, asked: &Arc<[Asked]>, ramp: &Ramp) -> Outcome {
    let (Some(web), Some(planned)) = (run.case.web(), run.case.planned("web.workers")) else {
        let why = "no number of processes was planned by dockwright";
        run.record(Finding::skipped(ID, why));
        return Ok(());
    };
    let (name, planned) = (web.name.clone(), planned as u64);
    let clients = ramp.at_bend().clients.max(usize::try_from(planned).unwrap_or(1) * 2);
    let bench = Bench { run, door, asked, clients, service: name.clone() };
    let mut supervised = Supervised::find(&bench).await?;
    let Some(mut own) = bench.measure(planned).await? else {
        run.record(Finding::skipped(ID, "the application could not be measured"));
        return Ok(());
    };
    let mut others = Vec::new();
    for workers in [planned.saturating_sub(1), planned + 1] {
        if workers == 0 {
            continue;
        }
        run.doing(format!("load with {workers} processes instead of {planned}"));
        if change(&bench, &mut supervised, Some(workers)).await? {
            let mut seen = bench.measure(workers).await?;
            if seen.is_some_and(|seen| !seen.is_plausible_beside(own)) {
                seen = bench.measure(workers).await?;
            }
            others.extend(seen);
        }
    }
    if let Some(odd) = others.iter().find(|seen| !seen.is_plausible_beside(own)) {
        change(&bench, &mut supervised, None).await?;
        run.record(disturbed(own, *odd).of(&name));
        return Ok(());
    }
    // A moment of the machine is not the plan's fault: what is worse is measured again.
    let more = others.iter().filter(|own| own.workers > planned);
    let best = more.map(|own| own.throughput).fold(0.0, f64::max);
    let least = least(run);
    if own.throughput < best * least {
        again(&bench, &mut supervised, &mut own, &mut others).await?;
    } else if supervised.is_some() {
        change(&bench, &mut supervised, None).await?;
    }
    let (finding, proposal) = judged(own, &others, least);
    run.record(finding.of(&name).by(run.limit("verify.workers")));
    if let Some(proposal) = proposal {
        run.propose(proposal);
    }
    Ok(())
}

/// Measures the planned number and its best neighbour once more, and keeps what speaks
/// for the plan.
async fn again(
    bench: &Bench<'_, '_>,
    supervised: &mut Option<Supervised>,
    own: &mut Measured,
    others: &mut [Measured],
) -> Outcome {
    let more = others.iter_mut().filter(|other| other.workers > own.workers);
    let best = more.max_by(|a, b| a.throughput.total_cmp(&b.throughput));
    let Some(best) = best else { return Ok(()) };
    bench.run.doing(format!("load with {} and {} processes again", best.workers, own.workers));
    if change(bench, supervised, Some(best.workers)).await?
        && let Some(seen) = bench.measure(best.workers).await?
    {
        best.throughput = best.throughput.min(seen.throughput);
    }
    if change(bench, supervised, None).await?
        && let Some(seen) = bench.measure(own.workers).await?
    {
        own.throughput = own.throughput.max(seen.throughput);
    }
    Ok(())
}

/// Part of a neighbour's throughput that the planned number has to give.
fn least(run: &Run<'_>) -> f64 {
    1.0 - run.case.limits.count("verify.workers") as f64 / 100.0
}

/// What is measured, and how.
struct Bench<'r, 'a> {
    run: &'r Run<'a>,
    door: &'r Door,
    asked: &'r Arc<[Asked]>,
    clients: usize,
    service: String,
}

impl Bench<'_, '_> {
    /// Waits until clients are answered: a proxy may still ask at the old address.
    async fn answers(&self) -> bool {
        let Some(first) = self.asked.first() else { return false };
        let limit = self.run.seconds("verify.answer");
        let end = Instant::now() + limit;
        while Instant::now() < end {
            let answer = self.door.ask(&first.call, limit).await;
            if answer.is_ok_and(|answer| first.is_met(answer.status)) {
                return true;
            }
            sleep(Duration::from_millis(200)).await;
        }
        false
    }

    /// What the processes that run now give.
    async fn measure(&self, workers: u64) -> Outcome<Option<Measured>> {
        let (run, clients) = (self.run, self.clients);
        let containers = run.containers().await?;
        let own: Vec<_> =
            containers.into_iter().filter(|own| own.service == self.service).collect();
        let _ = ramp::stage(run, self.door, self.asked, clients, WARM).await;
        let watch = Watch::start(&run.engine, &own);
        let time = run.seconds("verify.load-seconds");
        let (stage, _) = ramp::stage(run, self.door, self.asked, clients, time).await;
        let usage = watch.finish().await?;
        let memory = usage.get(&self.service).map_or(0.0, |peak| peak.memory as f64);
        let throughput = stage.summary.throughput;
        Ok((stage.summary.answered > 0).then_some(Measured { workers, throughput, memory }))
    }
}

/// Changes the number of processes, to what the files say for `None`; whether they are
/// there.
async fn change(
    bench: &Bench<'_, '_>,
    supervised: &mut Option<Supervised>,
    workers: Option<u64>,
) -> Outcome<bool> {
    if let Some(own) = supervised {
        if own.change(bench, workers).await? {
            return Ok(true);
        }
        // It does not take the signals.
        *supervised = None;
    }
    let stack = match workers {
        None => bench.run.stack.clone(),
        Some(number) => {
            let changed =
                bench.run.stack.changed("workers", |model| set(model, &bench.service, number));
            match changed {
                Ok(stack) => stack,
                Err(_) => return Ok(false),
            }
        }
    };
    Ok(restarted(bench.run, &stack, &bench.service).await? && bench.answers().await)
}

/// Sends a signal to the process that others of its server are below. From outside it
/// would reach an init, which keeps these signals to itself.
const SIGNAL: &str = "import os, signal, sys
parents, commands = {}, {}
for own in map(int, filter(str.isdigit, os.listdir('/proc'))):
    try:
        with open(f'/proc/{own}/stat') as file:
            parents[own] = int(file.read().rsplit(')', 1)[1].split()[1])
        with open(f'/proc/{own}/cmdline') as file:
            commands[own] = file.read()
    except OSError:
        pass
for own in sorted(commands):
    command = commands[own]
    known = 'gunicorn' in command or 'uvicorn' in command
    is_init = 'docker-init' in command or 'tini' in command
    if known and not is_init and own in parents.values() and own != os.getpid():
        os.kill(own, getattr(signal, sys.argv[1]))
        break
else:
    sys.exit(1)
";

/// A server whose first process adds a process on SIGTTIN and ends one on SIGTTOU, as
/// gunicorn and uvicorn do.
struct Supervised {
    container: String,
    /// Processes that answer, as the files say.
    usual: u64,
    now: u64,
}

impl Supervised {
    async fn find(bench: &Bench<'_, '_>) -> Outcome<Option<Self>> {
        let Some(container) = bench.run.container(&bench.service).await? else { return Ok(None) };
        let all = bench.run.engine.processes(&container.id).await?;
        let is_known =
            |own: &Process| own.command.contains("gunicorn") || own.command.contains("uvicorn");
        let count = children(&all);
        let known = all.iter().find(|own| !own.is_init()).is_some_and(is_known);
        Ok((known && count > 0).then_some(Self {
            container: container.id,
            usual: count,
            now: count,
        }))
    }

    /// Sends signals until there are as many; whether there are.
    async fn change(&mut self, bench: &Bench<'_, '_>, workers: Option<u64>) -> Outcome<bool> {
        let wanted = workers.unwrap_or(self.usual);
        let engine = &bench.run.engine;
        while self.now != wanted {
            let more = self.now < wanted;
            let signal = if more { "SIGTTIN" } else { "SIGTTOU" };
            let words = ["python3", "-c", SIGNAL, signal];
            if !engine.exec(&self.container, None, &words, CHANGED).await?.is_ok() {
                return Ok(false);
            }
            self.now = if more { self.now + 1 } else { self.now - 1 };
            let end = Instant::now() + CHANGED;
            while children(&engine.processes(&self.container).await?) != self.now {
                if Instant::now() > end {
                    return Ok(false);
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
        // A new process has to load the application first.
        sleep(LOADED).await;
        Ok(true)
    }
}

/// Processes that answer below one that supervises them.
fn children(all: &[Process]) -> u64 {
    let is_below =
        |own: &&&Process| all.iter().any(|other| other.pid == own.parent && !other.is_init());
    Process::servers(all).iter().filter(is_below).count() as u64
}

/// Replaces the application by a variant of it, and waits until it is healthy.
async fn restarted(run: &Run<'_>, stack: &Stack, service: &str) -> Outcome<bool> {
    let limit = run.seconds("verify.healthy");
    let words = ["up", "--detach", "--no-build", "--no-deps", service];
    if !stack.compose(&words, limit).await?.is_ok() {
        return Ok(false);
    }
    let end = Instant::now() + limit;
    while Instant::now() < end {
        let all = run.containers().await?;
        let mut own = all.iter().filter(|own| own.service == service);
        if own.all(|own| own.is_running() && matches!(own.health(), "" | "healthy")) {
            return Ok(true);
        }
        sleep(Duration::from_millis(200)).await;
    }
    Ok(false)
}
