//! What pods are told: what is known is written down, what is not is a secret of the
//! platform, by the variable's own name.

use crate::detect::compose::role::names_host;
use crate::detect::facts::Meaning;
use crate::plan::Plan;
use crate::plan::env::EnvKind;
use crate::plan::given::open_references;
use crate::plan::topology::{EnvValue, Group, Service, Variable};
use crate::plan::workloads::{Workloads, direct};
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::source::compose::interpolate;

/// A variable of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Why it is so; empty where the name says it.
    pub why: String,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// As it is.
    Literal(String),
    /// From the secrets, by the variable's name.
    Secret {
        /// The key.
        key: String,
        /// Whether the pod starts without it.
        optional: bool,
    },
}

/// A value that nobody writes down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The key, which is the variable's name.
    pub name: String,
    /// What it is, in a sentence; empty where nobody said.
    pub doc: String,
    /// Its value beside the stores of the development overlay; `None` where only a
    /// person knows it.
    pub development: Option<String>,
    /// Whether pods start without it.
    pub optional: bool,
}

/// The password of a store that is for development alone.
const LOCAL: &str = "local-only";

/// Values that all workloads are told.
pub(super) fn settings(plan: &Plan) -> Vec<(String, String)> {
    let mut settings: Vec<(String, String)> = Vec::new();
    let services = plan.topology.services.iter().filter(|own| own.runs_application());
    for variable in services.flat_map(|service| &service.env) {
        if is_setting(plan, variable)
            && !settings.iter().any(|(name, _)| *name == variable.name)
            && let Some(value) = behind_tls(plan, variable)
                .or_else(|| direct::everywhere(variable))
                .or_else(|| known(plan, &variable.value))
        {
            settings.push((variable.name.clone(), value));
        }
    }
    settings
}

/// What Django is told where TLS ends in front of every pod, which a host's `.env` says
/// only once it is so.
fn behind_tls(plan: &Plan, variable: &Variable) -> Option<String> {
    let new = plan.answers.adopted.is_none();
    let value = match variable.name.as_str() {
        "SECURE_SSL_REDIRECT" => "true",
        "SECURE_HSTS_SECONDS" => "3600",
        _ => return None,
    };
    new.then(|| value.to_owned())
}

/// Whether an environment may have another value of a variable: what all of the
/// application is told, and what `.env` may say otherwise on a host.
fn is_setting(plan: &Plan, variable: &Variable) -> bool {
    let shared = matches!(variable.group, Group::Application | Group::Proxies);
    let open = matches!(variable.value, EnvValue::Variable { default: Some(_), .. });
    (shared || open) && own(plan, Role::Web, &variable.name).is_none()
}

/// Whether a variable leads code that was there to a store, which is elsewhere in a
/// cluster: host, name and user together.
fn is_outside(plan: &Plan, variable: &Variable) -> bool {
    plan.answers.adopted.is_some()
        && matches!(variable.group, Group::Database | Group::Cache | Group::Broker)
}

/// What the development overlay says otherwise: plain HTTP, by a port that is forwarded.
pub(super) fn local_settings(settings: &[(String, String)]) -> Vec<(String, String)> {
    const LOCAL: [(&str, &str); 4] = [
        ("ALLOWED_HOSTS", "localhost,127.0.0.1"),
        ("CSRF_TRUSTED_ORIGINS", "http://localhost:8000"),
        ("SECURE_SSL_REDIRECT", "false"),
        ("SECURE_HSTS_SECONDS", "0"),
    ];
    let there = |(name, _): &&(&str, &str)| settings.iter().any(|(own, _)| own == name);
    LOCAL.iter().filter(there).map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

/// The variables of a workload beside the settings; what is a secret is noted.
pub(super) fn of(plan: &Plan, service: &Service, role: Role, all: &mut Workloads) -> Vec<Given> {
    let mut given: Vec<Given> = Vec::new();
    for variable in &service.env {
        let name = variable.name.clone();
        if let Some((value, why)) = own(plan, role, &name) {
            given.push(Given { name, value: Value::Literal(value), why: why.to_owned() });
            continue;
        }
        let is_setting = is_setting(plan, variable);
        let why = variable.why.clone();
        let outside = is_outside(plan, variable);
        match known(plan, &variable.value).filter(|_| !outside) {
            Some(_) if is_setting && all.settings.iter().any(|(own, _)| *own == name) => {}
            Some(value) => given.push(Given { name, value: Value::Literal(value), why }),
            None => given.push(secret(plan, variable, all)),
        }
    }
    // What files of variables say is in none of ours.
    let carried = plan.answers.adopted.as_ref().and_then(|own| own.derived.carried.as_ref());
    let told = carried.and_then(|carried| {
        // What migrates is told what the application is.
        let web = || carried.roles.get(&Role::Web).filter(|_| role == Role::Migrate);
        carried.told.get(&service.id).or_else(|| carried.told.get(web()?))
    });
    let names = told.into_iter().flat_map(|told| {
        let given = told.names.iter().chain(&told.by_project).map(|name| (name, false));
        given.chain(told.open.iter().map(|name| (name, true)))
    });
    for (name, optional) in names {
        let is_known = given.iter().any(|own| own.name == *name)
            || all.settings.iter().any(|(own, _)| own == name);
        let of_image = plan
            .answers
            .adopted
            .as_ref()
            .is_some_and(|adopted| adopted.derived.image_env.contains(name));
        if !is_known && !of_image {
            note(
                all,
                Secret { name: name.clone(), doc: doc(plan, name), development: None, optional },
            );
            let value = Value::Secret { key: name.clone(), optional };
            given.push(Given { name: name.clone(), value, why: String::new() });
        }
    }
    given
}

/// The variables of a store of the development overlay.
pub(super) fn of_store(service: &Service, all: &mut Workloads) -> Vec<Given> {
    let mut given = Vec::new();
    for variable in &service.env {
        let name = variable.name.clone();
        let value = match (written(&variable.value), &variable.value) {
            (Some(text), _) => Value::Literal(text),
            (None, EnvValue::Secret(key) | EnvValue::Variable { name: key, .. }) => local(all, key),
            // Its password, whatever that is made of.
            (None, _) => local(all, &name),
        };
        given.push(Given { name, value, why: String::new() });
    }
    given
}

/// A password that is for development alone.
fn local(all: &mut Workloads, key: &str) -> Value {
    if all.local.iter().all(|(known, _)| known != key) {
        all.local.push((key.to_owned(), LOCAL.to_owned()));
    }
    Value::Secret { key: key.to_owned(), optional: false }
}

/// What a pod is told otherwise than a container of the host.
fn own(plan: &Plan, role: Role, name: &str) -> Option<(String, &'static str)> {
    let threads = || plan.decisions.find(rows::POD_MODEL_THREADS, Role::Web);
    match (role, name) {
        (Role::Web, "WEB_CONCURRENCY") => {
            Some(("1".to_owned(), "One process in a pod: replicas are what there are more of."))
        }
        (Role::Web, "MODEL_THREADS" | "OMP_NUM_THREADS" | "MKL_NUM_THREADS") => {
            Some((threads()?.to_string(), ""))
        }
        (Role::Web, "FORWARDED_ALLOW_IPS") => {
            Some(("*".to_owned(), "Nothing but the ingress or load balancer reaches this port."))
        }
        _ => None,
    }
}

/// What a value is, where that is known before anything runs.
fn known(plan: &Plan, value: &EnvValue) -> Option<String> {
    let stores = || plan.topology.services.iter().filter(|own| !own.runs_application());
    let names_a_store = match value {
        EnvValue::Kept(Some(text)) => stores().any(|own| names_host(text, &own.id)),
        _ => false,
    };
    written(value).filter(|_| !names_a_store)
}

/// The value that stands in the compose file, with what holds where nothing is set.
fn written(value: &EnvValue) -> Option<String> {
    match value {
        EnvValue::Literal(text) => Some(text.clone()),
        EnvValue::Variable { default: Some(default), .. } => Some(default.clone()),
        EnvValue::Variable { default: None, .. } | EnvValue::Secret(_) | EnvValue::Url { .. } => {
            None
        }
        EnvValue::List { fixed, default, .. } => {
            let all = fixed.iter().map(String::as_str).chain([default.as_str()]);
            Some(all.filter(|item| !item.is_empty()).collect::<Vec<_>>().join(","))
        }
        EnvValue::Kept(None) => None,
        EnvValue::Kept(Some(text)) => {
            let is_open = !open_references(text).0.is_empty() || is_handed_on(value);
            (!is_open).then(|| interpolate::defaults(text))
        }
    }
}

/// Whether a value is handed on where it is set, and is not asked for where it is not:
/// `X:` and `X: ${X:-}`.
fn is_handed_on(value: &EnvValue) -> bool {
    match value {
        EnvValue::Kept(None) => true,
        EnvValue::Kept(Some(text)) => {
            let is_open = !open_references(text).0.is_empty();
            !text.is_empty() && !is_open && interpolate::defaults(text).is_empty()
        }
        _ => false,
    }
}

fn secret(plan: &Plan, variable: &Variable, all: &mut Workloads) -> Given {
    let optional = is_handed_on(&variable.value);
    note(
        all,
        Secret {
            name: variable.name.clone(),
            doc: database(&variable.value).unwrap_or_else(|| doc(plan, &variable.name)),
            development: development(plan, variable),
            optional,
        },
    );
    let key = variable.name.clone();
    let value = Value::Secret { key, optional };
    Given { name: variable.name.clone(), value, why: variable.why.clone() }
}

fn note(all: &mut Workloads, secret: Secret) {
    match all.secrets.iter_mut().find(|known| known.name == secret.name) {
        Some(known) => known.optional &= secret.optional,
        None => all.secrets.push(secret),
    }
}

/// The form of a database's address, as the code reads it today.
fn database(value: &EnvValue) -> Option<String> {
    match value {
        EnvValue::Url { scheme, .. } => of_database(scheme),
        EnvValue::Kept(Some(text)) => of_database(text.split_once("://")?.0),
        _ => None,
    }
}

fn of_database(scheme: &str) -> Option<String> {
    let port = match scheme.split('+').next()? {
        "postgres" | "postgresql" | "postgis" => "5432",
        "mysql" | "mariadb" => "3306",
        _ => return None,
    };
    // Each driver has a word of its own for TLS.
    let tls = match scheme {
        _ if port != "5432" => "",
        _ if scheme.ends_with("+asyncpg") => "?ssl=require",
        _ => "?sslmode=require",
    };
    Some(format!("{scheme}://USER:PASSWORD@HOST:{port}/NAME{tls} of the database."))
}

fn doc(plan: &Plan, name: &str) -> String {
    let variable = plan.env.iter().find(|variable| variable.name == name);
    let adopted = plan.answers.adopted.as_ref();
    let mut known = adopted.into_iter().flat_map(|own| &own.derived.connections);
    let read = known.find_map(|own| match &own.meaning {
        Meaning::DatabaseUrl { scheme } if own.name == name => of_database(scheme),
        _ => None,
    });
    match (variable, name) {
        (None, _) if read.is_some() => read.unwrap_or_default(),
        (Some(variable), _) => variable.doc.clone(),
        (None, "DATABASE_URL") => of_database("postgresql").unwrap_or_default(),
        (None, "CACHE_URL") => {
            "rediss://:PASSWORD@HOST:6379/0?ssl_cert_reqs=required of the cache.".to_owned()
        }
        (None, "CELERY_BROKER_URL") => {
            "rediss://:PASSWORD@HOST:6379/0?ssl_cert_reqs=required of the broker.".to_owned()
        }
        (None, "CELERY_RESULT_BACKEND") => {
            "rediss://:PASSWORD@HOST:6379/1?ssl_cert_reqs=required, where results are kept."
                .to_owned()
        }
        _ => String::new(),
    }
}

/// The value beside the stores of the development overlay.
fn development(plan: &Plan, variable: &Variable) -> Option<String> {
    match &variable.value {
        EnvValue::Literal(text) => Some(text.clone()),
        EnvValue::Url { scheme, user, secret, host, port, path } => {
            let login = match (user.as_str(), secret) {
                ("", None) => String::new(),
                (user, None) => format!("{user}@"),
                (user, Some(_)) => format!("{user}:{LOCAL}@"),
            };
            Some(format!("{scheme}://{login}{host}:{port}/{path}"))
        }
        EnvValue::Kept(Some(text)) => {
            let mut whole = true;
            let text = interpolate::replace(text, &mut |reference| {
                let known = plan.env.iter().find(|own| own.name == reference.name);
                let is_secret = known.is_some_and(|own| matches!(own.kind, EnvKind::Secret(_)));
                match reference.default {
                    _ if is_secret => Some(LOCAL.to_owned()),
                    Some(_) => None,
                    None => {
                        whole = false;
                        None
                    }
                }
            });
            whole.then(|| interpolate::defaults(&text))
        }
        _ => {
            let known = plan.env.iter().find(|own| own.name == variable.name)?;
            // Frameworks want a long key, whatever it is worth.
            let long = LOCAL.repeat(6);
            matches!(known.kind, EnvKind::Secret(_)).then_some(long)
        }
    }
}
