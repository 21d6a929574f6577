//! The steps, a module each.

mod start;

use super::check::Step;
use super::run::Run;
use super::trouble::Outcome;

/// Runs a step.
pub async fn run(step: Step, run: &mut Run<'_>) -> Outcome {
    match step {
        Step::Start => start::run(run).await,
        _ => Ok(()),
    }
}
