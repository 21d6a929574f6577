//! Which variables hold a secret.

use crate::detect::secret;

/// Whether a variable holds something that must not be read by others: its
/// name says so, and its value is none that stands in place of one.
pub fn holds_secret(name: &str, value: &str) -> bool {
    secret::is_name(name, &[]) && !is_placeholder(value) && !is_address(value)
}

/// Whether a value is the address of a page, without a user and a password in it.
fn is_address(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.split('/').next().unwrap_or(rest).contains('@'))
}

/// Whether a value is nothing but the name of another variable: `$TOKEN`.
fn is_reference(value: &str) -> bool {
    value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    })
}

/// Whether a value stands in place of a secret, or is what everybody tries first.
pub fn is_placeholder(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    let words = [
        "change",
        "replace",
        "your",
        "example",
        "xxx",
        "todo",
        "secret",
        "password",
        "dummy",
        "placeholder",
        "insert",
        "<",
        "${",
        "{{",
        "{%",
        "something",
        "...",
        "test",
        "dev",
        "local",
        "fake",
        "sample",
        "insecure",
        "default",
        "postgres",
        "admin",
        "django",
        "redis",
        "hello",
        "foobar",
    ];
    lower.len() < 8
        || is_reference(value.trim())
        || lower.chars().all(|c| c.is_ascii_digit())
        || matches!(lower.as_str(), "true" | "false")
        || words.iter().any(|word| lower.contains(word))
}
