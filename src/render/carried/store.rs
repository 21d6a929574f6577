//! Data stores that were there before: their own lines stay, and ours are
//! what limits, checks and locks them down.

use serde_json::{Value, json};

use crate::compose::Service;
use crate::compose::image::Kind;
use crate::compose::yaml::{Item, Node};
use crate::plan::Role;
use crate::plan::carry::{Carry, has_jit};
use crate::render::carried::text;

/// Keys that our lines take the place of.
const OURS: [&str; 16] = [
    "command",
    "deploy",
    "healthcheck",
    "logging",
    "networks",
    "network_mode",
    "profiles",
    "restart",
    "read_only",
    "cap_drop",
    "security_opt",
    "stop_grace_period",
    "stop_signal",
    "shm_size",
    "mem_limit",
    "cpus",
];
/// What an entry point that starts as root needs to become its own user.
const TO_CHANGE_USER: &str = "[CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID]";
/// Settings of PostgreSQL that the plan decides.
const PLANNED: [&str; 11] = [
    "max_connections",
    "shared_buffers",
    "effective_cache_size",
    "maintenance_work_mem",
    "work_mem",
    "min_wal_size",
    "max_wal_size",
    "max_worker_processes",
    "random_page_cost",
    "effective_io_concurrency",
    "jit",
];

/// Of a plan that carries nothing on.
#[must_use]
pub fn nothing() -> Value {
    json!({
        "there": false, "published": false, "keep": "", "networks": "", "tuned": true, "jit": true,
        "options": Vec::<String>::new(), "command": "", "limited": false, "asks": true, "auth": "",
        "check": "", "signal": true,
    })
}

/// What of an old store goes on.
#[must_use]
pub fn context(carry: &Carry, role: Role) -> Value {
    let Some(service) = carry.services.get(&role) else { return nothing() };
    let start = carry.start(service);
    let postgres = options(service);
    let tuned = start.library && postgres.is_some();
    let redis = redis_command(carry, service);
    let mut networks = super::shared_networks(carry, role);
    if !service.ports().is_empty() {
        // A service on an internal network alone cannot publish a port.
        networks.insert(0, "edge".to_owned());
    }
    json!({
        "there": true,
        "published": !service.ports().is_empty(),
        "keep": keep(carry, service, role),
        "networks": networks.iter().map(|name| format!(", {name}")).collect::<String>(),
        "tuned": tuned,
        "jit": has_jit(carry.known(service).as_ref()),
        "options": postgres.unwrap_or_default(),
        "command": match role {
            Role::Db => service.item.get("command").filter(|_| !tuned).map(|item| text::entry("command", item, 4)),
            _ => Some(redis.line),
        },
        "limited": redis.limited,
        "asks": redis.asks,
        "auth": redis.auth,
        "check": if start.library { String::new() } else { check(service) },
        "signal": start.library,
    })
}

/// The service's own lines.
fn keep(carry: &Carry, service: &Service, role: Role) -> String {
    let start = carry.start(service);
    let redis = redis_command(carry, service);
    let mut lines = String::new();
    for (key, value) in service.item.entries() {
        let Some(key) = key.scalar().filter(|key| !OURS.contains(&key.as_str())) else { continue };
        match key.as_str() {
            "environment" if role != Role::Db && !redis.auth.is_empty() => {
                lines += &text::entry("environment", &with_auth(value, &redis.auth), 4);
            }
            "tmpfs" => {}
            _ => lines += &text::entry(&key, value, 4),
        }
    }
    if role != Role::Db && !redis.auth.is_empty() && service.item.get("environment").is_none() {
        let none = Item::of(Node::Map(Vec::new()));
        lines += &text::entry("environment", &with_auth(&none, &redis.auth), 4);
    }
    if !start.library {
        lines += "\n    read_only: false  # its entry point writes to its own files";
    }
    match &start.user {
        Some(_) if start.keeps_user => {}
        Some(user) => lines += &format!("\n    user: \"{user}\"  # who owns its data"),
        None if service.item.get("cap_add").is_some() => {}
        None => {
            lines +=
                &format!("\n    cap_add: {TO_CHANGE_USER}  # starts as root, runs as its own user")
        }
    }
    lines
}

/// The `-c` settings of a command that starts the server and nothing else,
/// without those the plan decides; `None` for any other command.
fn options(service: &Service) -> Option<Vec<String>> {
    let Some(command) = service.item.get("command") else { return Some(Vec::new()) };
    if service.item.get("entrypoint").is_some() {
        return None;
    }
    let words = match command.scalar() {
        Some(text) => shell_words::split(&text).ok()?,
        None => command.scalars(),
    };
    let mut words = words.into_iter().peekable();
    words.next_if(|word| word == "postgres" || word == "docker-entrypoint.sh");
    words.next_if(|word| word == "postgres");
    let mut options = Vec::new();
    while let Some(word) = words.next() {
        let option = match word.as_str() {
            "-c" | "--config" => words.next()?,
            word => word.strip_prefix("-c").or_else(|| word.strip_prefix("--"))?.to_owned(),
        };
        let (name, _) = option.split_once('=')?;
        if !PLANNED.contains(&name.replace('-', "_").as_str()) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-.=/:,${}".contains(c);
            let one_word = option.chars().all(plain);
            options.push(if one_word { option } else { shell_words::quote(&option).into_owned() });
        }
    }
    Some(options)
}

/// How a Redis that was there is started.
#[derive(Default)]
struct Redis {
    /// The whole `command:` line.
    line: String,
    /// Whether the line holds a place for the plan's limit.
    limited: bool,
    /// Whether a refused password makes the check fail.
    asks: bool,
    /// Its password, as a variable.
    auth: String,
}

/// Persistence stays what it was: a server that is told to keep an append-only
/// file starts empty beside a snapshot alone.
fn redis_command(carry: &Carry, service: &Service) -> Redis {
    let words = match service.item.get("command") {
        None => Some(Vec::new()),
        Some(item) => match item.scalar() {
            Some(text) => shell_words::split(&text).ok(),
            None => Some(item.scalars()),
        },
    };
    let verbatim = |asks: bool| {
        let line = service.item.get("command").map(|item| text::entry("command", item, 4));
        Redis { line: line.unwrap_or_default(), asks, ..Redis::default() }
    };
    let library = carry.start(service).library && service.item.get("entrypoint").is_none();
    let Some(mut words) = words.filter(|_| library) else { return verbatim(false) };
    let server = match carry.known(service).map(|known| known.kind) {
        Some(Kind::Redis) if words.is_empty() => server_of(service).to_owned(),
        _ => words.first().cloned().unwrap_or_default(),
    };
    if words.is_empty() {
        words.push(server.clone());
    }
    if words[0].starts_with("--") {
        words.insert(0, server_of(service).to_owned());
    } else if !matches!(server.as_str(), "redis-server" | "valkey-server") {
        return verbatim(false);
    }
    let configured = words.get(1).is_some_and(|word| !word.starts_with("--"));
    let password =
        words.iter().position(|word| word == "--requirepass").and_then(|at| words.get(at + 1));
    let auth = password.cloned().unwrap_or_default();
    let limited = words.iter().all(|word| word != "--maxmemory") && !configured;
    let items = Node::List(words.into_iter().map(Item::text).collect());
    let line = text::entry("command", &Item::of(items), 4);
    Redis { line, limited, asks: !configured, auth }
}

fn server_of(service: &Service) -> &'static str {
    let image = service.image().unwrap_or_default();
    if image.contains("valkey") { "valkey-server" } else { "redis-server" }
}

/// The environment with the password for its own client.
fn with_auth(environment: &Item, auth: &str) -> Item {
    const NAME: &str = "REDISCLI_AUTH";
    let node = match &environment.node {
        Node::List(items) => {
            let own = Item::text(format!("{NAME}={auth}"));
            Node::List(items.iter().cloned().chain([own]).collect())
        }
        Node::Map(entries) => {
            let own = (Item::text(NAME), Item::text(auth));
            Node::Map(entries.iter().cloned().chain([own]).collect())
        }
        _ => Node::Map(vec![(Item::text(NAME), Item::text(auth))]),
    };
    Item::of(node)
}

/// The test of a health check that was there.
fn check(service: &Service) -> String {
    let test = service.item.get("healthcheck").and_then(|check| check.get("test"));
    test.map(|test| text::entry("test", test, 6)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Document;

    fn service(text: &str) -> Service {
        let document = Document::read(&format!("services:\n  it:\n{text}")).unwrap();
        document.services().remove(0)
    }

    #[test]
    fn settings_of_a_database_stay_beside_the_planned_ones() {
        let options = |command: &str| options(&service(&format!("    command: {command}\n")));
        assert_eq!(
            options("postgres -c wal_level=logical -c max_connections=300 --log-statement=all"),
            Some(vec!["wal_level=logical".into(), "log-statement=all".into()])
        );
        assert_eq!(
            options("[\"-c\", \"shared_preload_libraries=a, b\"]"),
            Some(vec!["'shared_preload_libraries=a, b'".into()])
        );
        assert_eq!(options("sh -c 'exec postgres'"), None);
        assert_eq!(super::options(&service("    image: postgres\n")), Some(Vec::new()));
    }
}
