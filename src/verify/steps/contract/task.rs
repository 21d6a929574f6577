//! A queued task.

use crate::lint::subject::Kind;
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Queues one, and waits for its result.
#[expect(clippy::unused_async, reason = "asking a worker takes waiting")]
pub async fn run(run: &mut Run<'_>) -> Outcome {
    let why = match run.case.first(Kind::Worker) {
        None => "no worker",
        Some(_) => "not judged yet",
    };
    run.record(Finding::skipped("contract.task", why));
    Ok(())
}
