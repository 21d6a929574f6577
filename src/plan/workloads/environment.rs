//! What pods are told: what is known is written down, what is not is a secret of the
//! platform, by the variable's own name.

use crate::detect::compose::role::names_host;
use crate::detect::{redact, secret};
use crate::plan::Plan;
use crate::plan::given::open_references;
use crate::plan::topology::{EnvValue, Group, Service, Variable};
use crate::plan::workloads::{Workloads, direct, secrets};
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

/// Values that all workloads are told.
pub(super) fn settings(plan: &Plan) -> Vec<(String, String)> {
    let mut settings: Vec<(String, String)> = Vec::new();
    let services = plan.topology.services.iter().filter(|own| own.runs_application());
    for variable in services.flat_map(|service| &service.env) {
        if is_setting(plan, variable)
            && !settings.iter().any(|(name, _)| *name == variable.name)
            && let Some(value) = behind_tls(plan, variable)
                .or_else(|| direct::everywhere(variable))
                .or_else(|| known(plan, variable))
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
        match known(plan, variable).filter(|_| !outside) {
            Some(_) if is_setting && all.settings.iter().any(|(own, _)| *own == name) => {}
            Some(value) => given.push(Given { name, value: Value::Literal(value), why }),
            None => given.push(secrets::of(plan, variable, is_handed_on(&variable.value), all)),
        }
    }
    // What files of variables say is in none of ours.
    for (name, optional) in by_files(plan, service) {
        let is_known = given.iter().any(|own| own.name == *name)
            || all.settings.iter().any(|(own, _)| own == name);
        let of_image = plan
            .answers
            .adopted
            .as_ref()
            .is_some_and(|adopted| adopted.derived.image_env.contains(name));
        if !is_known && !of_image {
            given.push(secrets::by_name(plan, name, optional, all));
        }
    }
    given
}

/// Names that files of variables give a service, each with whether it may be missing.
pub(super) fn by_files<'p>(
    plan: &'p Plan,
    service: &Service,
) -> impl Iterator<Item = (&'p String, bool)> {
    let carried = plan.answers.adopted.as_ref().and_then(|own| own.derived.carried.as_ref());
    let told = carried.and_then(|carried| {
        // What migrates is told what the application is.
        let migrates = service.kind == Some(Role::Migrate);
        let web = || carried.roles.get(&Role::Web).filter(|_| migrates);
        carried.told.get(&service.id).or_else(|| carried.told.get(web()?))
    });
    told.into_iter().flat_map(|told| {
        let given = told.names.iter().chain(&told.by_project).map(|name| (name, false));
        given.chain(told.open.iter().map(|name| (name, true)))
    })
}

/// The variables of a store of the development overlay.
pub(super) fn of_store(service: &Service, all: &mut Workloads) -> Vec<Given> {
    let mut given = Vec::new();
    for variable in &service.env {
        let name = variable.name.clone();
        let value = match (written(&variable.value), &variable.value) {
            (Some(text), _) => Value::Literal(text),
            (None, EnvValue::Secret(key) | EnvValue::Variable { name: key, .. }) => {
                secrets::local(all, key)
            }
            // Its password, whatever that is made of.
            (None, _) => secrets::local(all, &name),
        };
        given.push(Given { name, value, why: String::new() });
    }
    given
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

/// Whether what a compose file falls back to is a password: good on a host, where `.env`
/// says another one, and in no manifest.
fn is_secret(variable: &Variable, value: &str) -> bool {
    matches!(variable.value, EnvValue::Kept(Some(_)))
        && !value.is_empty()
        && (secret::is_variable(&variable.name) || redact::without_secrets(value) != value)
}

/// What a value is, where that is known before anything runs.
fn known(plan: &Plan, variable: &Variable) -> Option<String> {
    let value = &variable.value;
    let stores = || plan.topology.services.iter().filter(|own| !own.runs_application());
    let names_a_store = match value {
        EnvValue::Kept(Some(text)) => stores().any(|own| names_host(text, &own.id)),
        _ => false,
    };
    written(value).filter(|text| !names_a_store && !is_secret(variable, text))
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
