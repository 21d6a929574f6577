//! Which names are those of secrets.

/// Parts of names whose values are secret.
const SECRET: [&str; 7] =
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY"];

/// Parts that make a name tell about a secret, not hold it.
const ABOUT: [&str; 19] = [
    "RANDOM_ROOT",
    "_FILE",
    "_PATH",
    "EXPIR",
    "ALGORITHM",
    "LIFETIME",
    "MINUTES",
    "SECONDS",
    "ALLOW_EMPTY",
    "_TTL",
    "_NAME",
    "_HEADER",
    "_URL",
    "_URI",
    "_ENDPOINT",
    "LENGTH",
    "MAX_TOKENS",
    "PUBLIC",
    "HASHER",
];

/// Whether the value of a variable of this name must not be read by others;
/// `more` are parts that say so, too.
#[must_use]
pub fn is_name(name: &str, more: &[&str]) -> bool {
    let name = name.to_ascii_uppercase();
    let mut parts = SECRET.iter().chain(more);
    let secret = parts.any(|part| name.contains(part)) || name.ends_with("_PASS");
    secret && !ABOUT.iter().any(|part| name.contains(part))
}

/// The same of a variable of a running service, where any key counts that is not meant
/// to be public.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    is_name(name, &["CREDENTIAL"])
        || upper.ends_with("_KEY") && !upper.contains("PUBLIC") && !upper.starts_with("GPG")
}
