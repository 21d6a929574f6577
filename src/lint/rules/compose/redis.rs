//! What a Redis is told: its settings and its password, as far as files say.

use std::collections::BTreeMap;

use ruff_python_ast::{Expr, Stmt};

use crate::detect::python::{self, Module};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::{Mount, image};

/// Where the password of a Redis is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Password {
    /// It has none.
    Nothing,
    /// `redis-cli` finds it by itself: `REDISCLI_AUTH` is set.
    Cli,
    /// In a variable of its container.
    Variable(String),
    /// Somewhere else: a literal, a configuration.
    Elsewhere,
    /// Nobody knows whether there is one.
    Unknown,
}

/// Its settings by their names, several values of one joined by a blank; `None`
/// where a configuration that is not here, or another image's entry point, says.
pub(super) fn settings(member: &Member<'_>) -> Option<BTreeMap<String, String>> {
    let reference = member.container.image.as_deref()?;
    image::known(reference).filter(|own| own.start == image::Start::Library)?;
    let mut found = BTreeMap::new();
    if member.service.item.get("entrypoint").is_some() {
        return None;
    }
    let Some(command) = member.service.item.get("command") else { return Some(found) };
    let words = match command.scalar() {
        Some(text) => shell_words::split(&text).ok()?,
        None => command.scalars(),
    };
    let words = match words.iter().position(|word| word.starts_with('-') && word.ends_with('c')) {
        // A shell: every line and every option of its text counts.
        Some(at) if words.first().is_some_and(|first| first.ends_with("sh")) => {
            let text = words.get(at + 1)?;
            for line in text.lines() {
                let mut parts = line.split_whitespace();
                if let Some(name) = parts.next().filter(|name| is_setting(name)) {
                    let value = parts.collect::<Vec<_>>().join(" ");
                    found.insert(name.to_owned(), value.trim_matches(['"', '\'']).to_owned());
                }
            }
            text.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
        }
        _ => words,
    };
    let mut name: Option<String> = None;
    for (at, word) in words.iter().enumerate() {
        if let Some(option) = word.strip_prefix("--") {
            found.entry(option.to_owned()).or_default();
            name = Some(option.to_owned());
        } else if let Some(name) = &name {
            let value = found.entry(name.clone()).or_default();
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(word);
        } else if word.ends_with(".conf") && at > 0 {
            of_file(member, word, &mut found)?;
        }
    }
    Some(found)
}

fn is_setting(name: &str) -> bool {
    ["requirepass", "maxmemory", "maxmemory-policy", "appendonly", "save"].contains(&name)
}

/// The settings of a file of the repository that is mounted there.
fn of_file(member: &Member<'_>, path: &str, into: &mut BTreeMap<String, String>) -> Option<()> {
    let mounts = member.service.mounts();
    let source = |mount: &Mount| {
        let below = path.strip_prefix(&mount.target)?;
        let written = format!("{}{below}", mount.bind()?);
        member.deployment.project.path(&written)
    };
    let own = mounts.iter().find_map(source)?;
    let text = member.subject.tree.text(&own)?;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some((name, value)) = line.split_once(char::is_whitespace) {
            let value = value.trim().trim_matches(['"', '\'']).to_owned();
            into.insert(name.to_ascii_lowercase(), value);
        }
    }
    Some(())
}

/// Where its password is.
pub(super) fn password(member: &Member<'_>) -> Password {
    let env = &member.container.env;
    let has = |name: &str| env.contains_key(name);
    if has("REDISCLI_AUTH") {
        return Password::Cli;
    }
    let Some(settings) = settings(member) else {
        let is_bitnami = member.image().is_some_and(|image| image.contains("bitnami"));
        return if is_bitnami && has("REDIS_PASSWORD") {
            Password::Variable("REDIS_PASSWORD".to_owned())
        } else {
            Password::Unknown
        };
    };
    let Some(value) = settings.get("requirepass") else {
        let is_told = settings.contains_key("aclfile") || settings.contains_key("user");
        return if is_told { Password::Elsewhere } else { Password::Nothing };
    };
    // In a shell's text: the container's own variable.
    let name = value.trim_start_matches('$').trim_matches(['{', '}']);
    if value.starts_with('$') && has(name) {
        return Password::Variable(name.to_owned());
    }
    Password::Elsewhere
}

/// The Redis that an address leads to.
fn addressed<'a, 's>(members: &'a [Member<'s>], url: &str) -> Option<&'a Member<'s>> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = host.split([':', '/']).next().unwrap_or(host);
    let is_redis = scheme.starts_with("redis") || scheme.starts_with("valkey");
    members.iter().find(|own| is_redis && own.kind() == Kind::Redis && own.answers_to(host))
}

/// What the code says of Celery's broker without any variable: the argument of
/// `Celery(…)`, and `broker_url`. A repository of a worker alone is no web service,
/// and has no facts to ask.
fn stated(subject: &Subject) -> Vec<String> {
    let is_broker = |name: &str| {
        matches!(name.to_ascii_lowercase().as_str(), "broker_url" | "celery_broker_url")
    };
    let of_module = |module: &Module| -> Vec<String> {
        let body = &module.ast.body;
        let arguments = python::calls(body).into_iter().flat_map(|call| {
            let called = python::dotted(&call.func).unwrap_or_default();
            let is_celery = called.rsplit('.').next() == Some("Celery");
            let keywords = call.arguments.keywords.iter().filter(move |own| {
                own.arg
                    .as_ref()
                    .is_some_and(|name| is_broker(name) || is_celery && name == "broker")
            });
            keywords.map(|own| &own.value)
        });
        let mut statements = Vec::new();
        python::flatten(body, &mut statements);
        let assigned = statements.into_iter().flat_map(|own| match own {
            Stmt::Assign(own) => own.targets.iter().map(|target| (target, &*own.value)).collect(),
            _ => Vec::new(),
        });
        let assigned = assigned.filter(|(target, _)| {
            let name = match target {
                Expr::Subscript(own) => python::string(&own.slice).map(str::to_owned),
                other => python::dotted(other),
            };
            name.is_some_and(|name| name.rsplit('.').next().is_some_and(is_broker))
        });
        let values = arguments.chain(assigned.map(|(_, value)| value));
        values.filter_map(python::string).map(str::to_owned).collect()
    };
    subject.tree.modules().flat_map(of_module).collect()
}

/// The Redis that is Celery's broker in this project: the one that the
/// application is pointed at, else the only one there is.
pub(super) fn broker<'a, 's>(members: &'a [Member<'s>]) -> Option<&'a Member<'s>> {
    let worker = members.iter().find(|own| own.kind() == Kind::Worker)?;
    let mut named = false;
    for own in members.iter().filter(|own| own.kind().is_application()) {
        for (name, variable) in &own.container.env {
            if !name.contains("BROKER") {
                continue;
            }
            named = true;
            let Some(value) = &variable.value else { continue };
            let found = addressed(members, value);
            if found.is_some() {
                return found;
            }
        }
    }
    if !named {
        let found = stated(worker.subject).iter().find_map(|url| addressed(members, url));
        if found.is_some() {
            return found;
        }
    }
    let known = worker.subject.facts.broker.value().map(String::as_str);
    let mut all = members.iter().filter(|own| own.kind() == Kind::Redis);
    let only = all.next().filter(|_| all.next().is_none());
    only.filter(|_| !named && matches!(known, Some("redis" | "valkey")))
}
