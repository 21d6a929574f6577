//! What a repository is: one field per fact, each with its evidence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detect::compose::carried::Carried;
use crate::detect::fact::{Evidence, Fact};
use crate::detect::previous::Previous;
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
    /// Whether `collectstatic` has a place to collect to, and something to collect.
    pub collectstatic: bool,
    /// Why it is not run where there is a place; empty where it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uncollected: String,
    /// Whether `STATIC_ROOT` is served as the repository has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub committed: bool,
    /// Whether WhiteNoise serves them.
    pub whitenoise: bool,
    /// Whether names of collected files carry a hash of their content.
    pub manifest: bool,
    /// Whether templates look compressed files up in a list that is made beforehand:
    /// django-compressor's `COMPRESS_OFFLINE`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compressed: bool,
    /// `STATIC_ROOT` relative to the build context, where it could be read.
    pub root: Option<String>,
    /// `STATIC_URL`, where it could be read.
    pub url: Option<String>,
}

impl Static {
    /// Whether the image has files to serve.
    #[must_use]
    pub const fn in_image(&self) -> bool {
        self.collectstatic || self.committed
    }
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
    /// Whether plain HTTP is refused; the value that turns it off.
    HttpsAlone {
        /// `False`, `0`, or empty.
        off: String,
    },
    /// Something that always has this value here: `SQL_ENGINE`.
    Constant {
        /// The value.
        value: String,
    },
}

impl Meaning {
    /// Whether it leads to the cache.
    #[must_use]
    pub const fn is_of_cache(&self) -> bool {
        matches!(self, Self::CacheUrl | Self::CacheHost | Self::CachePort | Self::CachePassword)
    }

    /// Whether it leads to the broker, or to the results of tasks.
    #[must_use]
    pub const fn is_of_broker(&self) -> bool {
        matches!(
            self,
            Self::BrokerUrl
                | Self::ResultUrl
                | Self::BrokerHost
                | Self::BrokerPort
                | Self::BrokerPassword
        )
    }
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

/// How code is started that brings a server of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct OwnServer {
    /// What people call it: `Streamlit`.
    pub title: String,
    /// The words of the command: `{file}` stands for the file that is started,
    /// `{port}` for the port.
    pub command: Vec<String>,
    /// The file that is started.
    pub file: String,
    /// Variables that it reads, with their values; `{port}` as above.
    pub environment: BTreeMap<String, String>,
    /// A path that it answers while it is alive; empty for none.
    pub health: String,
    /// The port that the code says and nothing else changes.
    pub port: Option<u16>,
}

/// State that a process of the application keeps to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InProcess {
    /// A scheduler that is started in the process.
    Scheduler,
    /// Socket.IO without a queue between processes.
    SocketIo,
    /// Open WebSockets in a list, set or dictionary.
    Sockets,
    /// Channels' layer in memory.
    ChannelLayer,
    /// What each user of a page has entered so far, as Streamlit keeps it.
    Sessions,
}

impl InProcess {
    /// Why a second process would not do.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::Scheduler => "the scheduler is inside the process: each one would run every job",
            Self::SocketIo => {
                "Socket.IO without a message queue knows the clients of its own process alone"
            }
            Self::Sockets => {
                "open WebSockets are kept in memory: a message reaches the clients of its own process alone"
            }
            Self::ChannelLayer => {
                "the channel layer is in memory: a message reaches the consumers of its own process alone"
            }
            Self::Sessions => {
                "sessions are kept in memory: the next request of a user has to reach the same process"
            }
        }
    }

    /// What would let more processes run.
    #[must_use]
    pub const fn instead(self) -> &'static str {
        match self {
            Self::Scheduler => "More of them need the jobs in a process of their own",
            Self::SocketIo => {
                "More of them need a message_queue or client_manager, and sessions that stay with one of them"
            }
            Self::Sockets => "More of them need the messages to go through Redis",
            Self::ChannelLayer => "More of them need channels_redis",
            Self::Sessions => "More of them need a proxy that keeps each user with one of them",
        }
    }
}

/// A path the code writes to at run time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Writable {
    /// Relative to the build context, or absolute.
    pub path: String,
    /// Whether it is one file, and not a directory.
    pub file: bool,
    /// `media`, `uploads`, `sqlite`, `cache`, `logs`, …
    pub purpose: String,
    /// Whether its content has to outlive the container: a volume, otherwise
    /// a tmpfs.
    pub keep: bool,
}

/// Files that requests bring along.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Uploads {
    /// The largest that is taken, in MiB; `None` where nothing says so.
    pub largest_mib: Option<u32>,
    /// Whether that is a whole body, and not one file in it.
    pub whole: bool,
    /// Where it stands, or where files are taken.
    pub place: String,
}

/// A front end whose build makes what the code serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct FrontEnd {
    /// The directory of its `package.json`; `None` where no build is known to make
    /// what is served.
    pub directory: Option<String>,
    /// The directory that packages are installed in: that of the lock.
    pub root: String,
    /// `npm`, `pnpm`, `yarn`, `bun`.
    pub manager: String,
    /// The release of bun that it asks for; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// What its stage of the Dockerfile that was there declared for the build:
    /// `ARG VITE_API_URL`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Whether there is a lock.
    pub lock: bool,
    /// Whether yarn is one that reads `.yarnrc.yml`.
    pub is_modern_yarn: bool,
    /// Whether an install reads more than its own files.
    pub needs_code: bool,
    /// The files an install reads.
    pub files: Vec<String>,
    /// The directories that the code serves.
    pub outputs: Vec<String>,
    /// Those of them that another build makes, or none.
    pub missing: Vec<String>,
    /// The major version of Node.js that it asks for.
    pub node: Option<u32>,
}

/// A stage of an existing Dockerfile that builds in another language, as it stands
/// there, with those that it is built on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct OldStage {
    /// The text, from the first `FROM`.
    pub text: String,
    /// What the image takes from it.
    pub copies: Vec<OldCopy>,
}

/// A `COPY --from` of a stage that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct OldCopy {
    /// The stage.
    pub from: String,
    /// What is copied.
    pub sources: Vec<String>,
    /// Where to: relative to the build context where that is among the code, else
    /// absolute.
    pub target: String,
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
    /// Whether the repository holds none of the migrations that its tool would run.
    pub migrations_absent: bool,
    /// The scheme of the address of a database that the migrations alone know of, and
    /// that no variable changes: `postgresql+asyncpg`.
    pub migrations_stated: Option<String>,
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
    /// The command that runs the repository's own tests.
    pub tests: Fact<String>,
    /// Host names that the settings answer to, as they stand there.
    pub allowed_hosts: Vec<String>,
    /// Paths the code writes to.
    pub writable: Vec<(Writable, Vec<Evidence>)>,
    /// Files that requests bring along.
    pub uploads: Fact<Uploads>,
    /// The hubs from which models and data are fetched by name, into caches.
    pub hubs: Fact<Vec<String>>,
    /// What builds the front end that the code serves, relative to the directory
    /// that was read.
    pub front_end: Fact<FrontEnd>,
    /// What its processes keep to themselves, so that there can be only one.
    pub in_process: Vec<(InProcess, Evidence)>,
    /// How it is started where it brings a server of its own.
    pub own_server: Fact<OwnServer>,
    /// Whether it holds WebSockets open; unknown where nothing says so.
    pub websockets: Fact<bool>,
    /// Whether Channels' layer is in Redis: what it holds is messages, and no cache.
    pub layer_in_redis: bool,
    /// Stages of the Dockerfile that is there that build what the image holds.
    pub old_stages: Vec<OldStage>,
    /// What an existing compose file runs.
    pub carried: Fact<Carried>,
    /// Container files that are there.
    pub existing_files: Vec<Existing>,
    /// Names of the production dependencies, normalised (PEP 503), with the
    /// extras that were asked for: what the image will hold, lock included.
    pub packages: Vec<String>,
    /// What starts the application today, where files say so that ours replace.
    pub previous: Previous,
    /// What the generated files need and the code lacks.
    pub readiness: Vec<Lack>,
    /// What is missing or doubtful.
    pub doubts: Vec<Doubt>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Variables that the `.env` Compose reads gives a value.
    pub given: Vec<String>,
    /// Variables that the image of the Dockerfile that is there gives a value.
    pub image_env: Vec<String>,
}

impl Facts {
    /// What follows from a server that the code brings: where it listens, what
    /// it answers, what it keeps. Dash answers every path with its page.
    pub(super) fn serve_themselves(&mut self, keeps_sessions: bool) {
        let home = match (&self.own_server, self.framework.value().map(String::as_str)) {
            (Fact::Known(own, _), _) => own.health.clone(),
            (_, Some("dash")) => "/".to_owned(),
            _ => String::new(),
        };
        if let Some(line) = self.framework.evidence().last().cloned()
            && !home.is_empty()
            && !self.health.is_known()
        {
            self.health = Fact::known(home, line);
        }
        let stated = self.port.value().copied();
        let Fact::Known(own, lines) = &mut self.own_server else { return };
        own.port = stated.or(own.port);
        if let Some(line) = lines.last().cloned().filter(|_| keeps_sessions) {
            self.in_process.push((InProcess::Sessions, line.clone()));
            self.websockets = Fact::known(true, line);
        }
    }

    /// Whether there are migrations to run.
    #[must_use]
    pub fn migrates(&self) -> bool {
        self.migrations.is_known() && !self.migrations_absent
    }

    /// Whether the image will hold a package, with extras or without.
    #[must_use]
    pub fn installs(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.split('[').next() == Some(name))
    }
}
