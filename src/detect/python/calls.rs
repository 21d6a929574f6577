//! Calls of functions of the repository.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};

use super::evaluate::{Evaluator, Key};
use super::scope::{Defined, Scope};
use super::syntax::{assignments, dotted};
use super::value::{Read, Value};

impl<'a> Evaluator<'_, 'a> {
    /// A call of a function of the repository: a read where the function
    /// reads the variable it is given the name of, otherwise what it returns.
    pub(super) fn helper(&self, inner: Scope<'a>, arguments: &[(String, Value)]) -> Option<Value> {
        let function = inner.function?;
        if let Some(read) = self.reader_function(inner, function, arguments) {
            return Some(Value::Read(read));
        }
        let mut value = self.returned(inner)?.given(&|name| {
            let bound = usize::from(inner.class.is_some());
            let at = function.parameters.iter().position(|it| it.name().as_str() == name);
            let at = at.and_then(|at| at.checked_sub(bound)).map(|at| at.to_string());
            let given = arguments.iter().find(|(key, _)| key == name || Some(key) == at.as_ref());
            given.map(|(_, value)| value.clone()).unwrap_or_else(|| {
                let own = function.parameters.iter().find(|it| it.name().as_str() == name);
                let default = own.and_then(|own| own.default());
                let outer = Scope { function: None, ..inner };
                default.map_or(Value::Unknown, |default| self.value(outer, default))
            })
        });
        if let Value::Call(call) = &mut value {
            call.is_returned = true;
        }
        Some(value).filter(|it| !matches!(it, Value::Unknown | Value::None))
    }

    /// What a function returns.
    #[must_use]
    pub fn returned(&self, scope: Scope<'a>) -> Option<Value> {
        let function = scope.function?;
        let key = Key::Returned(std::ptr::from_ref(function).addr());
        self.once(key, || Some(self.value(scope, returns(function).pop()?)))
    }

    /// The variable that a call of a function of the repository reads.
    #[must_use]
    pub fn helper_read(&self, scope: Scope<'a>, call: &'a ExprCall) -> Option<Read> {
        let Defined::Function(inner) = self.callee(scope, &call.func)? else { return None };
        let mut arguments = Vec::new();
        for (at, argument) in call.arguments.args.iter().enumerate() {
            arguments.push((at.to_string(), self.value(scope, argument)));
        }
        for keyword in &call.arguments.keywords {
            if let Some(name) = &keyword.arg {
                arguments.push((name.to_string(), self.value(scope, &keyword.value)));
            }
        }
        self.reader_function(inner, inner.function?, &arguments)
    }

    /// A function that reads the variable whose name is its first parameter.
    fn reader_function(
        &self,
        scope: Scope<'a>,
        function: &'a StmtFunctionDef,
        arguments: &[(String, Value)],
    ) -> Option<Read> {
        let parameters: Vec<&str> = function
            .parameters
            .posonlyargs
            .iter()
            .chain(&function.parameters.args)
            .map(|parameter| parameter.parameter.name.as_str())
            .collect();
        let first = parameters.first()?;
        let mut uses = EnvironmentUses { parameter: first, subscript: false, optional: false };
        uses.visit_body(&function.body);
        if !uses.subscript && !uses.optional {
            return None;
        }
        let given = |at: usize, name: &str| {
            arguments
                .iter()
                .find(|(key, _)| *key == at.to_string() || key == name)
                .map(|(_, value)| value)
        };
        let name = given(0, first)?.text()?;
        let default = parameters.get(1).and_then(|parameter| given(1, parameter)).cloned();
        let declared = function
            .parameters
            .args
            .get(1)
            .and_then(|parameter| parameter.default.as_deref())
            .map(|default| self.value(scope, default))
            .filter(|default| !matches!(default, Value::None | Value::Unknown));
        let default = default.or(declared);
        let fails = uses.subscript || (raises(&function.body) && asks(&function.body, first));
        Some(Read {
            required: fails && default.is_none(),
            default: default.map(Box::new),
            ..Read::named(&name)
        })
    }
}

/// What a function returns, in order.
#[must_use]
pub fn returns(function: &StmtFunctionDef) -> Vec<&Expr> {
    struct Returns<'a>(Vec<&'a Expr>);
    impl<'a> Visitor<'a> for Returns<'a> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Return(returned) => self.0.extend(returned.value.as_deref()),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => visitor::walk_stmt(self, statement),
            }
        }
    }
    let mut found = Returns(Vec::new());
    found.visit_body(&function.body);
    found.0
}

/// Whether a body raises or exits anywhere.
#[must_use]
pub fn raises(body: &[Stmt]) -> bool {
    struct Raises(bool);
    impl<'a> Visitor<'a> for Raises {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            self.0 |= matches!(statement, Stmt::Raise(_) | Stmt::Assert(_));
            visitor::walk_stmt(self, statement);
        }
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Call(call) = expr {
                let name = dotted(&call.func);
                self.0 |= name.is_some_and(|it| {
                    matches!(it.as_str(), "exit" | "sys.exit" | "quit" | "os._exit")
                });
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut found = Raises(false);
    found.visit_body(body);
    found.0
}

/// Whether a body asks in a condition for the variable that a parameter
/// names: only then does it fail for want of it. A function that raises over
/// something else and hands the variable on as it is does not.
fn asks(body: &[Stmt], parameter: &str) -> bool {
    let reads = |expr: &Expr| {
        let mut uses = EnvironmentUses { parameter, subscript: false, optional: false };
        uses.visit_expr(expr);
        uses.optional || uses.subscript
    };
    let mut conditions = Conditions::default();
    conditions.visit_body(body);
    let held: Vec<&str> =
        conditions.bound.iter().filter(|(_, value)| reads(value)).map(|(name, _)| *name).collect();
    conditions.tests.iter().any(|test| {
        let named =
            |expr: &Expr| matches!(expr, Expr::Name(name) if held.contains(&name.id.as_str()));
        reads(test) || any_within(test, &named)
    })
}

/// Whether an expression or a part of it is accepted.
pub(super) fn any_within(expr: &Expr, accepts: &dyn Fn(&Expr) -> bool) -> bool {
    struct Any<'t>(&'t dyn Fn(&Expr) -> bool, bool);
    impl<'a> Visitor<'a> for Any<'_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            self.1 |= (self.0)(expr);
            visitor::walk_expr(self, expr);
        }
    }
    let mut any = Any(accepts, false);
    any.visit_expr(expr);
    any.1
}

/// The conditions of a body, and what its names are bound to.
#[derive(Default)]
struct Conditions<'a> {
    tests: Vec<&'a Expr>,
    bound: Vec<(&'a str, &'a Expr)>,
}

impl<'a> Visitor<'a> for Conditions<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::If(block) => {
                self.tests.push(&block.test);
                let more = block.elif_else_clauses.iter();
                self.tests.extend(more.filter_map(|clause| clause.test.as_ref()));
            }
            Stmt::Assert(assert) => self.tests.push(&assert.test),
            other => self.bound.extend(assignments(other)),
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Named(named) = expr
            && let Expr::Name(name) = &*named.target
        {
            self.bound.push((name.id.as_str(), &named.value));
        }
        visitor::walk_expr(self, expr);
    }
}

/// How a function uses the environment with one of its parameters as name.
struct EnvironmentUses<'n> {
    parameter: &'n str,
    subscript: bool,
    optional: bool,
}

impl EnvironmentUses<'_> {
    fn is_parameter(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if name.id.as_str() == self.parameter)
    }
}

impl<'a> Visitor<'a> for EnvironmentUses<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Subscript(subscript) if self.is_parameter(&subscript.slice) => {
                self.subscript |=
                    dotted(&subscript.value).is_some_and(|it| it.ends_with("environ"));
            }
            Expr::Call(call)
                if call.arguments.args.first().is_some_and(|it| self.is_parameter(it)) =>
            {
                self.optional |= dotted(&call.func)
                    .is_some_and(|it| it.ends_with("getenv") || it.ends_with("environ.get"));
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
