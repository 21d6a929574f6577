//! Code that starts its application itself: `uvicorn.run("x:app")`,
//! `app.run()`, `web.run_app(app)`.

use ruff_python_ast::{Expr, ExprCall};

use super::application::{Applications, Startable};
use super::choice;
use crate::detect::fact::Evidence;
use crate::detect::python::{self, Module};

/// A run of an application.
pub struct Run {
    /// Which application.
    pub site: (String, u32),
    /// The file of the object.
    pub file: String,
    /// The object, where the code names it by a string.
    pub name: Option<String>,
    /// The line.
    pub evidence: Evidence,
}

/// What a file runs.
pub fn of(apps: &Applications<'_, '_>, file: &str) -> Vec<Run> {
    let Some(module) = apps.modules.module(file) else { return Vec::new() };
    if !module.text().contains("run") && !module.text().contains("serve") {
        return Vec::new();
    }
    python::calls(&module.ast.body).into_iter().filter_map(|call| run(apps, module, call)).collect()
}

fn run<'a>(apps: &Applications<'_, 'a>, module: &'a Module, call: &'a ExprCall) -> Option<Run> {
    let callee = apps.modules.imports(module).resolve(&call.func)?;
    let server = matches!(
        callee.as_str(),
        "uvicorn.run"
            | "uvicorn.Config"
            | "uvicorn.main.run"
            | "hypercorn.asyncio.serve"
            | "waitress.serve"
            | "granian.Granian"
            | "granian.server.Granian"
            | "aiohttp.web.run_app"
            | "bottle.run"
            | "werkzeug.serving.run_simple"
            | "wsgiref.simple_server.make_server"
            | "gevent.pywsgi.WSGIServer"
            | "cheroot.wsgi.Server"
    );
    if server {
        let every = call.arguments.args.iter();
        let every = every.chain(call.arguments.keywords.iter().map(|keyword| &keyword.value));
        return every.into_iter().find_map(|argument| given(apps, module, argument, call));
    }
    // `app.run()`, `socketio.run(app)`.
    let Expr::Attribute(method) = &*call.func else { return None };
    if method.attr.as_str() != "run" && method.attr.as_str() != "serve" {
        return None;
    }
    if let Some(app) = apps.expression_in(module, &method.value) {
        let file = module.path.clone();
        return Some(Run { site: app.site, file, name: None, evidence: module.evidence(call) });
    }
    call.arguments.args.iter().find_map(|argument| match argument {
        Expr::StringLiteral(_) => None,
        other => given(apps, module, other, call),
    })
}

fn given<'a>(
    apps: &Applications<'_, 'a>,
    module: &'a Module,
    argument: &'a Expr,
    call: &'a ExprCall,
) -> Option<Run> {
    if let Some(text) = python::string(argument) {
        let (file, name) = choice::resolve(apps, text, &module.path)?;
        let (Startable::App(app) | Startable::Factory(app, _)) = apps.of(&file, &name)?;
        return Some(Run {
            site: app.site,
            file,
            name: Some(name),
            evidence: module.evidence(call),
        });
    }
    let app = apps.expression_in(module, argument)?;
    let file = module.path.clone();
    Some(Run { site: app.site, file, name: None, evidence: module.evidence(call) })
}
