//! Compose's variables in text: `$NAME`, `${NAME}`, `${NAME:-default}`,
//! `${NAME:?message}`, `$$`.

/// A variable as it stands in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'t> {
    /// Its name.
    pub name: &'t str,
    /// What stands for it where it is not set: `${NAME:-default}`.
    pub default: Option<&'t str>,
    /// Whether it has to be set: `${NAME:?message}`.
    pub required: bool,
    /// Whether it is `${NAME:+other}`, which is nothing where it is not set.
    pub alternative: bool,
}

/// Text with every variable replaced by its default, or by nothing where it
/// has none: what Compose makes of it when no variable is set.
#[must_use]
pub fn defaults(text: &str) -> String {
    replace(text, &mut |_| None)
}

/// What of a text no variable decides: each of them is nothing, its default too.
#[must_use]
pub fn literal(text: &str) -> String {
    // An empty value counts where the operator has no colon; one of blanks everywhere.
    replace(text, &mut |_| Some(" ".to_owned())).replace(' ', "")
}

/// Text with every variable replaced by what `value` gives, else by its
/// default, or by nothing where it has none. An empty value is none where the
/// operator has a colon.
pub fn replace(text: &str, value: &mut dyn FnMut(&Variable<'_>) -> Option<String>) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(next) = after.strip_prefix('$') {
            out.push('$');
            rest = next;
            continue;
        }
        // Nothing else begins a name: `$15d` is text.
        if !starts_variable(after) {
            out.push('$');
            rest = after;
            continue;
        }
        let (expression, next) = match after.strip_prefix('{') {
            Some(inner) => {
                let end = closing(inner);
                (&inner[..end], inner.get(end + 1..).unwrap_or_default())
            }
            None => after.split_at(after.find(|c| !is_name(c)).unwrap_or(after.len())),
        };
        rest = next;
        let (name, operator) =
            expression.split_at(expression.find(|c| !is_name(c)).unwrap_or(expression.len()));
        if name.is_empty() {
            continue;
        }
        let default = default_of(expression);
        let bare = operator.trim_start_matches(':');
        let other = bare.strip_prefix('+');
        let variable = Variable {
            name,
            default,
            required: bare.starts_with('?'),
            alternative: other.is_some(),
        };
        let found = value(&variable).filter(|v| !(operator.starts_with(':') && v.is_empty()));
        match (found, other, default) {
            (Some(_), Some(other), _) => out.push_str(&replace(other, value)),
            (None, Some(_), _) => {}
            (Some(found), ..) => out.push_str(&found),
            (None, _, Some(default)) => out.push_str(&replace(default, value)),
            (None, ..) => {}
        }
    }
    out.push_str(rest);
    out
}

/// Whether text holds a variable.
#[must_use]
pub fn has_variable(text: &str) -> bool {
    text.replace("$$", "").split('$').skip(1).any(starts_variable)
}

/// Whether what follows a `$` makes a variable of it.
fn starts_variable(after: &str) -> bool {
    after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '{')
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

/// The words of a command, as a shell has them; what stands in `${…}` is in
/// one of them, blanks included. `None` where quotes do not end.
#[must_use]
pub fn words(text: &str) -> Option<Vec<String>> {
    /// Stands for an expression.
    const HELD: char = '\u{1}';
    let (mut plain, mut held, mut rest) = (String::new(), Vec::new(), text);
    while let Some(at) = rest.find("${") {
        let end = (at + "${".len() + closing(&rest[at + "${".len()..]) + 1).min(rest.len());
        plain.push_str(&rest[..at]);
        plain.push(HELD);
        held.push(&rest[at..end]);
        rest = &rest[end..];
    }
    plain.push_str(rest);
    let mut held = held.into_iter();
    let mut whole = |word: String| -> String {
        word.chars()
            .map(|c| match c {
                HELD => held.next().unwrap_or_default().to_owned(),
                c => c.to_string(),
            })
            .collect()
    };
    Some(shell_words::split(&plain).ok()?.into_iter().map(&mut whole).collect())
}

/// Where the brace closes that was opened before `text`.
#[must_use]
pub fn closing(text: &str) -> usize {
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

/// The default in `NAME:-default` or `NAME-default`.
#[must_use]
pub fn default_of(expression: &str) -> Option<&str> {
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
        assert_eq!(literal("acme/shop:${TAG:-local}-${REV-dev}$X"), "acme/shop:-");
    }

    #[test]
    fn text_is_split_outside_variables_and_brackets() {
        assert_eq!(split("${P:-127.0.0.1:80}:8000", ':'), ["${P:-127.0.0.1:80}", "8000"]);
        assert_eq!(split("[::1]:80:80", ':'), ["[::1]", "80", "80"]);
    }

    #[test]
    fn an_expression_with_blanks_is_in_one_word() {
        let text = "redis-server --requirepass '${PW:?set it in .env}' --save 20 1";
        let own = words(text).unwrap();
        assert_eq!(
            own,
            ["redis-server", "--requirepass", "${PW:?set it in .env}", "--save", "20", "1"]
        );
    }

    #[test]
    fn an_escaped_dollar_is_no_variable() {
        assert!(!has_variable("pa$$word"));
        assert!(has_variable("pa$$$word"));
        assert_eq!(defaults("${KEY:-cy$15d}$"), "cy$15d$");
        assert!(!has_variable("cy$15d"));
    }
}
