//! Memory and CPU under load, against what a service is allowed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::verify::engine::{Container, Engine, Usage};
use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Longest that reading a file in a container takes.
const READ: Duration = Duration::from_secs(10);
/// Where a container's own cgroup counts what was killed in it, by version.
const COUNTERS: [&str; 2] =
    ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];

/// How many processes the kernel has killed for their memory, by container; servers
/// replace a killed process without a word.
pub async fn kills(run: &Run<'_>, containers: &[Container]) -> Outcome<BTreeMap<String, u64>> {
    let mut kills = BTreeMap::new();
    for container in containers.iter().filter(|own| own.is_running()) {
        let is_ours = run.case.service(&container.service).is_some_and(|own| own.is_application());
        if is_ours && let Some(count) = killed(&run.engine, &container.id).await? {
            kills.insert(container.id.clone(), count);
        }
    }
    Ok(kills)
}

async fn killed(engine: &Engine, id: &str) -> Outcome<Option<u64>> {
    for path in COUNTERS {
        let ran = engine.exec(id, None, &["cat", path], READ).await?;
        if ran.is_ok() {
            return Ok(count(&ran.output));
        }
    }
    Ok(None)
}

fn count(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// Judges memory.
pub async fn judge(
    run: &mut Run<'_>,
    before: &[Container],
    kills: &BTreeMap<String, u64>,
    usage: &Usage,
    begun: f64,
) -> Outcome {
    let id = "load.memory";
    let most = run.case.limits.count("verify.memory-load") as f64;
    let limit = run.limit("verify.memory-load");
    let events = run.events.since(begun);
    let after = run.containers().await?;
    let mut any = false;
    for container in before.iter().filter(|own| own.is_running()) {
        let Some(peak) = usage.get(&container.service) else { continue };
        any = true;
        let now = after.iter().find(|own| own.id == container.id);
        let was_killed =
            events.iter().any(|own| own.container == container.id && own.action == "oom")
                || now.is_some_and(|own| own.fact("/State/OOMKilled") == true);
        let lost = match (kills.get(&container.id), now.filter(|own| own.is_running())) {
            (Some(from), Some(_)) => {
                let to = killed(&run.engine, &container.id).await?;
                to.unwrap_or(*from).saturating_sub(*from)
            }
            _ => 0,
        };
        let used = Unit::Bytes.show(peak.memory as f64);
        let restarted = now.is_none_or(|own| own.life() != container.life());
        let finding = if was_killed || lost > 0 {
            let number =
                if lost > 0 { format!("{lost} processes were") } else { "a process was".into() };
            Finding::failed(
                id,
                format!("{number} killed for memory under load, {used} at most before that"),
            )
            .help("give it more memory, or fewer processes")
        } else if restarted {
            Finding::failed(id, "it ended under load, and was started again")
        } else {
            match container.memory_limit() {
                None => Finding::passed(id, format!("{used} at most, without a limit")),
                Some(limit) => {
                    let part = peak.memory as f64 * 100.0 / limit as f64;
                    let of = Unit::Bytes.show(limit as f64);
                    Finding::judged(
                        id,
                        part <= most,
                        format!("{used} at most of {of}, {part:.0} %"),
                    )
                    .measured("part", part, Unit::Percent)
                    .help_if(part > most, "give it more memory, or fewer processes")
                }
            }
        };
        let finding = match finding.is_failed() {
            true => finding.log(run.engine.logs(&container.id, 6).await?),
            false => finding,
        };
        let finding = finding.measured("peak", peak.memory as f64, Unit::Bytes);
        run.record(finding.of(&container.service).by(limit.clone()));
    }
    if !any {
        run.record(Finding::skipped(id, "the engine says nothing of memory"));
    }
    Ok(())
}

trait HelpIf {
    fn help_if(self, is: bool, help: &str) -> Self;
}

impl HelpIf for Finding {
    fn help_if(self, is: bool, help: &str) -> Self {
        if is { self.help(help) } else { self }
    }
}

/// Judges CPU: who has a quota, and is held back by it.
pub fn cpu(run: &mut Run<'_>, containers: &[Container], usage: &Usage) {
    let id = "load.cpu";
    let most = run.case.limits.count("verify.throttled") as f64;
    let mut any = false;
    for container in containers.iter().filter(|own| own.is_running()) {
        let (Some(peak), Some(cpus)) = (usage.get(&container.service), quota(container)) else {
            continue;
        };
        any = true;
        let part = peak.throttled * 100.0;
        let said = format!(
            "{:.1} CPUs at most of {cpus}; held back in {part:.0} % of the periods",
            peak.cpus
        );
        let holds = part <= most;
        let finding = Finding::judged(id, holds, said)
            .measured("throttled", part, Unit::Percent)
            .measured("cpus", peak.cpus, Unit::Count)
            .help_if(!holds, "give it more CPUs, or none of its own: shares keep the peace among services without a quota")
            .by(run.limit("verify.throttled"));
        run.record(finding.of(&container.service));
    }
    if !any {
        let busiest = usage.iter().max_by(|a, b| a.1.cpus.total_cmp(&b.1.cpus));
        let said = match busiest {
            Some((name, peak)) => format!(
                "no service has a quota; {name} was busiest, with {:.1} CPUs on average",
                peak.cpus
            ),
            None => "no service has a quota".to_owned(),
        };
        run.record(Finding::passed(id, said));
    }
}

/// The CPUs that a container may take; `None` without a quota.
fn quota(container: &Container) -> Option<f64> {
    let number = |pointer| container.fact(pointer).as_f64().filter(|own| *own > 0.0);
    let nano = number("/HostConfig/NanoCpus").map(|own| own / 1e9);
    nano.or_else(|| {
        Some(number("/HostConfig/CpuQuota")? / number("/HostConfig/CpuPeriod").unwrap_or(1e5))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_version_of_cgroups_counts_what_was_killed() {
        assert_eq!(count("low 0\nhigh 0\nmax 4\noom 2\noom_kill 2\n"), Some(2));
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), Some(3));
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\n"), None);
    }
}
