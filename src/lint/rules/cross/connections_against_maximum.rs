//! Pools that ask for more connections than PostgreSQL gives.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Keyword, Stmt};
use ruff_text_size::{Ranged as _, TextSize};

use crate::detect::python;
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Kind, Subject, Value, literal};

pub static RULE: Rule = Rule {
    code: "XF102",
    name: "connections-against-maximum",
    severity: Severity::Warning,
    summary: "the pools of all processes fit into PostgreSQL's max_connections",
    why: "Every process has a pool of its own. Under load, when all of them are full, PostgreSQL answers the next one with `FATAL: sorry, too many clients already`, and three connections are kept for superusers.",
    example: "create_engine(url, pool_size=5, max_overflow=0)",
    source: "PostgreSQL, Connections and Authentication: max_connections, superuser_reserved_connections; SQLAlchemy, Connection Pooling: pool_size 5, max_overflow 10",
    fix: None,
    check,
};

/// PostgreSQL keeps these for superusers.
const RESERVED: u64 = 3;

fn check(subject: &Subject, findings: &mut Findings) {
    let Some(call) = flask(subject).or_else(|| only_engine(subject)) else { return };
    for database in subject.production_containers().filter(|own| own.kind == Kind::Postgres) {
        let Some((most, said)) = maximum(subject, database) else { continue };
        let mut users = Vec::new();
        for container in subject.production_containers() {
            let same = container.service.map(|own| own.0) == database.service.map(|own| own.0);
            let uses = container
                .addresses()
                .iter()
                .any(|own| own.kinds == [Kind::Postgres] && own.host == database.name);
            if same && uses && container.kind == Kind::Web && subject.runs_detected(container) {
                match connections(subject, container, &call) {
                    Some(wanted) => users.push((container, wanted)),
                    None => continue,
                }
            }
        }
        let all: u64 = users.iter().map(|(_, (wanted, _))| wanted).sum();
        let Some((container, (_, each))) = users.first().filter(|_| all > most - RESERVED) else {
            continue;
        };
        let at = said.unwrap_or_else(|| subject.container_at(database));
        let finding = findings.add(
            at,
            format!(
                "{}: the pools of its clients hold up to {all} connections, and it gives them {}",
                database.name,
                most - RESERVED
            ),
        );
        finding.about(&database.name).help(format!(
            "-c max_connections={}, or a smaller pool: {each} in each process of {}",
            (all + RESERVED + 5).div_ceil(10) * 10,
            container.name
        ));
        if let Some(at) = call.at {
            finding.related(at, "the pool of each process");
        }
        if let Some(server) = &container.server {
            let at = server.get("workers").map_or(server.at, |(_, at)| at);
            finding.related(at, "the processes");
        }
    }
}

/// How many PostgreSQL takes, and where that is said; `None` where a file says it.
fn maximum(subject: &Subject, database: &Container) -> Option<(u64, Option<At>)> {
    let (_, service) = subject.composed(database)?;
    let command = service.command();
    let from_file = command.contains("config_file")
        || service.mounts().iter().any(|mount| mount.target.ends_with(".conf"));
    if from_file || database.build.is_some() {
        return None;
    }
    match command.split_once("max_connections") {
        Some((_, rest)) => {
            let digits = rest.trim_start_matches(['=', ' ', '\'', '"']);
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let at = subject.key(database, &["command"]).map(|(_, at)| at);
            Some((digits[..end].parse().ok().filter(|most| *most > RESERVED)?, at))
        }
        None => Some((100, None)),
    }
}

struct Engine {
    is_async: bool,
    size: Value,
    overflow: Value,
    at: Option<At>,
}

/// The one engine that the code makes by itself, where it says how large its pool is.
fn only_engine(subject: &Subject) -> Option<Engine> {
    let mut found = Vec::new();
    for module in subject.tree.modules() {
        let imports = module.imports();
        for call in python::calls(&module.ast.body) {
            let name = imports.resolve(&call.func).unwrap_or_default();
            let name = name.rsplit('.').next().unwrap_or_default();
            if matches!(name, "create_engine" | "create_async_engine") {
                let line = module.line(call.start());
                found.push(engine(
                    call,
                    name.contains("async"),
                    subject.line_of(&module.path, line),
                )?);
            }
        }
    }
    if found.len() == 1 { found.pop() } else { None }
}

/// The pool of Flask-SQLAlchemy, which makes the engine itself, when the application
/// is bound: as its settings say, in one place.
fn flask(subject: &Subject) -> Option<Engine> {
    const NAME: &str = "SQLALCHEMY_ENGINE_OPTIONS";
    if !subject.facts.installs("flask-sqlalchemy") {
        return None;
    }
    let mut found = Vec::new();
    for module in subject.tree.modules().filter(|own| own.text().contains(NAME)) {
        let mut options = Options { name: NAME, found: Vec::new() };
        options.visit_body(&module.ast.body);
        for (place, value) in options.found {
            let Expr::Dict(dict) = value else { return None };
            let item = |key: &str| {
                dict.items
                    .iter()
                    .find(|own| own.key.as_ref().and_then(python::string) == Some(key))
                    .map(|own| literal(&own.value))
            };
            // `**more` may say anything.
            if dict.items.iter().any(|own| own.key.is_none()) || item("poolclass").is_some() {
                return None;
            }
            let at = subject.line_of(&module.path, module.line(place));
            found.push(Engine {
                is_async: false,
                size: item("pool_size")?,
                overflow: item("max_overflow").unwrap_or(Value::Int(10)),
                at,
            });
        }
    }
    if found.len() == 1 { found.pop() } else { None }
}

/// What a setting is given, wherever: `NAME = …`, `config["NAME"] = …`, `NAME=…` in a call.
struct Options<'a> {
    name: &'static str,
    found: Vec<(TextSize, &'a Expr)>,
}

impl<'a> Visitor<'a> for Options<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(own) = statement {
            let is_named = |target: &Expr| match target {
                Expr::Name(name) => name.id.as_str() == self.name,
                Expr::Attribute(own) => own.attr.as_str() == self.name,
                Expr::Subscript(own) => python::string(&own.slice) == Some(self.name),
                _ => false,
            };
            if own.targets.iter().any(is_named) {
                self.found.push((own.start(), &own.value));
            }
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_keyword(&mut self, keyword: &'a Keyword) {
        if keyword.arg.as_ref().is_some_and(|own| own.as_str() == self.name) {
            self.found.push((keyword.start(), &keyword.value));
        }
        visitor::walk_keyword(self, keyword);
    }
}

fn engine(call: &ExprCall, is_async: bool, at: Option<At>) -> Option<Engine> {
    let keyword = |name: &str| -> Option<&Expr> {
        let own = call.arguments.keywords.iter();
        own.filter(|own| own.arg.as_ref().is_some_and(|arg| arg.as_str() == name))
            .map(|own| &own.value)
            .next()
    };
    // `**options` may say anything.
    let spread = call.arguments.keywords.iter().any(|own| own.arg.is_none());
    if spread || keyword("poolclass").is_some() {
        return None;
    }
    let size = literal(keyword("pool_size")?);
    let overflow = keyword("max_overflow").map_or(Value::Int(10), literal);
    Some(Engine { is_async, size, overflow, at })
}

/// The most connections of a container, and of each of its processes.
fn connections(subject: &Subject, container: &Container, engine: &Engine) -> Option<(u64, u64)> {
    let server = container.server.as_ref()?;
    let number = |value: &Value| -> Option<u64> {
        let value = match value {
            Value::Variable { name, .. } if container.env.contains_key(name) => {
                container.variable(name)?.trim().parse().ok()?
            }
            other => other.int()?,
        };
        u64::try_from(value).ok()
    };
    let option = |name: &str, default: u64| match server.get(name) {
        Some((value, _)) => u64::try_from(value.int()?).ok(),
        None => Some(default),
    };
    let pool = number(&engine.size)? + number(&engine.overflow)?;
    let each =
        if engine.is_async || server.is_asgi() { pool } else { pool.min(option("threads", 1)?) };
    let (replicas, _) = subject.replicas(container);
    Some((replicas * option("workers", 1)? * each, each))
}
