//! Calls: of methods of text, of functions of the repository, and fields of
//! settings that no name leads to.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};

use super::branch::is_for_another_environment;
use super::environment::with_form;
use super::evaluate::{Defined, Evaluator, Key, Members, Scope, is_setting};
use super::syntax::{assignments, dotted, string};
use super::value::{Form, Read, Value};

impl<'a> Evaluator<'_, 'a> {
    /// Methods and functions that take text apart, or put it together.
    pub(super) fn text_call(&self, scope: Scope<'a>, call: &'a ExprCall) -> Option<Value> {
        let first = call.arguments.args.first();
        if let Some(name) = dotted(&call.func) {
            let argument = || first.map(|it| self.value(scope, it));
            match name.as_str() {
                "str" | "Secret" | "SecretStr" | "tuple" | "list" | "set" => return argument(),
                "int" | "float" => return Some(with_form(argument()?, &Form::Number, true)),
                "bool" => return Some(switched(argument()?, "")),
                "json.loads" | "ast.literal_eval" => {
                    return Some(with_form(argument()?, &Form::List("json".into()), true));
                }
                "strtobool"
                | "distutils.util.strtobool"
                | "util.strtobool"
                | "str2bool"
                | "to_bool"
                | "str_to_bool" => {
                    return Some(with_form(argument()?, &Form::Switch("False".into()), true));
                }
                "dj_database_url.parse"
                | "make_url"
                | "sqlalchemy.engine.make_url"
                | "sqlalchemy.make_url"
                | "urlparse"
                | "urllib.parse.urlparse"
                | "PostgresDsn"
                | "RedisDsn"
                | "quote_plus"
                | "urllib.parse.quote_plus"
                | "quote"
                | "urllib.parse.quote" => {
                    return Some(with_form(argument()?, &Form::Text, true));
                }
                _ => {}
            }
        }
        let Expr::Attribute(attribute) = &*call.func else { return None };
        let receiver = || self.value(scope, &attribute.value);
        match attribute.attr.as_str() {
            "split" => {
                let separator = first.map_or(Some(" "), string)?;
                Some(with_form(receiver(), &Form::List(separator.into()), true))
            }
            "strip" | "lstrip" | "rstrip" | "lower" | "upper" | "title" | "capitalize"
            | "replace" | "encode" | "removeprefix" | "removesuffix" | "splitlines"
            | "get_secret_value" | "unicode_string" | "render_as_string" => {
                Some(with_form(receiver(), &Form::Text, true))
            }
            "format" => Some(self.formatted(scope, receiver().text()?, call)),
            "get" => {
                let key = string(first?)?;
                let default = call.arguments.args.get(1).map(|it| self.value(scope, it));
                let found = match receiver() {
                    Value::Dict(items) => Value::Dict(items).get(key).cloned(),
                    _ if dotted(&attribute.value)?.ends_with("config") => Some(self.setting(key)),
                    _ => return None,
                };
                found.filter(|value| *value != Value::Unknown).or(default)
            }
            "join" => match self.value(scope, first?) {
                Value::List(values) => Some(Value::Template(values)),
                other => Some(other),
            },
            _ => None,
        }
    }

    /// `"postgres://{}:{}".format(user, password)`, `"{user}".format(user=…)`.
    fn formatted(&self, scope: Scope<'a>, text: String, call: &'a ExprCall) -> Value {
        let mut values = Vec::new();
        let mut rest = text.as_str();
        let mut next = 0;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((field, tail)) = after.split_once('}') else { break };
            values.push(Value::Text(before.to_owned()));
            let name = field.split([':', '!', '.']).next().unwrap_or_default();
            let argument = match name.parse::<usize>() {
                Ok(at) => call.arguments.args.get(at),
                Err(_) if name.is_empty() => {
                    next += 1;
                    call.arguments.args.get(next - 1)
                }
                Err(_) => call.arguments.find_keyword(name).map(|keyword| &keyword.value),
            };
            values.push(argument.map_or(Value::Unknown, |it| self.value(scope, it)));
            rest = tail;
        }
        values.push(Value::Text(rest.to_owned()));
        Value::Template(values)
    }

    /// A call of a function of the repository: a read where the function
    /// reads the variable it is given the name of, otherwise what it returns.
    pub(super) fn helper(&self, inner: Scope<'a>, arguments: &[(String, Value)]) -> Option<Value> {
        let function = inner.function?;
        if let Some(read) = self.reader_function(inner, function, arguments) {
            return Some(Value::Read(read));
        }
        let value = self.returned(inner)?.given(&|name| {
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

    /// The value of a setting that is only known by its name: `app.config["X"]`,
    /// `settings.X` of an object that comes from somewhere.
    pub(super) fn setting(&self, name: &str) -> Value {
        if name.len() < 4 {
            return Value::Unknown;
        }
        let key = Key::Setting(name.to_owned());
        self.once(key, || Some(self.find_setting(name))).unwrap_or_default()
    }

    /// The classes of production that give settings a value.
    fn find_members(&self) -> Members<'a> {
        let mut members = Members::new();
        for module in &self.project.modules {
            for class in self.project.graph.definitions(module).classes.values() {
                if is_for_another_environment(&class.name) {
                    continue;
                }
                let assigned = class.body.iter().flat_map(assignments);
                for (name, _) in assigned.filter(|(name, _)| is_setting(name)) {
                    members.entry(name).or_default().push((*module, *class));
                }
            }
        }
        members
    }

    fn find_setting(&self, name: &str) -> Value {
        for module in &self.project.settings {
            if let Some(value) = self.global(module, name) {
                return value;
            }
        }
        if let Some(value) = self.any_field(name) {
            return value;
        }
        if !is_setting(name) {
            return Value::Unknown;
        }
        let classes = self.members.get_or_init(|| self.find_members()).get(name);
        let mut members = classes.into_iter().flatten();
        if let Some(value) = members.find_map(|(module, class)| self.member(module, class, name)) {
            return value;
        }
        let configurations =
            self.project.modules.iter().filter(|module| {
                module.path.contains("config") || module.path.contains("settings")
            });
        configurations.filter_map(|module| self.global(module, name)).next().unwrap_or_default()
    }
}

/// `"postgres://%s" % host`.
pub(super) fn percent(left: Value, right: Value) -> Value {
    let Some(text) = left.text() else { return Value::Unknown };
    let mut arguments = match right {
        Value::List(values) => values,
        other => vec![other],
    }
    .into_iter();
    let mut values = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        values.push(Value::Text(before.to_owned()));
        values.push(arguments.next().unwrap_or_default());
        rest = after.get(1..).unwrap_or_default();
    }
    values.push(Value::Text(rest.to_owned()));
    Value::Template(values)
}

/// `bool(x)`: any text turns it on, also `False`, unless it is a number first.
fn switched(value: Value, off: &str) -> Value {
    let numeric = value.read().is_some_and(|read| read.form == Form::Number);
    let switch = value.read().is_some_and(|read| matches!(read.form, Form::Switch(_)));
    if switch {
        return value;
    }
    with_form(value, &Form::Switch(if numeric { "0" } else { off }.into()), false)
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
