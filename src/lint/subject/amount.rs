//! Amounts as people write them in container files.

/// Bytes: `512m`, `1.5gb`, `64MB`, `2GiB`, `1048576`. Units are binary.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let split = lower.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(split);
    let factor: u64 = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some((number * factor as f64) as u64)
}

/// Seconds, rounded down: `90`, `90s`, `1m30s`, `1h`, `500ms`.
#[must_use]
pub fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(plain) = text.parse() {
        return Some(plain);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let after = &rest[number..];
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let factor = match &after[..unit] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            "us" | "µs" | "ns" => 0.0,
            _ => return None,
        };
        total += rest[..number].parse::<f64>().ok()? * factor;
        rest = &after[unit..];
    }
    (!text.is_empty()).then_some(total as u64)
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
    fn amounts_are_read_as_docker_compose_and_nginx_do() {
        for (text, expected) in
            [("512m", 512 << 20), ("1.5GB", 1536 << 20), ("2GiB", 2 << 30), ("64kB", 64 << 10)]
        {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        assert_eq!((bytes("100"), bytes("x"), bytes("")), (Some(100), None, None));
        for (text, expected) in
            [("90", 90), ("1m30s", 90), ("2h", 7200), ("1500ms", 1), ("40s", 40)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        assert_eq!((seconds("x"), seconds("")), (None, None));
    }
}
