//! The steps, a module each.

mod breaks;
mod build;
mod contract;
mod data;
mod isolation;
mod load;
mod recipe;
mod sabotage;
mod start;
mod stop;

use super::arm::Arm;
use super::check::Step;
use super::run::Run;
use super::trouble::Outcome;

/// Runs a step.
pub async fn run(step: Step, run: &mut Run<'_>) -> Outcome {
    match step {
        Step::Build => build::run(run).await,
        Step::Start => start::run(run).await,
        Step::Contract => contract::run(run).await,
        Step::Isolation => isolation::run(run).await,
        Step::Load => load::run(run).await,
        Step::Stop => stop::run(run).await,
        Step::Break => breaks::run(run).await,
        Step::Data => data::run(run).await,
    }
}

/// How what a step watches is broken on purpose.
#[must_use]
pub const fn arms(step: Step) -> &'static [Arm] {
    match step {
        Step::Build => build::ARMS,
        Step::Start => start::ARMS,
        Step::Contract => contract::ARMS,
        Step::Isolation => isolation::ARMS,
        Step::Load => load::ARMS,
        Step::Stop => stop::ARMS,
        Step::Break => breaks::ARMS,
        Step::Data => data::ARMS,
    }
}
