//! Compose's variables in text: `$NAME`, `${NAME}`, `${NAME:-default}`,
//! `${NAME:?message}`, `$$`.

/// Text with every variable replaced by its default, or by nothing where it
/// has none: what Compose makes of it when no variable is set.
#[must_use]
pub fn defaults(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        rest = if let Some(next) = after.strip_prefix('$') {
            out.push('$');
            next
        } else if let Some(inner) = after.strip_prefix('{') {
            let end = closing(inner);
            let expression = &inner[..end];
            if let Some(default) = default_of(expression) {
                out.push_str(&defaults(default));
            }
            inner.get(end + 1..).unwrap_or_default()
        } else {
            after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
        };
    }
    out.push_str(rest);
    out
}

/// Whether text holds a variable.
#[must_use]
pub fn has_variable(text: &str) -> bool {
    text.replace("$$", "").contains('$')
}

/// Splits at `separator`, not inside `${…}` or `[…]`.
#[must_use]
pub fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Where the brace closes that was opened before `text`.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn default_of(expression: &str) -> Option<&str> {
    let name_end = expression.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let operator = &expression[name_end..];
    operator.strip_prefix(":-").or_else(|| operator.strip_prefix('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_by_their_defaults() {
        assert_eq!(defaults("postgres:${PG:-15}-alpine"), "postgres:15-alpine");
        assert_eq!(defaults("${A:-${B:-127.0.0.1:80}}:$C"), "127.0.0.1:80:");
        assert_eq!(defaults("${X:?set it}pa$$word"), "pa$word");
        assert_eq!(defaults("${X-}${Y:+z}"), "");
    }

    #[test]
    fn text_is_split_outside_variables_and_brackets() {
        assert_eq!(split("${P:-127.0.0.1:80}:8000", ':'), ["${P:-127.0.0.1:80}", "8000"]);
        assert_eq!(split("[::1]:80:80", ':'), ["[::1]", "80", "80"]);
    }

    #[test]
    fn an_escaped_dollar_is_no_variable() {
        assert!(!has_variable("pa$$word"));
        assert!(has_variable("pa$$$word"));
    }
}
