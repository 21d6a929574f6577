//! Which settings classes production makes instances of: one that is made
//! behind a switch alone asks for nothing while that is off.

use std::collections::BTreeMap;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ElifElseClause, ExceptHandler, Expr, ExprContext, Stmt};

use crate::detect::python::{Evaluator, When, dotted, flatten, raises, reached};

/// Where names are called or handed on, by their last part.
#[derive(Default)]
pub(super) struct Instances {
    uses: BTreeMap<String, Vec<Use>>,
}

struct Use {
    /// Whether whoever runs what is around it gets there.
    when: When,
    /// The function it is in; `None` for what a module does while it is
    /// imported.
    function: Option<String>,
    /// Whether it is called, and not handed on for others to call.
    called: bool,
}

impl Instances {
    pub(super) fn of(evaluator: &Evaluator<'_, '_>) -> Self {
        let mut found = Self::default();
        for module in &evaluator.project.modules {
            found.body(&module.ast.body, None);
        }
        found
    }

    /// What a body uses; functions and methods have bodies of their own.
    fn body(&mut self, body: &[Stmt], function: Option<&str>) {
        // What fails in a `try` that goes on is done without.
        let mut tried: Vec<&Stmt> = Vec::new();
        for (when, statement) in reached(body, When::Always) {
            let goes_on = |handler: &ExceptHandler| {
                let ExceptHandler::ExceptHandler(own) = handler;
                !raises(&own.body)
            };
            let when = match tried.iter().any(|own| std::ptr::eq(*own, statement)) {
                true => When::Maybe.within(when),
                false => when,
            };
            match statement {
                Stmt::Try(own) if own.handlers.iter().any(goes_on) => {
                    flatten(&own.body, &mut tried);
                }
                Stmt::FunctionDef(own) => {
                    self.body(&own.body, Some(own.name.as_str()));
                    let mut uses = Uses { found: self, when, function };
                    uses.visit_parameters(&own.parameters);
                    own.decorator_list.iter().for_each(|it| uses.visit_decorator(it));
                }
                Stmt::ClassDef(own) => self.body(&own.body, function),
                _ => visitor::walk_stmt(&mut Uses { found: self, when, function }, statement),
            }
        }
    }

    /// Whether a module makes an instance while it is imported.
    pub(super) fn at_import(&self, class: &str) -> bool {
        self.of_name(class).iter().any(|it| it.called && it.function.is_none())
    }

    /// Whether every way to an instance leads through a switch. A class whose
    /// instances nobody here makes may be made elsewhere.
    pub(super) fn behind_a_switch(&self, name: &str) -> bool {
        self.is_behind(name, 6)
    }

    fn is_behind(&self, name: &str, depth: u8) -> bool {
        let (uses, Some(depth)) = (self.of_name(name), depth.checked_sub(1)) else { return false };
        !uses.is_empty()
            && uses.iter().all(|own| {
                own.when == When::Maybe
                    || own.when == When::Never
                    || own.called
                        && own.function.as_deref().is_some_and(|it| self.is_behind(it, depth))
            })
    }

    fn of_name(&self, name: &str) -> &[Use] {
        self.uses.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The names in the expressions of one statement.
struct Uses<'f> {
    found: &'f mut Instances,
    when: When,
    function: Option<&'f str>,
}

impl Uses<'_> {
    fn note(&mut self, name: &str, called: bool) {
        let name = name.rsplit('.').next().unwrap_or(name).to_owned();
        let function = self.function.map(str::to_owned);
        let own = Use { when: self.when, function, called };
        self.found.uses.entry(name).or_default().push(own);
    }
}

impl<'a> Visitor<'a> for Uses<'_> {
    // The statements in a statement are reached by themselves.
    fn visit_body(&mut self, _: &'a [Stmt]) {}

    fn visit_elif_else_clause(&mut self, clause: &'a ElifElseClause) {
        clause.test.iter().for_each(|test| self.visit_expr(test));
    }

    // A type is no use.
    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) => {
                match dotted(&call.func) {
                    Some(name) => self.note(&name, true),
                    None => self.visit_expr(&call.func),
                }
                self.visit_arguments(&call.arguments);
            }
            Expr::If(choice) => {
                self.visit_expr(&choice.test);
                let outer = std::mem::replace(&mut self.when, When::Maybe);
                self.visit_expr(&choice.body);
                self.visit_expr(&choice.orelse);
                self.when = outer;
            }
            Expr::Name(name) if name.ctx == ExprContext::Load => self.note(&name.id, false),
            Expr::Attribute(own) => {
                self.note(&own.attr, false);
                self.visit_expr(&own.value);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}
