//! `break`: parts are taken away, and the stack recovers by itself. Each check says
//! what failed for clients meanwhile, and how long it took.

mod arms;
mod away;
mod broker;
mod clients;
mod container;
mod disk;
mod forwarded;
mod small;
mod worker;

use std::time::Duration;

use tokio::time::{Instant, sleep};

pub use arms::ARMS;
use away::Way;
use clients::{LOOK, Site};
pub use small::one_shots as migrating;

use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Runs the step.
///
/// # Errors
/// A stack that does not come up, or an engine that does not answer.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    run.up().await?;
    let site = Site::of(run).await?;
    // Without health checks a container is up before it answers.
    run.doing("waiting for answers");
    if site.fine_within(run.seconds("verify.healthy")).await.is_none() {
        let said = "the stack does not answer as it should before anything is broken";
        return Err(Finding::failed("break.worker", said).by(run.limit("verify.healthy")).into());
    }
    forwarded::run(run, &site).await?;
    worker::killed(run, &site).await?;
    settle(run, &site).await?;
    for way in [Way::Stop, Way::Pause, Way::Name] {
        away::run(run, &site, way).await?;
        settle(run, &site).await?;
    }
    worker::out_of_memory(run, &site).await?;
    settle(run, &site).await?;
    broker::run(run).await?;
    settle(run, &site).await?;
    let migrates = container::killed(run, &site).await?;
    settle(run, &site).await?;
    small::run(run, &site, &migrates).await
}

/// Waits until everything is as it was; what does not come back by itself is brought
/// back, since its own check has said so.
async fn settle(run: &mut Run<'_>, site: &Site) -> Outcome {
    run.doing("waiting for health");
    let end = Instant::now() + run.seconds("verify.recovery").max(Duration::from_secs(30));
    let one_shots = run.one_shots();
    while Instant::now() < end {
        if run.stack.is_up(&one_shots).await? && site.is_fine().await {
            return Ok(());
        }
        sleep(LOOK).await;
    }
    run.up().await
}
