//! A planned value with its unit.

use std::fmt;

use serde_json::{Value as Json, json};

use crate::units::{MiB, MilliCpu};

/// A number (or word) a plan decided, with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A plain count.
    Count(u64),
    /// Seconds.
    Seconds(u32),
    /// Milliseconds.
    Milliseconds(u64),
    /// Mebibytes.
    MiB(MiB),
    /// Kibibytes.
    KiB(u64),
    /// Thousandths of a CPU.
    MilliCpu(MilliCpu),
    /// A word, such as a worker class.
    Word(String),
}

impl Quantity {
    /// The bare number; 0 for a word.
    #[must_use]
    pub fn number(&self) -> u64 {
        match self {
            Self::Count(number) | Self::Milliseconds(number) | Self::KiB(number) => *number,
            Self::Seconds(seconds) => u64::from(*seconds),
            Self::MiB(MiB(mebibytes)) => u64::from(*mebibytes),
            Self::MilliCpu(MilliCpu(milli)) => u64::from(*milli),
            Self::Word(_) => 0,
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
            Self::Word(word) => json!(word),
            other => json!(other.number()),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Seconds(seconds) => write!(f, "{seconds} s"),
            Self::Milliseconds(milliseconds) => write!(f, "{milliseconds} ms"),
            Self::MiB(memory) => write!(f, "{memory}"),
            Self::KiB(kibibytes) => write!(f, "{kibibytes} KiB"),
            Self::MilliCpu(cpus) => write!(f, "{cpus}"),
            Self::Word(word) => f.write_str(word),
        }
    }
}
