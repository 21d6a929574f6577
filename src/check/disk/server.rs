//! Numbers of the processes in a container: `web.workers`, `web.threads`,
//! `worker.concurrency`. They stand in gunicorn's settings, in commands, and
//! in the variables that servers read.

use std::sync::Arc;

use ruff_python_ast::{Expr, Number};

use crate::check::disk::scene::{Scene, Text};
use crate::check::disk::user::built;
use crate::check::finding::Finding;
use crate::detect::python::{self, Module};
use crate::policy::Requirement;
use crate::schema::Role;
use crate::source::compose::{Service, interpolate};

/// A number of a role and the names it goes by.
struct Row {
    role: Role,
    number: &'static str,
    /// In gunicorn's settings.
    setting: &'static str,
    /// On a command line.
    flags: &'static [&'static str],
    /// As a variable.
    variable: &'static str,
}

const fn row(
    role: Role,
    number: &'static str,
    setting: &'static str,
    flags: &'static [&'static str],
    variable: &'static str,
) -> Row {
    Row { role, number, setting, flags, variable }
}

const ROWS: &[Row] = &[
    row(Role::Web, "workers", "workers", &["--workers", "-w"], "WEB_CONCURRENCY"),
    row(Role::Web, "threads", "threads", &["--threads"], ""),
    row(Role::Web, "worker-connections", "worker_connections", &["--worker-connections"], ""),
    row(Role::Web, "worker-class", "worker_class", &["--worker-class", "-k"], ""),
    row(Role::Web, "gunicorn-timeout", "timeout", &["--timeout", "-t"], ""),
    row(Role::Web, "graceful-timeout", "graceful_timeout", &["--graceful-timeout"], ""),
    row(Role::Web, "keepalive", "keepalive", &["--keep-alive", "--timeout-keep-alive"], ""),
    row(Role::Web, "max-requests", "max_requests", &["--max-requests"], ""),
    row(Role::Web, "backlog", "backlog", &["--backlog"], ""),
    row(Role::Worker, "concurrency", "", &["--concurrency", "-c"], ""),
    row(Role::Worker, "prefetch-multiplier", "", &["--prefetch-multiplier"], ""),
    row(Role::Worker, "max-tasks-per-child", "", &["--max-tasks-per-child"], ""),
    row(Role::Worker, "time-limit", "", &["--time-limit"], ""),
    row(Role::Worker, "soft-time-limit", "", &["--soft-time-limit"], ""),
];

/// Whether a number is judged here.
#[must_use]
pub fn is_known(role: Role, number: &str) -> bool {
    ROWS.iter().any(|row| row.role == role && row.number == number)
}

/// Judges a number everywhere it may stand.
pub fn judge(
    requirement: &Requirement,
    role: Role,
    number: &str,
    scene: &Scene<'_>,
) -> Vec<Finding> {
    let Some(row) = ROWS.iter().find(|row| row.role == role && row.number == number) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if role == Role::Web {
        if let Some(text) = &scene.gunicorn {
            findings.extend(in_settings(requirement, row, text));
        }
        findings.extend(in_images(requirement, row, scene));
    }
    findings.extend(in_services(requirement, row, scene));
    findings
}

fn fault(
    requirement: &Requirement,
    row: &Row,
    value: &str,
    path: &str,
    line: usize,
) -> Option<Finding> {
    if value.contains('$') {
        let message = format!("{}: `{value}` is only known when it runs", row.number);
        return Some(Finding::unknown(requirement, path, Some(line), &message));
    }
    let fault = requirement.fault(value)?;
    let message = format!("{} is {value}, {fault}", requirement.key);
    Some(Finding::of(requirement, path, Some(line), &message))
}

/// The last assignment of gunicorn's setting.
fn in_settings(requirement: &Requirement, row: &Row, text: &Text) -> Option<Finding> {
    let module = Module::parse(&text.path, Arc::from(text.text.as_str()));
    let statements = module.top_level();
    let mut assigned = statements.iter().flat_map(|statement| python::assignments(statement));
    let (_, value) = assigned.rfind(|(name, _)| *name == row.setting && !name.is_empty())?;
    let line = module.evidence(value).line;
    let said = match value {
        Expr::NumberLiteral(_) => integer(value),
        other => default(other).or_else(|| python::string(other).map(str::to_owned)),
    };
    match said {
        Some(said) => fault(requirement, row, &said, &text.path, line),
        None => {
            let message = format!(
                "{} = {} is only known when it runs",
                row.setting,
                module.source(value).lines().next().unwrap_or_default()
            );
            Some(Finding::unknown(requirement, &text.path, Some(line), &message))
        }
    }
}

fn integer(value: &Expr) -> Option<String> {
    match &value.as_number_literal_expr()?.value {
        Number::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What `int(os.environ.get("WEB_CONCURRENCY") or 3)` is while nobody sets
/// the variable.
fn default(value: &Expr) -> Option<String> {
    let call = value.as_call_expr()?;
    let is_int = call.func.as_name_expr().is_some_and(|name| name.id.as_str() == "int");
    let either = call.arguments.args.first()?.as_bool_op_expr()?;
    is_int.then(|| integer(either.values.last()?)).flatten()
}

/// The commands of the images that are run.
fn in_images(requirement: &Requirement, row: &Row, scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &scene.dockerfiles {
        for stage in built(file, scene) {
            let command = file.command(stage);
            let said = command.and_then(|(words, line)| Some((flag(words, row.flags)?, *line)));
            // What a server reads where its command says nothing.
            let set = || file.variable(stage, row.variable);
            let said = said.or_else(|| set().map(|(value, line)| (value.to_owned(), line)));
            let fault =
                said.and_then(|(said, line)| fault(requirement, row, &said, &file.path, line));
            findings.extend(fault);
        }
    }
    findings
}

/// Commands and variables of the role's service.
fn in_services(requirement: &Requirement, row: &Row, scene: &Scene<'_>) -> Vec<Finding> {
    let name = scene.plan.answers.services.get(&row.role).map_or("", String::as_str);
    let mut findings = Vec::new();
    for compose in scene.composes.iter().filter(|compose| !compose.development) {
        let Some(service) = compose.service(name) else { continue };
        let words = words(service);
        if let Some(said) = flag(&words, row.flags) {
            let line = service.line_of("command");
            findings.extend(fault(requirement, row, &said, &compose.path, line));
        }
        let variable = service.variable(row.variable).filter(|_| !row.variable.is_empty());
        if let Some(said) = variable {
            let line = service.line_of("environment");
            let said = interpolate::defaults(&said);
            findings.extend(fault(requirement, row, &said, &compose.path, line));
        }
    }
    findings
}

fn words(service: &Service) -> Vec<String> {
    let command = interpolate::defaults(&service.command());
    shell_words::split(&command).unwrap_or_default()
}

/// The last value of a flag: `--workers 3`, `--workers=3`, `-w 3`, `-w3`.
fn flag(words: &[String], names: &[&str]) -> Option<String> {
    let mut found = None;
    for (at, word) in words.iter().enumerate() {
        for name in names {
            let value = match word.strip_prefix(name) {
                Some("") => words.get(at + 1).cloned(),
                Some(rest) if rest.starts_with('=') => Some(rest[1..].to_owned()),
                Some(rest) if !name.starts_with("--") && rest.parse::<u32>().is_ok() => {
                    Some(rest.to_owned())
                }
                _ => None,
            };
            found = value.or(found);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::flag;

    #[test]
    fn the_last_value_of_a_flag_counts_in_every_spelling() {
        let of = |text: &str| flag(&shell_words::split(text).unwrap(), &["--workers", "-w"]);
        assert_eq!(of("gunicorn --workers 3 app").as_deref(), Some("3"));
        assert_eq!(of("gunicorn --workers=4").as_deref(), Some("4"));
        assert_eq!(of("gunicorn -w5").as_deref(), Some("5"));
        assert_eq!(of("gunicorn -w 5 --workers 6").as_deref(), Some("6"));
        assert_eq!(of("gunicorn --worker-class sync --workers-more 7"), None);
    }
}
