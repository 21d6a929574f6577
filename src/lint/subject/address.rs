//! Variables that say where a database, a cache or a broker is.

use super::{Container, Kind};
use crate::lint::diagnostic::At;

/// Where something is, as a variable says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The variable.
    pub variable: String,
    /// What is there: PostgreSQL, Redis, …; several where only the name of the
    /// variable tells.
    pub kinds: &'static [Kind],
    /// The host, never empty.
    pub host: String,
    /// The port, where it is said.
    pub port: Option<u16>,
    /// What follows the host of a URL, without its `/`: a database's name or number.
    pub path: String,
    /// Where the variable is set.
    pub at: At,
}

impl Address {
    /// Whether it is the container itself.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(&self.host)
    }
}

/// Whether a host is, in every container, that container itself: a service of this
/// name is found by no other one.
#[must_use]
pub fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1" | "0.0.0.0")
}

const SCHEMES: &[(&str, &[Kind])] = &[
    ("postgres", &[Kind::Postgres]),
    ("postgresql", &[Kind::Postgres]),
    ("postgis", &[Kind::Postgres]),
    ("psql", &[Kind::Postgres]),
    ("mysql", &[Kind::Mysql]),
    ("mariadb", &[Kind::Mysql]),
    ("mongodb", &[Kind::Mongo]),
    ("redis", &[Kind::Redis]),
    ("rediss", &[Kind::Redis]),
    ("amqp", &[Kind::Rabbitmq]),
    ("pyamqp", &[Kind::Rabbitmq]),
];

/// Words of names of variables that hold a host.
const WORDS: &[(&str, &[Kind])] = &[
    ("POSTGRES", &[Kind::Postgres]),
    ("PG", &[Kind::Postgres]),
    ("MYSQL", &[Kind::Mysql]),
    ("MONGO", &[Kind::Mongo]),
    ("MONGODB", &[Kind::Mongo]),
    ("REDIS", &[Kind::Redis]),
    ("RABBITMQ", &[Kind::Rabbitmq]),
    ("MEMCACHED", &[Kind::Memcached]),
    ("DB", &[Kind::Postgres, Kind::Mysql, Kind::Mongo]),
    ("DATABASE", &[Kind::Postgres, Kind::Mysql, Kind::Mongo]),
    ("SQL", &[Kind::Postgres, Kind::Mysql]),
];

impl Container {
    /// Where its variables say that its database, its cache and its broker are.
    #[must_use]
    pub fn addresses(&self) -> Vec<Address> {
        let mut found = Vec::new();
        for (name, variable) in &self.env {
            let Some(value) = variable.value.as_deref().map(str::trim) else { continue };
            let address = match value.split_once("://") {
                Some((scheme, rest)) => of_url(scheme, rest),
                None => of_name(name, value),
            };
            if let Some((kinds, host, port, path)) = address
                && !host.is_empty()
            {
                let variable_name = name.clone();
                found.push(Address {
                    variable: variable_name,
                    kinds,
                    host,
                    port,
                    path,
                    at: variable.at,
                });
            }
        }
        found
    }
}

type Parts = (&'static [Kind], String, Option<u16>, String);

fn of_url(scheme: &str, rest: &str) -> Option<Parts> {
    let scheme = scheme.split('+').next().unwrap_or(scheme).to_ascii_lowercase();
    let (_, kinds) = SCHEMES.iter().find(|(name, _)| *name == scheme)?;
    // A password may hold anything but the last `@` before the path.
    let end = rest.rfind('@').map_or(0, |at| at + 1);
    let tail = &rest[end..];
    let authority = tail.split(['/', '?', '#']).next().unwrap_or(tail);
    let path = tail[authority.len()..].trim_start_matches('/');
    let path = path.split(['?', '#']).next().unwrap_or(path);
    // Several hosts, or an address of IPv6: nobody's service.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if !authority.chars().all(plain) {
        return None;
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (authority, None),
    };
    Some((kinds, host.to_owned(), port, path.to_owned()))
}

fn of_name(name: &str, value: &str) -> Option<Parts> {
    let upper = name.to_ascii_uppercase();
    let stem = upper.strip_suffix("HOST").or_else(|| upper.strip_suffix("HOSTNAME"))?;
    let last = stem.trim_end_matches('_').rsplit('_').next().unwrap_or(stem);
    let (_, kinds) = WORDS.iter().find(|(word, _)| *word == last)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!value.is_empty() && value.chars().all(plain))
        .then(|| (*kinds, value.to_owned(), None, String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_urls_and_names() {
        let of = |url: &str| {
            let (scheme, rest) = url.split_once("://").unwrap();
            of_url(scheme, rest).map(|(kinds, host, port, path)| (kinds[0], host, port, path))
        };
        assert_eq!(
            of("postgresql+asyncpg://u:p@ss/w@db:5432/app?x=1"),
            Some((Kind::Postgres, "db".into(), Some(5432), "app".into()))
        );
        assert_eq!(of("redis://cache/1"), Some((Kind::Redis, "cache".into(), None, "1".into())));
        assert_eq!(of("sqlite:///x.db"), None);
        assert_eq!(of("http://db"), None);
        assert!(of_name("DB_HOST", "db").is_some() && of_name("PGHOST", "db").is_some());
        assert!(of_name("EMAIL_HOST", "localhost").is_none());
    }
}
