//! Tables that only a script makes, or a function that nothing calls: what its author
//! ran once by hand.

use ruff_python_ast::Stmt;

use super::Launch;
use crate::detect::facts::Facts;
use crate::detect::python::{self, Module, calls, modules};
use crate::detect::tree::Tree;

/// Calls that make tables, and leave those that are there.
const MAKERS: [&str; 2] = ["create_all", "create_tables"];
/// Calls that take away what is there.
const UNMAKERS: [&str; 3] = ["drop_all", "drop_tables", "drop_database"];

/// The commands that make the tables, where neither migrations do nor anything that a
/// server runs.
pub(super) fn find(tree: &Tree, facts: &Facts) -> Vec<Launch> {
    let Some(root) = facts.root.value() else { return Vec::new() };
    if facts.migrates() || !facts.database.is_known() {
        return Vec::new();
    }
    let is_of_code = |path: &&str| {
        let mut parts = path.split('/');
        path.ends_with(".py")
            && modules::dotted(root, path).is_some()
            && !parts.any(|part| {
                part.trim_end_matches(".py").split('_').any(|it| it == "test" || it == "tests")
            })
    };
    let paths: Vec<&str> = tree.paths().filter(is_of_code).collect();
    let makes = |path: &&&str| {
        tree.text(path).is_some_and(|text| MAKERS.iter().any(|own| text.contains(own)))
    };
    let makers: Vec<&Module> =
        paths.iter().filter(makes).filter_map(|path| tree.python(path)).collect();
    let mut found = Vec::new();
    for module in &makers {
        let dotted = modules::dotted(root, &module.path).unwrap_or_default();
        let last = dotted.rsplit('.').next().unwrap_or_default();
        let others = |name: &str| {
            let others = paths.iter().filter(|path| **path != module.path);
            others.filter_map(|path| tree.text(path)).any(|text| has_word(text, name))
        };
        let top: Vec<&Stmt> = module.ast.body.iter().collect();
        let plain =
            top.iter().filter(|own| !own.is_function_def_stmt() && !own.is_class_def_stmt());
        let bodies: Vec<&Stmt> = plain.copied().collect();
        if bodies.iter().any(|own| is_making(std::slice::from_ref(*own))) {
            // A module of the application makes them when it is imported.
            if others(last) || is_application(facts, &dotted) || unmakes(&module.ast.body) {
                return Vec::new();
            }
            let path = module.path.strip_prefix(root.as_str()).unwrap_or(&module.path);
            let path = path.trim_start_matches('/');
            found.push(launch(module, root, &["python", path], bodies[0]));
            continue;
        }
        for own in &top {
            let Stmt::FunctionDef(function) = own else { continue };
            if !is_making(&function.body) {
                continue;
            }
            let name = function.name.as_str();
            let mentions = words(module.text()).filter(|word| *word == name).count();
            let takes = function.parameters.iter().any(|own| own.default().is_none());
            if others(name) || mentions > 1 || !function.decorator_list.is_empty() {
                return Vec::new();
            }
            if takes || unmakes(&function.body) {
                continue;
            }
            let program = match function.is_async {
                true => {
                    format!("import asyncio\nfrom {dotted} import {name}\nasyncio.run({name}())")
                }
                false => format!("from {dotted} import {name}\n{name}()"),
            };
            found.push(launch(module, root, &["python", "-c", &program], own));
        }
    }
    found
}

fn launch(module: &Module, root: &str, words: &[&str], at: &Stmt) -> Launch {
    Launch {
        argv: words.iter().map(|word| (*word).to_owned()).collect(),
        place: module.evidence(at).place(),
        directory: Some(root.to_owned()),
        ..Launch::default()
    }
}

fn is_application(facts: &Facts, dotted: &str) -> bool {
    let app = facts.app.value().and_then(|app| app.split(':').next());
    app.is_some_and(|app| app == dotted)
}

fn called(body: &[Stmt], names: &[&str]) -> bool {
    calls(body).iter().any(|call| {
        // `conn.run_sync(Base.metadata.create_all)`, too.
        let handed = call.arguments.args.iter();
        std::iter::once(&*call.func).chain(handed).any(|own| {
            let name = python::dotted(own).unwrap_or_default();
            names.contains(&name.rsplit('.').next().unwrap_or_default())
        })
    })
}

fn is_making(body: &[Stmt]) -> bool {
    called(body, &MAKERS)
}

fn unmakes(body: &[Stmt]) -> bool {
    called(body, &UNMAKERS)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

fn has_word(text: &str, name: &str) -> bool {
    text.contains(name) && words(text).any(|word| word == name)
}
