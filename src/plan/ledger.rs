//! Where decisions are taken down: every number with the formula it is the
//! value of, and where it came from.

use std::collections::BTreeMap;
use std::ops::Deref;

use crate::answers::Pin;
use crate::plan::formula::Formula;
use crate::schema::numbers::{Number, PlanKey};
use crate::schema::quantity::{Planned, Quantity};
use crate::schema::role::Role;

/// One decided number.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// What was decided.
    pub key: PlanKey,
    /// The value that holds.
    pub value: Quantity,
    /// What the plan computes for it, which holds unless it is pinned.
    pub formula: Formula,
    /// What the formula does not say; empty where it says all.
    pub why: &'static str,
    /// `planned`, or the place that pinned it.
    pub origin: String,
}

impl Decided {
    /// Whether a person pinned the number.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.origin != PLANNED
    }

    /// What the plan would choose, whoever chose.
    #[must_use]
    pub fn planned(&self) -> Quantity {
        planned(self.key, &self.formula)
    }

    /// Why, for a person to read; for a pinned number also what it replaces.
    #[must_use]
    pub fn reason(&self) -> String {
        let (planned, formula) = (self.planned(), self.formula.to_string());
        let reason = match self.why {
            "" => formula,
            // Nothing is computed: the number stands beside it.
            why if formula == planned.to_string() => why.to_owned(),
            why => format!("{formula}: {why}"),
        };
        match self.is_pinned() {
            false => reason,
            // The other numbers may be what they are because this one is pinned.
            true if planned == self.value => {
                format!("pinned, and what follows from the other numbers: {reason}")
            }
            true => format!("pinned; from the other numbers follows {planned}: {reason}"),
        }
    }

    /// Full names of the decisions and answers this one rests on.
    #[must_use]
    pub fn uses(&self) -> Vec<&str> {
        self.formula.keys()
    }
}

/// Origin of a number the plan chose itself.
pub const PLANNED: &str = "planned";

fn planned(key: PlanKey, formula: &Formula) -> Quantity {
    match formula {
        Formula::Amount { value: Quantity::Word(word), .. } => Quantity::Word(word.clone()),
        formula => key.row.unit.whole(formula.evaluate()),
    }
}

/// Decided numbers, in the order they were decided.
#[derive(Clone, Debug, Default)]
pub struct Decisions(Vec<Decided>);

impl Decisions {
    /// The number of a service.
    ///
    /// # Panics
    /// When it was not decided: who may not have it asks [`Decisions::find`].
    #[must_use]
    pub fn get<T: Planned>(&self, number: Number<T>, role: Role) -> T {
        let key = number.key(role);
        self.find(number, role).unwrap_or_else(|| panic!("{} is not decided", key.name()))
    }

    /// The number of a service, if this stack has it.
    #[must_use]
    pub fn find<T: Planned>(&self, number: Number<T>, role: Role) -> Option<T> {
        T::of(&self.decided(number.key(role))?.value)
    }

    /// The decision of a key.
    #[must_use]
    pub fn decided(&self, key: PlanKey) -> Option<&Decided> {
        self.0.iter().find(|decided| decided.key == key)
    }
}

impl Deref for Decisions {
    type Target = [Decided];

    fn deref(&self) -> &[Decided] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a Decisions {
    type Item = &'a Decided;
    type IntoIter = std::slice::Iter<'a, Decided>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// The decisions taken so far, and the pins to honour.
#[derive(Debug)]
pub struct Ledger<'a> {
    pins: &'a BTreeMap<String, Pin>,
    decisions: Decisions,
}

impl Deref for Ledger<'_> {
    type Target = Decisions;

    fn deref(&self) -> &Decisions {
        &self.decisions
    }
}

impl<'a> Ledger<'a> {
    /// An empty ledger that will honour `pins` (by full key name).
    #[must_use]
    pub fn new(pins: &'a BTreeMap<String, Pin>) -> Self {
        Self { pins, decisions: Decisions::default() }
    }

    /// The pinned value of a number, if a person pinned it.
    #[must_use]
    pub fn pinned<T: Planned>(&self, number: Number<T>, role: Role) -> Option<T> {
        let key = number.key(role);
        self.pins.get(&key.name()).and_then(|pin| T::of(&key.row.unit.quantity(&pin.value)))
    }

    /// What a decided number is in the formula of another.
    ///
    /// # Panics
    /// When it was not decided.
    #[must_use]
    pub fn of<T: Planned>(&self, number: Number<T>, role: Role) -> Formula {
        Formula::of(number.key(role).name(), self.get(number, role).quantity())
    }

    /// Takes down a decision and returns the value that holds: the pinned one
    /// where there is one, otherwise the formula's.
    ///
    /// # Panics
    /// When the formula's value has another unit than the number.
    pub fn decide<T: Planned>(
        &mut self,
        number: Number<T>,
        role: Role,
        formula: impl Into<Formula>,
        why: &'static str,
    ) -> T {
        let (key, formula) = (number.key(role), formula.into());
        let (value, origin) = match self.pins.get(&key.name()) {
            Some(pin) => (key.row.unit.quantity(&pin.value), pin.source.clone()),
            None => (planned(key, &formula), PLANNED.to_owned()),
        };
        let typed = T::of(&value).expect("a row's unit is its type");
        self.decisions.0.push(Decided { key, value, formula, why, origin });
        typed
    }

    /// Pins no decision took up: they name a number this stack does not have.
    pub fn unused_pins(&self) -> impl Iterator<Item = (&String, &Pin)> {
        self.pins.iter().filter(|(name, _)| !self.iter().any(|d| d.key.name() == **name))
    }

    /// The decisions, in the order they were taken.
    #[must_use]
    pub fn into_decisions(self) -> Decisions {
        self.decisions
    }
}
