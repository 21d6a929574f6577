//! Amounts as people write them in container files.

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
    fn times_are_read_as_compose_and_nginx_do() {
        for (text, expected) in
            [("90", 90), ("1m30s", 90), ("2h", 7200), ("1500ms", 1), ("40s", 40)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        assert_eq!((seconds("x"), seconds("")), (None, None));
    }
}
