//! `contract`.

mod task;

use crate::verify::arm::Arm;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// How what this step watches is broken on purpose.
pub const ARMS: &[Arm] = &[];

/// Runs the step.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    run.up().await?;
    task::run(run).await
}
