//! Values that let settings be imported while an image is built. Nothing is
//! connected to.

use crate::detect::facts::Meaning;

/// Long enough for every check of a secret's length.
const SECRET: &str = "built-without-secrets-built-without-secrets-built-1";

/// A value of the right form for what a variable means.
pub(super) fn of(meaning: &Meaning) -> Option<String> {
    Some(match meaning {
        Meaning::DatabaseUrl { scheme } => format!("{scheme}://build:build@127.0.0.1/build"),
        Meaning::DatabaseHost | Meaning::CacheHost | Meaning::BrokerHost => "127.0.0.1".into(),
        Meaning::DatabasePort => "5432".into(),
        Meaning::CachePort | Meaning::BrokerPort => "6379".into(),
        Meaning::DatabaseName
        | Meaning::DatabaseUser
        | Meaning::DatabasePassword
        | Meaning::CachePassword
        | Meaning::BrokerPassword => "build".into(),
        Meaning::CacheUrl | Meaning::BrokerUrl | Meaning::ResultUrl => {
            "redis://127.0.0.1:6379/0".into()
        }
        Meaning::SecretKey => SECRET.into(),
        Meaning::AllowedHosts { .. } => "localhost".into(),
        Meaning::TrustedOrigins { .. } => "http://localhost".into(),
        Meaning::Debug { off } | Meaning::HttpsAlone { off } => off.clone(),
        Meaning::Constant { value } => value.clone(),
    })
}

/// A value that code is likely to accept, by what a variable's name says of
/// its form; an address of a database is one of the code's own kind.
pub(super) fn by_name(name: &str, secret: bool, database: Option<&str>) -> String {
    let name = name.to_ascii_uppercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.split('_').any(|word| word == *part));
    if secret {
        SECRET.into()
    } else if has(&["DSN"]) {
        "http://build@127.0.0.1/1".into()
    } else if has(&["URL", "URI"]) && has(&["DATABASE", "DB", "SQLALCHEMY"]) {
        match database {
            Some("sqlite") => "sqlite:////tmp/build.db".into(),
            Some("mysql" | "mariadb") => "mysql://build:build@127.0.0.1/build".into(),
            Some("mongodb") => "mongodb://127.0.0.1/build".into(),
            _ => "postgresql://build:build@127.0.0.1/build".into(),
        }
    } else if has(&["URL", "URI"]) && has(&["REDIS", "CACHE", "BROKER", "CELERY"]) {
        "redis://127.0.0.1:6379/0".into()
    } else if has(&["URL", "URI", "ENDPOINT"]) {
        "http://127.0.0.1/build".into()
    } else if has(&["EMAIL", "FROM", "SENDER"]) {
        "build@localhost".into()
    } else if has(&["HOST", "HOSTNAME", "SERVER"]) {
        "127.0.0.1".into()
    } else if has(&["DEBUG", "USE", "ENABLE", "ENABLED", "IS"]) {
        "0".into()
    } else if has(&[
        "PORT", "TIMEOUT", "SIZE", "COUNT", "LIMIT", "SECONDS", "MINUTES", "HOURS", "DAYS", "TTL",
        "AGE", "MAX", "MIN", "NUM", "ID",
    ]) {
        "1".into()
    } else {
        "build".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_form() {
        assert_eq!(by_name("SMTP_PORT", false, None), "1");
        assert_eq!(by_name("SENTRY_DSN", false, None), "http://build@127.0.0.1/1");
        assert_eq!(by_name("SUPPORT", false, None), "build");
        assert!(by_name("JWT_KEY", true, None).len() >= 50);
        assert_eq!(by_name("DATABASE_URL", false, Some("sqlite")), "sqlite:////tmp/build.db");
        assert!(by_name("APP_DB_URI", false, Some("mysql")).starts_with("mysql://"));
        assert!(by_name("DATABASE_URL", false, None).starts_with("postgresql://"));
    }
}
