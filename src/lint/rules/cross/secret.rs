//! Which variables hold a secret.

use crate::detect::secret;

/// Whether a variable holds something that must not be read by others: its
/// name says so, and its value is none that stands in place of one.
pub fn holds_secret(name: &str, value: &str) -> bool {
    secret::is_name(name, &[]) && !is_placeholder(value)
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
    lower.len() < 8
        || lower.chars().all(|c| c.is_ascii_digit())
        || matches!(lower.as_str(), "true" | "false")
        || words.iter().any(|word| lower.contains(word))
}
