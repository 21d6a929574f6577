//! Where decisions are taken down: every number with its reason, where it
//! came from, and the decisions it rests on.

use std::collections::BTreeMap;

use crate::answers::Pin;
use crate::schema::numbers::{self, PlanKey};
use crate::schema::quantity::Quantity;
use crate::schema::role::Role;
use crate::units::{MiB, MilliCpu};

/// One decided number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub key: PlanKey,
    /// The value that holds.
    pub value: Quantity,
    /// Why, for a person to read. For a pinned number: what it replaces.
    pub reason: String,
    /// `planned`, or the place that pinned it.
    pub source: String,
    /// Full names of the decisions and answers this one rests on.
    pub uses: Vec<String>,
}

impl Decision {
    /// Whether a person pinned the number.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.source != PLANNED
    }
}

/// Source of a number the plan chose itself.
pub const PLANNED: &str = "planned";

/// The decisions taken so far, in order, and the pins to honour.
#[derive(Debug)]
pub struct Ledger<'a> {
    pins: &'a BTreeMap<String, Pin>,
    decisions: Vec<Decision>,
}

impl<'a> Ledger<'a> {
    /// An empty ledger that will honour `pins` (by full key name).
    #[must_use]
    pub fn new(pins: &'a BTreeMap<String, Pin>) -> Self {
        Self { pins, decisions: Vec::new() }
    }

    /// The pinned value of a key, if a person pinned it.
    #[must_use]
    pub fn pinned(&self, role: Role, name: &str) -> Option<Quantity> {
        let key = numbers::key(role, name);
        self.pins.get(&key.name()).map(|pin| key.row.unit.quantity(&pin.value))
    }

    /// Takes down a decision and returns the value that holds: the pinned one
    /// where there is one, otherwise `value`.
    pub fn decide(
        &mut self,
        role: Role,
        name: &str,
        value: Quantity,
        reason: impl Into<String>,
        uses: &[&str],
    ) -> u64 {
        let key = numbers::key(role, name);
        let full = key.name();
        let reason = reason.into();
        let uses = uses.iter().map(|used| (*used).to_owned()).collect();
        let decision = match self.pins.get(&full) {
            Some(pin) => {
                let pinned = key.row.unit.quantity(&pin.value);
                let reason = if pinned == value {
                    format!("pinned, as the plan would choose: {reason}")
                } else {
                    format!("pinned; the plan would choose {value}: {reason}")
                };
                Decision { key, value: pinned, reason, source: pin.source.clone(), uses }
            }
            None => Decision { key, value, reason, source: PLANNED.to_owned(), uses },
        };
        let number = decision.value.number();
        self.decisions.push(decision);
        number
    }

    /// [`Ledger::decide`] for a plain count.
    pub fn count(
        &mut self,
        role: Role,
        name: &str,
        value: u64,
        why: impl Into<String>,
        uses: &[&str],
    ) -> u64 {
        self.decide(role, name, Quantity::Count(value), why, uses)
    }

    /// [`Ledger::decide`] for seconds.
    pub fn seconds(
        &mut self,
        role: Role,
        name: &str,
        value: u64,
        why: impl Into<String>,
        uses: &[&str],
    ) -> u64 {
        self.decide(role, name, Quantity::Seconds(value as u32), why, uses)
    }

    /// [`Ledger::decide`] for memory.
    pub fn memory(
        &mut self,
        role: Role,
        name: &str,
        value: MiB,
        why: impl Into<String>,
        uses: &[&str],
    ) -> MiB {
        MiB(self.decide(role, name, Quantity::MiB(value), why, uses) as u32)
    }

    /// [`Ledger::decide`] for CPUs.
    pub fn cpus(
        &mut self,
        role: Role,
        name: &str,
        value: MilliCpu,
        why: impl Into<String>,
        uses: &[&str],
    ) -> MilliCpu {
        MilliCpu(self.decide(role, name, Quantity::MilliCpu(value), why, uses) as u32)
    }

    /// The number already decided for a key; 0 where there is none.
    #[must_use]
    pub fn number(&self, role: Role, name: &str) -> u64 {
        self.get(role, name).map_or(0, |decision| decision.value.number())
    }

    /// The decision of a key.
    #[must_use]
    pub fn get(&self, role: Role, name: &str) -> Option<&Decision> {
        self.decisions.iter().find(|d| d.key.role == role && d.key.row.name == name)
    }

    /// Pins no decision took up: they name a number this stack does not have.
    pub fn unused_pins(&self) -> impl Iterator<Item = (&String, &Pin)> {
        self.pins.iter().filter(|(name, _)| !self.decisions.iter().any(|d| d.key.name() == **name))
    }

    /// The decisions, in the order they were taken.
    #[must_use]
    pub fn into_decisions(self) -> Vec<Decision> {
        self.decisions
    }
}
