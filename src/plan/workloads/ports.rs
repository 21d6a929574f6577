//! The ports of what a workload connects to: those that its variables and the stores it
//! waits for say. What stands in a secret may say another, which nobody knows here.

use std::collections::BTreeSet;

use crate::plan::Plan;
use crate::plan::store_ports::usual;
use crate::plan::topology::{EnvValue, Group, Service, Variable};
use crate::plan::workloads::environment::by_files;
use crate::plan::workloads::{Given, Value};
use crate::schema::Role;
use crate::source::compose::interpolate;

/// How names of addresses end.
const ADDRESSES: [&str; 8] =
    ["URL", "URI", "DSN", "HOST", "HOSTNAME", "SERVER", "BROKER", "BACKEND"];

/// The ports of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Those that are said, or usual for what listens there.
    pub known: BTreeSet<u16>,
    /// The secrets among the variables that lead there: each may name another port.
    pub secrets: Vec<String>,
    /// The variables that lead to a store of which no port is known.
    pub unknown: Vec<String>,
}

/// The ports of what a service connects to, which as a pod is told `env`.
pub(super) fn of(plan: &Plan, service: &Service, env: &[Given]) -> Ports {
    let mut ports = Ports::default();
    for variable in &service.env {
        said(plan, service, variable, &mut ports);
    }
    // Names that files of variables bring; their values are not read.
    let carried = plan.answers.adopted.as_ref().and_then(|own| own.derived.carried.as_ref());
    for (name, _) in by_files(plan, service) {
        let leads = is_port(name) || is_address(name);
        if leads && service.env.iter().all(|own| own.name != *name) {
            by_name(plan, name, &mut ports);
        }
    }
    for other in &service.depends_on {
        let kind = carried.and_then(|carried| carried.stores.get(&other.service));
        let service = plan.topology.services.iter().find(|own| own.id == other.service);
        let of_role = || of_role(service?.kind?);
        ports.known.extend(kind.and_then(|kind| usual(kind)).or_else(of_role));
    }
    // What is written down says nothing else.
    let is_secret = |given: &Given| matches!(given.value, Value::Secret { .. });
    let secret = |name: &String| env.iter().any(|own| own.name == *name && is_secret(own));
    ports.secrets.retain(secret);
    ports
}

/// The port of a store that is planned.
pub(super) const fn of_role(role: Role) -> Option<u16> {
    match role {
        Role::Db => Some(5432),
        Role::Redis | Role::Cache => Some(6379),
        _ => None,
    }
}

/// What one variable says.
fn said(plan: &Plan, service: &Service, variable: &Variable, ports: &mut Ports) {
    let name = &variable.name;
    let text = match &variable.value {
        EnvValue::Url { port, .. } => {
            ports.known.insert(*port);
            ports.secrets.push(name.clone());
            return;
        }
        EnvValue::Literal(text) | EnvValue::Variable { default: Some(text), .. } => text.clone(),
        EnvValue::Kept(Some(text)) => interpolate::defaults(text),
        EnvValue::Variable { default: None, .. } | EnvValue::Secret(_) | EnvValue::Kept(None) => {
            String::new()
        }
        EnvValue::List { .. } => return,
    };
    let by_its_name = is_port(name) || is_address(name) && !names_port(service, name);
    if text.is_empty() {
        if by_its_name {
            by_name(plan, name, ports);
        }
        return;
    }
    // Of addresses of the web, most are told to browsers.
    let leads = matches!(variable.group, Group::Proxies) || !text.starts_with("http");
    if text.contains("://") {
        if leads && let Some(port) = of_url(&text) {
            ports.known.insert(port);
            ports.secrets.push(name.clone());
        }
        return;
    }
    match text.parse::<u16>() {
        Ok(port) if is_port(name) && kind_of(plan, name).is_some() => {
            ports.known.insert(port);
            ports.secrets.push(name.clone());
        }
        Err(_) if by_its_name => by_name(plan, name, ports),
        _ => {}
    }
}

/// Whether a host's port is a variable of its own.
fn names_port(service: &Service, name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('_') else { return false };
    let port = format!("{stem}_PORT");
    service.env.iter().any(|own| own.name == port)
}

/// The port in an address, or the usual one of its scheme.
fn of_url(text: &str) -> Option<u16> {
    let (scheme, rest) = text.split_once("://")?;
    // Celery's results in a database.
    let scheme = scheme.strip_prefix("db+").unwrap_or(scheme);
    let authority = rest.split(['/', '?', '#']).next()?;
    let hosts = authority.rsplit('@').next()?;
    let first = hosts.split([',', ';']).next()?;
    let port =
        first.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
    port.and_then(|(_, port)| port.parse().ok()).or_else(|| usual(scheme))
}

/// What the name of an address says of what listens there.
fn by_name(plan: &Plan, name: &str, ports: &mut Ports) {
    let Some(kind) = kind_of(plan, name) else { return };
    match usual(&kind) {
        Some(port) => {
            ports.known.insert(port);
            ports.secrets.push(name.to_owned());
        }
        None => ports.unknown.push(name.to_owned()),
    }
}

fn is_port(name: &str) -> bool {
    name.ends_with("_PORT")
}

fn is_address(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or(name);
    ADDRESSES.iter().any(|end| last.eq_ignore_ascii_case(end))
}

/// The kind of store that a name is about; empty for one of which nothing more is known,
/// `None` where it is about none.
fn kind_of(plan: &Plan, name: &str) -> Option<String> {
    let adopted = plan.answers.adopted.as_ref().map(|adopted| &adopted.derived);
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> = upper.split('_').collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let of = |kind: Option<&String>, usual: &str| match (adopted, kind) {
        (None, _) => usual.to_owned(),
        (Some(_), kind) => kind.cloned().unwrap_or_default(),
    };
    Some(match () {
        () if has(&["POSTGRES", "POSTGRESQL", "PG"]) => "postgres".to_owned(),
        () if has(&["MYSQL", "MARIADB"]) => "mysql".to_owned(),
        () if has(&["REDIS", "VALKEY"]) => "redis".to_owned(),
        () if has(&["AMQP", "RABBITMQ", "RABBIT"]) => "amqp".to_owned(),
        () if has(&["MONGO", "MONGODB"]) => "mongodb".to_owned(),
        () if has(&["MEMCACHED"]) => "memcached".to_owned(),
        () if has(&["BROKER"]) => of(adopted.and_then(|own| own.broker.as_ref()), "redis"),
        () if has(&["DATABASE", "DB", "SQLALCHEMY"]) => {
            of(adopted.and_then(|own| own.database.as_ref()), "postgres")
        }
        () if has(&["CACHE"]) => "redis".to_owned(),
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_an_address_is_its_own_or_its_schemes() {
        for (text, port) in [
            ("postgresql://app:pw@db:5433/app", Some(5433)),
            ("postgresql+asyncpg://app@db/app", Some(5432)),
            ("mysql+pymysql://app:pw@[::1]:3307/app", Some(3307)),
            ("mysql://app@[::1]/app", Some(3306)),
            ("amqps://guest@mq.example.com//", Some(5671)),
            ("amqp://a@one:5673;amqp://a@two:5673", Some(5673)),
            ("db+mysql://app@db/results", Some(3306)),
            // A port that only `.env` says.
            ("redis://:@redis:/0", Some(6379)),
            ("http://proxy.example.com:3128", Some(3128)),
            ("https://example.com", Some(443)),
            ("no address", None),
        ] {
            assert_eq!(of_url(text), port, "{text}");
        }
    }
}
