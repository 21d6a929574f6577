//! The order of versions, whoever wrote them: PyPI, a registry, a preset.

use std::cmp::Ordering;
use std::str::FromStr as _;

use pep440_rs::Version;

/// Compares by the numbers a version begins with, where it is none of PEP
/// 440; `None` where one has no numbers.
#[must_use]
pub fn compare(one: &str, other: &str) -> Option<Ordering> {
    let [one, other] = [one, other].map(|text| text.strip_prefix('v').unwrap_or(text));
    if let (Ok(one), Ok(other)) = (Version::from_str(one), Version::from_str(other)) {
        return Some(one.cmp(&other));
    }
    let numbers = |text: &str| -> Option<Vec<u64>> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let parts = text[..end].trim_end_matches('.').split('.');
        let mut numbers: Vec<u64> = parts.map(|part| part.parse().ok()).collect::<Option<_>>()?;
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(numbers)
    };
    Some(numbers(one)?.cmp(&numbers(other)?))
}

/// What a version or a tag begins with: `17` of `17.2-trixie` and of `v17`.
#[must_use]
pub fn major(version: &str) -> &str {
    let version = version.strip_prefix('v').unwrap_or(version);
    version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or(version)
}
