//! Memory, processor and time as types, so that no bare number changes its
//! unit on the way from an answer to a generated file.

use std::fmt;

use serde::{Serialize, Serializer};

/// Bytes as people write them in container files: `512m`, `1.5gb`, `64MB`,
/// `2GiB`, `1048576`. Units are binary.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let split = lower.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(split);
    let factor: u64 = match unit {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some((number * factor as f64) as u64)
}

/// An amount of memory in mebibytes (2^20 bytes), the unit of every planned
/// memory figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MiB(pub u32);

impl MiB {
    /// Reads what people write for memory: `512M`, `512MB`, `512MiB`, `2G`,
    /// `2GB`, `1.5GiB`. Units are binary, as Docker reads them.
    ///
    /// # Errors
    /// A sentence saying what was expected, when the text is no such amount.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no amount of memory; write it like 512MiB or 2GiB");
        // A number alone, or kibibytes, are no unit to plan memory in.
        let has_unit = text.contains(['m', 'M', 'g', 'G', 't', 'T']);
        let mebibytes = bytes(text).filter(|_| has_unit).map(|bytes| bytes >> 20);
        let mebibytes = mebibytes.and_then(|own| u32::try_from(own).ok());
        mebibytes.filter(|own| (1..=u32::MAX / 1024).contains(own)).map(Self).ok_or_else(expected)
    }

    /// This amount times `numerator / denominator`, rounded down.
    #[must_use]
    pub fn scaled(self, numerator: u32, denominator: u32) -> Self {
        Self((u64::from(self.0) * u64::from(numerator) / u64::from(denominator)) as u32)
    }

    /// The least multiple of `step` that is not below this amount.
    #[must_use]
    pub fn round_up(self, step: u32) -> Self {
        Self(self.0.div_ceil(step) * step)
    }

    /// The greatest multiple of `step` that is not above this amount.
    #[must_use]
    pub fn round_down(self, step: u32) -> Self {
        Self(self.0 / step * step)
    }
}

impl fmt::Display for MiB {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= 1024 && self.0.is_multiple_of(512) {
            write!(f, "{} GiB", f64::from(self.0) / 1024.0)
        } else {
            write!(f, "{} MiB", self.0)
        }
    }
}

impl Serialize for MiB {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

/// A share of processor time in thousandths of one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MilliCpu(pub u32);

impl MilliCpu {
    /// Reads `2`, `0.5`, `1.25` or `500m`.
    ///
    /// # Errors
    /// A sentence saying what was expected, when the text is no such share.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no number of CPUs; write it like 2, 0.5 or 500m");
        let text = text.trim();
        let milli = match text.strip_suffix('m') {
            Some(milli) => milli.parse::<f64>().map_err(|_| expected())?,
            None => text.parse::<f64>().map_err(|_| expected())? * 1000.0,
        };
        if !(milli.is_finite() && (10.0..=1_024_000.0).contains(&milli)) {
            return Err(expected());
        }
        Ok(Self(milli.round() as u32))
    }

    /// How many threads this share keeps busy: whole CPUs, and at least one.
    #[must_use]
    pub fn threads(self) -> u32 {
        (self.0 / 1000).max(1)
    }

    /// The greatest multiple of `step` that is not above this share.
    #[must_use]
    pub fn round_down(self, step: u32) -> Self {
        Self(self.0 / step * step)
    }

    /// As Compose reads it: `0.25`, `1.50`.
    #[must_use]
    pub fn compose(self) -> String {
        format!("{}.{:02}", self.0 / 1000, self.0 % 1000 / 10)
    }
}

/// A plain count.
pub type Count = u64;

/// A word in place of a number, such as a worker class.
pub type Word = String;

/// Kibibytes (2^10 bytes), where a setting is finer than [`MiB`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KiB(pub u64);

impl fmt::Display for KiB {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB", self.0)
    }
}

/// Seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u32);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Milliseconds(pub u64);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

impl fmt::Display for MilliCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} CPU", f64::from(self.0) / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_docker_compose_and_nginx_do() {
        for (text, expected) in
            [("512m", 512 << 20), ("1.5GB", 1536 << 20), ("2GiB", 2 << 30), ("64kB", 64 << 10)]
        {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        assert_eq!((bytes("100b"), bytes("x"), bytes("")), (Some(100), None, None));
    }

    #[test]
    fn memory_is_read_in_binary_units_whatever_the_spelling() {
        for text in ["2G", "2gb", "2GiB", " 2048 MiB ", "2048m"] {
            assert_eq!(MiB::parse(text), Ok(MiB(2048)), "{text}");
        }
        assert_eq!(MiB::parse("1.5GiB"), Ok(MiB(1536)));
    }

    #[test]
    fn memory_without_a_unit_or_of_nonsense_is_refused() {
        for text in ["512", "", "lots", "-1G", "0.2MiB", "1e99G", "5KB", "NaNG"] {
            assert!(MiB::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn below_one_cpu_there_is_still_one_thread() {
        assert_eq!(MilliCpu(250).threads(), 1);
        assert_eq!(MilliCpu(1999).threads(), 1);
        assert_eq!(MilliCpu(2000).threads(), 2);
    }

    #[test]
    fn cpus_are_read_as_decimals_or_thousandths() {
        assert_eq!(MilliCpu::parse("0.5"), Ok(MilliCpu(500)));
        assert_eq!(MilliCpu::parse("500m"), Ok(MilliCpu(500)));
        assert_eq!(MilliCpu(1250).compose(), "1.25");
        assert!(MilliCpu::parse("0").is_err());
        assert!(MilliCpu::parse("two").is_err());
    }
}
