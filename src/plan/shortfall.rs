//! A budget that cannot hold the stack: what is missing, the smallest budget
//! that would do, and the smallest change that fits.

use std::collections::BTreeMap;

use crate::answers::stack::Budget;
use crate::catalog::MEMORY;
use crate::error::Problem;
use crate::plan::budget::{Claim, MEMORY_STEP, Resource};
use crate::plan::shape::Shape;
use crate::schema::quantity::Quantity;
use crate::schema::role::Role;
use crate::units::MiB;

/// What people can leave out, in the order of how little it hurts.
const SPARE: &[(&[Role], &str)] = &[
    (&[Role::Beat], "leave out beat: --set stack.beat=false"),
    (&[Role::Cache], "leave out the cache: --set stack.cache=none"),
    (
        &[Role::Beat, Role::Cache],
        "leave out beat and cache: --set stack.beat=false --set stack.cache=none",
    ),
    (&[Role::Nginx], "leave out nginx: --set stack.proxy=none"),
    (&[Role::Db], "move the database elsewhere: --set stack.database=external"),
    (
        &[Role::Worker, Role::Beat, Role::Redis],
        "leave out Celery: --set stack.worker=none --set stack.beat=false --set stack.broker=none",
    ),
];

/// Says what is missing when the claims do not fit in `budget`, of which the
/// host keeps `kept`. `without` says what all others need without some roles.
pub(super) fn find(
    shape: &Shape,
    resource: &Resource,
    budget: u32,
    kept: u32,
    claims: &BTreeMap<Role, Claim>,
    without: impl Fn(&[Role]) -> u32,
) -> Result<(), Problem> {
    let needed: u32 = claims.values().map(|claim| claim.least(resource)).sum::<u32>() + kept;
    if needed <= budget {
        return Ok(());
    }
    let amount = |number: u32| (resource.quantity)(number).to_string();
    let mut parts: Vec<String> = claims
        .iter()
        .map(|(role, claim)| format!("{} {}", role.name(), amount(claim.least(resource))))
        .collect();
    if kept > 0 {
        parts.push(format!("the host {}", amount(kept)));
    }
    let smallest = match (resource.quantity)(needed) {
        Quantity::MilliCpu(cpus) => (f64::from(cpus.0) / 1000.0).to_string(),
        _ => format!("{}MiB", smallest_memory(shape, needed - kept)),
    };
    let key = format!("deploy.{}", resource.name);
    let mut help = format!("the smallest budget that fits: --set {key}={smallest}");
    let missing = needed - budget;
    let fits = SPARE.iter().find(|(roles, _)| {
        roles.iter().any(|role| claims.contains_key(role)) && without(roles) + kept <= budget
    });
    match fits {
        Some((_, change)) => help.push_str(&format!("; the smallest change that fits: {change}")),
        None if resource.name == "memory" && !shape.answers.pins.is_empty() => {
            help.push_str("; or pin fewer workers, or less memory, in [tune]");
        }
        None => {}
    }
    let problem = Problem::new(format!(
        "{} cannot hold this stack, which needs {}: {}; {} missing",
        amount(budget),
        amount(needed),
        parts.join(", "),
        amount(missing),
    ));
    Err(problem.at(key).help(help))
}

/// The smallest memory that leaves `floors` after the host's reserve.
fn smallest_memory(shape: &Shape, floors: u32) -> u32 {
    match shape.answers.deploy.budget {
        Budget::Task => floors,
        Budget::Host => {
            let by_percent = (floors * 100).div_ceil(100 - MEMORY.reserve.percent) + MEMORY_STEP.0;
            MiB((floors + MEMORY.reserve.least).max(by_percent)).round_up(MEMORY_STEP.0).0
        }
    }
}
