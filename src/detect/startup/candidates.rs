//! Every application of the repository and the names it can be started by.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::{Expr, ExprCall, Stmt};

use super::application::{App, Applications, Startable};
use crate::detect::python::modules::Modules;
use crate::detect::python::{self, Module};
use crate::detect::scope;

/// A name by which an application can be started.
#[derive(Clone, Debug)]
pub struct Target {
    /// The file.
    pub file: String,
    /// The object in it.
    pub name: String,
    /// Whether it is called to make the application.
    pub factory: bool,
    /// Whether it is only imported there.
    pub imported: bool,
}

/// One application, however many names it has.
#[derive(Clone, Debug)]
pub struct Application {
    /// What the code makes.
    pub app: App,
    /// Its names.
    pub targets: Vec<Target>,
}

/// File names that are looked into even without a marker in them.
pub const ENTRIES: [&str; 14] = [
    "main",
    "app",
    "api",
    "application",
    "run",
    "index",
    "server",
    "wsgi",
    "asgi",
    "autoapp",
    "__init__",
    "__main__",
    "web",
    "start",
];

/// Every application, mounted ones left out; `also` are files that commands
/// start.
pub fn find(apps: &Applications<'_, '_>, also: &[String]) -> Vec<Application> {
    let modules = apps.modules;
    let mut files: BTreeSet<&str> = modules.tree.modules().map(|m| m.path.as_str()).collect();
    files.extend(modules.tree.paths().filter(|path| is_entry(path)));
    files.extend(also.iter().map(String::as_str));
    let mut found: BTreeMap<(String, u32), Application> = BTreeMap::new();
    let mut mounted = BTreeSet::new();
    for file in files {
        let Some(module) = modules.module(file) else { continue };
        for (name, imported) in names(modules, module) {
            let (app, factory) = match apps.of(file, &name) {
                Some(Startable::App(app)) => (app, false),
                Some(Startable::Factory(app, true)) => (app, true),
                _ => continue,
            };
            let target = Target { file: file.to_owned(), name, factory, imported };
            let entry = found.entry(app.site.clone());
            entry.or_insert_with(|| Application { app, targets: Vec::new() }).targets.push(target);
        }
        mounted.extend(mounts(apps, module));
    }
    found.into_values().filter(|found| !mounted.contains(&found.app.site)).collect()
}

fn is_entry(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".py").is_some_and(|stem| ENTRIES.contains(&stem)) && scope::counts(path)
}

/// Names a module binds; whether each is an import.
fn names<'a>(modules: &Modules<'a>, module: &'a Module) -> Vec<(String, bool)> {
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for statement in module.top_level() {
        if let Stmt::FunctionDef(function) = statement {
            found.insert(function.name.to_string(), false);
        }
        for (name, value) in python::assignments(statement) {
            // A plain literal is never an application.
            if matches!(value, Expr::Call(_) | Expr::Name(_) | Expr::Attribute(_) | Expr::If(_)) {
                found.insert(name.to_owned(), false);
            }
        }
    }
    for (name, import) in modules.imports(module).iter() {
        if !import.name.is_empty() {
            found.entry(name.to_owned()).or_insert(true);
        }
    }
    found.into_iter().collect()
}

/// Sites of the applications a module mounts into others.
fn mounts<'a>(apps: &Applications<'_, 'a>, module: &'a Module) -> Vec<(String, u32)> {
    if !module.text().contains("ount(") && !module.text().contains("Dispatcher") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for call in python::calls(&module.ast.body) {
        for argument in mounted(call) {
            if let Some(inner) = apps.expression_in(module, argument) {
                let outer = match &*call.func {
                    Expr::Attribute(outer) => apps.expression_in(module, &outer.value),
                    _ => None,
                };
                let same = outer.is_some_and(|outer| outer.site == inner.site);
                if !same {
                    found.push(inner.site);
                }
            }
        }
    }
    found
}

/// What a call mounts: `app.mount("/x", sub)`, `Mount("/x", app=sub)`,
/// `DispatcherMiddleware(app, {"/x": sub})`.
fn mounted(call: &ExprCall) -> Vec<&Expr> {
    let callee = python::dotted(&call.func).unwrap_or_default();
    let arguments = &call.arguments;
    match callee.rsplit('.').next().unwrap_or("") {
        "mount" | "Mount" | "add_subapp" => {
            let named = arguments
                .keywords
                .iter()
                .filter(|keyword| keyword.arg.as_ref().is_some_and(|name| name.as_str() == "app"));
            arguments.args.iter().skip(1).chain(named.map(|keyword| &keyword.value)).collect()
        }
        "DispatcherMiddleware" => match arguments.args.get(1) {
            Some(Expr::Dict(dict)) => dict.items.iter().map(|item| &item.value).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
