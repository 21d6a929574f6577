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

fn is_placeholder(value: &str) -> bool {
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
    ];
    // `$TOKEN`: what the surroundings have under that name.
    let is_reference = lower
        .strip_prefix('$')
        .is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    lower.len() < 8
        || is_reference
        || matches!(lower.as_str(), "helloworld" | "hello-world" | "hello_world" | "foobarbaz")
        || lower.chars().all(|c| c.is_ascii_digit())
        || matches!(lower.as_str(), "true" | "false")
        || words.iter().any(|word| lower.contains(word))
}
