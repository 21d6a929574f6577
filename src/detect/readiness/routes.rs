//! A route that says whether the process lives.

use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use crate::catalog::Framework;
use crate::detect::facts::Facts;
use crate::detect::python::{Module, assignments, dotted, string};
use crate::detect::readiness::{Lack, application, django, root};
use crate::detect::startup::framework;
use crate::detect::tree::Tree;

const MESSAGE: &str =
    "there is no health route: the health check takes any answer below 500 for a sign of life";

/// A missing health route, with one in the framework's own way.
pub fn health(tree: &Tree, facts: &Facts) -> Option<Lack> {
    if facts.health.is_known() {
        return None;
    }
    let framework = Framework::find(facts.framework.value()?)?;
    match framework.health_route.as_slice() {
        [] => urls(tree, facts),
        lines => {
            route(tree, facts, |app| lines.iter().map(|line| line.replace("{app}", app)).collect())
        }
    }
}

fn route(tree: &Tree, facts: &Facts, lines: impl Fn(&str) -> Vec<String>) -> Option<Lack> {
    let (path, name) = application(tree, facts)?;
    let module = tree.python(&path)?;
    if let Some(function) = function(module, name) {
        let (line, indent, made) = before_return(module, function)?;
        let lines = lines(&made).into_iter().map(|line| format!("{indent}{line}"));
        return Some(Lack::new("health-route", &path, line, MESSAGE).adding(lines));
    }
    let Some((inner, line)) = wrapped(module, name) else {
        return Some(Lack::new("health-route", &path, 0, MESSAGE).adding(lines(name)));
    };
    let lack = Lack::new("health-route", &path, line, MESSAGE);
    Some(match inner {
        Some(inner) => lack.adding(lines(&inner)),
        // Nothing by which the framework's own object could be named.
        None => lack,
    })
}

/// What stands inside of an application that something is wrapped around, as
/// `socketio.ASGIApp(sio, app)` does, and the line before which it can still
/// be named; `None` where the object is the framework's own.
fn wrapped(module: &Module, name: &str) -> Option<(Option<String>, usize)> {
    let bound = module.top_level().into_iter();
    let (statement, value) = bound
        .flat_map(|statement| {
            assignments(statement).into_iter().map(move |(to, value)| (to, statement, value))
        })
        .filter(|(to, ..)| *to == name)
        .map(|(_, statement, value)| (statement, value))
        .last()?;
    let Expr::Call(call) = value else { return None };
    let callee = module.imports().resolve(&call.func)?;
    if !framework::wraps(&callee) {
        return None;
    }
    let is_known = |object: &String| {
        let mut before =
            module.top_level().into_iter().take_while(|it| it.start() < statement.start());
        let makes = |value: &Expr| match value {
            Expr::Call(made) => module
                .imports()
                .resolve(&made.func)
                .is_some_and(|class| framework::of(&class).is_some()),
            _ => false,
        };
        before.any(|it| assignments(it).into_iter().any(|(to, value)| to == object && makes(value)))
    };
    let given = call.arguments.args.iter();
    let given = given.chain(call.arguments.keywords.iter().map(|keyword| &keyword.value));
    let inner = given.filter_map(dotted).find(is_known);
    let line = module.line(statement.start());
    Some((inner, line.saturating_sub(1)))
}

fn function<'a>(module: &'a Module, name: &str) -> Option<&'a StmtFunctionDef> {
    module.top_level().into_iter().find_map(|statement| match statement {
        Stmt::FunctionDef(function) if function.name.as_str() == name => Some(function),
        _ => None,
    })
}

/// The line before a factory's last `return app`, its indentation, and the
/// name of what it returns.
fn before_return(module: &Module, function: &StmtFunctionDef) -> Option<(usize, String, String)> {
    let Some(Stmt::Return(last)) = function.body.last() else { return None };
    let made = dotted(last.value.as_deref()?)?;
    let line = module.line(last.start());
    let text = module.text().lines().nth(line - 1)?;
    let indent: String = text.chars().take_while(|c| c.is_whitespace()).collect();
    Some((line - 1, indent, made))
}

/// The file of Django's ROOT_URLCONF.
fn urls(tree: &Tree, facts: &Facts) -> Option<Lack> {
    let chain = django::chain(tree, facts);
    let urlconf = chain.iter().find_map(|module| {
        module.top_level().into_iter().flat_map(assignments).find_map(|(name, value)| {
            (name == "ROOT_URLCONF").then(|| string(value).map(str::to_owned)).flatten()
        })
    })?;
    let path = tree.module_path(root(facts), &urlconf)?;
    let lack = Lack::new("health-route", &path, 0, MESSAGE).adding([
        "from django.http import HttpResponse",
        "from django.urls import path",
        "",
        "urlpatterns += [path(\"health\", lambda request: HttpResponse(\"ok\"))]",
    ]);
    Some(lack)
}
