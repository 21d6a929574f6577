//! Paths inside the repository as text, and variables inside of them.

pub use crate::relpath::{file_name as name, join, parent};

/// `$NAME`, `${NAME}`, `$(NAME)` and `${NAME:-default}` replaced where `known`
/// has the name; everything else stays as it is.
#[must_use]
pub fn expand(text: &str, known: &[(String, String)]) -> String {
    let value = |name: &str| {
        known.iter().rev().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let (whole, name) = variable(after);
        match value(name) {
            Some(value) if !name.is_empty() && !value.contains('$') => out.push_str(value),
            _ => out.push_str(&after[..whole]),
        }
        rest = &after[whole..];
    }
    out.push_str(rest);
    out
}

/// How long the variable is that `text` begins with, and its name.
fn variable(text: &str) -> (usize, &str) {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let braced = |close: char| {
        let end = text.find(close)?;
        let inner = &text[2..end];
        let name_end = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
        let plain = name_end == inner.len() || inner[name_end..].starts_with([':', '-', '=']);
        plain.then_some((end + 1, &inner[..name_end]))
    };
    if text.starts_with("${") {
        return braced('}').unwrap_or((1, ""));
    }
    if text.starts_with("$(") {
        return braced(')').unwrap_or((1, ""));
    }
    let end = text[1..].find(|c| !is_name(c)).map_or(text.len(), |end| end + 1);
    (end, &text[1..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_variables_are_put_in_and_others_stay() {
        let known = [("A".to_owned(), "shop".to_owned())];
        assert_eq!(
            expand("$A.wsgi:${A} ${B:-x} $B ${A:-y} $", &known),
            "shop.wsgi:shop ${B:-x} $B shop $"
        );
        assert_eq!(expand("é$", &known), "é$");
        assert_eq!(expand("$(pwd -P)/x", &known), "$(pwd -P)/x");
    }
}
