//! Values that nobody writes down: by which names the platform's own store has them, what
//! they look like, and what stands for them in development.

use crate::detect::facts::Meaning;
use crate::plan::Plan;
use crate::plan::env::EnvKind;
use crate::plan::store_ports::usual;
use crate::plan::topology::{EnvValue, Variable};
use crate::plan::workloads::{Given, Value, Workloads};
use crate::source::compose::interpolate;

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

/// A password that is for development alone.
pub(super) fn local(all: &mut Workloads, key: &str) -> Value {
    if all.local.iter().all(|(known, _)| known != key) {
        all.local.push((key.to_owned(), LOCAL.to_owned()));
    }
    Value::Secret { key: key.to_owned(), optional: false }
}

/// A variable whose value is a secret, which is noted.
pub(super) fn of(plan: &Plan, variable: &Variable, optional: bool, all: &mut Workloads) -> Given {
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

/// A secret of which only the name is known.
pub(super) fn by_name(plan: &Plan, name: &str, optional: bool, all: &mut Workloads) -> Given {
    let doc = doc(plan, name);
    note(all, Secret { name: name.to_owned(), doc, development: None, optional });
    let value = Value::Secret { key: name.to_owned(), optional };
    Given { name: name.to_owned(), value, why: String::new() }
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
    let kind = match scheme.split('+').next()? {
        "postgres" | "postgresql" | "postgis" => "postgres",
        kind @ ("mysql" | "mariadb") => kind,
        _ => return None,
    };
    let port = usual(kind)?;
    // Each driver has a word of its own for TLS.
    let tls = match kind {
        "postgres" if scheme.ends_with("+asyncpg") => "?ssl=require",
        "postgres" => "?sslmode=require",
        _ => "",
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
