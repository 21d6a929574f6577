//! The web frameworks: `data/frameworks.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalog::servers::{Protocol, Server};
use crate::catalog::{Entry, Row, Table};

/// A row of the table.
pub type Framework = Entry<FrameworkRow>;

/// One framework; the data file says what each field means.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FrameworkRow {
    pub word: String,
    pub title: String,
    app: Apps,
    server: String,
    preset: Option<String>,
    pub skeleton: Vec<String>,
    #[serde(default)]
    pub shares: BTreeMap<String, String>,
    pub packages: Vec<String>,
    #[serde(default)]
    pub test_packages: Vec<String>,
    #[serde(default)]
    pub stubs: Vec<String>,
    pub orm: Orm,
    #[serde(default)]
    pub async_code: bool,
    pub settings: Option<Settings>,
    pub celery: Celery,
    pub development: Vec<String>,
    #[serde(default)]
    pub debug: bool,
    #[serde(default)]
    pub secret_key: bool,
    #[serde(default)]
    pub allowed_hosts: bool,
    #[serde(default)]
    pub static_files: bool,
    #[serde(default)]
    pub whole_settings: bool,
    pub needs_database: Option<String>,
    #[serde(default)]
    pub health_route: Vec<String>,
    pub start_seconds: u32,
    pub memory: Figures,
}

/// What a server imports, by protocol.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Apps {
    asgi: Option<String>,
    wsgi: Option<String>,
}

/// How it finds its settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Settings {
    pub variable: String,
    pub module: String,
}

/// What a new service's Celery is told to run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Celery {
    pub app: String,
    pub scheduler: String,
}

/// What reads and writes the tables, and changes them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Orm {
    Sqlalchemy,
    Django,
}

impl Orm {
    /// What brings the schema of a new service's database up to date, as
    /// `stack.migrations` calls it.
    #[must_use]
    pub const fn migrations(self) -> &'static str {
        match self {
            Self::Sqlalchemy => "alembic",
            Self::Django => "django",
        }
    }

    /// The command that does it.
    #[must_use]
    pub const fn migrate(self) -> &'static [&'static str] {
        match self {
            Self::Sqlalchemy => &["alembic", "upgrade", "head"],
            Self::Django => &["python", "manage.py", "migrate", "--no-input"],
        }
    }
}

/// What its processes take, in MiB.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Figures {
    pub process: u32,
    pub database: u32,
    pub celery_main: u32,
    pub celery_child: u32,
    pub celery_beat: u32,
}

impl Row for FrameworkRow {
    fn table() -> &'static Table<Self> {
        static TABLE: LazyLock<Table<FrameworkRow>> =
            LazyLock::new(|| Table::read("framework", include_str!("data/frameworks.toml")));
        &TABLE
    }

    fn word(&self) -> &str {
        &self.word
    }
}

impl FrameworkRow {
    /// What a new service's server imports; `None` where the framework does
    /// not speak the protocol.
    #[must_use]
    pub fn app(&self, protocol: Protocol) -> Option<&str> {
        match protocol {
            Protocol::Asgi => self.app.asgi.as_deref(),
            Protocol::Wsgi => self.app.wsgi.as_deref(),
        }
    }

    /// Whether it runs on a server.
    #[must_use]
    pub fn runs_on(&self, server: Server) -> bool {
        self.app(server.protocol).is_some()
    }

    /// The server it gets unless somebody chooses another.
    #[must_use]
    pub fn default_server(&self) -> Server {
        Server::of(&self.server)
    }
}

impl Framework {
    /// The built-in preset that is made for it, if there is one.
    #[must_use]
    pub fn preset(self) -> Option<&'static str> {
        self.0.preset.as_deref()
    }

    /// The row for a framework by the name that `detect` has for it: its own,
    /// or the one that stands for all others of its protocol.
    ///
    /// # Panics
    /// When no framework speaks a protocol: each has its first.
    #[must_use]
    pub fn standing_for(name: &str, protocol: Protocol) -> Self {
        let other = || Self::all().find(|row| row.default_server().protocol == protocol);
        Self::find(name).or_else(other).expect("every protocol has a framework")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_framework_runs_on_its_server_and_every_server_has_one() {
        for framework in Framework::all() {
            assert!(framework.runs_on(framework.default_server()), "{framework}");
        }
        for server in Server::all() {
            assert!(Framework::all().any(|framework| framework.runs_on(server)), "{server}");
        }
    }
}
