//! Which names are those of secrets, and which values hold one.

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

/// The password in an address: `postgresql://app:pw@db/app`.
#[must_use]
pub fn password(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let (user, _) = rest.split(['/', '?']).next()?.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    // A text that mentions an address is none.
    Some(password).filter(|own| !own.is_empty() && !user.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_its_password() {
        assert_eq!(password("postgres://app:Xk29@db:5432/x"), Some("Xk29"));
        assert_eq!(password("redis://:Xk29@cache?db=1"), Some("Xk29"));
        for none in [
            "postgres://app@db/x",
            "postgres://app:@db/x",
            "app:Xk29@db",
            "http://a b:c@d",
            "http://a/b:c@d",
        ] {
            assert_eq!(password(none), None, "{none}");
        }
    }
}
