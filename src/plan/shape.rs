//! What the answers imply before any number is chosen: which services there
//! are, and how much memory one process of each needs.

use crate::answers::Answers;
use crate::answers::adopted::KeptInProcess;
use crate::answers::stack::{Application, Broker, Database, Proxy, Target};
use crate::catalog::{MEMORY, Manager};
use crate::detect::facts::Uploads;
use crate::plan::code::previous;
use crate::plan::formula::{Formula, amount};
use crate::schema::role::Role;
use crate::units::MiB;

/// The stack's services and their processes.
#[derive(Clone, Debug)]
pub struct Shape<'a> {
    /// The answers it follows from.
    pub answers: &'a Answers,
    /// Services, in report order.
    pub roles: Vec<Role>,
}

impl<'a> Shape<'a> {
    /// The services that the answers ask for.
    #[must_use]
    pub fn of(answers: &'a Answers) -> Self {
        let stack = &answers.stack;
        let celery = stack.application().celery;
        let image = answers.own_image();
        let wanted = |role: &Role, once: &[Role]| match role {
            Role::Web => true,
            // An image that stays answers by itself, as it did.
            // In a cluster its place is the ingress's or the load balancer's.
            Role::Nginx => {
                let on_host = answers.deploy.is_for(Target::Compose);
                stack.proxy == Proxy::Nginx && image.is_none() && on_host
            }
            Role::Migrate if image.is_some_and(|image| image.migrates) => false,
            Role::Migrate => match &answers.adopted {
                // SQLite is no service, and its schema is migrated as well.
                Some(adopted) => adopted.migrations != "none" || once.contains(&Role::Migrate),
                None => stack.database != Database::None,
            },
            Role::Worker => celery.is_some(),
            Role::Beat => celery.is_some_and(|celery| celery.beat),
            Role::Db => stack.database == Database::Postgres,
            Role::Redis => stack.broker == Broker::Redis,
            Role::Cache => stack.cache,
        };
        let roles = |once: &[Role]| {
            let wanted = |role: &Role| wanted(role, once);
            Role::ALL.into_iter().filter(wanted).collect()
        };
        let shape = Self { answers, roles: roles(&[]) };
        match &answers.adopted {
            // What only runs once may have nothing to migrate.
            Some(adopted) if previous::runs_once(&shape, adopted) => {
                Self { answers, roles: roles(&[Role::Migrate]) }
            }
            _ => shape,
        }
    }

    /// Whether the stack has a service of this role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the stack has a database server, its own or one elsewhere.
    #[must_use]
    pub fn has_database(&self) -> bool {
        self.answers.stack.database != Database::None
    }

    /// Files that requests bring along to adopted code.
    #[must_use]
    pub fn uploads(&self) -> Option<&Uploads> {
        self.answers.adopted.as_ref()?.derived.uploads.as_ref()
    }

    /// Whether adopted code fetches models by name.
    #[must_use]
    pub fn fetches_models(&self) -> bool {
        self.answers.adopted.as_ref().is_some_and(|own| !own.derived.hubs.is_empty())
    }

    /// Whether the code was there before.
    #[must_use]
    pub const fn is_adopted(&self) -> bool {
        self.answers.adopted.is_some()
    }

    /// What the application's processes keep to themselves.
    #[must_use]
    pub fn in_process(&self) -> Option<&'a KeptInProcess> {
        self.answers.adopted.as_ref()?.derived.in_process.first()
    }

    /// Whether Compose runs it on the machine whose CPUs and memory are given. What a
    /// cluster runs has its own.
    #[must_use]
    pub fn is_budgeted(&self) -> bool {
        self.answers.deploy.is_for(Target::Compose)
    }

    /// Whether the code's database is a file, which one process at a time writes.
    #[must_use]
    pub fn has_database_file(&self) -> bool {
        let adopted = self.answers.adopted.as_ref();
        adopted.and_then(|adopted| adopted.derived.database.as_deref()) == Some("sqlite")
    }

    /// Whether the application is known to hold WebSockets open.
    #[must_use]
    pub fn has_websockets(&self) -> bool {
        self.answers.adopted.as_ref().is_some_and(|adopted| adopted.derived.websockets)
    }

    /// How far the memory figures of the application's processes can be
    /// trusted, for their reasons.
    #[must_use]
    pub const fn measured(&self) -> &'static str {
        if self.is_adopted() { "assumed until you measure yours" } else { "measured under load" }
    }

    /// The application the files are written for.
    #[must_use]
    pub fn application(&self) -> &'a Application {
        self.answers.stack.application()
    }

    /// Memory of one process of a role: the sum of what it is made of.
    #[must_use]
    pub fn process(&self, role: Role) -> Formula {
        let parts = self.parts(role).into_iter();
        let parts = parts.map(|(name, mebibytes)| amount(MiB(mebibytes), name));
        parts.reduce(|sum, part| sum + part).expect("a process has a framework")
    }

    fn parts(&self, role: Role) -> Vec<(&'static str, u32)> {
        let stack = &self.answers.stack;
        let application = self.application();
        let figure = |name: &'static str| (name, MEMORY.process[name]);
        let framework = application.framework;
        let mut parts = vec![match role {
            Role::Beat => ("celery beat", framework.memory.celery_beat),
            Role::Worker => ("celery child", framework.memory.celery_child),
            _ => (framework.word(), framework.memory.process),
        }];
        if stack.database != Database::None && role != Role::Beat {
            parts.push(("database", framework.memory.database));
        }
        if self.is_adopted() {
            parts.push(figure("adopted"));
        }
        if role == Role::Migrate {
            parts.push(figure("migrated-rows"));
        }
        if role == Role::Web {
            if stack.cache {
                parts.push(figure("redis"));
            }
            if application.celery.is_some() {
                parts.push(figure("celery"));
            }
            if let Some(model) = &application.model {
                parts.push(figure(model.runtime.word()));
            }
        }
        parts
    }

    /// Memory of the process that supervises a role's workers; 0 where the
    /// only process is the worker itself.
    #[must_use]
    pub fn supervisor(&self, role: Role, workers: u64) -> MiB {
        let application = self.application();
        let server = application.server;
        let preload = !server.is_asgi() && application.model.is_none() && !self.is_adopted();
        let name = match (role, server.manager) {
            (Role::Web, Manager::Uvicorn) if workers > 1 => "uvicorn",
            (Role::Web, Manager::Gunicorn) if preload => "gunicorn-preload",
            (Role::Web, Manager::Gunicorn) => "gunicorn",
            (Role::Worker, _) => return MiB(application.framework.memory.celery_main),
            _ => return MiB(0),
        };
        MiB(MEMORY.process[name])
    }

    /// Memory set aside for the model in each web process.
    #[must_use]
    pub fn model_memory(&self) -> Option<MiB> {
        let model = self.application().model.as_ref()?;
        Some(MiB(MEMORY.model[model.runtime.word()]))
    }
}
