//! What a repository is: one field per fact, each with its evidence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detect::compose::carried::Carried;
use crate::detect::fact::{Evidence, Fact};
use crate::detect::readiness::Lack;
use crate::detect::tree::Unreadable;

/// Which protocol the application speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interface {
    /// Asynchronous.
    Asgi,
    /// Synchronous.
    Wsgi,
}

/// The Python version the project runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Python {
    /// Minor version, such as `3.12`.
    pub version: String,
    /// What was stated, as it stands there: `>=3.10,<3.13`.
    pub constraint: Option<String>,
    /// What decided: `.python-version`, `requires-python`, `pinned packages`,
    /// `default`.
    pub source: String,
}

/// Celery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Celery {
    /// What `--app` takes: `config.celery:app`.
    pub app: String,
    /// Whether anything is scheduled.
    pub beat: bool,
}

/// Static files of a Django project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Static {
    /// Whether `collectstatic` has a place to collect to.
    pub collectstatic: bool,
    /// Whether WhiteNoise serves them.
    pub whitenoise: bool,
    /// Whether names of collected files carry a hash of their content.
    pub manifest: bool,
    /// `STATIC_ROOT` relative to the build context, where it could be read.
    pub root: Option<String>,
    /// `STATIC_URL`, where it could be read.
    pub url: Option<String>,
}

/// Debian packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct SystemPackages {
    /// To build Python packages.
    pub build: Vec<String>,
    /// To run them.
    pub runtime: Vec<String>,
}

/// Machine learning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ml {
    /// `onnxruntime`, `torch`, `scikit-learn`, `transformers`, `ultralytics`,
    /// `tensorflow`.
    pub framework: String,
    /// Model files, relative to the directory that was read.
    pub models: Vec<String>,
}

/// An environment variable that must be set before the code starts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RequiredEnv {
    /// Its name.
    pub name: String,
    /// Whether it is a secret that can be generated: signing keys, not
    /// passwords of systems elsewhere.
    pub generated: bool,
    /// Whether importing the settings needs it, so that `collectstatic` does.
    pub at_import: bool,
}

/// What a variable tells the code, so that the files can give it the right
/// value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "means", rename_all = "kebab-case")]
pub enum Meaning {
    /// The database's whole address, beginning with this scheme:
    /// `postgresql+asyncpg`.
    DatabaseUrl {
        /// The scheme, as the code's driver wants it.
        scheme: String,
    },
    /// The database's host name.
    DatabaseHost,
    /// The database's port.
    DatabasePort,
    /// The database's name.
    DatabaseName,
    /// The database's user.
    DatabaseUser,
    /// The database's password.
    DatabasePassword,
    /// The cache's whole address.
    CacheUrl,
    /// The cache's host name.
    CacheHost,
    /// The cache's port.
    CachePort,
    /// The cache's password.
    CachePassword,
    /// The broker's whole address.
    BrokerUrl,
    /// The address of Celery's results.
    ResultUrl,
    /// The broker's host name.
    BrokerHost,
    /// The broker's port.
    BrokerPort,
    /// The broker's password.
    BrokerPassword,
    /// Django's `SECRET_KEY` and its like: generated.
    SecretKey,
    /// Host names, joined by this separator.
    AllowedHosts {
        /// `,` or a space.
        separator: String,
    },
    /// Origins that may post forms, joined by this separator.
    TrustedOrigins {
        /// `,` or a space.
        separator: String,
    },
    /// Debug mode; the value that turns it off.
    Debug {
        /// `False`, `0`, or empty.
        off: String,
    },
    /// Something that always has this value here: `SQL_ENGINE`.
    Constant {
        /// The value.
        value: String,
    },
}

/// A variable the code reads to find what it depends on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Connection {
    /// The variable's name.
    pub name: String,
    /// What it tells.
    #[serde(flatten)]
    pub meaning: Meaning,
}

/// A path the code writes to at run time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Writable {
    /// Relative to the build context.
    pub path: String,
    /// `media`, `uploads`, `sqlite`, `cache`, `logs`, …
    pub purpose: String,
    /// Whether its content has to outlive the container: a volume, otherwise
    /// a tmpfs.
    pub keep: bool,
}

/// A container or deployment file that is already there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Existing {
    /// Where.
    pub path: String,
    /// `dockerfile`, `compose`, `dockerignore`, `gunicorn`, `entrypoint`,
    /// `nginx`, `procfile`, `env`, `gitignore`.
    pub kind: String,
}

/// Something a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// The key of `detect --format json` it is about.
    pub key: String,
    /// What is doubtful, and why.
    pub message: String,
    /// What decides it: a flag, a line to add.
    pub help: String,
}

/// How packages get installed: what a recipe has to know beyond the names of
/// the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Installs {
    /// Whether every line of the requirement files carries a hash.
    pub hashed: bool,
    /// Whether a requirement is a directory or archive of the repository, so
    /// that the code has to be there before packages are installed.
    pub local: bool,
    /// Whether the project is itself a package: it names a build system, or
    /// has a `setup.py`.
    pub package: bool,
    /// The member of a workspace that holds the application, by its package's
    /// name.
    pub member: Option<String>,
    /// Requirements that are named one by one, as pip writes them: those of `environment.yml`
    /// that an index of Python packages has, and those of a `setup.py` that cannot be built.
    #[serde(alias = "from-conda")]
    pub listed: Vec<String>,
    /// Of `environment.yml`: the packages that only conda has.
    pub conda_only: Vec<String>,
    /// Exact versions of servers and frameworks by normalised name, where a
    /// lock or a pin tells.
    pub versions: BTreeMap<String, String>,
    /// Extras that production installs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<String>,
    /// Dependency groups that production installs, as they are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Whether those groups are all that is to be installed: nothing else is declared.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub groups_alone: bool,
    /// Why the project is not installed as a package although it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_left_out: Option<String>,
    /// Whether the build looks for the package among the directories that are there, and
    /// stops at a second one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub searches: bool,
    /// Packages that are fetched over SSH.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh: Vec<String>,
    /// Files that the build of the project as a package reads, relative to the repository.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub build_reads: Vec<String>,
    /// `NAME=value`: what stands for a version that the build would ask git for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scm_versions: Vec<String>,
    /// The exact Python that the project's own range ends with: `3.11.7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<String>,
    /// Whether direct requirements are pinned and what they bring along is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub direct_pins: bool,
}

/// Everything that was found out about a repository.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The directory that goes on `sys.path`, `.` for the top.
    pub root: Fact<String>,
    /// The directory an image is built from, `.` for the top.
    pub build_context: Fact<String>,
    /// `fastapi`, `flask`, `django`, or another by its name.
    pub framework: Fact<String>,
    /// ASGI or WSGI.
    pub interface: Fact<Interface>,
    /// `shop.wsgi:application`; a factory has no parentheses here.
    pub app: Fact<String>,
    /// Whether `app` is called to make the application.
    pub factory: Fact<bool>,
    /// Django's settings module for production.
    pub settings: Fact<String>,
    /// What the repository is where it holds no web application: `a
    /// command-line tool`, `a library`.
    pub instead: Option<String>,
    /// `uv`, `poetry`, `pdm`, `pipenv`, `pip`, `pyproject`, `setuptools`,
    /// `conda`.
    pub package_manager: Fact<String>,
    /// What is installed from, relative to the directory that was read: the
    /// lock before the file it was made from.
    pub dependency_files: Fact<Vec<String>>,
    /// How those are installed.
    pub installs: Installs,
    /// When the files with direct pins were last changed, as their history says: what they
    /// bring along was not newer then. Detection asks no history; `init` does.
    pub packages_until: Fact<String>,
    /// The Python version.
    pub python: Fact<Python>,
    /// `postgres`, `mysql`, `sqlite`, `mssql`, `mongodb`, …
    pub database: Fact<String>,
    /// The driver's package name.
    pub database_driver: Fact<String>,
    /// `redis`, `valkey`, `memcached`.
    pub cache: Fact<String>,
    /// `redis`, `valkey`, `rabbitmq`, `sqs`.
    pub broker: Fact<String>,
    /// Celery.
    pub celery: Fact<Celery>,
    /// Other task queues, by name: `rq`, `arq`, `dramatiq`, `huey`,
    /// `taskiq`, `django-q`.
    pub queues: Fact<Vec<String>>,
    /// `django`, `alembic`, `flask-migrate`, `aerich`.
    pub migrations: Fact<String>,
    /// Static files; its JSON key is `static`.
    pub static_files: Fact<Static>,
    /// Debian packages.
    pub system_packages: Fact<SystemPackages>,
    /// Machine learning.
    pub ml: Fact<Ml>,
    /// Variables without which the code does not start.
    pub required_env: Vec<(RequiredEnv, Vec<Evidence>)>,
    /// Variables that tell the code where its database, cache and broker are,
    /// whether it has a default for them or not.
    pub connections: Vec<(Connection, Vec<Evidence>)>,
    /// The port the application listens on, where something says so.
    pub port: Fact<u16>,
    /// Path of a liveness route.
    pub health: Fact<String>,
    /// Path of a readiness route.
    pub ready: Fact<String>,
    /// Paths the code writes to.
    pub writable: Vec<(Writable, Vec<Evidence>)>,
    /// What an existing compose file runs.
    pub carried: Fact<Carried>,
    /// Container files that are there.
    pub existing_files: Vec<Existing>,
    /// Names of the production dependencies, normalised (PEP 503), with the
    /// extras that were asked for: what the image will hold, lock included.
    pub packages: Vec<String>,
    /// What the generated files need and the code lacks.
    pub readiness: Vec<Lack>,
    /// What is missing or doubtful.
    pub doubts: Vec<Doubt>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Variables that the `.env` Compose reads gives a value.
    pub given: Vec<String>,
}

impl Facts {
    /// Whether the image will hold a package, with extras or without.
    #[must_use]
    pub fn installs(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.split('[').next() == Some(name))
    }
}
