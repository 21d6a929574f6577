//! gunicorn's own configuration as the options that say the same.

use super::Launch;
use crate::catalog::Program;
use crate::catalog::options::GUNICORN;
use crate::detect::gunicorn::{self, Value};
use crate::detect::python::{Module, assignments};
use crate::detect::tree::Tree;
use crate::relpath::join;
use crate::source::text::Text;
use std::sync::Arc;

/// Settings that are called otherwise than their options.
const OTHERWISE: [(&str, &str); 7] = [
    ("preload_app", "preload"),
    ("pidfile", "pid"),
    ("proc_name", "name"),
    ("logconfig", "log_config"),
    ("access_log_format", "access_log_format"),
    ("raw_env", "env"),
    ("enable_stdio_inheritance", "stdio_inheritance"),
];

/// The settings of the server that a command starts, and the text of what no option
/// says.
pub(super) fn find(tree: &Tree, web: &Launch) -> Option<(Launch, String)> {
    if Program::of(&web.argv) != Program::Gunicorn {
        return None;
    }
    let (said, _) = crate::catalog::options::split(&web.argv[1..], GUNICORN);
    let named = said.iter().find(|own| own.row.is_some_and(|row| row.name == "config"));
    let path = match named.and_then(|own| own.value.as_deref()) {
        // A module, from the directory that it starts in.
        Some(module) if module.starts_with("python:") => {
            let path = format!("{}.py", module["python:".len()..].replace('.', "/"));
            join(web.directory.as_deref().unwrap_or("."), &path)
        }
        Some(path) => {
            let bare = path.trim_start_matches("file:");
            web.files
                .get(path)
                .cloned()
                .or_else(|| join(web.directory.as_deref().unwrap_or("."), bare))
        }
        None => join(web.directory.as_deref().unwrap_or("."), "gunicorn.conf.py"),
    }?;
    let text = Text::new(path.as_str(), tree.text(&path)?);
    let mut argv = vec!["gunicorn".to_owned()];
    let mut known: Vec<String> = Vec::new();
    for (name, value, _) in gunicorn::read(&text) {
        let option = OTHERWISE.iter().find(|own| own.0 == name).map_or(name.as_str(), |own| own.1);
        let Some(row) = GUNICORN.iter().find(|row| row.name == option) else { continue };
        let flag = row.flags[0];
        let word = match (&value, row.is_switch) {
            (Value::Bool(true), true) => flag.to_owned(),
            (Value::Bool(false), true) => {
                known.push(name);
                continue;
            }
            (Value::Int(_) | Value::Text(_), false) => {
                format!("{flag}={}", value.text().unwrap_or_default())
            }
            // What the host has, or a variable says: the plan counts, and ours reads
            // WEB_CONCURRENCY.
            (Value::HostCpus | Value::AtMost(_) | Value::Variable { .. }, false) => {
                match value.int() {
                    Some(number) => format!("{flag}={number}"),
                    None => format!("{flag}=$({name})"),
                }
            }
            _ => continue,
        };
        argv.push(word);
        known.push(name);
    }
    let hooks = rest(&path, &text.text, &known);
    let config =
        Launch { argv, place: path, directory: web.directory.clone(), ..Launch::default() };
    Some((config, hooks))
}

/// The statements that are no known setting; nothing where those only import.
fn rest(path: &str, text: &str, known: &[String]) -> String {
    let module = Module::parse(path, Arc::from(text));
    let mut kept: Vec<&str> = Vec::new();
    let mut does = false;
    for statement in &module.ast.body {
        let names = assignments(statement);
        if !names.is_empty() && names.iter().all(|(name, _)| known.iter().any(|own| own == name)) {
            continue;
        }
        use ruff_python_ast::Stmt;
        let is_text = matches!(statement, Stmt::Expr(own) if own.value.is_string_literal_expr());
        if is_text {
            continue;
        }
        does |= matches!(statement, Stmt::FunctionDef(_)) || !names.is_empty();
        kept.push(module.source(statement));
    }
    if does { kept.join("\n") } else { String::new() }
}
