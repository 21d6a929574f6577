//! A container: what it is, what it runs, and with which variables.

use std::collections::{BTreeMap, BTreeSet};

use super::Purpose;
use super::{Program, Server, Step};
use crate::lint::diagnostic::At;
use crate::source::compose::{Service, image};

/// What a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is what its name says")]
pub enum Kind {
    /// The application, serving HTTP.
    Web,
    /// Celery's worker.
    Worker,
    /// Celery's scheduler.
    Beat,
    /// It does something and ends: migrations.
    OneShot,
    /// Something else of the application's own image.
    Own,
    Postgres,
    Mysql,
    Mongo,
    Redis,
    Memcached,
    Rabbitmq,
    /// A search index: Elasticsearch, OpenSearch, Solr.
    Search,
    /// A database of vectors: Chroma, Qdrant, Weaviate, Milvus.
    Vectors,
    Nginx,
    /// Another proxy: Traefik, Caddy, HAProxy.
    Proxy,
    /// Tools for people: pgAdmin, Adminer, Flower, mail catchers.
    Tool,
    /// Anything else.
    Other,
}

impl Kind {
    /// Whether it keeps data that somebody would miss.
    #[must_use]
    pub const fn is_database(self) -> bool {
        matches!(self, Self::Postgres | Self::Mysql | Self::Mongo)
    }

    /// Whether it keeps data or messages.
    #[must_use]
    pub const fn is_store(self) -> bool {
        self.is_database() || matches!(self, Self::Redis | Self::Rabbitmq | Self::Memcached)
    }

    /// Whether it answers everybody who reaches it, unless it is told a password
    /// or a key.
    #[must_use]
    pub const fn is_open_index(self) -> bool {
        matches!(self, Self::Search | Self::Vectors)
    }

    /// Whether it runs the application's own code.
    #[must_use]
    pub const fn is_application(self) -> bool {
        matches!(self, Self::Web | Self::Worker | Self::Beat | Self::OneShot | Self::Own)
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Web => "the application",
            Self::Worker => "Celery's worker",
            Self::Beat => "Celery's scheduler",
            Self::OneShot => "a one-shot",
            Self::Own => "the application's code",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Mongo => "MongoDB",
            Self::Redis => "Redis",
            Self::Memcached => "memcached",
            Self::Rabbitmq => "RabbitMQ",
            Self::Search => "a search index",
            Self::Vectors => "a database of vectors",
            Self::Nginx => "nginx",
            Self::Proxy => "a proxy",
            Self::Tool => "a tool",
            Self::Other => "a service",
        }
    }
}

/// A variable of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its value; `None` where it comes from the shell, or from a file that is
    /// not there.
    pub value: Option<String>,
    /// Where it is set.
    pub at: At,
}

/// A container.
#[derive(Debug)]
pub struct Container {
    /// Its name: the service's, else `image`.
    pub name: String,
    /// What it is there for.
    pub purpose: Purpose,
    /// Its project and its service, by their numbers.
    pub service: Option<(usize, usize)>,
    /// The image it is built as, by its number.
    pub build: Option<usize>,
    /// The image it is pulled as.
    pub image: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// What it runs.
    pub steps: Vec<Step>,
    /// The server or the worker among that.
    pub server: Option<Server>,
    /// Its variables: the image's, those of its env files, its own.
    pub env: BTreeMap<String, Variable>,
    /// Names of env files that are not there.
    pub missing_env_files: Vec<(String, At)>,
}

impl Container {
    /// The value of a variable, where it is known.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name)?.value.as_deref()
    }

    /// The scripts that its steps are in, each once: many steps are of one script.
    #[must_use]
    pub fn scripts(&self) -> BTreeSet<usize> {
        self.steps.iter().filter_map(|step| step.script).collect()
    }
}

/// Images by the last part of their names.
const IMAGES: &[(Kind, &[&str])] = &[
    (
        Kind::Postgres,
        &["postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha"],
    ),
    (Kind::Mysql, &["mysql", "mariadb", "percona", "mysql-server"]),
    (Kind::Mongo, &["mongo", "mongodb"]),
    (Kind::Redis, &["redis", "valkey", "keydb", "dragonfly", "redis-stack", "redis-stack-server"]),
    (Kind::Memcached, &["memcached"]),
    (Kind::Rabbitmq, &["rabbitmq"]),
    (Kind::Search, &["elasticsearch", "opensearch", "solr", "meilisearch", "typesense"]),
    (Kind::Vectors, &["chroma", "chromadb", "qdrant", "weaviate", "milvus"]),
    (Kind::Nginx, &["nginx", "nginx-unprivileged", "openresty"]),
    (Kind::Proxy, &["traefik", "caddy", "haproxy", "envoy", "nginx-proxy", "nginx-proxy-manager"]),
    (
        Kind::Tool,
        &[
            "pgadmin4",
            "adminer",
            "phpmyadmin",
            "mongo-express",
            "flower",
            "mailhog",
            "mailpit",
            "maildev",
            "mailcatcher",
            "redis-commander",
            "redisinsight",
            "redisinsight-v2",
            "portainer-ce",
            "prometheus",
            "alertmanager",
            "cadvisor",
            "all-in-one",
            "jaeger",
            "kibana",
            "opensearch-dashboards",
            "dozzle",
            "kafka-ui",
        ],
    ),
];

/// What a pulled image is.
pub(super) fn of_image(reference: &str) -> Kind {
    let (repository, _) = image::parts(reference);
    let name = repository.rsplit('/').next().unwrap_or(repository);
    IMAGES.iter().find(|(_, names)| names.contains(&name)).map_or(Kind::Other, |(kind, _)| *kind)
}

/// What a container with the application's image is, by what it runs.
pub(super) fn of_steps(steps: &[Step], service: Option<&Service>, is_python: bool) -> Kind {
    let last = steps.iter().rfind(|step| {
        step.program.serves()
            || matches!(step.program, Program::CeleryWorker | Program::CeleryBeat | Program::Flower)
    });
    match last.map(|step| step.program) {
        Some(Program::CeleryWorker) => Kind::Worker,
        Some(Program::CeleryBeat) => Kind::Beat,
        Some(Program::Flower) => Kind::Tool,
        Some(_) => Kind::Web,
        None if !is_python => Kind::Other,
        None => {
            let ends = steps.last().is_some_and(|step| {
                matches!(step.program, Program::Migrate | Program::Collectstatic)
            });
            match service {
                Some(service) if ends && service.ports().is_empty() => Kind::OneShot,
                Some(service) if !service.ports().is_empty() => Kind::Web,
                _ => Kind::Own,
            }
        }
    }
}
