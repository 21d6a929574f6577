//! Tables of packages, schemes, engines, images and variable names that tell
//! which service is meant. The data stands in `data/services.toml`,
//! each row with where it was read.

use std::sync::LazyLock;

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
pub struct Tables {
    /// Packages that talk to a database.
    pub driver: Vec<Driver>,
    /// What addresses begin with.
    pub scheme: Vec<Named>,
    /// Django's and others' engine names, by what they end with.
    pub engine: Vec<Named>,
    /// Container images, by the last part of their name.
    pub image: Vec<Named>,
    /// Variables, by how their name begins.
    pub prefix: Vec<Named>,
    /// Task queues.
    pub queue: Vec<Queue>,
}

/// A package that talks to a database.
#[derive(Debug, Deserialize)]
pub struct Driver {
    /// Normalised name.
    pub package: String,
    /// The database.
    pub service: String,
    /// Scheme of SQLAlchemy's addresses; empty where SQLAlchemy has none.
    #[serde(default)]
    pub scheme: String,
}

/// A name that tells which service is meant.
#[derive(Debug, Deserialize)]
pub struct Named {
    /// The name or its beginning or end.
    pub name: String,
    /// The service.
    pub service: String,
}

/// A task queue that is not Celery.
#[derive(Debug, Deserialize)]
pub struct Queue {
    /// How it is called.
    pub name: String,
    /// Normalised names of packages that are it.
    pub packages: Vec<String>,
    /// Modules that code which uses it imports.
    pub modules: Vec<String>,
    /// Programs that run its workers.
    #[serde(default)]
    pub programs: Vec<String>,
    /// Its broker, where it has only one.
    #[serde(default)]
    pub broker: String,
}

/// The tables.
pub static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    toml::from_str(include_str!("data/services.toml")).expect("a unit test reads the file")
});

impl Tables {
    /// The service an address is of, by its scheme.
    #[must_use]
    pub fn service_of_url(&self, url: &str) -> Option<&'static str> {
        let (scheme, _) = url.split_once(':')?;
        let base = scheme.split('+').next().unwrap_or(scheme);
        named(&TABLES.scheme, |name| name.eq_ignore_ascii_case(base))
    }

    /// The database of an engine, by its name: `django.db.backends.postgresql`.
    #[must_use]
    pub fn service_of_engine(&self, engine: &str) -> Option<&'static str> {
        let last = engine.rsplit("backends.").next().unwrap_or(engine);
        named(&TABLES.engine, |name| {
            engine == name || last == name || engine.ends_with(&format!(".{name}"))
        })
    }

    /// The service of an image: `postgis/postgis:16-3.4`.
    #[must_use]
    pub fn service_of_image(&self, image: &str) -> Option<&'static str> {
        let image = image.split('@').next().unwrap_or(image);
        let last = image.rsplit('/').next().unwrap_or(image);
        let name = last.split(':').next().unwrap_or(last);
        named(&TABLES.image, |known| known == name)
    }

    /// The service that a variable's name speaks of: `POSTGRES_HOST`.
    #[must_use]
    pub fn service_of_variable(&self, variable: &str) -> Option<&'static str> {
        let upper = variable.to_ascii_uppercase();
        named(&TABLES.prefix, |prefix| {
            upper == prefix
                || upper.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_'))
                || (upper.contains(prefix) && upper.contains(&format!("_{prefix}_")))
        })
    }

    /// A driver by its package.
    #[must_use]
    pub fn driver(&self, package: &str) -> Option<&'static Driver> {
        TABLES.driver.iter().find(|driver| driver.package == package)
    }
}

fn named(table: &'static [Named], test: impl Fn(&str) -> bool) -> Option<&'static str> {
    table.iter().find(|row| test(&row.name)).map(|row| row.service.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_where_it_was_read() {
        let data: toml::Table = toml::from_str(include_str!("data/services.toml")).unwrap();
        for row in data.values().flat_map(|table| table.as_array().unwrap()) {
            assert!(row["source"].as_str().unwrap().starts_with("https://"), "{row}");
        }
    }

    #[test]
    fn services_are_told_by_address_engine_image_and_variable() {
        assert_eq!(TABLES.service_of_url("postgresql+asyncpg://u@h/d"), Some("postgres"));
        assert_eq!(TABLES.service_of_url("sqlite:///x.db"), Some("sqlite"));
        assert_eq!(TABLES.service_of_url("amqp://"), Some("rabbitmq"));
        assert_eq!(
            TABLES.service_of_engine("django.contrib.gis.db.backends.postgis"),
            Some("postgres")
        );
        assert_eq!(TABLES.service_of_engine("django.db.backends.sqlite3"), Some("sqlite"));
        assert_eq!(TABLES.service_of_image("docker.io/bitnami/redis:7"), Some("redis"));
        assert_eq!(TABLES.service_of_image("mariadb"), Some("mysql"));
        assert_eq!(TABLES.service_of_variable("POSTGRES_DB"), Some("postgres"));
        assert_eq!(TABLES.service_of_variable("POSTGRESQLISH"), None);
    }
}
