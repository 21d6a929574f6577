//! Dividing the machine's memory and CPU among the services: a floor for
//! each, what is left over by weight, never more than one can use.

use std::collections::BTreeMap;

use crate::answers::stack::Budget;
use crate::catalog::MEMORY;
use crate::catalog::Share;
use crate::error::Problem;
use crate::plan::ledger::Ledger;
use crate::plan::shape::Shape;
use crate::plan::shortfall;
use crate::schema::role::Role;
use crate::units::{MiB, MilliCpu};

/// Part of a memory limit that processes may fill; the rest is for page
/// cache, request buffers and growth between two recyclings.
pub const FILL_PERCENT: u32 = 80;

/// Memory limits are multiples of this.
pub(super) const MEMORY_STEP: u32 = 8;
/// CPU limits are multiples of this, in thousandths.
const CPU_STEP: u32 = 10;

/// The least limit under which processes of `needed` MiB stay within
/// [`FILL_PERCENT`].
#[must_use]
pub fn limit_for(needed: MiB) -> MiB {
    MiB((needed.0 * 100).div_ceil(FILL_PERCENT)).round_up(MEMORY_STEP)
}

/// Memory the budget keeps for the system.
#[must_use]
pub fn reserve(shape: &Shape) -> MiB {
    match shape.answers.deploy.budget {
        Budget::Task => MiB(0),
        Budget::Host => {
            let part = shape.answers.deploy.memory.scaled(MEMORY.reserve.percent, 100);
            part.max(MiB(MEMORY.reserve.least)).round_up(MEMORY_STEP)
        }
    }
}

/// The least memory a service works with, from its processes where it runs
/// the application, otherwise from the data file.
#[must_use]
pub fn memory_floor(shape: &Shape, ledger: &Ledger, role: Role) -> MiB {
    let pinned = |name: &str| ledger.pinned(role, name).map(|quantity| quantity.number());
    let process = || match pinned("process-memory") {
        Some(mebibytes) => MiB(mebibytes as u32),
        None => shape.process(role).0,
    };
    let processes = |count: u64, extra: MiB| {
        let each = u64::from((process().0 + extra.0).max(1));
        limit_for(MiB(shape.supervisor(role, count).0 + (each * count.max(1)) as u32))
    };
    match role {
        Role::Web => {
            let model = match pinned("model-memory") {
                Some(mebibytes) => MiB(mebibytes as u32),
                None => shape.model_memory().unwrap_or_default(),
            };
            processes(pinned("workers").unwrap_or(1), model)
        }
        Role::Worker => processes(pinned("concurrency").unwrap_or(1), MiB(0)),
        Role::Beat | Role::Migrate => processes(1, MiB(0)),
        _ => MiB(MEMORY.share[role.name()].memory.floor),
    }
}

/// One claim on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) floor: u32,
    weight: u32,
    most: u32,
    pub(super) pinned: Option<u32>,
}

impl Claim {
    /// The least that must be there for it.
    pub(super) fn least(&self) -> u32 {
        self.pinned.unwrap_or(self.floor)
    }
}

/// Divides `total` among the claims: pinned ones get what they say, every
/// other its floor and, by weight, a part of the rest up to its most.
fn divide(total: u32, step: u32, claims: &BTreeMap<Role, Claim>) -> BTreeMap<Role, u32> {
    let mut parts: BTreeMap<Role, u32> =
        claims.iter().map(|(role, claim)| (*role, claim.least())).collect();
    let mut open: Vec<Role> = claims
        .iter()
        .filter(|(_, claim)| claim.pinned.is_none() && claim.weight > 0)
        .map(|(role, _)| *role)
        .collect();
    let mut rest = total.saturating_sub(parts.values().sum());
    // A claim that reaches its most leaves the round, and what it could not
    // take is divided again among the others.
    while rest > 0 && !open.is_empty() {
        let weights: u32 = open.iter().map(|role| claims[role].weight).sum();
        let capped: Vec<Role> = open
            .iter()
            .copied()
            .filter(|role| {
                let Claim { weight, most, .. } = claims[role];
                most > 0 && parts[role] + rest * weight / weights >= most
            })
            .collect();
        if capped.is_empty() {
            for role in &open {
                *parts.get_mut(role).expect("open roles have parts") +=
                    rest * claims[role].weight / weights;
            }
            break;
        }
        for role in capped {
            let most = claims[&role].most.max(parts[&role]);
            rest -= most - parts[&role];
            parts.insert(role, most);
            open.retain(|other| *other != role);
        }
    }
    for (role, part) in &mut parts {
        if claims[role].pinned.is_none() {
            *part = (*part / step * step).max(claims[role].floor);
        }
    }
    parts
}

/// Decides `memory` and `cpus` of every service.
///
/// # Errors
/// When the floors do not fit: what is missing, the smallest budget that
/// would do, and the smallest change that fits.
pub fn decide(shape: &Shape, ledger: &mut Ledger) -> Result<(), Vec<Problem>> {
    let deploy = &shape.answers.deploy;
    let kept = reserve(shape);
    let memory = claims(shape, ledger, "memory", |role| {
        let share = MEMORY.share[role.name()].memory;
        Share { floor: memory_floor(shape, ledger, role).0, ..share }
    });
    let cpu = claims(shape, ledger, "cpus", |role| MEMORY.share[role.name()].cpu);

    let mut problems = Vec::new();
    if let Some(problem) = shortfall::find(shape, "memory", deploy.memory.0, kept.0, &memory) {
        problems.push(problem);
    }
    if let Some(problem) = shortfall::find(shape, "cpus", deploy.cpus.0, 0, &cpu) {
        problems.push(problem);
    }
    if !problems.is_empty() {
        return Err(problems);
    }

    let usable = deploy.memory.0 - kept.0;
    let memory_parts = divide(usable, MEMORY_STEP, &memory);
    let cpu_parts = divide(deploy.cpus.0, CPU_STEP, &cpu);
    let host = match kept.0 {
        0 => String::new(),
        _ => format!(" − {kept} for the host"),
    };
    for role in shape.roles.clone() {
        let floor = MiB(memory[&role].floor);
        let reason = match memory[&role].weight {
            0 => format!("{floor}, what it needs: more would not help it"),
            weight => format!(
                "{floor} + {} the rest of {}{host}",
                part(weight, weights(&memory)),
                deploy.memory
            ),
        };
        let uses = ["deploy.memory", "deploy.budget"];
        ledger.memory(role, "memory", MiB(memory_parts[&role]), reason, &uses);

        let least = MilliCpu(cpu[&role].floor);
        let reason = format!(
            "{least} + {} the rest of {}",
            part(cpu[&role].weight, weights(&cpu)),
            deploy.cpus
        );
        ledger.cpus(role, "cpus", MilliCpu(cpu_parts[&role]), reason, &["deploy.cpus"]);
    }
    Ok(())
}

/// A weight among all weights, in words.
fn part(weight: u32, all: u32) -> String {
    if weight == all { "all of".to_owned() } else { format!("{weight}/{all} of") }
}

fn weights(claims: &BTreeMap<Role, Claim>) -> u32 {
    claims.values().filter(|claim| claim.pinned.is_none()).map(|claim| claim.weight).sum()
}

/// The claims of the services that run at the same time: all that stay, and
/// of the one-shots the largest.
fn claims(
    shape: &Shape,
    ledger: &Ledger,
    name: &str,
    share: impl Fn(Role) -> Share,
) -> BTreeMap<Role, Claim> {
    let claim = |role: Role| {
        let Share { floor, weight, most } = share(role);
        let pinned = ledger.pinned(role, name).map(|quantity| quantity.number() as u32);
        Claim { floor, weight, most, pinned }
    };
    let largest = shape
        .roles
        .iter()
        .copied()
        .filter(|role| role.is_one_shot())
        .max_by_key(|role| claim(*role).least());
    shape
        .roles
        .iter()
        .copied()
        .filter(|role| !role.is_one_shot() || Some(*role) == largest)
        .map(|role| (role, claim(role)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(floor: u32, weight: u32, most: u32) -> Claim {
        Claim { floor, weight, most, pinned: None }
    }

    #[test]
    fn what_a_capped_claim_cannot_take_goes_to_the_others() {
        let claims =
            BTreeMap::from([(Role::Web, claim(100, 1, 0)), (Role::Nginx, claim(32, 1, 64))]);
        let parts = divide(1000, 8, &claims);
        assert_eq!(parts[&Role::Nginx], 64);
        assert_eq!(parts[&Role::Web], 936);
    }

    #[test]
    fn a_pinned_part_is_taken_as_it_is() {
        let pinned = Claim { pinned: Some(513), ..claim(192, 4, 0) };
        let claims = BTreeMap::from([(Role::Web, claim(100, 1, 0)), (Role::Db, pinned)]);
        let parts = divide(1000, 8, &claims);
        assert_eq!(parts[&Role::Db], 513);
        assert!(parts[&Role::Web] <= 487);
    }

    #[test]
    fn no_part_is_below_its_floor_and_the_sum_fits() {
        for total in (200..4000).step_by(37) {
            let claims = BTreeMap::from([
                (Role::Web, claim(101, 6, 0)),
                (Role::Db, claim(50, 4, 0)),
                (Role::Beat, claim(33, 0, 0)),
                (Role::Nginx, claim(10, 1, 40)),
            ]);
            let parts = divide(total, 8, &claims);
            assert!(parts.values().sum::<u32>() <= total);
            assert!(parts.iter().all(|(role, part)| *part >= claims[role].floor));
        }
    }
}
