//! The planned number of processes, measured against its neighbours.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::ramp::{self, Ramp};
use crate::verify::asked::Asked;
use crate::verify::client::Door;
use crate::verify::engine::{Usage, Watch};
use crate::verify::model::Model;
use crate::verify::record::{Finding, Proposal, Unit};
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

const ID: &str = "load.workers";
/// Part of the throughput that fewer processes have to give to be proposed.
const ENOUGH: f64 = 0.98;
/// Part of a neighbour's throughput that the planned number has to give.
const LEAST: f64 = 0.9;
/// What is asked before it is measured.
const WARM: Duration = Duration::from_millis(300);

/// What a number of processes gave.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Measured {
    workers: u64,
    throughput: f64,
    memory: f64,
}

/// Sets the number of processes, by the variable that gunicorn and uvicorn read.
pub fn set(model: &mut Model, service: &str, workers: u64) {
    model.service_mut(service)["environment"]["WEB_CONCURRENCY"] = json!(workers.to_string());
}

/// Measures the neighbours, and judges.
pub async fn judge(
    run: &mut Run<'_>,
    door: &Door,
    asked: &Arc<[Asked]>,
    ramp: &Ramp,
    usage: &Usage,
) -> Outcome {
    let (Some(web), Some(planned)) = (run.case.web(), run.case.planned("web.workers")) else {
        let why = "no number of processes was planned by dockwright";
        run.record(Finding::skipped(ID, why));
        return Ok(());
    };
    let (name, planned) = (web.name.clone(), planned as u64);
    let clients = ramp.at_bend().clients.max(usize::try_from(planned).unwrap_or(1) * 2);
    let own = measure(run, door, asked, clients, &name, planned, None).await?;
    let Some(mut own) = own else {
        run.record(Finding::skipped(ID, "the application could not be measured"));
        return Ok(());
    };
    own.memory = own.memory.max(usage.get(&name).map_or(0.0, |peak| peak.memory as f64));
    let mut others = Vec::new();
    for workers in [planned.saturating_sub(1), planned + 1] {
        if workers == 0 {
            continue;
        }
        run.doing(format!("load with {workers} processes instead of {planned}"));
        let seen = measure(run, door, asked, clients, &name, workers, Some(workers)).await?;
        others.extend(seen);
    }
    // A moment of the machine is not the plan's fault: what is worse is measured again.
    let best = others.iter().map(|own| own.throughput).fold(0.0, f64::max);
    if own.throughput < best * LEAST {
        run.doing(format!("load with {planned} processes again"));
        if let Some(again) = measure(run, door, asked, clients, &name, planned, Some(0)).await? {
            own.throughput = own.throughput.max(again.throughput);
        }
    }
    let (finding, proposal) = judged(own, &others);
    run.record(finding.of(&name));
    if let Some(proposal) = proposal {
        run.propose(proposal);
    }
    Ok(())
}

/// What so many processes give. `change` is the number that is set first: `None` for
/// what runs, 0 for what the files say.
async fn measure(
    run: &Run<'_>,
    door: &Door,
    asked: &Arc<[Asked]>,
    clients: usize,
    service: &str,
    workers: u64,
    change: Option<u64>,
) -> Outcome<Option<Measured>> {
    if let Some(number) = change {
        let stack = match number {
            0 => run.stack.clone(),
            number => {
                let changed = run.stack.changed("workers", |model| set(model, service, number));
                match changed {
                    Ok(stack) => stack,
                    Err(_) => return Ok(None),
                }
            }
        };
        if !restarted(run, &stack, service).await? {
            return Ok(None);
        }
    }
    let containers = run.containers().await?;
    let own: Vec<_> = containers.into_iter().filter(|own| own.service == service).collect();
    let _ = ramp::stage(run, door, asked, clients, WARM).await;
    let watch = Watch::start(&run.engine, &own);
    let time = run.seconds("verify.load-seconds");
    let (stage, _) = ramp::stage(run, door, asked, clients, time).await;
    let peak = watch.finish().await?.get(service).map_or(0.0, |peak| peak.memory as f64);
    Ok((stage.summary.answered > 0).then_some(Measured {
        workers,
        throughput: stage.summary.throughput,
        memory: peak,
    }))
}

/// Replaces the application by a variant of it, and waits until it is healthy.
async fn restarted(
    run: &Run<'_>,
    stack: &crate::verify::stack::Stack,
    service: &str,
) -> Outcome<bool> {
    let limit = run.seconds("verify.healthy");
    let seconds = limit.as_secs().to_string();
    let words = [
        "up",
        "--detach",
        "--no-build",
        "--no-deps",
        "--wait",
        "--wait-timeout",
        &seconds,
        service,
    ];
    Ok(stack.compose(&words, limit).await?.is_ok())
}

/// The result, and what is proposed.
fn judged(own: Measured, others: &[Measured]) -> (Finding, Option<Proposal>) {
    let part = |other: &Measured| other.throughput / own.throughput.max(0.001);
    let list: Vec<String> = others
        .iter()
        .map(|other| {
            format!(
                "{} give {:.0} % of the throughput with {}",
                other.workers,
                part(other) * 100.0,
                memory(own, *other)
            )
        })
        .collect();
    let said = format!(
        "{} planned: {} with {}; {}",
        own.workers,
        Unit::PerSecond.show(own.throughput),
        Unit::Bytes.show(own.memory),
        if list.is_empty() {
            "no other number could be measured".to_owned()
        } else {
            list.join("; ")
        }
    );
    let best = others.iter().max_by(|a, b| a.throughput.total_cmp(&b.throughput));
    let loses = best.is_some_and(|best| own.throughput < best.throughput * LEAST);
    let mut finding = Finding::judged(ID, !loses, said);
    for seen in std::iter::once(&own).chain(others) {
        finding = finding
            .measured(
                format!("{} workers, throughput", seen.workers),
                seen.throughput,
                Unit::PerSecond,
            )
            .measured(format!("{} workers, memory", seen.workers), seen.memory, Unit::Bytes);
    }
    let fewer = others.iter().find(|other| {
        other.workers < own.workers && part(other) >= ENOUGH && other.memory < own.memory
    });
    let to = match (loses, best, fewer) {
        (true, Some(best), _) => best,
        (false, _, Some(fewer)) => fewer,
        _ => return (finding, None),
    };
    let why = format!(
        "web.workers: {} planned; {} give {:.0} % of the throughput with {}",
        own.workers,
        to.workers,
        part(to) * 100.0,
        memory(own, *to)
    );
    let set = format!("--set tune.web.workers={}", to.workers);
    if loses {
        finding = finding.help(set);
    }
    let proposal = Proposal {
        key: "tune.web.workers".into(),
        from: own.workers.to_string(),
        to: to.workers.to_string(),
        why,
    };
    (finding, Some(proposal))
}

/// How much more or less memory another number takes.
fn memory(own: Measured, other: Measured) -> String {
    if own.memory <= 0.0 {
        return "memory that was not measured".to_owned();
    }
    let difference = (other.memory / own.memory - 1.0) * 100.0;
    match difference {
        less if less < -0.5 => format!("{:.0} % less memory", -less),
        more if more > 0.5 => format!("{more:.0} % more memory"),
        _ => "the same memory".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(workers: u64, throughput: f64, memory: f64) -> Measured {
        Measured { workers, throughput, memory }
    }

    #[test]
    fn fewer_that_give_as_much_are_proposed() {
        let (finding, proposal) =
            judged(of(5, 100.0, 500.0), &[of(3, 98.0, 300.0), of(6, 101.0, 600.0)]);
        assert!(!finding.is_failed());
        let proposal = proposal.unwrap();
        assert_eq!((proposal.from.as_str(), proposal.to.as_str()), ("5", "3"));
        assert_eq!(
            proposal.why,
            "web.workers: 5 planned; 3 give 98 % of the throughput with 40 % less memory"
        );
    }

    #[test]
    fn a_number_that_loses_a_tenth_to_a_neighbour_does_not_hold() {
        let (finding, proposal) = judged(of(1, 100.0, 100.0), &[of(2, 150.0, 180.0)]);
        assert!(finding.is_failed());
        assert_eq!(proposal.unwrap().to, "2");
        let (finding, proposal) =
            judged(of(2, 100.0, 100.0), &[of(1, 80.0, 60.0), of(3, 105.0, 140.0)]);
        assert!(!finding.is_failed() && proposal.is_none());
    }
}
