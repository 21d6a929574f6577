//! A broker that is killed with tasks queued, one that is full, and a task whose
//! process is killed.

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::query_parameters as query;
use tokio::time::{Instant, sleep};

use super::clients::LOOK;
use crate::verify::engine::Container;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::strike;
use crate::verify::tasks::{Mark, Queued, Tasks};
use crate::verify::trouble::Outcome;

const BROKER: &str = "break.broker";
const FULL: &str = "break.eviction";
const TASK: &str = "break.task";

/// Tasks that wait while their broker is killed.
const WAITING: usize = 20;
/// Redis that writes its log every second may lose the last one: that is what
/// `appendfsync everysec` says, and no fault.
const WRITTEN: Duration = Duration::from_millis(1500);
/// How long the task takes whose process is killed.
const NAP: f64 = 3.0;

/// All three, with the worker of the stack.
///
/// # Errors
/// When the engine does not answer.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    let tasks = match Tasks::of(run) {
        Ok(tasks) => tasks,
        Err(why) => {
            for check in [BROKER, FULL, TASK] {
                run.record(Finding::skipped(check, why.clone()));
            }
            return Ok(());
        }
    };
    let killed = task(run, &tasks).await?;
    run.record(killed);
    let full = full(run, &tasks).await?;
    run.record(full);
    let lost = broker(run, &tasks).await?;
    run.record(lost);
    Ok(())
}

async fn wait_for(
    run: &Run<'_>,
    tasks: &Tasks,
    ids: &[String],
    limit: Duration,
    enough: impl Fn(&[Mark]) -> bool,
) -> Outcome<(bool, Vec<Mark>)> {
    let begun = Instant::now();
    loop {
        let marks = tasks.marks(run, ids).await?;
        if enough(&marks) {
            return Ok((true, marks));
        }
        if begun.elapsed() > limit {
            return Ok((false, marks));
        }
        sleep(LOOK).await;
    }
}

fn count(marks: &[Mark], word: &str) -> usize {
    marks.iter().filter(|own| own.word == word).count()
}

/// Kills the process under a task.
async fn task(run: &Run<'_>, tasks: &Tasks) -> Outcome<Finding> {
    run.doing("killing the process of a task");
    let service = tasks.service.clone();
    if !tasks.forks() {
        let why =
            format!("{} tasks share one process: killing it is killing the worker", tasks.pool);
        return Ok(Finding::skipped(TASK, why).of(service));
    }
    let queued = match tasks.queue(run, 1, NAP, Duration::ZERO).await? {
        Ok(queued) => queued,
        Err(why) => {
            return Ok(Finding::failed(TASK, format!("no task could be queued: {why}")).of(service));
        }
    };
    let limit = run.seconds("verify.task");
    let (began, marks) =
        wait_for(run, tasks, &queued.ids, limit, |marks| count(marks, "begin") > 0).await?;
    let (Some(container), true) = (run.container(&service).await?, began) else {
        let said = format!("a task was queued, and not begun within {} s", limit.as_secs());
        return Ok(Finding::failed(TASK, said).of(service).by(run.limit("verify.task")));
    };
    let pid = marks[0].pid.to_string();
    let script = "import os, sys; os.kill(int(sys.argv[1]), 9)";
    let words = ["python", "-c", script, &pid];
    let ran = run.engine.exec(&container.id, None, &words, Duration::from_secs(20)).await?;
    if !ran.is_ok() {
        let why = format!("its process cannot be killed: {}", ran.output.trim());
        return Ok(Finding::skipped(TASK, why).of(service));
    }
    let begun = Instant::now();
    let recovery = run.seconds("verify.recovery");
    // Where nothing goes back to the queue there is nothing to wait for.
    let limit = match queued.acks_late && queued.rejects {
        true => recovery + Duration::from_secs_f64(NAP),
        false => Duration::from_secs(5),
    };
    let (_, _) = wait_for(run, tasks, &queued.ids, limit, |marks| count(marks, "end") > 0).await?;
    // A third run would begin at once.
    sleep(Duration::from_millis(800)).await;
    let marks = tasks.marks(run, &queued.ids).await?;
    let took = begun.elapsed().as_secs_f64();
    let (begins, ends) = (count(&marks, "begin"), count(&marks, "end"));
    let finding = match (begins, ends) {
        (2, 1) => Finding::passed(TASK, format!("the process of a task was killed in the middle of it; the task was run again, once, and had ended after {}", Unit::Seconds.show(took))),
        (begins, 0) if !(queued.acks_late && queued.rejects) => lost(run, &queued, begins),
        (_, 0) => Finding::failed(TASK, format!("the process of a task was killed in the middle of it, and {took:.0} s later the task had not been run to its end (begun {begins} times)"))
            .help("task_acks_late and task_reject_on_worker_lost give such a task back to the queue"),
        (begins, ends) => Finding::failed(TASK, format!("the process of a task was killed in the middle of it, and the task was begun {begins} times and ended {ends} times"))
            .help("a visibility time-out below the time that tasks take hands them out twice"),
    };
    let log =
        if finding.is_failed() { run.engine.logs(&container.id, 10).await? } else { Vec::new() };
    Ok(finding
        .of(service)
        .measured("again", took, Unit::Seconds)
        .by(run.limit("verify.recovery"))
        .log(log))
}

/// A task that was not given back, as Celery was told.
fn lost(run: &Run<'_>, queued: &Queued, begins: usize) -> Finding {
    let setting = if queued.acks_late { "task_reject_on_worker_lost" } else { "task_acks_late" };
    let said = format!(
        "the process of a task was killed in the middle of it, and the task is lost: {setting} is off (begun {begins} times, ended never)"
    );
    let help = "task_acks_late and task_reject_on_worker_lost give such a task back to the queue, where tasks bear being run twice";
    match run.case.plan {
        Some(_) => Finding::failed(TASK, said).help(help),
        // That tasks are not run twice may be what is wanted: the code says so.
        None => Finding::skipped(TASK, said).help(help),
    }
}

/// Fills the broker.
async fn full(run: &Run<'_>, tasks: &Tasks) -> Outcome<Finding> {
    run.doing("filling the broker");
    let said = match tasks.fill(run).await? {
        Ok(said) => said,
        Err(why) => {
            return Ok(Finding::skipped(FULL, format!("the broker cannot be filled: {why}")));
        }
    };
    if let Some(why) = said["skip"].as_str() {
        return Ok(Finding::skipped(FULL, format!("not filled: {why}")));
    }
    Ok(of_full(&said))
}

fn of_full(said: &serde_json::Value) -> Finding {
    let policy = said["policy"].as_str().unwrap_or_default();
    let number = |key: &str| said[key].as_u64().unwrap_or_default();
    let (evicted, left) = (number("evicted"), number("left"));
    let refused = said["refused"].as_str().unwrap_or_default();
    let help = "maxmemory-policy noeviction: an evicted key of a broker is a lost task";
    let finding = match (policy, evicted, refused.is_empty()) {
        ("noeviction", 0, false) if left == 10 => {
            let bound = match number("maxmemory") {
                0 => "; it has no maxmemory, so that its container's limit comes first",
                _ => "",
            };
            Finding::passed(FULL, format!("full, after {}, it refused and evicted nothing{bound}", Unit::Bytes.show(number("written") as f64)))
        }
        (_, 0, true) => Finding::failed(FULL, format!("it was told to be full and took everything; its policy is {policy}")).help(help),
        (policy, 0, false) if left == 10 => Finding::failed(FULL, format!("full, it refused, and kept the queue; with {policy} it throws away whatever expires, results of tasks among it")).help(help),
        (policy, evicted, _) => Finding::failed(FULL, format!("a broker that evicts: full, it threw away {evicted} keys ({policy}); of 10 entries of a queue {left} were left")).help(help),
    };
    finding.measured("evicted", evicted as f64, Unit::Count)
}

/// Kills the broker while tasks wait in it.
async fn broker(run: &Run<'_>, tasks: &Tasks) -> Outcome<Finding> {
    run.doing("killing the broker with tasks queued");
    let Some(worker) = run.container(&tasks.service).await?.filter(Container::is_running) else {
        return Ok(Finding::skipped(BROKER, format!("{} does not run", tasks.service)));
    };
    let grace = run.stack.model.grace(&tasks.service).ceil() as i32;
    let stop = query::StopContainerOptions { t: Some(grace), ..Default::default() };
    run.engine.api().stop_container(&worker.id, Some(stop)).await?;
    let queued = match tasks.queue_aside(run, WAITING).await? {
        Ok(queued) => queued,
        Err(why) => {
            run.engine.api().start_container(&worker.id, None).await?;
            return Ok(Finding::skipped(
                BROKER,
                format!("no task could be queued while the worker is stopped: {why}"),
            ));
        }
    };
    let named = run.case.service(&queued.broker).map(|own| own.name.clone());
    let by_host = || {
        let names = run.stack.model.services().into_iter();
        names
            .filter(|own| run.stack.model.service(own)["hostname"] == queued.broker.as_str())
            .map(str::to_owned)
            .next()
    };
    let Some(name) = named.or_else(by_host) else {
        run.engine.api().start_container(&worker.id, None).await?;
        let why = format!("the broker at {} is no service of the stack", queued.broker);
        return Ok(Finding::skipped(BROKER, why));
    };
    sleep(WRITTEN).await;
    let Some(broker) = run.container(&name).await? else {
        return Ok(Finding::skipped(BROKER, format!("{name} does not run")));
    };
    let struck = strike::container(run, &broker).await?;
    if struck.is_err() {
        // The same for what it keeps; that it comes back by itself is another check.
        run.engine.kill(&broker.id, "SIGKILL").await?;
    }
    let begun = Instant::now();
    let limit = run.seconds("verify.healthy");
    let back = loop {
        let now = run.engine.inspect(&broker.id).await?;
        let is_new = now.text("/State/StartedAt") != broker.text("/State/StartedAt");
        if is_new && now.is_running() && matches!(now.health(), "" | "healthy") {
            break true;
        }
        if now.text("/State/Status") == "exited" && begun.elapsed() > Duration::from_secs(2) {
            run.engine.api().start_container(&broker.id, None).await?;
        }
        if begun.elapsed() > limit {
            break false;
        }
        sleep(LOOK).await;
    };
    run.engine.api().start_container(&worker.id, None).await?;
    if !back {
        let said = format!(
            "killed with {WAITING} tasks queued, it was not healthy again after {} s",
            limit.as_secs()
        );
        let log = run.engine.logs(&broker.id, 8).await?;
        return Ok(Finding::failed(BROKER, said).of(name).by(run.limit("verify.healthy")).log(log));
    }
    let limit = run.seconds("verify.task") + run.seconds("verify.recovery");
    let ended = |marks: &[Mark]| -> usize {
        let ids: BTreeSet<&str> =
            marks.iter().filter(|own| own.word == "end").map(|own| own.id.as_str()).collect();
        ids.len()
    };
    let (all, marks) =
        wait_for(run, tasks, &queued.ids, limit, |marks| ended(marks) == WAITING).await?;
    let took = begun.elapsed().as_secs_f64();
    let done = ended(&marks);
    let twice = count(&marks, "end").saturating_sub(done);
    let again = if twice > 0 { format!(", {twice} of them twice") } else { String::new() };
    let finding = match all {
        true => Finding::passed(BROKER, format!("killed with {WAITING} tasks queued, {name} had all of them; they were run within {}{again}", Unit::Seconds.show(took))),
        false => Finding::failed(BROKER, format!("killed with {WAITING} tasks queued, {name} lost {}: {took:.0} s later {done} had been run", WAITING - done))
            .help("the broker has to write to a volume what it is given: appendonly yes, or durable queues")
            .log(run.engine.logs(&broker.id, 8).await?),
    };
    let finding = finding.measured("lost", (WAITING - done) as f64, Unit::Count);
    Ok(finding.of(name).measured("recovery", took, Unit::Seconds).by(run.limit("verify.task")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_broker_that_refuses_and_keeps_all_passes() {
        let said = |policy: &str, refused: &str, evicted: u64, left: u64| {
            let said = json!({ "policy": policy, "refused": refused, "evicted": evicted, "left": left,
                "maxmemory": 1000, "written": 1000 });
            of_full(&said).is_failed()
        };
        assert!(!said("noeviction", "OOM", 0, 10));
        assert!(said("allkeys-lru", "", 40, 10));
        assert!(said("allkeys-lru", "", 40, 0));
        assert!(said("volatile-lru", "OOM", 0, 10));
        assert!(said("noeviction", "", 0, 10));
    }
}
