//! Options of servers and workers on a command line, by one name whatever they
//! are called, with what the container's variables make of them.

use std::collections::BTreeMap;

use super::Value;
use super::container::Variable;
use crate::catalog::Program;
use crate::catalog::options::{CELERY, GUNICORN, OTHERS, Row, Said, UVICORN, split};
use crate::lint::diagnostic::At;
use crate::source::compose::interpolate;

/// Every option of a command line, those that no row has among them.
#[must_use]
pub fn given(program: Program, argv: &[String]) -> Vec<Said<'static>> {
    let table = match program {
        Program::Gunicorn => GUNICORN,
        Program::Uvicorn | Program::FastapiRun | Program::FastapiDevelopment => UVICORN,
        Program::CeleryWorker | Program::CeleryBeat => CELERY,
        _ => OTHERS,
    };
    split(argv.get(1..).unwrap_or_default(), table).0
}

/// Reads options of an argument list; what is neither an option nor its value
/// is returned.
pub(super) fn options(
    argv: &[String],
    table: &[Row],
    at: At,
    env: &BTreeMap<String, Variable>,
    into: &mut BTreeMap<&'static str, (Value, At)>,
) -> Vec<String> {
    let (said, rest) = split(argv, table);
    for Said { row, value, .. } in said {
        let Some(row) = row else { continue };
        let found = match value {
            _ if row.is_switch => Value::Bool(value.as_deref() != Some("false")),
            Some(text) => worth(&text, env),
            None => Value::Unknown,
        };
        // gunicorn binds to every address it is given; the first is named.
        if !(row.name == "bind" && into.get("bind").is_some_and(|(_, own)| *own == at)) {
            into.insert(row.name, (found, at));
        }
    }
    rest
}

/// A word with its variables as the container sets them.
pub(super) fn worth(text: &str, env: &BTreeMap<String, Variable>) -> Value {
    if text.contains("nproc") || text.contains("cpu_count") || text.contains("getconf") {
        return Value::HostCpus;
    }
    if !text.contains('$') {
        return text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Int);
    }
    let mut unknown: Option<String> = None;
    let mut open = false;
    let replaced = interpolate::replace(text, &mut |variable| {
        let set = env.get(variable.name).and_then(|own| own.value.clone());
        if set.is_none() {
            unknown.get_or_insert_with(|| variable.name.to_owned());
            open |= variable.default.is_none();
        }
        set
    });
    let known = replaced.parse().map_or_else(|_| Value::Text(replaced.clone()), Value::Int);
    match unknown {
        None => known,
        Some(name) => Value::Variable {
            name,
            default: (!open && !replaced.is_empty()).then(|| Box::new(known)),
        },
    }
}

/// A setting with its variable as the container sets it.
pub(super) fn resolved(value: &Value, env: &BTreeMap<String, Variable>) -> Value {
    match value {
        Value::Variable { name, .. } => match env.get(name).and_then(|own| own.value.as_ref()) {
            Some(text) if !text.is_empty() => {
                text.parse().map_or_else(|_| Value::Text(text.clone()), Value::Int)
            }
            _ => value.clone(),
        },
        other => other.clone(),
    }
}
