//! Which variables hold a secret.

use crate::detect::secret;

/// Whether a variable holds something that must not be read by others: its
/// name says so, and its value is none that stands in place of one.
pub fn holds_secret(name: &str, value: &str) -> bool {
    secret::is_name(name, &[]) && !is_placeholder(value) && !is_address(value)
}

/// Whether a value is a secret by itself, whatever its name says: an address with a password
/// in it, or a token in a form that its maker gives to nothing else.
pub fn is_secret_by_itself(value: &str) -> bool {
    secret::password(value).is_some_and(|own| !is_placeholder(own)) || is_token(value)
}

/// Whether a value is a token, by how such a one begins, or a private key.
fn is_token(value: &str) -> bool {
    // GitHub's, GitLab's, Slack's and Stripe's, as their documentation has them.
    const STARTS: [&str; 10] = [
        "ghp_",
        "gho_",
        "ghs_",
        "ghu_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
        "sk_live_",
        "rk_live_",
    ];
    const SHORTEST: usize = 20;
    let value = value.trim();
    let is_of_maker = STARTS.iter().any(|start| value.starts_with(start));
    let is_key = value.starts_with("-----BEGIN ") && value.contains("PRIVATE KEY-----");
    is_key || is_of_maker && value.len() >= SHORTEST && !is_placeholder(value)
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
        "$(",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_password_and_a_token_are_secrets_by_themselves() {
        for own in [
            "postgres://app:Xk29dkwoPq81@db/x",
            "postgres://app:Xk29dkwoPq81@${Host}/x",
            "ghp_kF9w2LqZ7RtYxQ04kF9w2LqZ7RtYxQ04",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        ] {
            assert!(is_secret_by_itself(own), "{own}");
        }
        for none in [
            "postgres://app:$(DB_PW)@db/x",
            "postgres://app:${DatabasePw}@db/x",
            "postgres://app:changeme1@db/x",
            "ghp_kF9w",
            "ghp_your-token-is-to-be-put-in-here",
            "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
        ] {
            assert!(!is_secret_by_itself(none), "{none}");
        }
    }
}
