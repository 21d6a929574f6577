//! The stack as types: what can be built at all. A value of [`Stack`] is a
//! combination that makes sense; the ones that do not are refused by name.

use std::fmt;

use crate::catalog::{Framework, Server};
use crate::error::Problem;
use crate::relpath::RelPath;

/// An enum whose variants are the words of a schema choice.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* #[doc = concat!("`", $word, "`")] $variant),+
        }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in keys and files.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The variant of a word the schema accepted.
            ///
            /// # Panics
            /// When schema and type disagree: a unit test holds them together.
            #[must_use]
            pub fn of(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => unreachable!("`{other}` passed the schema"),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// What stands before the server.
    Proxy { None = "none", Nginx = "nginx" }
}
words! {
    /// Where the database is.
    Database {
        /// There is none.
        None = "none",
        /// A PostgreSQL container of this stack.
        Postgres = "postgres",
        /// Managed elsewhere.
        External = "external",
        /// A container of another kind, which adopted code speaks.
        Container = "container",
    }
}
words! {
    /// Where queued tasks are kept.
    Broker {
        /// Nowhere.
        None = "none",
        /// A Redis container of this stack.
        Redis = "redis",
        /// Managed elsewhere, or of another kind.
        External = "external",
        /// A container of another kind, which adopted code speaks.
        Container = "container",
    }
}
words! {
    /// Who owns the lock file.
    PackageManager {
        Pip = "pip",
        Uv = "uv",
        Poetry = "poetry",
        Pdm = "pdm",
        Pipenv = "pipenv",
        /// `pyproject.toml` without a lock.
        Pyproject = "pyproject",
        /// `setup.py` or `setup.cfg`.
        Setuptools = "setuptools",
        /// `environment.yml`.
        Conda = "conda",
    }
}
words! {
    /// What loads and runs a model.
    Runtime {
        None = "none",
        Onnxruntime = "onnxruntime",
        ScikitLearn = "scikit-learn",
        Torch = "torch",
        Transformers = "transformers",
        Ultralytics = "ultralytics",
    }
}
words! {
    /// How the model gets into the container.
    Delivery { Mount = "mount", Bake = "bake" }
}
words! {
    /// Whether the budget is a whole machine's or a task's.
    Budget { Host = "host", Task = "task" }
}
words! {
    /// What builds, tests and deploys, beside a person.
    Ci { None = "none", Github = "github", Gitlab = "gitlab" }
}
words! {
    /// How far the application's containers are locked down.
    Hardening { Strict = "strict", Safe = "safe" }
}

words! {
    /// What the files of a deployment are written for.
    Target {
        /// Docker Compose on one host.
        Compose = "compose",
        /// Kubernetes, by Kustomize.
        Kubernetes = "kubernetes",
        /// Amazon ECS on Fargate.
        Ecs = "ecs",
    }
}
words! {
    /// A processor.
    Architecture { Amd64 = "amd64", Arm64 = "arm64" }
}

impl Runtime {
    /// Whether the runtime is built on torch, whose CPU wheels have an index
    /// of their own.
    #[must_use]
    pub const fn is_torch_family(self) -> bool {
        matches!(self, Self::Torch | Self::Transformers | Self::Ultralytics)
    }

    /// Where the model is expected when nobody says otherwise.
    #[must_use]
    pub const fn usual_path(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Onnxruntime => "models/model.onnx",
            Self::ScikitLearn => "models/model.joblib",
            Self::Torch | Self::Ultralytics => "models/model.pt",
            Self::Transformers => "models/model",
        }
    }
}

/// The servers of a framework, those started like `wanted` first.
fn servers_of(framework: Framework, wanted: Server) -> Vec<&'static str> {
    let mut servers: Vec<Server> = Server::all().filter(|one| framework.runs_on(*one)).collect();
    servers.sort_by_key(|one| one.manager != wanted.manager);
    servers.into_iter().map(Server::word).collect()
}

/// A model that an application serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What runs it.
    pub runtime: Runtime,
    /// Where it is in the repository.
    pub path: RelPath,
    /// How it gets into the container.
    pub delivery: Delivery,
}

/// Task processing of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Celery {
    /// Whether periodic tasks are scheduled.
    pub beat: bool,
}

/// One web application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its framework.
    pub framework: Framework,
    /// Its server.
    pub server: Server,
    /// Its tasks.
    pub celery: Option<Celery>,
    /// Its model.
    pub model: Option<Model>,
}

/// What runs: applications, and what they share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The applications; every command makes exactly one for now.
    pub applications: Vec<Application>,
    /// In front of them.
    pub proxy: Proxy,
    /// Their database.
    pub database: Database,
    /// A Redis that may forget.
    pub cache: bool,
    /// What must not forget.
    pub broker: Broker,
}

impl Stack {
    /// The application that the files are written for.
    ///
    /// # Panics
    /// Never: a stack is made with one.
    #[must_use]
    pub fn application(&self) -> &Application {
        &self.applications[0]
    }

    /// Every reason why this combination cannot be built, each with the
    /// change that mends it. Code that was there before (`adopted`) may do
    /// what a new service does not.
    #[must_use]
    pub fn problems(&self, adopted: bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut refuse = |message: String, help: &str| {
            problems.push(Problem::new(message).help(help));
        };
        for application in &self.applications {
            let Application { framework, server, celery, .. } = application;
            if !framework.runs_on(*server) {
                let title = framework.default_server().protocol.title();
                let article = if title.starts_with('A') { "an" } else { "a" };
                refuse(
                    format!(
                        "{}, and {} is {article} {title} framework",
                        server.speaks, framework.title
                    ),
                    &format!(
                        "--set stack.server={}",
                        servers_of(*framework, *server).join(", or ")
                    ),
                );
            }
            if let Some(why) = &framework.needs_database
                && !adopted
                && self.database == Database::None
            {
                refuse(why.clone(), "--set stack.database=postgres, or external");
            }
            match celery {
                Some(_) if self.broker == Broker::None => refuse(
                    "Celery needs a broker to take its tasks from".into(),
                    "--set stack.broker=redis",
                ),
                // Adopted code may have a queue that is not Celery.
                None if self.broker != Broker::None && !adopted => refuse(
                    "a broker without a worker queues tasks that nobody runs".into(),
                    "--set stack.worker=celery, or --set stack.broker=none",
                ),
                _ => {}
            }
        }
        if !adopted && self.broker == Broker::External {
            refuse("a new service brings its own broker".into(), "--set stack.broker=redis");
        }
        problems
    }
}
