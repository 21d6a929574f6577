//! A planned value with its unit.

use std::fmt;

use serde_json::{Value as Json, json};

use crate::units::{Count, KiB, MiB, MilliCpu, Milliseconds, Seconds, Word};

/// A number (or word) a plan decided, with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A plain count.
    Count(Count),
    /// Seconds.
    Seconds(Seconds),
    /// Milliseconds.
    Milliseconds(Milliseconds),
    /// Mebibytes.
    MiB(MiB),
    /// Kibibytes.
    KiB(KiB),
    /// Thousandths of a CPU.
    MilliCpu(MilliCpu),
    /// A word, such as a worker class.
    Word(Word),
}

/// A type that planned values have.
pub trait Planned: Sized {
    /// The value with its unit.
    fn quantity(self) -> Quantity;
    /// The value of a quantity; `None` where it has another unit.
    fn of(quantity: &Quantity) -> Option<Self>;
}

macro_rules! planned {
    ($($unit:ident)+) => {$(
        impl Planned for $unit {
            fn quantity(self) -> Quantity {
                Quantity::$unit(self)
            }

            fn of(quantity: &Quantity) -> Option<Self> {
                match quantity {
                    Quantity::$unit(value) => Some(value.clone()),
                    _ => None,
                }
            }
        }
    )+};
}

planned! { Count Seconds Milliseconds MiB KiB MilliCpu Word }

impl Quantity {
    /// The bare number in [`Quantity::unit`], CPUs in thousandths.
    ///
    /// # Panics
    /// For a word.
    #[must_use]
    pub fn number(&self) -> u64 {
        match self {
            Self::Count(number) => *number,
            Self::Milliseconds(Milliseconds(number)) | Self::KiB(KiB(number)) => *number,
            Self::Seconds(Seconds(number)) | Self::MiB(MiB(number)) => u64::from(*number),
            Self::MilliCpu(MilliCpu(number)) => u64::from(*number),
            Self::Word(word) => unreachable!("`{word}` is no number"),
        }
    }

    /// The amount that formulas compute with: memory in MiB, time in seconds,
    /// processor in CPUs.
    ///
    /// # Panics
    /// For a word.
    #[must_use]
    pub fn amount(&self) -> f64 {
        let number = self.number() as f64;
        match self {
            Self::Milliseconds(_) | Self::MilliCpu(_) => number / 1000.0,
            Self::KiB(_) => number / 1024.0,
            _ => number,
        }
    }

    /// The unit's symbol; empty for counts and words.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Count(_) | Self::Word(_) => "",
            Self::Seconds(_) => "s",
            Self::Milliseconds(_) => "ms",
            Self::MiB(_) => "MiB",
            Self::KiB(_) => "KiB",
            Self::MilliCpu(_) => "CPU",
        }
    }

    /// The value in JSON reports: a number in [`Quantity::unit`], or a word.
    #[must_use]
    pub fn json(&self) -> Json {
        match self {
            Self::MilliCpu(MilliCpu(milli)) => json!(f64::from(*milli) / 1000.0),
            Self::Word(word) => json!(word),
            other => json!(other.number()),
        }
    }

    /// The value in the template context: numbers, and CPUs as Compose writes
    /// them.
    #[must_use]
    pub fn in_template(&self) -> Json {
        match self {
            Self::MilliCpu(cpus) => json!(cpus.compose()),
            other => other.json(),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Seconds(seconds) => write!(f, "{seconds}"),
            Self::Milliseconds(milliseconds) => write!(f, "{milliseconds}"),
            Self::MiB(memory) => write!(f, "{memory}"),
            Self::KiB(kibibytes) => write!(f, "{kibibytes}"),
            Self::MilliCpu(cpus) => write!(f, "{cpus}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}
