//! Amounts as people write them in container files.

/// Seconds, rounded down: `90`, `90s`, `1m30s`, `1h`, `500ms`.
#[must_use]
pub fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(plain) = text.parse() {
        return Some(plain);
    }
    let factor = |unit: &str| match unit {
        "us" | "µs" | "ns" => Some(0.0),
        unit => factor(unit),
    };
    let total = sum(text, factor)?;
    (!text.is_empty()).then_some(total as u64)
}

/// Seconds with their parts, of a time with units: `1m30s`, `500ms`, `20us`.
#[must_use]
pub fn exact_seconds(text: &str) -> Option<f64> {
    sum(text, factor)
}

/// Seconds of a unit.
fn factor(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    })
}

/// Adds up numbers with their units.
fn sum(text: &str, factor: impl Fn(&str) -> Option<f64>) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let after = &rest[number..];
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        total += rest[..number].parse::<f64>().ok()? * factor(&after[..unit])?;
        rest = &after[unit..];
    }
    Some(total)
}

/// Bytes as people write them: `512 MiB`.
#[must_use]
pub fn mebibytes(bytes: u64) -> String {
    let whole = bytes >> 20;
    if whole == 0 { format!("{} KiB", bytes >> 10) } else { format!("{whole} MiB") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_compose_and_nginx_do() {
        for (text, expected) in
            [("90", 90), ("1m30s", 90), ("2h", 7200), ("1500ms", 1), ("40s", 40)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        assert_eq!((seconds("x"), seconds("")), (None, None));
    }

    #[test]
    fn a_time_is_read_as_compose_writes_it() {
        assert_eq!(exact_seconds("1m30s"), Some(90.0));
        assert_eq!(exact_seconds("500ms"), Some(0.5));
        assert_eq!(exact_seconds("40s"), Some(40.0));
        assert_eq!(exact_seconds("soon"), None);
    }
}
