//! Every read of the environment in the code that production imports, with
//! whether a guard around it makes up for a variable that is not set.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Decorator, ExceptHandler, Expr, ExprContext, Operator, Stmt, StmtFunctionDef,
};

use crate::detect::fact::Evidence;
use crate::detect::python::{Evaluator, Scope};
use crate::detect::python::{Form, Read, Value};
use crate::detect::python::{When, branches};
use crate::detect::python::{dotted, raises};
use crate::detect::services::project::tells;

/// A read of the environment.
#[derive(Clone, Debug)]
pub struct Place {
    /// What is read.
    pub read: Read,
    /// Whether production gets there whatever its environment is.
    pub when: When,
    /// Whether importing the module does it.
    pub at_import: bool,
    /// Whether it happens before the first request is served.
    pub at_start: bool,
    /// The line.
    pub evidence: Evidence,
}

/// Every read of the environment.
#[must_use]
pub fn collect(evaluator: &Evaluator<'_, '_>) -> Vec<Place> {
    let mut places = Vec::new();
    for module in evaluator.project.modules.iter().filter(|module| tells(module.text())) {
        let mut collector = Collector {
            evaluator,
            scope: Scope::top(module),
            when: When::Always,
            found: &mut places,
        };
        collector.visit_body(&module.ast.body);
    }
    places
}

/// Whether a function of that file runs before the first request, by its name: one
/// that takes a request, or is decorated as what answers one, does not.
pub(super) fn runs_at_start(path: &str, function: &StmtFunctionDef) -> bool {
    const WORDS: [&str; 14] = [
        "create",
        "make",
        "build",
        "init",
        "setup",
        "configure",
        "config",
        "settings",
        "lifespan",
        "startup",
        "start",
        "main",
        "bootstrap",
        "connect",
    ];
    const ROUTES: [&str; 9] =
        ["route", "get", "post", "put", "patch", "delete", "websocket", "api_view", "task"];
    let is_route = |own: &Decorator| {
        let called = match &own.expression {
            Expr::Call(call) => &call.func,
            other => other,
        };
        let name = dotted(called);
        name.is_some_and(|name| ROUTES.contains(&name.rsplit('.').next().unwrap_or(&name)))
    };
    let takes_request =
        function.parameters.iter().any(|it| matches!(it.name().as_str(), "request" | "req"));
    if takes_request || function.decorator_list.iter().any(is_route) {
        return false;
    }
    let words = function.name.split('_').filter(|word| !word.is_empty());
    words.into_iter().any(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
        || path.contains("config")
        || path.contains("settings")
}

struct Collector<'c, 'p, 'a> {
    evaluator: &'c Evaluator<'p, 'a>,
    scope: Scope<'a>,
    when: When,
    found: &'c mut Vec<Place>,
}

impl<'a> Collector<'_, '_, 'a> {
    fn note(&mut self, expr: &'a Expr, read: Read) {
        self.found.push(Place {
            read,
            when: self.when,
            at_import: self.scope.function.is_none(),
            at_start: self
                .scope
                .function
                .is_none_or(|function| runs_at_start(&self.scope.module.path, function)),
            evidence: self.scope.module.evidence(expr),
        });
    }

    /// An expression that is a read, or takes the text of one apart.
    fn read(&self, expr: &'a Expr) -> Option<Read> {
        if !matches!(expr, Expr::Call(_) | Expr::Subscript(_) | Expr::BoolOp(_) | Expr::BinOp(_)) {
            return None;
        }
        let own = match expr {
            Expr::Call(call) => self.evaluator.call_read(self.scope, call).is_some(),
            Expr::Subscript(subscript) => self
                .evaluator
                .subscript_read(self.scope, &subscript.value, &subscript.slice)
                .is_some(),
            _ => false,
        };
        if !own && !self.holds_read(expr) {
            return None;
        }
        match self.evaluator.value(self.scope, expr) {
            Value::Read(read) => Some(read),
            _ => None,
        }
    }

    /// Whether what an expression takes apart is a read written in it.
    fn holds_read(&self, expr: &'a Expr) -> bool {
        match expr {
            Expr::Call(call) => {
                if self.evaluator.call_read(self.scope, call).is_some() {
                    return true;
                }
                let receiver = match &*call.func {
                    Expr::Attribute(attribute) => Some(&*attribute.value),
                    _ => None,
                };
                receiver.is_some_and(|it| self.holds_read(it))
                    || call.arguments.args.first().is_some_and(|it| self.holds_read(it))
                    || self.evaluator.helper_read(self.scope, call).is_some()
            }
            Expr::Subscript(subscript) => self
                .evaluator
                .subscript_read(self.scope, &subscript.value, &subscript.slice)
                .is_some(),
            Expr::BoolOp(operation) => {
                operation.values.first().is_some_and(|it| self.holds_read(it))
            }
            // A variable that was read before and is taken apart here.
            Expr::Name(_) => matches!(self.evaluator.value(self.scope, expr), Value::Read(_)),
            _ => false,
        }
    }

    fn under(&mut self, when: When, visit: impl FnOnce(&mut Self)) {
        let outer = self.when;
        self.when = when.within(outer);
        visit(self);
        self.when = outer;
    }
}

impl<'a> Visitor<'a> for Collector<'_, '_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                let outer = self.scope;
                for decorator in &function.decorator_list {
                    self.visit_decorator(decorator);
                }
                self.visit_parameters(&function.parameters);
                self.scope.function = Some(function);
                self.visit_body(&function.body);
                self.scope = outer;
            }
            Stmt::ClassDef(class) => {
                let outer = self.scope;
                self.scope = Scope { class: Some(class), function: None, ..outer };
                visitor::walk_stmt(self, statement);
                self.scope = outer;
            }
            Stmt::If(block) => {
                let (taken, mut rest) = branches(&block.test);
                self.visit_expr(&block.test);
                self.under(taken, |it| it.visit_body(&block.body));
                for clause in &block.elif_else_clauses {
                    let before = rest;
                    let mut taken = When::Always;
                    if let Some(test) = &clause.test {
                        self.under(before, |it| it.visit_expr(test));
                        (taken, rest) = branches(test);
                        rest = rest.within(before);
                    }
                    self.under(taken.within(before), |it| it.visit_body(&clause.body));
                }
            }
            Stmt::Try(block) => {
                // A handler that goes on makes up for what is missing.
                let goes_on = block.handlers.iter().any(|handler| {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    !raises(&handler.body)
                });
                let body = if goes_on { When::Maybe } else { When::Always };
                self.under(body, |it| it.visit_body(&block.body));
                self.under(When::Maybe, |it| {
                    block.handlers.iter().for_each(|handler| it.visit_except_handler(handler));
                });
                self.visit_body(&block.orelse);
                self.visit_body(&block.finalbody);
            }
            Stmt::For(block) => {
                self.visit_expr(&block.iter);
                self.under(When::Maybe, |it| it.visit_body(&block.body));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if matches!(expr, Expr::Subscript(it) if it.ctx != ExprContext::Load) {
            return;
        }
        if let Some(read) = self.read(expr) {
            self.note(expr, read);
            // Its default may read others, and is evaluated all the same.
            if let Expr::Call(call) = expr {
                let nested = |it: &&Expr| !matches!(it, Expr::StringLiteral(_));
                let arguments = call.arguments.args.iter().skip(1).filter(nested);
                for argument in arguments.chain(call.arguments.keywords.iter().map(|it| &it.value))
                {
                    self.visit_expr(argument);
                }
            }
            if let Expr::BoolOp(operation) = expr {
                let rest = operation.values.iter().skip(1);
                rest.for_each(|value| self.under(When::Maybe, |it| it.visit_expr(value)));
            }
            return;
        }
        match expr {
            Expr::If(choice) => {
                let (taken, rest) = branches(&choice.test);
                self.visit_expr(&choice.test);
                self.under(taken, |it| it.visit_expr(&choice.body));
                self.under(rest, |it| it.visit_expr(&choice.orelse));
            }
            // Text cannot be added to nothing.
            Expr::BinOp(operation) if operation.op == Operator::Add => {
                for side in [&*operation.left, &*operation.right] {
                    match self.read(side) {
                        Some(mut read) if read.form != Form::Number => {
                            read.required |= read.default.is_none();
                            self.note(side, read);
                        }
                        _ => self.visit_expr(side),
                    }
                }
            }
            Expr::BoolOp(operation) => {
                // What follows `and` or `or` may not be reached.
                self.visit_expr(&operation.values[0]);
                let rest = operation.values.iter().skip(1);
                rest.for_each(|value| self.under(When::Maybe, |it| it.visit_expr(value)));
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}
