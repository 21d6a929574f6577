//! `load`: bounded load through the edge, ramped until latency bends; the plan's
//! numbers are judged by it.

mod connections;
mod hang;
mod memory;
mod ramp;
mod workers;

use std::sync::Arc;

use crate::verify::arm::{Arm, How};
use crate::verify::asked::{self, Asked};
use crate::verify::engine::Watch;
use crate::verify::events::now;
use crate::verify::model::Model;
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::stub::{Wrong, stands_in};
use crate::verify::trouble::Outcome;

/// How what this step watches is broken on purpose.
pub const ARMS: &[Arm] = &[
    Arm {
        check: "load.errors",
        breaks: "every tenth answer of the application is a 500",
        how: How::Project(|case, model| stands_in(case, model, Wrong::Fails)),
        alone: true,
    },
    Arm {
        check: "load.latency",
        breaks: "an answer may take a millisecond",
        how: How::Threshold("verify.p99", "1"),
        alone: false,
    },
    Arm {
        check: "load.memory",
        breaks: "a service may take a hundredth of its limit",
        how: How::Threshold("verify.memory-load", "1"),
        alone: false,
    },
    Arm {
        check: "load.cpu",
        breaks: "the application gets a quarter of a CPU",
        how: How::Project(|case, model| {
            let Some(web) = case.web() else { return false };
            limit_cpu(model, &web.name, "0.25");
            true
        }),
        alone: true,
    },
    Arm {
        check: "load.connections",
        breaks: "a hundredth of the database's connections may be taken",
        how: How::Threshold("verify.connections", "1"),
        alone: false,
    },
    Arm {
        check: "load.hang",
        breaks: "a server that does one thing at a time stands for the application",
        how: How::Project(|case, model| stands_in(case, model, Wrong::Alone)),
        alone: true,
    },
    Arm {
        check: "load.workers",
        breaks: "one slow process serves, and each further one would serve as much again",
        how: How::Project(|case, model| {
            let Some(web) = case.web().filter(|_| case.planned("web.workers").is_some()) else {
                return false;
            };
            workers::set(model, &web.name, 1);
            stands_in(case, model, Wrong::Slow)
        }),
        alone: true,
    },
];

/// Every check of this step.
const ALL: [&str; 7] = [
    "load.errors",
    "load.latency",
    "load.memory",
    "load.cpu",
    "load.connections",
    "load.hang",
    "load.workers",
];

/// Runs the step.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    run.up().await?;
    let Some(door) = run.door().await? else {
        return skip(run, "nothing that serves HTTP publishes a port");
    };
    let asked: Arc<[Asked]> = asked::workload(run, &door).await.into();
    if asked.is_empty() {
        return skip(
            run,
            "nothing is known that is answered below 500; [[verify.request]] in dockwright.toml names requests",
        );
    }
    let begun = now();
    let before = run.containers().await?;
    let kills = memory::kills(run, &before).await?;
    let watch = Watch::start(&run.engine, &before);
    let sampler = connections::Sampler::start(run, &before);
    let ramp = ramp::climb(run, &door, &asked).await;
    let usage = watch.finish().await?;
    let sampled = sampler.finish().await;
    ramp::judge(run, &ramp, &asked).await?;
    memory::judge(run, &before, &kills, &usage, begun).await?;
    memory::cpu(run, &before, &usage);
    connections::judge(run, sampled);
    hang::judge(run, &door, &asked).await?;
    workers::judge(run, &door, &asked, &ramp).await
}

fn skip(run: &mut Run<'_>, why: &str) -> Outcome {
    for id in ALL {
        run.record(Finding::skipped(id, why));
    }
    Ok(())
}

/// Gives a service so many CPUs.
fn limit_cpu(model: &mut Model, name: &str, cpus: &str) {
    let service = model.service_mut(name);
    if let Some(own) = service.as_object_mut() {
        own.remove("cpus");
    }
    service["deploy"]["resources"]["limits"]["cpus"] = cpus.into();
}
