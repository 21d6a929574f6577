//! What a name of a module stands for: an application, a factory of one, or
//! neither. Followed through assignments, functions, classes and imports.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use ruff_python_ast::{Expr, ExprCall, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::framework::{self, Framework};
use crate::detect::fact::Evidence;
use crate::detect::facts::Interface;
use crate::python::modules::{Found, Modules};
use crate::python::{self, Module};

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

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Value {
    /// An application.
    App(App),
    /// A function that gives one; whether it can be called without arguments.
    Factory(App, bool),
    /// A class whose instances are applications.
    Class(App),
    /// An instance of a class of this repository: its file and name.
    Instance(String, String),
    /// A module: its file, or a directory.
    Module(Found),
    /// A parameter of the function.
    Parameter(String),
}

/// How deep values are followed.
const DEEPEST: usize = 24;

/// Finds out what names stand for.
pub struct Values<'a> {
    /// The repository's modules.
    pub modules: &'a Modules<'a>,
    known: RefCell<HashMap<(String, String), Option<Value>>>,
    /// What expressions stand for, by file, range and how much of the scope
    /// was visible: the same ones are asked for again and again.
    expressions: RefCell<HashMap<(String, TextRange, usize), Option<Value>>>,
    /// Statements that importing a file runs.
    statements: RefCell<HashMap<String, Rc<Statements<'a>>>>,
}

/// Statements of a scope, and which of them bind each name.
struct Statements<'m> {
    every: Vec<&'m Stmt>,
    bound: HashMap<&'m str, Vec<usize>>,
}

impl<'m> Statements<'m> {
    fn new(every: Vec<&'m Stmt>) -> Self {
        let mut bound: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, statement) in every.iter().enumerate() {
            match statement {
                Stmt::FunctionDef(function) => bound.entry(&function.name).or_default().push(at),
                Stmt::ClassDef(class) => bound.entry(&class.name).or_default().push(at),
                _ => {
                    for (name, _) in python::assignments(statement) {
                        bound.entry(name).or_default().push(at);
                    }
                }
            }
        }
        Self { every, bound }
    }

    /// Statements before `until` that bind a name, the last first.
    fn binding(&self, name: &str, until: usize) -> impl Iterator<Item = usize> {
        let found = self.bound.get(name).map_or(&[][..], Vec::as_slice);
        found.iter().rev().copied().filter(move |at| *at < until)
    }
}

/// Where an expression stands: the statements before it that bind names.
struct Scope<'m> {
    module: &'m Module,
    /// Statements of the function, or of the top level.
    statements: Rc<Statements<'m>>,
    /// How many of them count.
    until: usize,
    /// Parameters of the function; empty at the top level.
    parameters: Vec<&'m str>,
    /// Whether the names of the top level come after these.
    inside: bool,
    depth: usize,
}

impl<'a> Values<'a> {
    /// Begins with nothing known.
    pub fn new(modules: &'a Modules<'a>) -> Self {
        Self {
            modules,
            known: RefCell::default(),
            expressions: RefCell::default(),
            statements: RefCell::default(),
        }
    }

    /// What a name of a file's top level stands for.
    pub fn of(&self, path: &str, name: &str) -> Option<Value> {
        self.top(path, name, 0)
    }

    /// As `of`, for a dotted attribute: `asgi.app`.
    pub fn of_path(&self, path: &str, names: &str) -> Option<Value> {
        let mut parts = names.split('.');
        let mut value = self.of(path, parts.next()?)?;
        for part in parts {
            value = self.attribute(value, part, 0)?;
        }
        Some(value)
    }

    /// What an expression of a module's top level stands for. Inside of a
    /// function, names of that function are unknown.
    pub fn expression_in(&self, module: &'a Module, expression: &'a Expr) -> Option<Value> {
        let statements = self.top_level(module);
        let until = statements.every.len();
        let parameters = Vec::new();
        let scope = Scope { module, statements, until, parameters, inside: false, depth: 0 };
        self.expression(&scope, expression, None)
    }

    fn top_level(&self, module: &'a Module) -> Rc<Statements<'a>> {
        if let Some(known) = self.statements.borrow().get(&module.path) {
            return Rc::clone(known);
        }
        let statements = Rc::new(Statements::new(module.top_level()));
        self.statements.borrow_mut().insert(module.path.clone(), Rc::clone(&statements));
        statements
    }

    fn top(&self, path: &str, name: &str, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        let key = (path.to_owned(), name.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        // A name that stands for itself through imports is nothing.
        self.known.borrow_mut().insert(key.clone(), None);
        let value = self.modules.module(path).and_then(|module| {
            let statements = self.top_level(module);
            let until = statements.every.len();
            let scope = Scope {
                module,
                statements,
                until,
                parameters: Vec::new(),
                inside: false,
                depth: depth + 1,
            };
            self.name(&scope, name)
        });
        self.known.borrow_mut().insert(key, value.clone());
        value
    }

    fn name(&self, scope: &Scope<'a>, name: &str) -> Option<Value> {
        for at in scope.statements.binding(name, scope.until) {
            if let Some(value) = self.bound(scope, at, name) {
                return Some(value);
            }
        }
        if scope.parameters.contains(&name) {
            return Some(Value::Parameter(name.to_owned()));
        }
        if scope.inside {
            return self.top(&scope.module.path, name, scope.depth);
        }
        self.imported(&scope.module.path, name, scope.depth)
    }

    /// What the statement `at` gives a name.
    fn bound(&self, scope: &Scope<'a>, at: usize, name: &str) -> Option<Value> {
        match scope.statements.every[at] {
            Stmt::FunctionDef(function) if function.name.as_str() == name => {
                self.function(scope, function)
            }
            Stmt::ClassDef(class) if class.name.as_str() == name => self.class(scope, class),
            statement => {
                let (_, value) =
                    python::assignments(statement).into_iter().find(|(each, _)| *each == name)?;
                let before = Scope {
                    module: scope.module,
                    statements: Rc::clone(&scope.statements),
                    until: at,
                    parameters: scope.parameters.clone(),
                    inside: scope.inside,
                    depth: scope.depth + 1,
                };
                self.expression(&before, value, Some(name))
            }
        }
    }

    /// What an import gives a name.
    fn imported(&self, path: &str, name: &str, depth: usize) -> Option<Value> {
        let imports = self.modules.imports_of(path);
        if let Some(import) = imports.get(name) {
            let dots = ".".repeat(import.level as usize);
            let module = format!("{dots}{}", import.module);
            if import.name.is_empty() {
                return self.modules.resolve_dotted(path, &module).map(Value::Module);
            }
            return self.member(path, &module, &import.name, depth);
        }
        imports.stars.iter().find_map(|star| {
            let dots = ".".repeat(star.level as usize);
            self.member(path, &format!("{dots}{}", star.module), name, depth)
        })
    }

    /// `from module import name`, seen from `path`.
    fn member(&self, path: &str, module: &str, name: &str, depth: usize) -> Option<Value> {
        let found = self.modules.resolve_dotted(path, module)?;
        self.inside(&found, name, depth)
    }

    /// A name of a module or package, or a module of a package.
    fn inside(&self, found: &Found, name: &str, depth: usize) -> Option<Value> {
        let directory = match found {
            Found::File(file) => {
                if let Some(value) = self.top(file, name, depth + 1) {
                    return Some(value);
                }
                file.strip_suffix("/__init__.py")?
            }
            Found::Directory(directory) => directory,
        };
        self.modules.below(directory, name).map(Value::Module)
    }

    fn function(&self, scope: &Scope<'a>, function: &'a StmtFunctionDef) -> Option<Value> {
        if function.is_async
            || !function.decorator_list.iter().all(|decorator| keeps(&decorator.expression))
        {
            return None;
        }
        let app = self.returned(scope.module, function, scope.depth)?;
        match app {
            Value::App(app) => Some(Value::Factory(app, is_callable(function, 0))),
            _ => None,
        }
    }

    /// What calling a function gives.
    fn returned(
        &self,
        module: &'a Module,
        function: &'a StmtFunctionDef,
        depth: usize,
    ) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        let mut statements = Vec::new();
        python::flatten(&function.body, &mut statements);
        let parameters = function.parameters.iter().map(|each| each.name().as_str()).collect();
        let until = statements.len();
        let statements = Rc::new(Statements::new(statements));
        let scope = Scope { module, statements, until, parameters, inside: true, depth: depth + 1 };
        let mut passed = None;
        for statement in &scope.statements.every {
            let Stmt::Return(back) = statement else { continue };
            let Some(value) = &back.value else { continue };
            match self.expression(&scope, value, None) {
                Some(Value::Parameter(name)) => passed = Some(Value::Parameter(name)),
                Some(value) => return Some(value),
                None => {}
            }
        }
        // The annotation tells where the body does not, unless what comes
        // back is what went in.
        if passed.is_none()
            && let Some(annotation) = &function.returns
            && let Some(Value::Class(app)) = self.expression(&scope, annotation, None)
        {
            return Some(Value::App(App { site: site(module, function), ..app }));
        }
        passed
    }

    fn class(&self, scope: &Scope<'a>, class: &'a StmtClassDef) -> Option<Value> {
        let bases = class.arguments.as_ref().map_or(&[][..], |arguments| &arguments.args);
        for base in bases {
            if let Some(Value::Class(app)) = self.expression(scope, base, None) {
                return Some(Value::Class(app));
            }
        }
        None
    }

    fn expression(
        &self,
        scope: &Scope<'a>,
        expression: &'a Expr,
        target: Option<&str>,
    ) -> Option<Value> {
        let key = (scope.module.path.clone(), expression.range(), scope.until);
        if let Some(known) = self.expressions.borrow().get(&key) {
            return known.clone();
        }
        // What stands for itself is nothing.
        self.expressions.borrow_mut().insert(key.clone(), None);
        let value = self.evaluate(scope, expression, target);
        self.expressions.borrow_mut().insert(key, value.clone());
        value
    }

    fn evaluate(
        &self,
        scope: &Scope<'a>,
        expression: &'a Expr,
        target: Option<&str>,
    ) -> Option<Value> {
        if scope.depth > DEEPEST {
            return None;
        }
        match expression {
            Expr::Name(name) => {
                if let Some(framework) = self.known_class(scope, expression) {
                    return Some(Value::Class(app(scope.module, expression, framework)));
                }
                self.name(scope, &name.id)
            }
            Expr::Attribute(attribute) => {
                if let Some(framework) = self.known_class(scope, expression) {
                    return Some(Value::Class(app(scope.module, expression, framework)));
                }
                if let Some(Value::Module(found)) = self.module_of(scope, &attribute.value) {
                    return self.inside(&found, &attribute.attr, scope.depth);
                }
                let value = self.expression(scope, &attribute.value, None)?;
                self.attribute(value, &attribute.attr, scope.depth)
            }
            Expr::Call(call) => self.call(scope, call, target),
            Expr::If(choice) => self
                .expression(scope, &choice.body, target)
                .or_else(|| self.expression(scope, &choice.orelse, target)),
            Expr::Named(named) => self.expression(scope, &named.value, target),
            Expr::Await(_) => None,
            _ => None,
        }
    }

    /// The module an expression `a.b.c` names.
    fn module_of(&self, scope: &Scope<'a>, expression: &'a Expr) -> Option<Value> {
        let full = self.modules.imports(scope.module).resolve(expression)?;
        let first = python::dotted(expression)?;
        let first = first.split('.').next()?;
        self.modules.imports(scope.module).get(first)?;
        match self.modules.resolve_dotted(&scope.module.path, &full)? {
            found @ Found::File(_) => Some(Value::Module(found)),
            Found::Directory(_) => None,
        }
    }

    /// The framework whose class an expression names.
    fn known_class(&self, scope: &Scope<'a>, expression: &'a Expr) -> Option<Framework> {
        let imports = self.modules.imports(scope.module);
        let full = imports.resolve(expression)?;
        if let Some(found) = framework::of(&full) {
            return Some(found);
        }
        if full.contains('.') {
            return None;
        }
        imports.stars.iter().find_map(|star| framework::of(&format!("{}.{full}", star.module)))
    }

    fn attribute(&self, value: Value, name: &str, depth: usize) -> Option<Value> {
        match value {
            Value::App(mut found) => {
                if found.framework.name == "connexion" && name == "app" {
                    found.framework = framework::of("flask.Flask")?;
                }
                matches!(name, "app" | "wsgi_app" | "asgi_app" | "server" | "application")
                    .then_some(Value::App(found))
            }
            Value::Instance(file, class) => self.member_of(&file, &class, name, depth),
            Value::Module(found) => self.inside(&found, name, depth),
            _ => None,
        }
    }

    /// An attribute or method of a class of this repository.
    fn member_of(&self, file: &str, class: &str, name: &str, depth: usize) -> Option<Value> {
        let module = self.modules.module(file)?;
        let class = module.top_level().into_iter().find_map(|statement| match statement {
            Stmt::ClassDef(found) if found.name.as_str() == class => Some(found),
            _ => None,
        })?;
        for statement in &class.body {
            let Stmt::FunctionDef(method) = statement else { continue };
            if method.name.as_str() == name {
                return match self.returned(module, method, depth)? {
                    Value::App(app) => Some(Value::Factory(app, is_callable(method, 1))),
                    _ => None,
                };
            }
            if let Some(value) = self.self_attribute(module, method, name, depth) {
                return Some(value);
            }
        }
        None
    }

    /// `self.name = FastAPI()` in a method.
    fn self_attribute(
        &self,
        module: &'a Module,
        method: &'a StmtFunctionDef,
        name: &str,
        depth: usize,
    ) -> Option<Value> {
        let mut statements = Vec::new();
        python::flatten(&method.body, &mut statements);
        let parameters = method.parameters.iter().map(|each| each.name().as_str()).collect();
        let scope = Scope {
            module,
            until: statements.len(),
            statements: Rc::new(Statements::new(statements)),
            parameters,
            inside: true,
            depth: depth + 1,
        };
        scope.statements.every.iter().find_map(|statement| {
            let (target, value) = match statement {
                Stmt::Assign(assign) => (assign.targets.first()?, &*assign.value),
                Stmt::AnnAssign(assign) => (&*assign.target, assign.value.as_deref()?),
                _ => return None,
            };
            let is_it = python::dotted(target)? == format!("self.{name}");
            match is_it.then(|| self.expression(&scope, value, None))? {
                Some(value @ Value::App(_)) => Some(value),
                _ => None,
            }
        })
    }

    fn call(&self, scope: &Scope<'a>, call: &'a ExprCall, target: Option<&str>) -> Option<Value> {
        if let Some(framework) = self.known_class(scope, &call.func) {
            return Some(Value::App(app(scope.module, call, framework)));
        }
        let callee = python::dotted(&call.func).unwrap_or_default();
        if framework::consumes(&callee) {
            return None;
        }
        if callee.ends_with(".make_wsgi_app") {
            let framework = framework::of("pyramid.make_wsgi_app")?;
            return Some(Value::App(app(scope.module, call, framework)));
        }
        match self.expression(scope, &call.func, None) {
            Some(Value::Factory(app, _)) => return Some(Value::App(app)),
            Some(Value::Class(app)) => {
                return Some(Value::App(App { site: site(scope.module, call), ..app }));
            }
            _ => {}
        }
        if let Some(instance) = self.instance(scope, &call.func) {
            return Some(instance);
        }
        if target == Some("app")
            || target == Some("application")
            || framework::wraps(&callee)
            || self.passes(scope, &call.func)
            || self.same_name(call, target)
        {
            return self.wrapped(scope, call, &callee);
        }
        None
    }

    /// Whether the application that goes in is called what comes out.
    fn same_name(&self, call: &'a ExprCall, target: Option<&str>) -> bool {
        let Some(target) = target else { return false };
        arguments(call).any(|argument| python::dotted(argument).is_some_and(|name| name == target))
    }

    /// Whether a function of this repository gives back what it is given.
    fn passes(&self, scope: &Scope<'a>, callee: &'a Expr) -> bool {
        let Some((file, name)) = self.defined(scope, callee) else { return false };
        let Some(module) = self.modules.module(&file) else { return false };
        module.top_level().into_iter().any(|statement| match statement {
            Stmt::FunctionDef(function) if function.name.as_str() == name => {
                matches!(self.returned(module, function, scope.depth), Some(Value::Parameter(_)))
            }
            _ => false,
        })
    }

    /// The file and name of the function or class of this repository that an
    /// expression names.
    fn defined(&self, scope: &Scope<'a>, callee: &'a Expr) -> Option<(String, String)> {
        let full = self.modules.imports(scope.module).resolve(callee)?;
        let mut at = (scope.module.path.clone(), full);
        for _ in 0..DEEPEST {
            let (path, full) = &at;
            if !full.contains('.') {
                let module = self.modules.module(path)?;
                let statements = self.top_level(module);
                let is_here = statements.binding(full, usize::MAX).any(|at| {
                    matches!(statements.every[at], Stmt::FunctionDef(_) | Stmt::ClassDef(_))
                });
                if is_here {
                    return Some(at);
                }
                let next = self.modules.imports_of(path).get(full).cloned()?;
                let dots = ".".repeat(next.level as usize);
                at = (path.clone(), format!("{dots}{}.{}", next.module, next.name));
                continue;
            }
            let (module, name) = full.rsplit_once('.')?;
            let module = if module.is_empty() || module.ends_with('.') {
                format!("{module}.")
            } else {
                module.to_owned()
            };
            let module = if module.bytes().all(|byte| byte == b'.') && !module.is_empty() {
                module
            } else {
                module.trim_end_matches('.').to_owned()
            };
            match self.modules.resolve_dotted(path, &module)? {
                Found::File(file) => at = (file, name.to_owned()),
                Found::Directory(_) => return None,
            }
        }
        None
    }

    fn instance(&self, scope: &Scope<'a>, callee: &'a Expr) -> Option<Value> {
        let (file, name) = self.defined(scope, callee)?;
        let module = self.modules.module(&file)?;
        let statements = self.top_level(module);
        let is_class = statements
            .binding(&name, usize::MAX)
            .any(|at| matches!(statements.every[at], Stmt::ClassDef(_)));
        is_class.then_some(Value::Instance(file, name))
    }

    /// The application among a call's arguments.
    fn wrapped(&self, scope: &Scope<'a>, call: &'a ExprCall, callee: &str) -> Option<Value> {
        let mut found = None;
        for argument in arguments(call) {
            let argument = match argument {
                // `ProtocolTypeRouter({"http": app})`, and `{"/": app}`.
                Expr::Dict(dict) => {
                    let http = dict
                        .items
                        .iter()
                        .find(|item| item.key.as_ref().and_then(python::string) == Some("http"));
                    match http {
                        Some(item) => &item.value,
                        None => continue,
                    }
                }
                other => other,
            };
            if let Some(Value::App(app)) = self.expression(scope, argument, None) {
                found = Some(app);
                break;
            }
        }
        let mut app = found?;
        match callee.rsplit('.').next().unwrap_or(callee) {
            "WsgiToAsgi" | "ASGIApp" | "ProtocolTypeRouter" => {
                app.interface = Some(Interface::Asgi);
            }
            "AsgiToWsgi" | "WSGIApp" | "ASGIMiddleware" => app.interface = Some(Interface::Wsgi),
            _ => {}
        }
        Some(Value::App(app))
    }
}

fn arguments(call: &ExprCall) -> impl Iterator<Item = &Expr> {
    let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
    call.arguments.args.iter().chain(keywords)
}

fn app(module: &Module, node: &impl Ranged, framework: Framework) -> App {
    App {
        framework,
        interface: framework.interface,
        site: site(module, node),
        evidence: module.evidence(node),
    }
}

fn site(module: &Module, node: &impl Ranged) -> (String, u32) {
    (module.path.clone(), node.start().to_u32())
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
