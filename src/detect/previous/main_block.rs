//! What a module does before it serves, where it is run as a script: no server that
//! imports the application gets there.

use std::collections::BTreeSet;

use ruff_python_ast::{Expr, Stmt};

use super::Launch;
use crate::detect::facts::Facts;
use crate::detect::python::{self, Module, assignments, calls, modules};
use crate::detect::tree::Tree;

/// Parts of names of functions that prepare a store.
const PREPARES: [&str; 13] = [
    "create_all",
    "init_db",
    "initdb",
    "db_init",
    "create_db",
    "create_table",
    "setup_db",
    "init_database",
    "setup_database",
    "create_database",
    "create_schema",
    "seed",
    "init_models",
];
/// Calls that need no server to have them: what they do is of the script alone.
const OF_SCRIPT: [&str; 12] = [
    "print",
    "basicConfig",
    "parse_args",
    "add_argument",
    "ArgumentParser",
    "load_dotenv",
    "freeze_support",
    "info",
    "debug",
    "warning",
    "filterwarnings",
    "set_start_method",
];

/// Arguments of `uvicorn.run` that say what its users get, and not how it is tried out.
const OF_UVICORN: [&str; 15] = [
    "root_path",
    "timeout_keep_alive",
    "timeout_graceful_shutdown",
    "limit_concurrency",
    "limit_max_requests",
    "proxy_headers",
    "forwarded_allow_ips",
    "http",
    "loop",
    "lifespan",
    "ws",
    "ws_max_size",
    "ws_ping_interval",
    "ws_ping_timeout",
    "h11_max_incomplete_event_size",
];

/// The server that the module starts where it is run as a script, as a command;
/// nothing where it has no options worth keeping.
pub(super) fn served(tree: &Tree, facts: &Facts) -> Option<Launch> {
    let (root, app) = (facts.root.value()?, facts.app.value()?);
    let named = modules_of(tree, facts, root);
    named.into_iter().find_map(|(module, _)| {
        let imports = module.imports();
        let bodies = blocks(module);
        let every = bodies.iter().flat_map(|body| calls(body));
        let call = every
            .into_iter()
            .find(|call| imports.resolve(&call.func).is_some_and(|own| own == "uvicorn.run"))?;
        let mut argv = vec!["uvicorn".to_owned(), app.clone()];
        for keyword in &call.arguments.keywords {
            let name = keyword.arg.as_ref().map_or("", |own| own.as_str());
            if !OF_UVICORN.contains(&name) {
                continue;
            }
            let flag = name.replace('_', "-");
            match &keyword.value {
                Expr::NoneLiteral(_) => {}
                Expr::BooleanLiteral(own) if own.value => argv.push(format!("--{flag}")),
                Expr::BooleanLiteral(_) => argv.push(format!("--no-{flag}")),
                Expr::StringLiteral(own) => {
                    argv.extend([format!("--{flag}"), own.value.to_str().to_owned()]);
                }
                Expr::NumberLiteral(_) => {
                    argv.extend([format!("--{flag}"), module.source(&keyword.value).to_owned()]);
                }
                // No command has it: it is told.
                other => argv.extend([format!("--{flag}"), format!("$({})", module.source(other))]),
            }
        }
        (argv.len() > 2).then(|| Launch {
            argv,
            place: module.evidence(call).place(),
            directory: Some(root.clone()),
            ..Launch::default()
        })
    })
}

/// The modules that are the application's, or that the way to it leads through.
fn modules_of<'t>(tree: &'t Tree, facts: &Facts, root: &str) -> Vec<(&'t Module, String)> {
    let app = facts.app.value().and_then(|app| app.split(':').next()).unwrap_or_default();
    let lines = facts.app.evidence().iter().map(|line| line.path.as_str());
    let named: BTreeSet<&str> = lines.filter(|path| path.ends_with(".py")).collect();
    let dotted = |module: &'t Module| Some((module, modules::dotted(root, &module.path)?));
    let every = tree.modules().filter_map(dotted);
    every.filter(|(own, dotted)| dotted == app || named.contains(own.path.as_str())).collect()
}

/// The commands that prepare stores, and the other statements with their places.
pub(super) fn find(tree: &Tree, facts: &Facts) -> (Vec<Launch>, Vec<String>) {
    let (mut prepares, mut unreached) = (Vec::new(), Vec::new());
    let Some(root) = facts.root.value() else { return (prepares, unreached) };
    for (module, dotted) in modules_of(tree, facts, root) {
        for body in blocks(module) {
            read(module, &dotted, root, body, (&mut prepares, &mut unreached));
        }
    }
    (prepares, unreached)
}

/// The bodies of `if __name__ == "__main__"`, and of the function that one calls.
fn blocks(module: &Module) -> Vec<&[Stmt]> {
    let mut bodies: Vec<&[Stmt]> = Vec::new();
    for statement in &module.ast.body {
        let Stmt::If(branch) = statement else { continue };
        if !module.source(&*branch.test).contains("__name__") {
            continue;
        }
        bodies.push(&branch.body);
        for own in &branch.body {
            let Stmt::Expr(line) = own else { continue };
            let Expr::Call(call) = &*line.value else { continue };
            let Expr::Name(name) = &*call.func else { continue };
            let function = module.ast.body.iter().find_map(|own| match own {
                Stmt::FunctionDef(def) if def.name.as_str() == name.id.as_str() => Some(def),
                _ => None,
            });
            if let Some(function) = function.filter(|def| serves(&def.body)) {
                bodies.push(&function.body);
            }
        }
    }
    bodies
}

/// Whether a server runs in a body.
fn serves(body: &[Stmt]) -> bool {
    calls(body).iter().any(|call| {
        let name = python::dotted(&call.func).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        matches!(last, "run" | "serve" | "run_app" | "run_simple" | "serve_forever" | "run_server")
            && !name.starts_with("subprocess")
    })
}

fn read(
    module: &Module,
    dotted: &str,
    root: &str,
    body: &[Stmt],
    (prepares, unreached): (&mut Vec<Launch>, &mut Vec<String>),
) {
    let mut before: Vec<&Stmt> = Vec::new();
    if !serves(body) {
        return;
    }
    for statement in body {
        let own = std::slice::from_ref(statement);
        if serves(own) {
            break;
        }
        let names: Vec<String> = calls(own)
            .iter()
            .filter_map(|call| Some(python::dotted(&call.func)?.rsplit('.').next()?.to_owned()))
            .collect();
        let is_one_of = |parts: &[&str]| {
            names.iter().any(|name| parts.iter().any(|part| name.to_lowercase().contains(part)))
        };
        let line = module.evidence(statement);
        if is_one_of(&PREPARES) {
            prepares.push(Launch {
                argv: vec![
                    "python".to_owned(),
                    "-c".to_owned(),
                    script(module, dotted, &before, statement),
                ],
                place: line.place(),
                directory: Some(root.to_owned()),
                ..Launch::default()
            });
            continue;
        }
        let binds = matches!(
            statement,
            Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::Import(_) | Stmt::ImportFrom(_)
        );
        if binds {
            before.push(statement);
        } else if !names.is_empty()
            && !names.iter().all(|name| OF_SCRIPT.iter().any(|own| own == name))
        {
            unreached.push(format!("{}: `{}`", line.place(), line.text));
        }
    }
}

/// The statement as a program of its own: what it takes from the module is imported,
/// and what the block binds before it, where it uses that.
fn script(module: &Module, dotted: &str, before: &[&Stmt], statement: &Stmt) -> String {
    let mut used = words(module.source(statement));
    let mut lines = vec![dedented(module, statement)];
    for own in before.iter().rev() {
        let text = module.source(*own);
        let bound: Vec<&str> = match own {
            Stmt::Import(_) | Stmt::ImportFrom(_) => words(text).into_iter().collect(),
            _ => assignments(own).into_iter().map(|(name, _)| name).collect(),
        };
        if bound.iter().any(|name| used.contains(name)) {
            used.extend(words(text));
            lines.insert(0, dedented(module, own));
        }
    }
    let mut defined: BTreeSet<&str> = BTreeSet::new();
    for own in &module.ast.body {
        defined.extend(assignments(own).into_iter().map(|(name, _)| name));
        match own {
            Stmt::FunctionDef(def) => drop(defined.insert(def.name.as_str())),
            Stmt::ClassDef(def) => drop(defined.insert(def.name.as_str())),
            Stmt::Import(_) | Stmt::ImportFrom(_) => {}
            _ => {}
        }
    }
    let imports = module.imports();
    defined.extend(imports.iter().map(|(name, _)| name));
    let taken: Vec<&str> = defined.into_iter().filter(|name| used.contains(name)).collect();
    if !taken.is_empty() {
        lines.insert(0, format!("from {dotted} import {}", taken.join(", ")));
    }
    lines.join("\n")
}

/// The names in a text, keywords among them, which nothing is called.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect()
}

/// A statement's text, as if it stood at the top.
fn dedented(module: &Module, statement: &Stmt) -> String {
    let text = module.source(statement);
    let more: Vec<&str> = text.lines().skip(1).collect();
    let indents = more.iter().filter(|line| !line.trim().is_empty());
    let column = {
        let whole = module.text();
        let start = whole.find(text).unwrap_or(0);
        start - whole[..start].rfind('\n').map_or(0, |at| at + 1)
    };
    let least = indents.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let cut = column.min(least);
    let rest = more.iter().map(|line| line.get(cut..).unwrap_or(""));
    std::iter::once(text.lines().next().unwrap_or("")).chain(rest).collect::<Vec<_>>().join("\n")
}
