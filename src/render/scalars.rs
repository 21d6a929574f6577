//! Text as YAML writes it.

/// Text as a YAML scalar, quoted where it has to be.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// The same inside `[…]`.
pub(super) fn flow_scalar(text: &str) -> String {
    if is_plain(text) && !text.contains([',', '[', ']', '{', '}']) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Whether YAML reads text as the same text without quotes.
fn is_plain(text: &str) -> bool {
    // Of YAML 1.1 as well, which Go's libraries and CloudFormation read.
    const WORDS: [&str; 17] = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", "+.inf",
        "-.inf", ".nan", "=", "<<",
    ];
    let begins_like_syntax = text.starts_with(|c: char| "&*!|>'\"%@`#[]{},?:".contains(c))
        || text == "-"
        || text.starts_with("- ");
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_day = |part: &str| (1..=2).contains(&part.len()) && part.parse::<u8>().is_ok();
    let is_date = match text.splitn(3, '-').collect::<Vec<_>>().as_slice() {
        [year, month, rest] => {
            let day = rest.split(['T', 't', ' ']).next().unwrap_or(rest);
            year.len() == 4 && year.parse::<u16>().is_ok() && is_day(month) && is_day(day)
        }
        _ => false,
    };
    let numeric = text.parse::<f64>().is_ok()
        || is_date
        || ["0x", "0o", "0b"].iter().any(|base| digits.starts_with(base))
        || digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.replace('_', "").parse::<f64>().is_ok()
        || text.starts_with(|c: char| c.is_ascii_digit())
            && text.contains(':')
            && text.chars().all(|c| c.is_ascii_digit() || ".:".contains(c));
    !(WORDS.contains(&text.to_ascii_lowercase().as_str())
        || begins_like_syntax
        || numeric
        || text.contains(": ")
        || text.contains(" #")
        || text.ends_with(':')
        || text.trim() != text
        || text.chars().any(char::is_control))
}

/// Text as a YAML scalar in double quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Text, each line indented and begun with a line break.
pub(super) fn indented(text: &str, indent: usize) -> String {
    let space = " ".repeat(indent);
    let line = |line: &str| match line.is_empty() {
        true => "\n".to_owned(),
        false => format!("\n{space}{line}"),
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::compose::yaml::{self, Node};

    #[test]
    fn text_is_quoted_where_yaml_would_read_something_else() {
        for plain in [
            "a",
            "/tmp:size=4m",
            "127.0.0.1",
            "--app=a:b",
            "${A:-b}",
            "a@b",
            "x=1",
            "1.0.0",
            "30s",
            "2024-01",
            "440Mi",
            "10.0.0.0/8",
            "2024-01-01-build",
        ] {
            assert_eq!(scalar(plain), plain);
        }
        for text in [
            "",
            "1",
            "1.5",
            "true",
            "No",
            "101:101",
            "0.0.0.0:80",
            "*",
            "a: b",
            "a #b",
            "- a",
            "2024-01-01",
            "2024-1-1",
            "2024-01-01T10:00:00Z",
            "2024-01-01 10:00:00",
            "0x1F",
            "-0o17",
            "1_000",
            "1_0.5",
            ".inf",
            "y",
            "N",
            "<<",
            "=",
        ] {
            assert_ne!(scalar(text), text);
            let read = yaml::read(&format!("k: {}\n", scalar(text))).unwrap();
            assert_eq!(read.get("k").unwrap().node, Node::Text(text.to_owned()));
        }
        assert_eq!(flow_scalar("a,b"), "\"a,b\"");
    }
}
