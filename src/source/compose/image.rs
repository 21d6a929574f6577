//! What a data image is: a table by its repository.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::source::compose::interpolate;

/// What an image runs.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// PostgreSQL, with or without extensions.
    Postgres,
    /// Redis, Valkey, or what speaks like them.
    Redis,
    /// nginx.
    Nginx,
}

/// How an image's entry point works.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// The Docker library's contract.
    Library,
    /// Its own.
    Own,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    name: String,
    kind: Kind,
    start: Start,
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    alpine_uid: Option<String>,
}

#[derive(Deserialize)]
struct Table {
    image: Vec<Row>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    toml::from_str::<Table>(include_str!("data/images.toml")).expect("a unit test reads it").image
});

/// A data image, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What it runs.
    pub kind: Kind,
    /// How it starts.
    pub start: Start,
    /// Owner of its data as `user:group`, where that is certain.
    pub uid: Option<String>,
    /// Major version of what it runs, where the tag says.
    pub major: Option<u32>,
}

/// What an image reference names, variables at their defaults; `None` for an
/// image that is not in the table.
#[must_use]
pub fn known(reference: &str) -> Option<Known> {
    let reference = interpolate::defaults(reference);
    let (repository, tag) = parts(&reference);
    let row = ROWS.iter().find(|row| {
        repository == row.name
            || repository.strip_suffix(&row.name).is_some_and(|prefix| {
                // A registry or a mirror in front, no other namespace.
                prefix.ends_with('/') && (row.name.contains('/') || is_mirror(prefix))
            })
    })?;
    let alpine = tag.contains("alpine");
    let uid = if alpine { row.alpine_uid.clone() } else { row.uid.clone() };
    Some(Known { kind: row.kind, start: row.start, uid, major: major(tag) })
}

/// The test by which a database or broker is seen to answer, as Compose has
/// it, where it is the same whatever the container is told.
#[must_use]
pub fn check(reference: &str) -> Option<&'static str> {
    let (repository, tag) = parts(reference);
    // Of a mirror the image is the same.
    let of_hub = repository.trim_start_matches("docker.io/");
    let major: Option<u32> =
        tag.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    let since = |least: u32| major.is_none_or(|major| major >= least);
    match of_library(repository).unwrap_or(of_hub) {
        "mariadb" if since(11) => Some("[CMD, healthcheck.sh, --connect, --innodb_initialized]"),
        // Older ones of MariaDB are asked as MySQL is: their data may lack the user that
        // the script of newer images connects as.
        "mysql" | "mariadb" => Some("[CMD, mysqladmin, ping, -h, 127.0.0.1, --silent]"),
        "mongo" | "bitnami/mongodb" | "bitnamilegacy/mongodb" if since(6) => {
            Some("[CMD, mongosh, --quiet, --eval, \"db.adminCommand('ping').ok\"]")
        }
        "rabbitmq" | "bitnami/rabbitmq" | "bitnamilegacy/rabbitmq" => {
            Some("[CMD, rabbitmq-diagnostics, -q, ping]")
        }
        _ => None,
    }
}

/// Repository and tag of a reference; a digest says nothing.
#[must_use]
pub fn parts(reference: &str) -> (&str, &str) {
    let reference = reference.split('@').next().unwrap_or(reference);
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (reference, ""),
    }
}

/// The tag of a reference, with its digest.
#[must_use]
pub fn tag(reference: &str) -> Option<&str> {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    name.split_once(':').map(|(_, tag)| tag)
}

/// The name of a repository of Docker's library, also where a registry or a mirror
/// stands before it: `mongo` of `docker.io/library/mongo`.
#[must_use]
pub fn of_library(repository: &str) -> Option<&str> {
    let (prefix, name) = repository.rsplit_once('/').unwrap_or(("", repository));
    (prefix.is_empty() || is_mirror(prefix)).then_some(name)
}

/// `docker.io/library/`, `mirror.example.com/`, `registry:5000/library/`.
fn is_mirror(prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    let namespace = prefix.rsplit('/').next().unwrap_or(prefix);
    namespace == "library"
        || (!prefix.contains('/') && (prefix.contains('.') || prefix.contains(':')))
}

/// The major version a tag begins with; `pg16` and `2.17.2-pg15` say it of
/// PostgreSQL's in images that have a version of their own.
fn major(tag: &str) -> Option<u32> {
    let marked = tag.split(['-', '.']).find_map(|part| part.strip_prefix("pg")?.parse().ok());
    let leading: String = tag.chars().take_while(char::is_ascii_digit).collect();
    marked.or_else(|| leading.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_names_each_image_once() {
        let mut names: Vec<&str> = ROWS.iter().map(|row| row.name.as_str()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn data_images_are_known_by_their_repository() {
        for (reference, kind, uid, major) in [
            ("postgres:13", Kind::Postgres, Some("999:999"), Some(13)),
            ("postgres", Kind::Postgres, Some("999:999"), None),
            ("postgres:13.3-alpine", Kind::Postgres, Some("70:70"), Some(13)),
            ("docker.io/library/postgres:16@sha256:abc", Kind::Postgres, Some("999:999"), Some(16)),
            ("mirror.example.com:5000/postgres:16", Kind::Postgres, Some("999:999"), Some(16)),
            ("pgvector/pgvector:pg17", Kind::Postgres, Some("999:999"), Some(17)),
            ("timescale/timescaledb:2.17.2-pg15", Kind::Postgres, Some("70:70"), Some(15)),
            ("bitnami/postgresql:16", Kind::Postgres, None, Some(16)),
            ("postgres:${PG:-15}-alpine", Kind::Postgres, Some("70:70"), Some(15)),
            ("redis:7-alpine", Kind::Redis, Some("999:1000"), Some(7)),
            ("nginx:alpine", Kind::Nginx, None, None),
        ] {
            let known = known(reference).unwrap_or_else(|| panic!("{reference}"));
            assert_eq!(known.kind, kind, "{reference}");
            assert_eq!(known.uid.as_deref(), uid, "{reference}");
            assert_eq!(known.major, major, "{reference}");
        }
    }

    #[test]
    fn other_images_are_not_taken_for_them() {
        for reference in [
            "mysql:8",
            "dpage/pgadmin4",
            "oliver006/redis_exporter",
            "acme/postgres",
            "prodrigestivill/postgres-backup-local",
            "jwilder/nginx-proxy",
        ] {
            assert_eq!(known(reference), None, "{reference}");
        }
    }

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(parts("shop:local"), ("shop", "local"));
        assert_eq!(parts("host:5000/shop"), ("host:5000/shop", ""));
        assert_eq!(parts("host:5000/shop:v1@sha256:0"), ("host:5000/shop", "v1"));
    }
}
