//! What the application's processes are told: variables as data, which each
//! target writes in its own syntax.

use crate::plan::Plan;
use crate::plan::code;
use crate::plan::env::{EnvKind, EnvVar};
use crate::plan::given::Given;
use crate::plan::network;
use crate::plan::shape::Shape;
use crate::plan::topology::existing;
use crate::plan::topology::sizes::Sizes;
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::source::compose::Service as Existing;

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvValue {
    /// Always this.
    Literal(String),
    /// What a variable of `.env` says.
    Variable {
        /// That variable.
        name: String,
        /// Without it; `None` where it has to be set.
        default: Option<String>,
    },
    /// A secret of `.env`.
    Secret(String),
    /// The address of another service.
    Url {
        /// `postgresql`, `redis`.
        scheme: String,
        /// Empty for none.
        user: String,
        /// The secret that is the password; `None` for none.
        secret: Option<&'static str>,
        /// The service.
        host: String,
        /// Its port.
        port: u16,
        /// Behind the slash.
        path: String,
    },
    /// Words separated by commas: fixed ones, then those of a variable.
    List {
        /// The fixed ones.
        fixed: Vec<String>,
        /// The variable of `.env`.
        name: String,
        /// What it is without; empty for nothing.
        default: String,
    },
    /// What an existing compose file says, in Compose's own syntax; `None`
    /// hands on the variable of the shell or of `.env`, where it is set.
    Kept(Option<String>),
}

impl EnvValue {
    /// A value that is always the same.
    pub fn literal(value: impl ToString) -> Self {
        Self::Literal(value.to_string())
    }
}

/// Variables that several services share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// This service's own.
    Own,
    /// What leads out of builds and of the application.
    Proxies,
    /// Of every process of the application.
    Application,
    /// What an existing service was told, by its name.
    Existing(String),
    /// What leads to the database.
    Database,
    /// What leads to the cache.
    Cache,
    /// What leads to the broker.
    Broker,
}

/// A variable of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: EnvValue,
    /// With which others it is shared.
    pub group: Group,
    /// Why it is so; empty where the name says it.
    pub why: String,
}

/// The variables of a service of the application: each name once, by the first
/// that says something of it.
pub(super) struct Environment {
    variables: Vec<Variable>,
    /// What the service is told beside all this.
    given: Given,
}

impl Environment {
    fn new(given: Given) -> Self {
        Self { variables: Vec::new(), given }
    }

    fn put(&mut self, group: &Group, name: &str, value: EnvValue) {
        self.put_for(group, name, value, "");
    }

    fn put_for(&mut self, group: &Group, name: &str, value: EnvValue, why: impl Into<String>) {
        // What was told before wins, and `environment` would win over a file.
        let existing = matches!(group, Group::Existing(_));
        let told = !existing && self.given.tells(name);
        if !told && !self.variables.iter().any(|known| known.name == name) {
            let (name, group) = (name.to_owned(), group.clone());
            self.variables.push(Variable { name, value, group, why: why.into() });
        }
    }

    fn all(&mut self, group: &Group, settings: Vec<(String, EnvValue)>) {
        for (name, value) in settings {
            self.put(group, &name, value);
        }
    }
}

/// The variables of a service that runs the application.
pub(super) fn of(plan: &Plan, role: Role) -> Vec<Variable> {
    let source = plan.carry.as_ref().and_then(|carry| carry.source(role));
    let mut env = Environment::new(Given::to(&plan.answers, source));
    // What was told before knows the data that is there.
    if let Some(existing) = &plan.carry
        && let Some(service) = existing.source(role)
    {
        let group = Group::Existing(service.name.clone());
        env.all(&group, existing::variables(plan, existing, service));
    }
    own(plan, role, &mut env);
    shared(plan, &mut env);
    let existing = |role: Role| plan.carry.as_ref().is_some_and(|carry| carry.has(role));
    // With settings in one module, or an entry point that checks them, each
    // process needs all of them.
    let whole = plan.answers.adopted.is_some() || plan.flags.is("entrypoint");
    // What is managed elsewhere, code that was there finds by names of its own.
    let told = match plan.answers.adopted {
        Some(_) => plan.services.contains(&Role::Db),
        None => plan.flags.is("database"),
    };
    if told && !existing(Role::Db) && (whole || role != Role::Beat) {
        env.all(&Group::Database, database(plan));
    }
    // An application that is new beside stores that were there.
    for (meant, group) in
        [(Role::Db, Group::Database), (Role::Cache, Group::Cache), (Role::Redis, Group::Broker)]
    {
        env.all(&group, code::existing_store(&shape(plan), meant));
    }
    let caches = matches!(role, Role::Web | Role::Worker);
    if plan.flags.is("cache") && !existing(Role::Cache) && (whole || caches) {
        env.all(&Group::Cache, cache(plan));
    }
    if plan.flags.is("broker") && !existing(Role::Redis) && (whole || role != Role::Migrate) {
        broker(plan, &mut env);
    }
    env.variables
}

/// What is one service's own.
fn own(plan: &Plan, role: Role, env: &mut Environment) {
    let new = plan.answers.adopted.is_none();
    let n = Sizes::of(&plan.decisions, role);
    let group = &Group::Own;
    // How many processes an image that stays starts is in its own command.
    let stays = plan.answers.own_image().is_some();
    if role == Role::Web {
        for variable in passed_on(plan).filter(|variable| variable.services.len() == 1) {
            env.put(group, &variable.name, from_dotenv(variable));
        }
        if plan.flags.is("nginx") {
            let why = format!(
                "Nothing but {} reaches this service from outside.",
                plan.answers.services[&Role::Nginx]
            );
            env.put_for(group, "FORWARDED_ALLOW_IPS", EnvValue::literal("*"), why);
        }
        let why = "In .env it wins over the planned number of processes.";
        // gunicorn.conf.py has the number, a server without it takes it from here: a
        // variable that is passed on and that nobody has set is taken out of the image's
        // environment.
        let file = plan.file_names.get("gunicorn").is_some_and(|file| !file.is_empty());
        let processes = match file {
            true => EnvValue::Kept(None),
            false => EnvValue::Variable {
                name: "WEB_CONCURRENCY".to_owned(),
                default: Some(n.get(rows::WORKERS).to_string()),
            },
        };
        if !stays && !plan.flags.is("own") {
            env.put_for(group, "WEB_CONCURRENCY", processes, why);
        }
        if new && plan.flags.is("asgi") {
            env.put(group, "REQUEST_TIMEOUT", EnvValue::literal(n.get(rows::REQUEST_TIMEOUT).0));
        }
    }
    if new && plan.flags.is("database") && matches!(role, Role::Web | Role::Worker) {
        env.put(group, "DATABASE_POOL_SIZE", EnvValue::literal(n.get(rows::POOL_SIZE)));
    }
    if new && plan.flags.is("database") && role != Role::Beat {
        let timeout = EnvValue::literal(n.get(rows::STATEMENT_TIMEOUT).0);
        env.put(group, "DATABASE_STATEMENT_TIMEOUT_MS", timeout);
    }
    let loads = role == Role::Web || role == Role::Worker && new;
    if loads && plan.flags.is("model") {
        // A child of Celery's has one core.
        let threads = match role {
            Role::Web => EnvValue::literal(n.get(rows::MODEL_THREADS)),
            _ => EnvValue::literal(1),
        };
        if new {
            let model = plan.answers.stack.application().model.as_ref();
            let file = model.map(|model| model.path.file_name()).unwrap_or_default();
            env.put(group, "MODEL_PATH", EnvValue::Literal(format!("/models/{file}")));
            env.put(group, "MODEL_THREADS", threads.clone());
        }
        if new && role == Role::Web {
            let attempts = EnvValue::literal(n.get(rows::MODEL_LOAD_ATTEMPTS));
            env.put(group, "MODEL_LOAD_ATTEMPTS", attempts);
            env.put(group, "MODEL_LOAD_DELAY", EnvValue::literal(n.get(rows::MODEL_LOAD_DELAY).0));
        }
        env.put(group, "OMP_NUM_THREADS", threads.clone());
        env.put(group, "MKL_NUM_THREADS", threads);
    }
    if role == Role::Worker && new {
        let why = format!(
            "SIGTERM gives running tasks {} s, then hands them back to the queue.",
            n.get(rows::SOFT_SHUTDOWN_TIMEOUT).0
        );
        env.put_for(group, "REMAP_SIGTERM", EnvValue::literal("SIGQUIT"), why);
    }
}

/// Adds what every process of the application is told to variables that are
/// there.
pub(super) fn share(plan: &Plan, service: &Existing, variables: &mut Vec<Variable>) {
    let given = Given::to(&plan.answers, Some(service));
    let mut env = Environment { variables: std::mem::take(variables), given };
    shared(plan, &mut env);
    *variables = env.variables;
}

/// What every process of the application is told.
fn shared(plan: &Plan, env: &mut Environment) {
    for variable in proxies(plan) {
        env.put(&Group::Proxies, &variable.name, variable.value);
    }
    env.all(&Group::Application, application(plan));
}

/// Variables that every service with the application's image shares.
pub(super) fn application(plan: &Plan) -> Vec<(String, EnvValue)> {
    let mut env = Environment::new(Given::default());
    let group = &Group::Application;
    let adopted = plan.answers.adopted.as_ref();
    match adopted {
        Some(_) => env.put(group, "PYTHONUNBUFFERED", EnvValue::literal(1)),
        None => env.put(group, "LOG_LEVEL", log_level()),
    }
    if let Some(settings) = &plan.answers.stack.application().framework.settings {
        let module = adopted.map_or(settings.module.as_str(), |adopted| &adopted.settings);
        if !module.is_empty() && plan.answers.own_image().is_none() {
            env.put(group, &settings.variable, EnvValue::literal(module));
        }
    }
    env.all(group, code::settings(&shape(plan)));
    for variable in passed_on(plan).filter(|variable| variable.services.len() > 1) {
        env.put(group, &variable.name, from_dotenv(variable));
    }
    env.variables.into_iter().map(|variable| (variable.name, variable.value)).collect()
}

fn shape(plan: &Plan) -> Shape<'_> {
    Shape::of(&plan.answers)
}

fn log_level() -> EnvValue {
    EnvValue::Variable { name: "LOG_LEVEL".to_owned(), default: Some("info".to_owned()) }
}

/// What leads out of builds and of the application; this stack's own services
/// are reached directly.
pub(super) fn proxies(plan: &Plan) -> Vec<Variable> {
    let network = &plan.answers.network;
    if !network.has_proxy() {
        return Vec::new();
    }
    let mut env = Environment::new(Given::default());
    let group = &Group::Proxies;
    for (name, proxy) in
        [("HTTP_PROXY", &network.http_proxy), ("HTTPS_PROXY", &network.https_proxy)]
    {
        if !proxy.is_empty() {
            let default = Some(proxy.clone());
            env.put(group, name, EnvValue::Variable { name: name.to_owned(), default });
        }
    }
    let direct = EnvValue::List {
        fixed: network::own_hosts(plan),
        name: "NO_PROXY".to_owned(),
        default: network.no_proxy.join(","),
    };
    env.put(group, "NO_PROXY", direct);
    env.variables
}

fn database(plan: &Plan) -> Vec<(String, EnvValue)> {
    if plan.answers.adopted.is_some() {
        return code::database(&shape(plan));
    }
    let name = "DATABASE_URL".to_owned();
    let value = match plan.flags.is("db") {
        true => database_url("postgresql", &plan.answers.services[&Role::Db]),
        false => EnvValue::Variable { name: name.clone(), default: None },
    };
    vec![(name, value)]
}

/// The address of the database of this stack.
#[must_use]
pub fn database_url(scheme: &str, host: &str) -> EnvValue {
    EnvValue::Url {
        scheme: scheme.to_owned(),
        user: "app".to_owned(),
        secret: Some("POSTGRES_PASSWORD"),
        host: host.to_owned(),
        port: 5432,
        path: "app".to_owned(),
    }
}

/// The address of a Redis of this stack.
#[must_use]
pub fn redis_url(secret: Option<&'static str>, host: &str, database: u8) -> EnvValue {
    EnvValue::Url {
        scheme: "redis".to_owned(),
        user: String::new(),
        secret,
        host: host.to_owned(),
        port: 6379,
        path: database.to_string(),
    }
}

fn cache(plan: &Plan) -> Vec<(String, EnvValue)> {
    if plan.answers.adopted.is_some() {
        return code::cache(&shape(plan));
    }
    let host = &plan.answers.services[&Role::Cache];
    vec![("CACHE_URL".to_owned(), redis_url(Some("CACHE_PASSWORD"), host, 0))]
}

fn broker(plan: &Plan, env: &mut Environment) {
    let group = &Group::Broker;
    if plan.answers.adopted.is_some() {
        env.all(group, code::broker(&shape(plan)));
        return;
    }
    let host = &plan.answers.services[&Role::Redis];
    let url = |database| redis_url(Some("REDIS_PASSWORD"), host, database);
    env.put(group, "CELERY_BROKER_URL", url(0));
    env.put(group, "CELERY_RESULT_BACKEND", url(1));
    if plan.flags.is("celery") {
        let n = Sizes::of(&plan.decisions, Role::Worker);
        let why = "Above the time limit of a task: Redis would hand it to a second worker.";
        let timeout = EnvValue::literal(n.get(rows::VISIBILITY_TIMEOUT).0);
        env.put_for(group, "CELERY_VISIBILITY_TIMEOUT", timeout, why);
    }
}

/// The variables of `.env` that the application is given under their names.
fn passed_on(plan: &Plan) -> impl Iterator<Item = &EnvVar> {
    let is_read = |variable: &&EnvVar| variable.services.contains(&Role::Web);
    plan.env.iter().filter(is_read).filter(|variable| is_passed_on(plan, variable))
}

/// Whether the application is given a variable of `.env` under its name. The
/// others are parts of an address, or have a value of their own here.
#[must_use]
pub fn is_passed_on(plan: &Plan, variable: &EnvVar) -> bool {
    let part = variable.services.iter().any(|role| !role.runs_application());
    let new = plan.answers.adopted.is_none();
    let own = new && matches!(variable.name.as_str(), "LOG_LEVEL" | "DATABASE_URL");
    !(variable.services.is_empty() || part || own || network::gives(&variable.name))
}

fn from_dotenv(variable: &EnvVar) -> EnvValue {
    match &variable.kind {
        EnvKind::Default(value) => {
            EnvValue::Variable { name: variable.name.clone(), default: Some(value.clone()) }
        }
        _ => EnvValue::Variable { name: variable.name.clone(), default: None },
    }
}
