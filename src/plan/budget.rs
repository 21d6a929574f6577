//! Memory is divided, CPU is shared.
//!
//! Memory that is used cannot be given back: each service has a hard limit,
//! and all of them with the host's reserve fit in the budget. CPU can: on a
//! host nothing is capped, and weights say who goes first when all want it.
//! Only a platform that gives a task its own CPU has it divided as well.

use std::collections::BTreeMap;

use crate::catalog::MEMORY;
use crate::error::Problem;
use crate::plan::formula::{Formula, amount};
use crate::plan::ledger::Ledger;
use crate::plan::processes;
use crate::plan::shape::Shape;
use crate::plan::shortfall;
use crate::schema::numbers::{Unit, rows};
use crate::schema::quantity::Quantity;
use crate::schema::role::Role::{self, Beat, Cache, Db, Migrate, Nginx, Redis, Web, Worker};
use crate::units::{Count, MiB, MilliCpu};

/// Part of a memory limit that processes may fill; the rest is for page
/// cache, request buffers and growth between two recyclings.
pub const FILL: Formula = Formula::Decimal(0.8);

/// Memory limits are multiples of this.
pub(super) const MEMORY_STEP: MiB = MiB(8);

/// Something that is divided among the services.
pub(super) struct Resource {
    /// Name of the key under `deploy`.
    pub(super) name: &'static str,
    unit: Unit,
    /// Shares are multiples of this.
    step: Quantity,
    /// An amount of the unit.
    pub(super) quantity: fn(u32) -> Quantity,
}

static MEMORY_OF_HOST: Resource = Resource {
    name: "memory",
    unit: Unit::MiB,
    step: Quantity::MiB(MEMORY_STEP),
    quantity: |mebibytes| Quantity::MiB(MiB(mebibytes)),
};

static CPUS_OF_TASK: Resource = Resource {
    name: "cpus",
    unit: Unit::MilliCpu,
    step: Quantity::MilliCpu(MilliCpu(10)),
    quantity: |milli| Quantity::MilliCpu(MilliCpu(milli)),
};

impl Resource {
    fn number(&self, formula: &Formula) -> u32 {
        self.unit.whole(formula.evaluate()).number() as u32
    }

    fn amount(&self, number: u32, name: &'static str) -> Formula {
        let keys = vec![format!("deploy.{}", self.name), "deploy.budget".to_owned()];
        Formula::Amount { value: (self.quantity)(number), name, keys }
    }
}

/// One claim on a resource.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The least that works.
    floor: Formula,
    /// The most it can use.
    most: Option<Formula>,
    /// Its part of what is left when all have their floor.
    weight: u32,
    pub(super) pinned: Option<u32>,
}

impl Claim {
    /// The least that must be there for it.
    pub(super) fn least(&self, resource: &Resource) -> u32 {
        self.pinned.unwrap_or_else(|| resource.number(&self.floor))
    }
}

type Claims = BTreeMap<Role, Claim>;

fn sum(resource: &Resource, claims: &Claims) -> u32 {
    claims.values().map(|claim| claim.least(resource)).sum()
}

/// What is divided: the budget, or what is needed where nothing runs under the budget.
fn total(shape: &Shape, budget: u32, needed: u32) -> u32 {
    if shape.is_budgeted() { budget } else { budget.max(needed) }
}

/// What a claim gets, and what its formula does not say.
type Part = (Formula, &'static str);

/// Divides `total` among the claims: pinned ones get what they say, every
/// other its floor and, by weight, a part of the rest up to its most.
fn divide(resource: &Resource, total: u32, claims: &Claims) -> BTreeMap<Role, Part> {
    let least: BTreeMap<Role, u32> =
        claims.iter().map(|(role, claim)| (*role, claim.least(resource))).collect();
    let mut parts: BTreeMap<Role, Part> = claims
        .iter()
        .map(|(role, claim)| match claim.pinned {
            Some(pinned) => (*role, (resource.amount(pinned, ""), "")),
            None => (*role, (claim.floor.clone(), "more would not help it")),
        })
        .collect();
    let mut open: Vec<Role> = claims
        .iter()
        .filter(|(_, claim)| claim.pinned.is_none() && claim.weight > 0)
        .map(|(role, _)| *role)
        .collect();
    let mut rest = total.saturating_sub(least.values().sum());
    // A claim that reaches its most leaves the round, and what it could not
    // take is divided again among the others.
    while rest > 0 && !open.is_empty() {
        let weights: u32 = open.iter().map(|role| claims[role].weight).sum();
        let share = |role: Role| rest_of(rest, claims[&role].weight, weights);
        let full: Vec<(Role, &Formula)> = open
            .iter()
            .filter_map(|role| Some((*role, claims[role].most.as_ref()?)))
            .filter(|(role, most)| least[role] + share(*role) >= resource.number(most))
            .collect();
        if full.is_empty() {
            for role in &open {
                let floor = resource.amount(least[role], "needed");
                let rest = resource.amount(rest, "left");
                let share = match claims[role].weight {
                    weight if weight == weights => rest,
                    weight => rest * Count::from(weight) / Count::from(weights),
                };
                let part = Formula::RoundedDown(Box::new(floor + share), resource.step.clone());
                parts.insert(*role, (part, ""));
            }
            break;
        }
        for (role, most) in full {
            rest -= resource.number(most).saturating_sub(least[&role]);
            let part = most.clone().at_least(resource.amount(least[&role], "needed"));
            parts.insert(role, (part, "room to grow; more would not help it"));
            open.retain(|other| *other != role);
        }
    }
    parts
}

fn rest_of(rest: u32, weight: u32, weights: u32) -> u32 {
    (u64::from(rest) * u64::from(weight) / u64::from(weights)) as u32
}

/// What a claim would get if it were not pinned, and everything else as it is.
fn unpinned(resource: &Resource, total: u32, claims: &Claims, role: Role) -> Part {
    let mut claims = claims.clone();
    claims.entry(role).and_modify(|claim| claim.pinned = None);
    divide(resource, total, &claims).remove(&role).expect("it is one of the claims")
}

/// Memory the budget keeps for the system.
#[must_use]
pub fn reserve(shape: &Shape) -> MiB {
    if !processes::on_host(shape) {
        return MiB(0);
    }
    let part = shape.answers.deploy.memory.scaled(MEMORY.reserve.percent, 100);
    part.max(MiB(MEMORY.reserve.least)).round_up(MEMORY_STEP.0)
}

/// The limit under which so much memory stays within [`FILL`].
fn limit_for(needed: Formula) -> Formula {
    (needed / FILL).rounded_up(MEMORY_STEP)
}

/// The limit that a service needs for `count` of its processes, and `times`
/// as much of what they take.
pub(super) fn limit(
    shape: &Shape,
    ledger: &Ledger,
    role: Role,
    count: impl Into<Formula>,
    times: Count,
) -> Formula {
    let taken = match role {
        Db | Redis | Cache => return MiB(MEMORY.share[role.name()].memory.floor).into(),
        Nginx => {
            let processes = ledger.of(rows::WORKER_PROCESSES, Nginx);
            amount(MiB(MEMORY.process["nginx"]), "nginx")
                + processes * MiB(MEMORY.process["nginx-worker"])
                + ledger.of(rows::TMPFS, Nginx).named("of bodies")
        }
        Web | Worker | Beat | Migrate => processes::memory(shape, ledger, role, count),
    };
    limit_for(if times > 1 { Formula::from(times) * taken } else { taken })
}

/// The least memory limit that a service works with, for `count` processes.
#[must_use]
pub fn floor(shape: &Shape, ledger: &Ledger, role: Role, count: impl Into<Formula>) -> Formula {
    limit(shape, ledger, role, count, 1)
}

/// The services that run at the same time as the application.
pub(super) fn lasting(shape: &Shape) -> impl Iterator<Item = Role> {
    shape.roles.iter().copied().filter(|role| !role.is_one_shot())
}

/// Claims on memory, with so many processes of the application at least.
fn memory_claims(shape: &Shape, ledger: &Ledger, least: &BTreeMap<Role, Count>) -> Claims {
    let count = |role: Role| least.get(&role).copied().unwrap_or(1);
    let whole = |role: Role| MEMORY_OF_HOST.number(&floor(shape, ledger, role, count(role)));
    // A one-shot runs while the application does not, in its place.
    let one_shot = if shape.has(Migrate) { whole(Migrate) } else { 0 };
    let beside = [Worker, Beat].into_iter().filter(|role| shape.has(*role)).map(whole).sum();
    let in_place = amount(MiB(one_shot.saturating_sub(beside)), "to migrate");
    let claim = |role: Role| {
        let share = MEMORY.share[role.name()].memory;
        let mut floor = floor(shape, ledger, role, count(role));
        let wanted = processes::count(shape, ledger, role);
        let mut most = match role {
            // What a model takes is known when it is loaded.
            Web if shape.application().model.is_some() => None,
            Db | Redis | Cache => share.most.map(|most| MiB(most).into()),
            _ => Some(limit(shape, ledger, role, wanted, MEMORY.growth.times)),
        };
        if role == Web {
            floor = floor.at_least(in_place.clone());
            most = most.map(|most| most.at_least(in_place.clone()));
        }
        let pinned = ledger.pinned(rows::MEMORY, role).map(|MiB(mebibytes)| mebibytes);
        Claim { floor, most, weight: share.weight, pinned }
    };
    lasting(shape).map(|role| (role, claim(role))).collect()
}

/// Decides `memory` of every service.
///
/// # Errors
/// When the floors do not fit: what is missing, the smallest budget that
/// would do, and the smallest change that fits.
pub fn memory(shape: &Shape, ledger: &mut Ledger) -> Result<(), Problem> {
    let kept = reserve(shape).0;
    let mut least: BTreeMap<Role, Count> = BTreeMap::new();
    if let Some(workers) = ledger.pinned(rows::WORKERS, Web) {
        least.insert(Web, workers.max(1));
    }
    if let Some(children) =
        shape.has(Worker).then(|| ledger.pinned(rows::CONCURRENCY, Worker)).flatten()
    {
        least.insert(Worker, children.max(1));
    }
    let mut claims = memory_claims(shape, ledger, &least);
    let needed = sum(&MEMORY_OF_HOST, &claims) + kept;
    let total = total(shape, shape.answers.deploy.memory.0, needed);
    let without = |roles: &[Role]| {
        let mut shape = shape.clone();
        shape.roles.retain(|role| !roles.contains(role));
        sum(&MEMORY_OF_HOST, &memory_claims(&shape, ledger, &least))
    };
    shortfall::find(shape, &MEMORY_OF_HOST, total, kept, &claims, without)?;

    // Two where they fit: a process that is replaced is not the only one.
    for role in [Web, Worker].into_iter().filter(|role| shape.has(*role)) {
        let two = (processes::count(shape, ledger, role).evaluate() as Count).min(2);
        if least.contains_key(&role) {
            continue;
        }
        least.insert(role, two);
        let more = memory_claims(shape, ledger, &least);
        if sum(&MEMORY_OF_HOST, &more) + kept <= total {
            claims = more;
        } else {
            least.remove(&role);
        }
    }

    let usable = total - kept;
    let parts = divide(&MEMORY_OF_HOST, usable, &claims);
    for (role, claim) in &claims {
        let (part, why) = match claim.pinned {
            Some(_) => unpinned(&MEMORY_OF_HOST, usable, &claims, *role),
            None => parts[role].clone(),
        };
        ledger.decide(rows::MEMORY, *role, part, why);
    }
    if shape.has(Migrate) {
        let memory = ledger.of(rows::MEMORY, Web);
        let least = floor(shape, ledger, Migrate, 1);
        let why = "the application's, which starts when it is done";
        ledger.decide(rows::MEMORY, Migrate, memory.at_least(least), why);
    }
    Ok(())
}

/// Decides who goes first, and `cpus` where they are divided or pinned.
///
/// # Errors
/// When a task's CPU does not hold the floors.
pub fn cpus(shape: &Shape, ledger: &mut Ledger) -> Result<(), Problem> {
    let mut outcome = Ok(());
    if processes::on_host(shape) {
        for role in &shape.roles {
            if ledger.pinned(rows::CPUS, *role).is_some() {
                let all = processes::cpus(shape, ledger, *role);
                ledger.decide(rows::CPUS, *role, all, "all share them, without a limit");
            }
        }
    } else {
        let claim = |role: Role| {
            let share = MEMORY.share[role.name()].cpu;
            let most = share.most.map(|most| MilliCpu(most).into());
            let pinned = ledger.pinned(rows::CPUS, role).map(|MilliCpu(milli)| milli);
            Claim { floor: MilliCpu(share.floor).into(), most, weight: share.weight, pinned }
        };
        let claims: Claims = lasting(shape).map(|role| (role, claim(role))).collect();
        let without = |roles: &[Role]| {
            let rest = claims.iter().filter(|(role, _)| !roles.contains(role));
            rest.map(|(_, claim)| claim.least(&CPUS_OF_TASK)).sum()
        };
        let total = total(shape, shape.answers.deploy.cpus.0, sum(&CPUS_OF_TASK, &claims));
        outcome = shortfall::find(shape, &CPUS_OF_TASK, total, 0, &claims, without);
        let parts = divide(&CPUS_OF_TASK, total, &claims);
        for (role, claim) in &claims {
            let (part, why) = match claim.pinned {
                Some(_) => unpinned(&CPUS_OF_TASK, total, &claims, *role),
                None => parts[role].clone(),
            };
            ledger.decide(rows::CPUS, *role, part, why);
        }
        if shape.has(Migrate) {
            let cpus = ledger.of(rows::CPUS, Web);
            let why = "the application's, which starts when it is done";
            ledger.decide(rows::CPUS, Migrate, cpus, why);
        }
    }
    for role in &shape.roles {
        let why = match role {
            Nginx | Db | Redis | Cache => "twice the usual: others wait for it",
            Web | Migrate => "the usual weight",
            Worker | Beat => "half the usual: a task can wait, a request cannot",
        };
        ledger.decide(rows::CPU_SHARES, *role, MEMORY.share[role.name()].cpu_shares, why);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(floor: u32, weight: u32, most: Option<u32>) -> Claim {
        let most = most.map(|most| MiB(most).into());
        Claim { floor: MiB(floor).into(), most, weight, pinned: None }
    }

    fn divided(total: u32, claims: &Claims) -> BTreeMap<Role, u32> {
        let parts = divide(&MEMORY_OF_HOST, total, claims).into_iter();
        parts.map(|(role, (part, _))| (role, MEMORY_OF_HOST.number(&part))).collect()
    }

    #[test]
    fn what_a_capped_claim_cannot_take_goes_to_the_others() {
        let claims = BTreeMap::from([(Web, claim(100, 1, None)), (Nginx, claim(32, 1, Some(64)))]);
        let parts = divided(1000, &claims);
        assert_eq!(parts[&Nginx], 64);
        assert_eq!(parts[&Web], 936);
    }

    #[test]
    fn a_pinned_part_is_taken_as_it_is_and_known_without_its_pin() {
        let pinned = Claim { pinned: Some(513), ..claim(192, 4, None) };
        let claims = BTreeMap::from([(Web, claim(100, 1, None)), (Db, pinned)]);
        let parts = divided(1000, &claims);
        assert_eq!(parts[&Db], 513);
        assert!(parts[&Web] <= 487);
        let (part, _) = unpinned(&MEMORY_OF_HOST, 1000, &claims, Db);
        assert_eq!(
            part.to_string(),
            "192 MiB needed + 708 MiB left × 4 / 5, rounded down to 8 MiB"
        );
    }

    #[test]
    fn no_part_is_below_its_floor_and_the_sum_fits() {
        for total in (216..4000).step_by(37) {
            let claims = BTreeMap::from([
                (Web, claim(104, 6, None)),
                (Db, claim(48, 4, None)),
                (Beat, claim(40, 0, None)),
                (Nginx, claim(16, 1, Some(40))),
            ]);
            let parts = divided(total, &claims);
            assert!(parts.values().sum::<u32>() <= total);
            assert!(parts.iter().all(|(role, part)| *part >= claims[role].least(&MEMORY_OF_HOST)));
        }
    }
}
