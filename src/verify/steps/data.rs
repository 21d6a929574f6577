//! `data`: what was written is there after restarts, restores and migrations.

mod arms;
mod backup;
mod migrate;
mod previous;

use std::time::Duration;

use tokio::time::Instant;

pub use arms::ARMS;

use crate::verify::record::{Finding, Unit};
use crate::verify::run::Run;
use crate::verify::stack::Stack;
use crate::verify::store::Store;
use crate::verify::trouble::{Outcome, Trouble};

const RESTART: &str = "data.restart";
const KILL: &str = "data.kill";

/// Runs the step.
///
/// # Errors
/// A stack that does not come up, or an engine that does not answer.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    run.up().await?;
    match Store::of(run) {
        Ok(store) => {
            migrate::run(run, Some(&store)).await?;
            if let Err(why) = kept(run, &store).await? {
                for check in [RESTART, KILL, "data.backup"] {
                    let why = format!("no row can be written to {}: {why}", store.service);
                    run.record(Finding::skipped(check, why).of(&store.service));
                }
            }
        }
        Err(why) => {
            for check in [RESTART, KILL, "data.backup"] {
                run.record(Finding::skipped(check, why.clone()));
            }
            migrate::run(run, None).await?;
        }
    }
    previous::run(run).await
}

/// What has to do with rows; why none can be written.
async fn kept(run: &mut Run<'_>, store: &Store) -> Outcome<Result<(), String>> {
    let mark = format!("kept-{}", std::process::id());
    if let Err(why) = store.mark(run, &mark).await? {
        return Ok(Err(why));
    }
    let finding = killed(run, store).await?;
    run.record(finding);
    let finding = backup::run(run, store, &mark).await?;
    run.record(finding);
    // It was on other volumes meanwhile, and comes back to its own.
    let finding = restarted(run, store, &mark).await?;
    run.record(finding);
    store.forget(run).await?;
    Ok(Ok(()))
}

/// Rows after the database's container was killed.
async fn killed(run: &mut Run<'_>, store: &Store) -> Outcome<Finding> {
    run.doing(format!("killing {}", store.service));
    let Some(container) = run.container(&store.service).await? else {
        return Ok(Finding::skipped(KILL, format!("{} does not run", store.service)));
    };
    let mark = format!("killed-{}", std::process::id());
    if let Err(why) = store.mark(run, &mark).await? {
        return Ok(Finding::failed(KILL, format!("a row could not be written: {why}")));
    }
    // A transaction that is open then is one that was never written.
    run.engine.kill(&container.id, "SIGKILL").await?;
    let begun = Instant::now();
    let end = begun + Duration::from_secs(20);
    while run.engine.inspect(&container.id).await?.is_running() && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    run.engine.api().start_container(&container.id, None).await?;
    let limit = run.seconds("verify.healthy");
    let answers = store.answers_within(run, limit).await?;
    let took = begun.elapsed().as_secs_f64();
    let finding = match (answers, store.count(run, &mark).await?) {
        (true, Ok(1)) => Finding::passed(
            KILL,
            format!(
                "killed right after a row was written, {} had it {} later",
                store.service,
                Unit::Seconds.show(took)
            ),
        ),
        (true, Ok(count)) => Finding::failed(
            KILL,
            format!("killed right after a row was written, {} has it {count} times", store.service),
        )
        .help("fsync and synchronous_commit have to be on, and the data in a volume"),
        (true, Err(why)) => Finding::failed(
            KILL,
            format!(
                "killed right after a row was written, {} cannot be asked for it: {why}",
                store.service
            ),
        )
        .help("the data has to be in a volume"),
        (false, _) => Finding::failed(
            KILL,
            format!(
                "killed, {} did not take statements again within {} s",
                store.service,
                limit.as_secs()
            ),
        )
        .log(run.engine.logs(&container.id, 8).await?),
    };
    Ok(finding
        .of(&store.service)
        .measured("recovery", took, Unit::Seconds)
        .by(run.limit("verify.healthy")))
}

/// Rows after `down` and `up`.
async fn restarted(run: &mut Run<'_>, store: &Store, mark: &str) -> Outcome<Finding> {
    run.doing("taking the stack down");
    let begun = Instant::now();
    let output = run.stack.down(false).await?;
    if !output.is_ok() {
        return Ok(Finding::failed(RESTART, "`docker compose down` failed").log(output.tail(8)));
    }
    backup::forget(run).await;
    run.up().await?;
    let took = begun.elapsed().as_secs_f64();
    let finding = match store.count(run, mark).await? {
        Ok(1) => Finding::passed(
            RESTART,
            format!(
                "a row was there after `down` and `up`, which took {}",
                Unit::Seconds.show(took)
            ),
        ),
        Ok(count) => {
            Finding::failed(RESTART, format!("after `down` and `up` a row is there {count} times"))
        }
        Err(why) => Finding::failed(RESTART, format!("after `down` and `up` a row is gone: {why}"))
            .help(format!(
                "{} has to keep its data in a named volume, mounted where its image writes",
                store.service
            )),
    };
    Ok(finding.of(&store.service).measured("took", took, Unit::Seconds))
}

/// The project with something changed, as a step may fail for it.
///
/// # Errors
/// When it cannot be written.
fn changed(
    run: &Run<'_>,
    name: &str,
    change: impl FnOnce(&mut crate::verify::model::Model),
) -> Outcome<Stack> {
    run.stack.changed(name, change).map_err(|error| Trouble::Engine(error.to_string()))
}
