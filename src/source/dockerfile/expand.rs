//! Variables in the words of instructions, as BuildKit replaces them.

use crate::source::compose::interpolate::closing;

/// A word with its variables replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The text. A variable of unknown value stands as it was written.
    pub text: String,
    /// Variables whose value nobody here knows: the base image may set them.
    pub unknown: Vec<String>,
}

impl Expanded {
    /// The text, where all of it is known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        self.unknown.is_empty().then_some(self.text.as_str())
    }
}

/// Replaces variables and takes quotes off. `value` gives a variable's value:
/// `None` for one that is not known.
pub fn expand(word: &str, escape: char, value: &dyn Fn(&str) -> Option<Expanded>) -> Expanded {
    let mut out = Expanded::default();
    let mut rest = word;
    let mut quote: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = after;
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => out.text.push(c),
            (None, '\'' | '"') => quote = Some(c),
            (_, c) if c == escape => {
                let next = after.chars().next();
                match next {
                    Some(next) => {
                        // In double quotes it escapes only what means something there.
                        if quote.is_some() && !matches!(next, '"' | '$') && next != escape {
                            out.text.push(escape);
                        }
                        out.text.push(next);
                        rest = &after[next.len_utf8()..];
                    }
                    None => out.text.push(escape),
                }
            }
            (_, '$') => rest = variable(after, escape, value, &mut out),
            _ => out.text.push(c),
        }
    }
    out
}

/// Takes what follows `$`; what is left after it.
fn variable<'t>(
    after: &'t str,
    escape: char,
    value: &dyn Fn(&str) -> Option<Expanded>,
    out: &mut Expanded,
) -> &'t str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let Some(inner) = after.strip_prefix('{') else {
        let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
        if end == 0 {
            out.text.push('$');
            return after;
        }
        let name = &after[..end];
        put(out, name, &format!("${name}"), value(name));
        return &after[end..];
    };
    let end = closing(inner);
    let whole = &inner[..end];
    let rest = inner.get(end + 1..).unwrap_or_default();
    let name_end = whole.find(|c| !is_name(c)).unwrap_or(whole.len());
    let (name, operator) = whole.split_at(name_end);
    let found = value(name);
    let is_set = found.as_ref().is_some_and(|found| !found.text.is_empty());
    let word = |text: &str| expand(text, escape, value);
    let alternative = |prefix: [&str; 2]| {
        prefix.iter().find_map(|prefix| operator.strip_prefix(prefix)).map(word)
    };
    match (alternative([":-", "-"]), alternative([":+", "+"])) {
        (Some(default), _) => put(out, name, "", Some(found.filter(|_| is_set).unwrap_or(default))),
        (_, Some(other)) => {
            put(out, name, "", Some(if is_set { other } else { Expanded::default() }));
        }
        _ if operator.is_empty() || operator.starts_with([':', '?']) => {
            put(out, name, &format!("${{{whole}}}"), found);
        }
        // Patterns (`#`, `%`, `/`) are not worked out.
        _ => put(out, name, &format!("${{{whole}}}"), None),
    }
    rest
}

/// Longest text that is worked out: variables made of variables double.
const LONGEST: usize = 1 << 16;

fn put(out: &mut Expanded, name: &str, written: &str, found: Option<Expanded>) {
    match found.filter(|found| out.text.len() + found.text.len() <= LONGEST) {
        Some(found) => {
            out.text.push_str(&found.text);
            out.unknown.extend(found.unknown);
        }
        None => {
            out.text.push_str(written);
            out.unknown.push(name.to_owned());
        }
    }
}
