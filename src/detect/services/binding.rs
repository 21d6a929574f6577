//! Where values go: names, keys of configurations and arguments of calls, and
//! what they are given.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Stmt};

use crate::detect::fact::Evidence;
use crate::detect::python::Value;
use crate::detect::python::{Evaluator, Scope};
use crate::detect::python::{Module, dotted, string};
use crate::detect::python::{When, branches};
use crate::detect::services::instances::Instances;
use crate::detect::services::project::tells;
use crate::environments::is_for_another;

/// What a path is given to that is opened for writing.
pub const WRITTEN: &str = "<written>";
/// What a path is given to that is made a directory.
pub const MADE: &str = "<made>";

/// A value and where it goes.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The way to it: `DATABASES`, `default`, `HOST`; for an argument the full
    /// name of what is called with `()`, then the argument's name or number.
    pub path: Vec<String>,
    /// The value.
    pub value: Value,
    /// Whether production gets there.
    pub when: When,
    /// Whether production gets there at all.
    pub live: bool,
    /// Whether importing the module does it.
    pub at_import: bool,
    /// Whether the module is one of Django's settings.
    pub in_settings: bool,
    /// Whether it is a field of a settings class.
    pub is_field: bool,
    /// The line.
    pub evidence: Evidence,
}

impl Binding {
    /// The first part of the way; empty for a value that is bound to nothing.
    #[must_use]
    pub fn first(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    /// The last part of the way.
    #[must_use]
    pub fn last(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The call whose argument this is; empty for none.
    #[must_use]
    pub fn called(&self) -> &str {
        let before = self.path.len().checked_sub(2).map_or("", |at| self.path[at].as_str());
        before.strip_suffix("()").unwrap_or_default()
    }

    /// Whether a part of the way is `name`, ignoring case.
    #[must_use]
    pub fn passes(&self, name: &str) -> bool {
        self.path.iter().any(|part| part.eq_ignore_ascii_case(name))
    }
}

/// Every binding of the code that production imports, and fields of settings
/// classes.
#[must_use]
pub fn collect(evaluator: &Evaluator<'_, '_>) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for module in &evaluator.project.modules {
        let in_settings =
            evaluator.project.settings.iter().any(|settings| settings.path == module.path);
        if !in_settings && !tells(module.text()) {
            continue;
        }
        let mut collector = Collector {
            evaluator,
            scope: Scope::top(module),
            when: When::Always,
            in_settings,
            other_class: false,
            found: &mut bindings,
        };
        collector.visit_body(&module.ast.body);
    }
    let instances = Instances::of(evaluator);
    for (module, class) in evaluator.settings_classes() {
        let when = match instances.behind_a_switch(&class.name) {
            true => When::Maybe,
            false => When::Always,
        };
        for field in evaluator.fields(module, class) {
            bindings.push(Binding {
                path: vec![class.name.to_string(), field.name.to_owned()],
                when,
                at_import: instances.at_import(&class.name),
                in_settings: false,
                is_field: true,
                live: true,
                evidence: field.module.evidence(field.statement),
                value: Value::Read(field.read),
            });
        }
    }
    bindings
}

struct Collector<'c, 'p, 'a> {
    evaluator: &'c Evaluator<'p, 'a>,
    scope: Scope<'a>,
    when: When,
    in_settings: bool,
    other_class: bool,
    found: &'c mut Vec<Binding>,
}

impl<'a> Collector<'_, '_, 'a> {
    const fn module(&self) -> &'a Module {
        self.scope.module
    }

    /// Notes a value, and each item of a dictionary.
    fn note(&mut self, path: Vec<String>, value: &'a Expr) {
        match value {
            Expr::Dict(dict) => {
                for item in &dict.items {
                    let Some(key) = &item.key else { continue };
                    let Some(key) = string(key) else { continue };
                    let mut path = path.clone();
                    path.push(key.to_owned());
                    self.note(path, &item.value);
                }
            }
            Expr::Call(call) if dotted(&call.func).as_deref() == Some("dict") => {
                for keyword in &call.arguments.keywords {
                    let Some(name) = &keyword.arg else { continue };
                    let mut path = path.clone();
                    path.push(name.to_string());
                    self.note(path, &keyword.value);
                }
            }
            _ => {}
        }
        let evidence = self.module().evidence(value);
        let value = self.evaluator.value(self.scope, value);
        self.push(path, value, evidence);
    }

    fn push(&mut self, path: Vec<String>, value: Value, evidence: Evidence) {
        // `vars().update(…)` binds names that are not written.
        if path.is_empty() {
            return;
        }
        self.found.push(Binding {
            path,
            value,
            when: self.when,
            at_import: self.scope.function.is_none(),
            in_settings: self.in_settings,
            is_field: false,
            live: self.when != When::Never && !self.other_class,
            evidence,
        });
    }

    /// A call that writes a file or makes a directory.
    fn write(&mut self, call: &'a ExprCall, name: &str) {
        let receiver = match &*call.func {
            Expr::Attribute(attribute) => Some(&*attribute.value),
            _ => None,
        };
        let method = name.rsplit('.').next().unwrap_or_default();
        let opens = matches!(name, "open" | "io.open" | "aiofiles.open" | "codecs.open");
        let mode_at = usize::from(opens);
        let mode = call.arguments.find_argument_value("mode", mode_at).and_then(string);
        let writes = mode.is_some_and(|mode| mode.contains(['w', 'a', 'x', '+']));
        let (kind, path) = match method {
            "open" if opens && writes => (WRITTEN, call.arguments.args.first()),
            "open" if !opens && writes => (WRITTEN, receiver),
            "write_text" | "write_bytes" => (WRITTEN, receiver),
            "makedirs" => (MADE, call.arguments.find_argument_value("name", 0)),
            "mkdir" if name == "os.mkdir" => (MADE, call.arguments.args.first()),
            "mkdir" => (MADE, receiver),
            _ => return,
        };
        let Some(path) = path else { return };
        let evidence = self.module().evidence(call);
        let value = self.evaluator.value(self.scope, path);
        self.push(vec![format!("{kind}()"), "0".into()], value, evidence);
    }

    fn call(&mut self, call: &'a ExprCall) {
        let imports = self.evaluator.project.graph.imports(self.module());
        let name = imports.resolve(&call.func).or_else(|| match &*call.func {
            Expr::Attribute(attribute) => Some(format!("?.{}", attribute.attr)),
            _ => None,
        });
        let Some(name) = name else { return };
        self.write(call, &name);
        let method = name.rsplit('.').next().unwrap_or_default();
        // `config.update(X=…)`, `conf.update({…})` give values to keys.
        let updates = matches!(method, "update" | "from_mapping" | "setdefault")
            || (matches!(method, "from_object") && !call.arguments.keywords.is_empty());
        let base: Vec<String> = match &*call.func {
            Expr::Attribute(attribute) if updates => target(&attribute.value).unwrap_or_default(),
            _ => vec![format!("{name}()")],
        };
        if method == "setdefault"
            && let [key, value] = &*call.arguments.args
            && let Some(key) = string(key)
        {
            let mut path = base;
            path.push(key.to_owned());
            self.note(path, value);
            return;
        }
        for (at, argument) in call.arguments.args.iter().enumerate() {
            let mut path = base.clone();
            if !updates {
                path.push(at.to_string());
            }
            self.note(path, argument);
        }
        for keyword in &call.arguments.keywords {
            let mut path = base.clone();
            if let Some(name) = &keyword.arg {
                path.push(name.to_string());
            } else if !updates {
                path.push("**".into());
            }
            self.note(path, &keyword.value);
        }
    }
}

/// The way an assignment's target is reached.
fn target(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Name(name) => Some(vec![name.id.to_string()]),
        Expr::Attribute(attribute) => {
            let mut path = target(&attribute.value).unwrap_or_default();
            path.push(attribute.attr.to_string());
            Some(path)
        }
        Expr::Subscript(subscript) => {
            let mut path = target(&subscript.value)?;
            path.push(string(&subscript.slice)?.to_owned());
            Some(path)
        }
        _ => None,
    }
}

impl<'a> Visitor<'a> for Collector<'_, '_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                for path in assign.targets.iter().filter_map(target) {
                    self.note(path, &assign.value);
                }
                visitor::walk_stmt(self, statement);
            }
            Stmt::AnnAssign(assign) => {
                if let (Some(path), Some(value)) = (target(&assign.target), &assign.value) {
                    self.note(path, value);
                }
                visitor::walk_stmt(self, statement);
            }
            Stmt::AugAssign(assign) => {
                if let Some(path) = target(&assign.target) {
                    self.note(path, &assign.value);
                }
                visitor::walk_stmt(self, statement);
            }
            Stmt::FunctionDef(function) => {
                let outer = self.scope;
                self.scope.function = Some(function);
                visitor::walk_stmt(self, statement);
                self.scope = outer;
            }
            Stmt::ClassDef(class) => {
                let outer = self.scope;
                let other = self.other_class;
                self.scope = Scope { class: Some(class), function: None, ..outer };
                self.other_class |= is_for_another(&class.name);
                visitor::walk_stmt(self, statement);
                self.scope = outer;
                self.other_class = other;
            }
            Stmt::If(block) => {
                let outer = self.when;
                let (taken, mut rest) = branches(&block.test);
                self.visit_expr(&block.test);
                self.when = taken.within(outer);
                self.visit_body(&block.body);
                for clause in &block.elif_else_clauses {
                    let before = rest;
                    let mut taken = When::Always;
                    if let Some(test) = &clause.test {
                        self.visit_expr(test);
                        (taken, rest) = branches(test);
                        rest = rest.within(before);
                    }
                    self.when = taken.within(before).within(outer);
                    self.visit_body(&clause.body);
                }
                self.when = outer;
            }
            Stmt::Try(block) => {
                let outer = self.when;
                self.visit_body(&block.body);
                self.when = When::Maybe.within(outer);
                for handler in &block.handlers {
                    self.visit_except_handler(handler);
                }
                self.when = outer;
                self.visit_body(&block.orelse);
                self.visit_body(&block.finalbody);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.call(call);
        }
        visitor::walk_expr(self, expr);
    }
}
