//! Arithmetic that is evaluated and printed: a number and its reason are one
//! value, so that what is said is what was computed.
//!
//! What is printed is arithmetic that anyone can do again: amounts with their
//! units and a word on what they are, `+ − × /`, then bounds and rounding in
//! the order they apply: `2 CPU + 1, at least 2`. A bound that does not bind
//! and rounding that changes nothing are left out. The whole part of the
//! outcome is the number.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};

use crate::schema::quantity::{Planned, Quantity};

/// How two amounts are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Plus,
    /// `−`
    Minus,
    /// `×`
    Times,
    /// `/`
    Over,
}

/// Arithmetic over chosen amounts and earlier decisions.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// An amount: chosen, or what a key of the answers or the plan holds.
    Amount {
        /// How much.
        value: Quantity,
        /// What it is, in a word or two; empty where that is plain.
        name: &'static str,
        /// Full names of the keys that it stands for.
        keys: Vec<String>,
    },
    /// A bare decimal, such as the part of a limit that may be filled.
    Decimal(f64),
    /// Two amounts combined.
    Combined(Operator, Box<Formula>, Box<Formula>),
    /// Not more than the second.
    AtMost(Box<Formula>, Box<Formula>),
    /// Not less than the second.
    AtLeast(Box<Formula>, Box<Formula>),
    /// The least multiple of a step that is not below.
    RoundedUp(Box<Formula>, Quantity),
    /// The greatest multiple of a step that is not above.
    RoundedDown(Box<Formula>, Quantity),
}

impl<T: Planned> From<T> for Formula {
    fn from(value: T) -> Self {
        Self::Amount { value: value.quantity(), name: "", keys: Vec::new() }
    }
}

impl From<&str> for Formula {
    fn from(word: &str) -> Self {
        word.to_owned().into()
    }
}

/// An amount with a word on what it is.
pub fn amount(value: impl Planned, name: &'static str) -> Formula {
    Formula::Amount { value: value.quantity(), name, keys: Vec::new() }
}

impl Formula {
    /// What a key holds.
    #[must_use]
    pub fn of(key: impl Into<String>, value: Quantity) -> Self {
        Self::Amount { value, name: "", keys: vec![key.into()] }
    }

    /// The same amount with a word on what it is.
    #[must_use]
    pub fn named(mut self, word: &'static str) -> Self {
        if let Self::Amount { name, .. } = &mut self {
            *name = word;
        }
        self
    }

    /// Not more than `most`.
    #[must_use]
    pub fn at_most(self, most: impl Into<Self>) -> Self {
        Self::AtMost(Box::new(self), Box::new(most.into()))
    }

    /// Not less than `least`.
    #[must_use]
    pub fn at_least(self, least: impl Into<Self>) -> Self {
        Self::AtLeast(Box::new(self), Box::new(least.into()))
    }

    /// The least multiple of `step` that is not below.
    #[must_use]
    pub fn rounded_up(self, step: impl Planned) -> Self {
        Self::RoundedUp(Box::new(self), step.quantity())
    }

    /// The greatest multiple of `step` that is not above.
    #[must_use]
    pub fn rounded_down(self, step: impl Planned) -> Self {
        Self::RoundedDown(Box::new(self), step.quantity())
    }

    fn combined(operator: Operator, one: Self, other: impl Into<Self>) -> Self {
        Self::Combined(operator, Box::new(one), Box::new(other.into()))
    }

    /// The outcome: memory in MiB, time in seconds, processor in CPUs.
    #[must_use]
    pub fn evaluate(&self) -> f64 {
        match self {
            Self::Amount { value, .. } => value.amount(),
            Self::Decimal(number) => *number,
            Self::Combined(operator, one, other) => {
                let (one, other) = (one.evaluate(), other.evaluate());
                match operator {
                    Operator::Plus => one + other,
                    Operator::Minus => one - other,
                    Operator::Times => one * other,
                    Operator::Over => one / other,
                }
            }
            Self::AtMost(inner, most) => inner.evaluate().min(most.evaluate()),
            Self::AtLeast(inner, least) => inner.evaluate().max(least.evaluate()),
            // A hair's breadth is the machine's, not the formula's.
            Self::RoundedUp(inner, step) => {
                (inner.evaluate() / step.amount() - 1e-6).ceil() * step.amount()
            }
            Self::RoundedDown(inner, step) => {
                (inner.evaluate() / step.amount() + 1e-6).floor() * step.amount()
            }
        }
    }

    /// The keys it rests on, each once, in the order they appear.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Amount { keys, .. } => {
                for key in keys {
                    if !found.contains(&key.as_str()) {
                        found.push(key);
                    }
                }
            }
            Self::Decimal(_) => {}
            Self::Combined(_, one, other)
            | Self::AtMost(one, other)
            | Self::AtLeast(one, other) => {
                one.collect(found);
                other.collect(found);
            }
            Self::RoundedUp(inner, _) | Self::RoundedDown(inner, _) => inner.collect(found),
        }
    }

    /// What is left when bounds that do not bind and rounding that changes
    /// nothing are taken away.
    fn binding(&self) -> &Self {
        match self {
            Self::AtMost(inner, _)
            | Self::AtLeast(inner, _)
            | Self::RoundedUp(inner, _)
            | Self::RoundedDown(inner, _)
                if (inner.evaluate() - self.evaluate()).abs() < 1e-6 =>
            {
                inner.binding()
            }
            binding => binding,
        }
    }

    /// How tightly its parts hold together: what stands inside something that
    /// holds tighter needs parentheses.
    fn tightness(&self) -> u8 {
        match self.binding() {
            Self::Amount { .. } | Self::Decimal(_) => 3,
            Self::Combined(Operator::Times | Operator::Over, ..) => 2,
            Self::Combined(..) => 1,
            _ => 0,
        }
    }

    fn within(&self, f: &mut fmt::Formatter<'_>, tightness: u8) -> fmt::Result {
        if self.tightness() < tightness { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.binding() {
            Self::Amount { value, name: "", .. } => write!(f, "{value}"),
            Self::Amount { value, name, .. } => write!(f, "{value} {name}"),
            Self::Decimal(number) => write!(f, "{number}"),
            Self::Combined(operator, one, other) => {
                // The right side of − and / is its own group.
                let (sign, left, right) = match operator {
                    Operator::Plus => ('+', 1, 1),
                    Operator::Minus => ('−', 1, 2),
                    Operator::Times => ('×', 2, 2),
                    Operator::Over => ('/', 2, 3),
                };
                one.within(f, left)?;
                write!(f, " {sign} ")?;
                other.within(f, right)
            }
            Self::AtMost(inner, most) => {
                write!(f, "{inner}, at most ")?;
                most.within(f, 1)
            }
            Self::AtLeast(inner, least) => {
                write!(f, "{inner}, at least ")?;
                least.within(f, 1)
            }
            Self::RoundedUp(inner, step) => write!(f, "{inner}, rounded up to {step}"),
            Self::RoundedDown(inner, step) => write!(f, "{inner}, rounded down to {step}"),
        }
    }
}

impl<T: Into<Formula>> Add<T> for Formula {
    type Output = Self;

    fn add(self, other: T) -> Self {
        Self::combined(Operator::Plus, self, other)
    }
}

impl<T: Into<Formula>> Sub<T> for Formula {
    type Output = Self;

    fn sub(self, other: T) -> Self {
        Self::combined(Operator::Minus, self, other)
    }
}

impl<T: Into<Formula>> Mul<T> for Formula {
    type Output = Self;

    fn mul(self, other: T) -> Self {
        Self::combined(Operator::Times, self, other)
    }
}

impl<T: Into<Formula>> Div<T> for Formula {
    type Output = Self;

    fn div(self, other: T) -> Self {
        Self::combined(Operator::Over, self, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{MiB, MilliCpu};

    fn cpus(milli: u32) -> Formula {
        Formula::of("deploy.cpus", Quantity::MilliCpu(MilliCpu(milli)))
    }

    #[test]
    fn a_bound_is_printed_where_it_binds() {
        let workers = |milli| (cpus(milli) + 1).at_least(2).at_most(9);
        assert_eq!(workers(2000).to_string(), "2 CPU + 1");
        assert_eq!(workers(500).to_string(), "0.5 CPU + 1, at least 2");
        assert_eq!(workers(16_000).to_string(), "16 CPU + 1, at most 9");
        assert_eq!(workers(16_000).evaluate(), 9.0);
    }

    #[test]
    fn parentheses_stand_where_they_are_needed() {
        let sum = amount(MiB(50), "gunicorn") + amount(3, "") * MiB(65);
        let formula = (sum / Formula::Decimal(0.8)).rounded_up(MiB(8));
        let text = "(50 MiB gunicorn + 3 × 65 MiB) / 0.8, rounded up to 8 MiB";
        assert_eq!((formula.to_string().as_str(), formula.evaluate()), (text, 312.0));
        let other = Formula::from(MiB(100)) - (Formula::from(MiB(10)) - MiB(5));
        assert_eq!(
            (other.to_string().as_str(), other.evaluate()),
            ("100 MiB − (10 MiB − 5 MiB)", 95.0)
        );
    }

    #[test]
    fn keys_are_those_of_everything_that_counts() {
        let formula = (cpus(2000) + 1).at_most(Formula::of("web.memory", Quantity::MiB(MiB(9))));
        assert_eq!(formula.keys(), ["deploy.cpus", "web.memory"]);
    }
}
