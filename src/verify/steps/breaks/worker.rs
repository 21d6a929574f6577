//! A server process is killed, and one runs into the memory limit.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::clients::{LOOK, Site};
use crate::verify::engine::{Container, Process};
use crate::verify::events::now;
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::strike;
use crate::verify::trouble::Outcome;

const KILL: &str = "break.worker";
const MEMORY: &str = "break.memory";

/// Marks a server process as the kernel's first choice, and takes memory until the
/// kernel chooses.
const TAKE: &str = include_str!("take.py");
/// Longest that memory is taken.
const TAKING: Duration = Duration::from_secs(40);

/// The application that serves, and its container.
async fn web(run: &Run<'_>) -> Outcome<Result<(String, Container), &'static str>> {
    let Some(web) = run.case.web() else {
        return Ok(Err("no service is known to serve the application"));
    };
    let name = web.name.clone();
    Ok(run.container(&name).await?.map(|own| (name, own)).ok_or("the application does not run"))
}

/// What became of a container whose process was taken away.
struct After {
    /// Whether as many processes serve as before, and they are others.
    replaced: bool,
    /// Whether the whole container was started again.
    restarted: bool,
}

async fn after(
    run: &Run<'_>,
    before: &Container,
    count: usize,
    gone: Option<u32>,
) -> Outcome<After> {
    let begun = Instant::now();
    let limit = run.seconds("verify.recovery");
    loop {
        let container = run.engine.inspect(&before.id).await?;
        let all = run.engine.processes(&before.id).await?;
        let servers = Process::servers(&all);
        let is_new = gone.is_none_or(|gone| servers.iter().all(|own| own.pid != gone));
        let replaced = container.is_running() && servers.len() >= count && is_new;
        if replaced || begun.elapsed() > limit {
            return Ok(After { replaced, restarted: container.life() != before.life() });
        }
        sleep(LOOK).await;
    }
}

/// Kills one server process.
///
/// # Errors
/// When the engine does not answer.
pub async fn killed(run: &mut Run<'_>, site: &Site) -> Outcome {
    let (name, container) = match web(run).await? {
        Ok(found) => found,
        Err(why) => {
            run.record(Finding::skipped(KILL, why));
            return Ok(());
        }
    };
    run.doing(format!("killing a server process of {name}"));
    let all = run.engine.processes(&container.id).await?;
    let servers = Process::servers(&all);
    let count = servers.len();
    let Some(victim) = servers.first().map(|own| own.pid) else {
        let why = "its processes cannot be listed";
        run.record(Finding::skipped(KILL, why).of(name));
        return Ok(());
    };
    let clients = site.clients();
    sleep(Duration::from_millis(300)).await;
    if let Err(why) = strike::process(run, &container, victim).await? {
        clients.finish().await?;
        run.record(Finding::skipped(KILL, why).of(name));
        return Ok(());
    }
    let begun = Instant::now();
    let limit = run.seconds("verify.recovery");
    let after = after(run, &container, count, Some(victim)).await?;
    let fine = site.fine_within(limit.saturating_sub(begun.elapsed())).await;
    let took = begun.elapsed().as_secs_f64();
    let heard = clients.finish().await?;
    let gap = run.case.limits.count("verify.alive") as f64;
    let mut wrong = Vec::new();
    if !after.replaced {
        wrong.push(format!("it was not replaced within {} s", limit.as_secs()));
    }
    if fine.is_none() {
        wrong.push("the stack does not answer as before".to_owned());
    }
    if count > 1 && heard.gap > gap {
        wrong.push("the others did not go on answering".to_owned());
    }
    let how = match (count, after.restarted) {
        (1, true) => {
            "the only server process was killed; its container was started again".to_owned()
        }
        (1, false) => "the only server process was killed".to_owned(),
        (count, true) => format!(
            "one of {count} server processes was killed, and the whole container went with it"
        ),
        (count, false) => format!("one of {count} server processes was killed"),
    };
    let finding = match wrong.is_empty() {
        true => Finding::passed(KILL, format!("{how}; all was as before after {}; {}", Unit::Seconds.show(took), heard.say())),
        false => Finding::failed(KILL, format!("{how}: {}; {}", wrong.join(", "), heard.say()))
            .help("run the server under a supervisor that replaces its processes (gunicorn, uvicorn --workers), or give the service a restart policy")
            .log(run.engine.logs(&container.id, 8).await?),
    };
    let finding = finding.of(name).measured("recovery", took, Unit::Seconds);
    let finding = finding.measured("failed", heard.failed as f64, Unit::Count);
    run.record(finding.by(run.limit("verify.recovery")));
    Ok(())
}

/// Lets a server process run into the memory limit of its container.
///
/// # Errors
/// When the engine does not answer.
pub async fn out_of_memory(run: &mut Run<'_>, site: &Site) -> Outcome {
    let (name, container) = match web(run).await? {
        Ok(found) => found,
        Err(why) => {
            run.record(Finding::skipped(MEMORY, why));
            return Ok(());
        }
    };
    let Some(limit) = container.memory_limit() else {
        let said = "it has no memory limit: a process that takes too much takes it from everything else on the host";
        let help = "give every service a memory limit";
        let finding = match run.case.is_strict() {
            true => Finding::failed(MEMORY, said).help(help),
            false => Finding::skipped(MEMORY, said),
        };
        run.record(finding.of(name));
        return Ok(());
    };
    run.doing(format!("filling the memory of {name}"));
    let all = run.engine.processes(&container.id).await?;
    let before: Vec<u32> = Process::servers(&all).iter().map(|own| own.pid).collect();
    let count = before.len();
    let since = now();
    let kills = kills(run, &container).await;
    let clients = site.clients();
    let swap = container.fact("/HostConfig/MemorySwap").as_u64().unwrap_or(limit).max(limit);
    let (most, limit_text) = (swap.to_string(), limit.to_string());
    let words = ["python", "-c", TAKE, &most, &limit_text];
    let ran = run.engine.exec(&container.id, None, &words, TAKING).await;
    let begun = Instant::now();
    // Where its first process is the one that is killed, the engine ends what it ran.
    let ran = match ran {
        Ok(ran) => ran,
        Err(_) => crate::verify::engine::Ran { code: None, output: String::new() },
    };
    if matches!(ran.code, Some(126 | 127)) || ran.output.contains("cannot") {
        clients.finish().await?;
        let why = match ran.output.lines().find(|line| line.contains("cannot")) {
            Some(line) if ran.code == Some(3) => line.trim().to_owned(),
            _ => "its image has no Python to take memory with".to_owned(),
        };
        run.record(Finding::skipped(MEMORY, why).of(name));
        return Ok(());
    }
    let recovery = run.seconds("verify.recovery");
    let after = after(run, &container, count, None).await?;
    let fine = site.fine_within(recovery.saturating_sub(begun.elapsed())).await;
    let took = begun.elapsed().as_secs_f64();
    let heard = clients.finish().await?;
    let counted = match (kills, self::kills(run, &container).await) {
        (Some(before), Some(now)) => now > before,
        _ => false,
    };
    let all = run.engine.processes(&container.id).await?;
    let left: Vec<u32> = Process::servers(&all).iter().map(|own| own.pid).collect();
    let chosen = before.iter().any(|own| !left.contains(own));
    let told = run
        .events
        .since(since)
        .iter()
        .any(|own| own.container == container.id && own.action == "oom");
    let of = Unit::Bytes.show(limit as f64);
    let seen = match (counted, told, after.restarted) {
        (_, _, true) => "the engine saw it and started the container again",
        (true, true, _) => "the engine and the counter oom_kill of its cgroup have seen it",
        (true, false, _) => {
            "only the counter oom_kill of its cgroup has seen it: watch that one, no log says it"
        }
        (false, true, _) => "the engine has seen it",
        (false, false, _) => "nobody has seen it",
    };
    if !chosen && !after.restarted && (counted || told) {
        let why = format!(
            "filled up to the limit of {of}, the kernel chose another process than one of the server"
        );
        run.record(Finding::skipped(MEMORY, why).of(name));
        return Ok(());
    }
    let hit = chosen || after.restarted;
    let holds = hit && after.replaced && fine.is_some();
    let what = match (hit, after.replaced && fine.is_some()) {
        (false, _) => format!("{of} were filled, and no process was killed"),
        (true, true) => format!(
            "a server process hit the limit of {of} and was replaced after {}; {seen}",
            Unit::Seconds.show(took)
        ),
        (true, false) => format!(
            "a server process hit the limit of {of}, and the stack did not answer again within {} s; {seen}",
            recovery.as_secs()
        ),
    };
    let mut finding = Finding::judged(MEMORY, holds, format!("{what}; {}", heard.say()));
    if !holds {
        finding = finding.log(run.engine.logs(&container.id, 8).await?);
        finding = finding
            .help("give the service a restart policy, and run its server under a supervisor");
    }
    let finding = finding.of(name).measured("recovery", took, Unit::Seconds);
    run.record(finding.by(run.limit("verify.recovery")));
    Ok(())
}

/// How many processes of a container the kernel has killed for their memory, as its
/// cgroup counts them in either version.
async fn kills(run: &Run<'_>, container: &Container) -> Option<u64> {
    for file in ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"] {
        let ran = run
            .engine
            .exec(&container.id, None, &["cat", file], Duration::from_secs(10))
            .await
            .ok()?;
        let count =
            ran.output.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok());
        if count.is_some() {
            return count;
        }
    }
    None
}
