//! Which values are applications, and which functions make one.

use ruff_python_ast::{Expr, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{TextRange, TextSize};

use super::framework::{self, Framework};
use crate::detect::fact::Evidence;
use crate::detect::facts::Interface;
use crate::detect::python::{self, Call, Defined, Evaluator, Module, Modules, Scope, Value};

/// An application as the code makes it.
#[derive(Clone, Debug)]
pub struct App {
    /// Its framework.
    pub framework: Framework,
    /// What it speaks, wrappers considered.
    pub interface: Option<Interface>,
    /// File and offset of the call that makes it: two names with the same
    /// site are one application.
    pub site: (String, u32),
    /// The line of that call.
    pub evidence: Evidence,
}

/// What a server can be given.
#[derive(Clone, Debug)]
pub enum Startable {
    /// An application.
    App(App),
    /// A function that gives one; whether it can be called without arguments.
    Factory(App, bool),
}

/// How many bases of a class are followed.
const DEEPEST: u8 = 6;

/// Finds the applications among values.
pub struct Applications<'p, 'a> {
    /// The repository's modules.
    pub modules: &'p Modules<'a>,
    evaluator: &'p Evaluator<'p, 'a>,
}

impl<'p, 'a> Applications<'p, 'a> {
    /// For the code that an evaluator reads.
    pub const fn new(evaluator: &'p Evaluator<'p, 'a>) -> Self {
        Self { modules: evaluator.project.graph, evaluator }
    }

    /// What a name of a file's top level stands for, or an attribute of one:
    /// `app`, `asgi.app`.
    pub fn of(&self, path: &str, names: &str) -> Option<Startable> {
        let mut parts = names.split('.');
        let module = self.modules.module(path)?;
        let mut value = self.evaluator.global(module, parts.next()?)?;
        for part in parts {
            value = match self.evaluator.attribute_of(&value, part) {
                Some(value) => value,
                None => Value::Attribute(Box::new(value), part.to_owned()),
            };
        }
        self.startable(&value)
    }

    /// The application that an expression of a module stands for.
    pub fn expression_in(&self, module: &'a Module, expression: &'a Expr) -> Option<App> {
        self.app(&self.evaluator.value(Scope::around(module, expression), expression))
    }

    fn startable(&self, value: &Value) -> Option<Startable> {
        match value {
            Value::Either(values) => values.iter().find_map(|value| self.startable(value)),
            Value::Defined(definition) => match self.evaluator.defined(*definition) {
                Defined::Function(scope) => {
                    let function = scope.function.filter(|function| is_plain(function))?;
                    let app = self.returned(scope)?;
                    let bound = usize::from(scope.class.is_some());
                    Some(Startable::Factory(app, is_callable(function, bound)))
                }
                _ => None,
            },
            other => self.app(other).map(Startable::App),
        }
    }

    /// The application that calling a function gives.
    fn returned(&self, scope: Scope<'a>) -> Option<App> {
        let value = self.evaluator.returned(scope);
        if let Some(app) = value.as_ref().and_then(|value| self.app(value)) {
            return Some(app);
        }
        // The annotation tells where the body does not, unless what comes back
        // is what went in.
        if matches!(value, Some(Value::Parameter(_))) { None } else { self.annotated(scope) }
    }

    fn annotated(&self, scope: Scope<'a>) -> Option<App> {
        let function = scope.function.filter(|function| is_plain(function))?;
        let framework = self.class_named(scope.module, function.returns.as_deref()?)?;
        Some(self.made(framework, &(scope.module.path.clone(), function.range.start().to_u32())))
    }

    fn app(&self, value: &Value) -> Option<App> {
        match value {
            Value::Either(values) => values.iter().find_map(|value| self.app(value)),
            Value::Attribute(of, name) => self.attribute(self.app(of)?, name),
            Value::Call(call) => self.called(call),
            _ => None,
        }
    }

    /// The application inside of one that a wrapper or plug-in has.
    fn attribute(&self, mut app: App, name: &str) -> Option<App> {
        if app.framework.name == "connexion" && name == "app" {
            app.framework = framework::of("flask.Flask")?;
        }
        matches!(name, "app" | "wsgi_app" | "asgi_app" | "server" | "application").then_some(app)
    }

    fn called(&self, call: &Call) -> Option<App> {
        if let Some(framework) = self.framework_of(&call.site.0, &call.name) {
            return Some(self.made(framework, &call.site));
        }
        if framework::consumes(&call.name) {
            return None;
        }
        if call.name.ends_with(".make_wsgi_app") {
            return Some(self.made(framework::of("pyramid.make_wsgi_app")?, &call.site));
        }
        match call.callee.map(|callee| self.evaluator.defined(callee)) {
            Some(Defined::Class(module, class)) => {
                if let Some(framework) = self.class(module, class, DEEPEST) {
                    return Some(self.made(framework, &call.site));
                }
            }
            // What it returns was followed, and is not known.
            Some(Defined::Function(scope)) => {
                let app = self.annotated(scope);
                if app.is_some() {
                    return app;
                }
            }
            _ => {}
        }
        let target = call.target.as_deref();
        // Whether what goes in is called what comes out.
        let is_rebound = || {
            let given =
                |value: &Value| matches!(value, Value::Call(own) if own.target == call.target);
            target.is_some() && call.arguments.iter().any(|(_, value)| given(value))
        };
        if matches!(target, Some("app" | "application"))
            || framework::wraps(&call.name)
            || is_rebound()
        {
            return self.wrapped(call);
        }
        None
    }

    /// The application among a call's arguments.
    fn wrapped(&self, call: &Call) -> Option<App> {
        let mut app = call.arguments.iter().find_map(|(_, argument)| match argument {
            // `ProtocolTypeRouter({"http": app})`, and `{"/": app}`.
            Value::Dict(_) => self.app(argument.get("http")?),
            other => self.app(other),
        })?;
        match call.name.rsplit('.').next().unwrap_or_default() {
            "WsgiToAsgi" | "ASGIApp" | "ProtocolTypeRouter" => {
                app.interface = Some(Interface::Asgi);
            }
            "AsgiToWsgi" | "WSGIApp" | "ASGIMiddleware" => app.interface = Some(Interface::Wsgi),
            _ => {}
        }
        Some(app)
    }

    /// The framework of a class or function by its full name, seen from a file.
    fn framework_of(&self, path: &str, full: &str) -> Option<Framework> {
        if full.contains('.') {
            return framework::of(full);
        }
        let imports = self.modules.imports_of(path);
        imports.stars.iter().find_map(|star| framework::of(&format!("{}.{full}", star.module)))
    }

    /// The framework of the class that an expression names.
    fn class_named(&self, module: &'a Module, expression: &Expr) -> Option<Framework> {
        let full = self.modules.imports(module).resolve(expression)?;
        self.framework_of(&module.path, &full).or_else(|| {
            let (module, class) = self.modules.class(module, &python::dotted(expression)?)?;
            self.class(module, class, DEEPEST)
        })
    }

    /// The framework whose application a class of the repository extends.
    fn class(&self, module: &'a Module, class: &StmtClassDef, depth: u8) -> Option<Framework> {
        let depth = depth.checked_sub(1)?;
        class.bases().iter().find_map(|base| {
            let full = self.modules.imports(module).resolve(base)?;
            self.framework_of(&module.path, &full).or_else(|| {
                let (module, class) = self.modules.class(module, &python::dotted(base)?)?;
                self.class(module, class, depth)
            })
        })
    }

    fn made(&self, framework: Framework, site: &(String, u32)) -> App {
        let evidence = match self.modules.module(&site.0) {
            Some(module) => module.evidence(&TextRange::empty(TextSize::new(site.1))),
            None => Evidence::file(&site.0),
        };
        App { framework, interface: framework.interface, site: site.clone(), evidence }
    }
}

/// Whether calling a function gives what its body returns.
fn is_plain(function: &StmtFunctionDef) -> bool {
    !function.is_async
        && function.decorator_list.iter().all(|decorator| keeps(&decorator.expression))
}

/// Whether a function can be called without arguments, the first `bound` ones
/// aside.
fn is_callable(function: &StmtFunctionDef, bound: usize) -> bool {
    let parameters = &function.parameters;
    let positional = parameters.posonlyargs.iter().chain(&parameters.args).skip(bound);
    positional.chain(&parameters.kwonlyargs).all(|parameter| parameter.default.is_some())
}

/// Decorators that leave a function what it is.
fn keeps(decorator: &Expr) -> bool {
    let callee = match decorator {
        Expr::Call(call) => &call.func,
        other => other,
    };
    let name = python::dotted(callee).unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or("");
    matches!(last, "lru_cache" | "cache" | "inject" | "wraps" | "no_type_check")
}
