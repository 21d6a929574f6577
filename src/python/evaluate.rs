//! Evaluates expressions as far as reading them tells: literals, names,
//! imports, attributes of settings, paths, and reads of the environment.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use ruff_python_ast::{
    BoolOp, Expr, ExprCall, FStringPart, InterpolatedStringElement, Number, Operator, Stmt,
    StmtClassDef, StmtFunctionDef,
};

use super::branch::{When, branches};
use super::calls::{percent, returns};
use super::environment::with_form;
use super::names::{Names, names};
use super::paths::ancestor;
use super::project::Project;
use super::syntax::{Module, dotted, string};
use super::value::{Form, Value, below};

/// How far names are followed.
const DEEPEST: u8 = 16;
/// Expressions that are looked at for the value of one.
const MOST_STEPS: u32 = 20_000;

/// Where an expression stands.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The file.
    pub module: &'a Module,
    /// The class around it.
    pub class: Option<&'a StmtClassDef>,
    /// The function around it.
    pub function: Option<&'a StmtFunctionDef>,
}

impl<'a> Scope<'a> {
    /// The top level of a file.
    #[must_use]
    pub const fn top(module: &'a Module) -> Self {
        Self { module, class: None, function: None }
    }
}

/// What is evaluated once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A name of a module, by its path.
    Global(String, String),
    /// A name of a function, by where its body stands in memory.
    Local(usize, String),
    /// What a function returns.
    Returned(usize),
    /// A setting by its name.
    Setting(String),
}

/// Classes by the names they give a value.
pub(super) type Members<'a> = HashMap<&'a str, Vec<(&'a Module, &'a StmtClassDef)>>;

/// Evaluates expressions of a project.
pub struct Evaluator<'p, 'a> {
    /// The code.
    pub project: &'p Project<'p, 'a>,
    depth: Cell<u8>,
    steps: Cell<u32>,
    /// What was evaluated; `None` while it is.
    known: RefCell<HashMap<Key, Option<Option<Value>>>>,
    locals: RefCell<HashMap<usize, Rc<Names<'a>>>>,
    pub(super) members: OnceCell<Members<'a>>,
    pub(super) classes: OnceCell<Vec<(&'a Module, &'a StmtClassDef)>>,
}

impl<'p, 'a> Evaluator<'p, 'a> {
    /// For the code of a project.
    #[must_use]
    pub fn new(project: &'p Project<'p, 'a>) -> Self {
        Self {
            project,
            depth: Cell::new(0),
            steps: Cell::new(0),
            known: RefCell::default(),
            locals: RefCell::default(),
            members: OnceCell::new(),
            classes: OnceCell::new(),
        }
    }

    /// Evaluates something once. What needs itself for its value has none.
    pub(super) fn once(&self, key: Key, find: impl FnOnce() -> Option<Value>) -> Option<Value> {
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone().flatten();
        }
        self.known.borrow_mut().insert(key.clone(), None);
        let found = find();
        self.known.borrow_mut().insert(key, Some(found.clone()));
        found
    }

    /// The names that a body gives a value.
    fn names_in(&self, body: &'a [Stmt]) -> Rc<Names<'a>> {
        let mut locals = self.locals.borrow_mut();
        Rc::clone(locals.entry(body.as_ptr().addr()).or_insert_with(|| Rc::new(names(body))))
    }

    /// What an expression stands for.
    #[must_use]
    pub fn value(&self, scope: Scope<'a>, expr: &'a Expr) -> Value {
        if self.depth.get() == 0 {
            self.steps.set(0);
        }
        self.steps.set(self.steps.get() + 1);
        if self.depth.get() >= DEEPEST || self.steps.get() > MOST_STEPS {
            return Value::Unknown;
        }
        self.depth.set(self.depth.get() + 1);
        let value = self.evaluate(scope, expr);
        self.depth.set(self.depth.get() - 1);
        value
    }

    fn evaluate(&self, scope: Scope<'a>, expr: &'a Expr) -> Value {
        match expr {
            Expr::StringLiteral(literal) => Value::Text(literal.value.to_str().to_owned()),
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(int) => int.as_i64().map_or(Value::Unknown, Value::Int),
                _ => Value::Unknown,
            },
            Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
            Expr::NoneLiteral(_) => Value::None,
            Expr::FString(text) => self.template(scope, text.value.as_slice()),
            Expr::List(list) => {
                Value::List(list.elts.iter().map(|it| self.value(scope, it)).collect())
            }
            Expr::Tuple(tuple) => {
                Value::List(tuple.elts.iter().map(|it| self.value(scope, it)).collect())
            }
            Expr::Set(set) => {
                Value::List(set.elts.iter().map(|it| self.value(scope, it)).collect())
            }
            Expr::Starred(starred) => self.value(scope, &starred.value),
            Expr::Dict(dict) => self.dict(scope, dict),
            Expr::BoolOp(operation) => self.either(scope, operation),
            Expr::If(choice) => self.choice(scope, choice),
            Expr::BinOp(operation) => {
                self.binary(scope, operation.op, &operation.left, &operation.right)
            }
            Expr::Compare(compare) => self.compare(scope, compare),
            Expr::ListComp(comprehension) => {
                let source = comprehension.generators.first();
                source.map_or(Value::Unknown, |it| self.value(scope, &it.iter))
            }
            Expr::Generator(generator) => generator
                .generators
                .first()
                .map_or(Value::Unknown, |it| self.value(scope, &it.iter)),
            Expr::Await(waited) => self.value(scope, &waited.value),
            Expr::Subscript(subscript) => self.subscript(scope, subscript),
            Expr::Name(name) => self.name(scope, name.id.as_str()),
            Expr::Attribute(attribute) => self.attribute(scope, attribute),
            Expr::Call(call) => self.call(scope, call),
            _ => Value::Unknown,
        }
    }

    fn template(&self, scope: Scope<'a>, parts: &'a [FStringPart]) -> Value {
        let mut values = Vec::new();
        for part in parts {
            match part {
                FStringPart::Literal(literal) => {
                    values.push(Value::Text(literal.value.to_string()))
                }
                FStringPart::FString(text) => {
                    for element in &text.elements {
                        values.push(match element {
                            InterpolatedStringElement::Literal(literal) => {
                                Value::Text(literal.value.to_string())
                            }
                            InterpolatedStringElement::Interpolation(inner) => {
                                self.value(scope, &inner.expression)
                            }
                        });
                    }
                }
            }
        }
        Value::Template(values)
    }

    fn dict(&self, scope: Scope<'a>, dict: &'a ruff_python_ast::ExprDict) -> Value {
        let mut items = Vec::new();
        for item in &dict.items {
            let value = self.value(scope, &item.value);
            match &item.key {
                Some(key) => {
                    if let Some(key) = self.value(scope, key).text() {
                        items.push((key, value));
                    }
                }
                None => match value {
                    Value::Dict(inner) => items.extend(inner),
                    other => items.push(("**".into(), other)),
                },
            }
        }
        Value::Dict(items)
    }

    fn either(&self, scope: Scope<'a>, operation: &'a ruff_python_ast::ExprBoolOp) -> Value {
        if operation.op == BoolOp::And {
            return operation.values.last().map_or(Value::Unknown, |last| self.value(scope, last));
        }
        let mut values: Vec<Value> =
            operation.values.iter().map(|value| self.value(scope, value)).collect();
        // `read or default` is a read with that default.
        if let [Value::Read(read), default] = &mut values[..]
            && read
                .default
                .as_deref()
                .is_none_or(|old| matches!(old, Value::None) || old.text().as_deref() == Some(""))
        {
            read.default = Some(Box::new(std::mem::take(default)));
            return values.swap_remove(0);
        }
        Value::Either(values)
    }

    fn choice(&self, scope: Scope<'a>, choice: &'a ruff_python_ast::ExprIf) -> Value {
        let (taken, rest) = branches(&choice.test);
        match (taken, rest) {
            (When::Never, _) => self.value(scope, &choice.orelse),
            (_, When::Never) => self.value(scope, &choice.body),
            _ => Value::Either(vec![
                self.value(scope, &choice.body),
                self.value(scope, &choice.orelse),
            ]),
        }
    }

    fn binary(&self, scope: Scope<'a>, op: Operator, left: &'a Expr, right: &'a Expr) -> Value {
        let (left, right) = (self.value(scope, left), self.value(scope, right));
        match op {
            // `Path(...) / "media"`.
            Operator::Div => match (left, right.text()) {
                (Value::Text(base), Some(part)) => Value::Text(format!("{base}/{part}")),
                (left, Some(part)) => left
                    .path(self.project.graph.root())
                    .and_then(|base| below(&base, &part))
                    .map_or(Value::Unknown, Value::Place),
                _ => Value::Unknown,
            },
            Operator::Add => match (left, right) {
                (Value::List(mut one), Value::List(other)) => {
                    one.extend(other);
                    Value::List(one)
                }
                (left, right) => {
                    let joined =
                        [with_form(left, &Form::Text, true), with_form(right, &Form::Text, true)];
                    Value::Template(joined.into())
                }
            },
            // `environ.Path(__file__) - 3`.
            Operator::Sub => match (left, right) {
                (Value::Place(path), Value::Int(steps)) => ancestor(&path, steps.unsigned_abs()),
                _ => Value::Unknown,
            },
            Operator::Mod => percent(left, right),
            Operator::BitOr => match (left, right) {
                (Value::Dict(mut one), Value::Dict(other)) => {
                    one.extend(other);
                    Value::Dict(one)
                }
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    /// `os.getenv("DEBUG") == "True"`: what turns it off.
    fn compare(&self, scope: Scope<'a>, compare: &'a ruff_python_ast::ExprCompare) -> Value {
        let left = self.value(scope, &compare.left);
        let right = compare.comparators.first().map(|right| self.value(scope, right));
        let texts = right.as_ref().map_or_else(Vec::new, |right| match right {
            Value::List(values) => values.iter().filter_map(Value::text).collect(),
            other => other.text().into_iter().collect(),
        });
        let off = match texts.first().map(String::as_str) {
            Some("1") => "0",
            Some(text) if text.starts_with('t') => "false",
            Some(text) if text.starts_with('y') || text.starts_with('Y') => "no",
            Some("on" | "ON") => "off",
            _ => "False",
        };
        with_form(left, &Form::Switch(off.into()), false)
    }

    fn subscript(&self, scope: Scope<'a>, subscript: &'a ruff_python_ast::ExprSubscript) -> Value {
        if let Some(read) = self.subscript_read(scope, &subscript.value, &subscript.slice) {
            return Value::Read(read);
        }
        // `Path(__file__).parents[2]`.
        if let Expr::Attribute(attribute) = &*subscript.value
            && attribute.attr.as_str() == "parents"
            && let Value::Place(path) = self.value(scope, &attribute.value)
            && let Value::Int(steps) = self.value(scope, &subscript.slice)
        {
            return ancestor(&path, steps.unsigned_abs() + 1);
        }
        let Some(key) = string(&subscript.slice) else { return Value::Unknown };
        match self.value(scope, &subscript.value).get(key) {
            Some(value) => value.clone(),
            None if is_setting(key) => self.setting(key),
            None => Value::Unknown,
        }
    }

    fn name(&self, scope: Scope<'a>, name: &str) -> Value {
        if name == "__file__" {
            return Value::Place(scope.module.path.clone());
        }
        if let Some(function) = scope.function {
            let local = self.names_in(&function.body);
            if local.contains_key(name) {
                let key = Key::Local(std::ptr::from_ref(function).addr(), name.to_owned());
                return self.once(key, || self.bound(scope, &local, name)).unwrap_or_default();
            }
            if function.parameters.iter().any(|parameter| parameter.name().as_str() == name) {
                return Value::Unknown;
            }
        }
        if let Some(class) = scope.class {
            let inner = Scope { function: None, ..scope };
            let own = self.names_in(&class.body);
            if own.contains_key(name) {
                let key = Key::Local(std::ptr::from_ref(class).addr(), name.to_owned());
                return self.once(key, || self.bound(inner, &own, name)).unwrap_or_default();
            }
        }
        self.global(scope.module, name).unwrap_or_default()
    }

    /// The value of a name of a module, followed through imports.
    #[must_use]
    pub fn global(&self, module: &'a Module, name: &str) -> Option<Value> {
        let key = Key::Global(module.path.clone(), name.to_owned());
        self.once(key, || self.find_global(module, name))
    }

    fn find_global(&self, module: &'a Module, name: &str) -> Option<Value> {
        let own = self.project.graph.names(module);
        if let Some(value) = self.bound(Scope::top(module), &own, name) {
            return Some(value);
        }
        let imports = self.project.graph.imports(module);
        if let Some(import) = imports.get(name) {
            let source = self.project.graph.locate(&module.path, import.level, &import.module)?;
            return self.global(source, &import.name);
        }
        imports.stars.iter().rev().find_map(|star| {
            let source = self.project.graph.locate(&module.path, star.level, &star.module)?;
            self.global(source, name)
        })
    }

    /// A name among those of a body: the last value that production gives it,
    /// beside those that it may give it.
    fn bound(&self, scope: Scope<'a>, names: &Names<'a>, name: &str) -> Option<Value> {
        let given: Vec<&(When, &'a Expr)> =
            names.get(name)?.iter().filter(|(when, _)| *when != When::Never).collect();
        let last_certain = given.iter().rposition(|(when, _)| *when == When::Always).unwrap_or(0);
        let mut values: Vec<Value> = given[last_certain.min(given.len())..]
            .iter()
            .rev()
            .map(|(_, expr)| self.value(scope, expr))
            .collect();
        match values.len() {
            0 => None,
            1 => values.pop(),
            _ => Some(Value::Either(values)),
        }
    }

    fn attribute(&self, scope: Scope<'a>, attribute: &'a ruff_python_ast::ExprAttribute) -> Value {
        let name = attribute.attr.as_str();
        if let Some(base) = dotted(&attribute.value) {
            if matches!(base.as_str(), "self" | "cls")
                && let Some(class) = scope.class
                && let Some(value) = self.member(scope.module, class, name)
            {
                return value;
            }
            if let Some((module, class)) = self.project.graph.class(scope.module, &base)
                && let Some(value) = self.member(module, class, name)
            {
                return value;
            }
            let imports = self.project.graph.imports(scope.module);
            if let Some(import) = imports.get(&base)
                && let Some(source) =
                    self.project.graph.locate(&scope.module.path, import.level, &import.whole())
                && let Some(value) = self.global(source, name)
            {
                return value;
            }
        }
        match (name, self.value(scope, &attribute.value)) {
            ("parent", Value::Place(path)) => ancestor(&path, 1),
            (_, Value::Dict(items)) => Value::Dict(items).get(name).cloned().unwrap_or_default(),
            _ if is_setting(name) || self.has_fields() => self.setting(name),
            _ => Value::Unknown,
        }
    }

    /// A class's attribute or settings field, its bases' included.
    #[must_use]
    pub fn member(&self, module: &'a Module, class: &'a StmtClassDef, name: &str) -> Option<Value> {
        let scope = Scope { module, class: Some(class), function: None };
        if let Some(field) = self.field(module, class, name) {
            return Some(field);
        }
        if let Some(value) = self.bound(scope, &self.names_in(&class.body), name) {
            return Some(value);
        }
        // A property's value is what it returns.
        let returned = class.body.iter().find_map(|statement| match statement {
            Stmt::FunctionDef(function) if function.name.as_str() == name => returns(function)
                .last()
                .map(|expr| self.value(Scope { function: Some(function), ..scope }, expr)),
            _ => None,
        });
        if returned.is_some() {
            return returned;
        }
        class.bases().iter().find_map(|base| {
            let (module, base) = self.project.graph.class(module, &dotted(base)?)?;
            if std::ptr::eq(base, class) {
                return None;
            }
            self.member(module, base, name)
        })
    }

    fn call(&self, scope: Scope<'a>, call: &'a ExprCall) -> Value {
        if let Some(read) = self.call_read(scope, call) {
            return Value::Read(read);
        }
        if let Some(value) = self.path_call(scope, call).or_else(|| self.text_call(scope, call)) {
            return value;
        }
        let imports = self.project.graph.imports(scope.module);
        let name = imports.resolve(&call.func).unwrap_or_else(|| match &*call.func {
            Expr::Attribute(attribute) => format!("?.{}", attribute.attr),
            _ => "?".into(),
        });
        let mut items = Vec::new();
        for (at, argument) in call.arguments.args.iter().enumerate() {
            items.push((at.to_string(), self.value(scope, argument)));
        }
        for keyword in &call.arguments.keywords {
            let value = self.value(scope, &keyword.value);
            match (&keyword.arg, value) {
                (Some(name), value) => items.push((name.to_string(), value)),
                (None, Value::Dict(inner)) => items.extend(inner),
                (None, value) => items.push(("**".into(), value)),
            }
        }
        if name == "dict" {
            return Value::Dict(items);
        }
        if let Some(value) = self.helper(scope, call, &items) {
            return value;
        }
        Value::Call(name, items)
    }
}

/// Whether a name is written like a setting.
pub(super) fn is_setting(name: &str) -> bool {
    name.len() > 3 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
