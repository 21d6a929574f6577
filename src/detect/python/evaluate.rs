//! Evaluates expressions as far as reading them tells: literals, names,
//! imports, attributes of settings, paths, and reads of the environment.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use ruff_python_ast::{Expr, ExprCall, Number, Stmt, StmtClassDef};
use ruff_text_size::Ranged as _;

use super::modules::Found;
use super::names::{Names, names};
use super::project::Project;
use super::scope::{Defined, Scope};
use super::syntax::Module;
use super::value::{Call, Definition, Value};

/// How far names are followed.
const DEEPEST: u8 = 24;
/// Expressions that are looked at for the value of one.
const MOST_STEPS: u32 = 20_000;
/// Parts of a value; settings of large projects have some hundreds.
const LARGEST: usize = 2_000;

/// What is evaluated once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A name of a module, by its path, and how many of the values it is given
    /// are seen.
    Global(String, String, usize),
    /// A name of a function or class, by where that stands in memory, and how
    /// many of the values it is given are seen.
    Local(usize, String, usize),
    /// What a function returns.
    Returned(usize),
    /// A member of a class.
    Member(usize, String),
    /// A setting by its name.
    Setting(String),
}

/// What was found, and how deep that was where it was not followed to its end.
struct Known {
    value: Option<Value>,
    cut_at: Option<u8>,
}

/// Classes by the names they give a value.
pub(super) type Members<'a> = HashMap<&'a str, Vec<(&'a Module, &'a StmtClassDef)>>;

/// Evaluates expressions of a project.
pub struct Evaluator<'p, 'a> {
    /// The code.
    pub project: &'p Project<'p, 'a>,
    depth: Cell<u8>,
    steps: Cell<u32>,
    /// Whether something was not followed to its end.
    cut: Cell<bool>,
    /// What was evaluated; `None` while it is.
    known: RefCell<HashMap<Key, Option<Known>>>,
    locals: RefCell<HashMap<usize, Rc<Names<'a>>>>,
    definitions: RefCell<Vec<Defined<'a>>>,
    /// Numbers of the definitions, by where they stand in memory or their path.
    numbers: RefCell<HashMap<(usize, String), usize>>,
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
            cut: Cell::new(false),
            known: RefCell::default(),
            locals: RefCell::default(),
            definitions: RefCell::default(),
            numbers: RefCell::default(),
            members: OnceCell::new(),
            classes: OnceCell::new(),
        }
    }

    /// What a value of this evaluator stands for.
    ///
    /// # Panics
    /// When another evaluator gave the value.
    #[must_use]
    pub fn defined(&self, definition: Definition) -> Defined<'a> {
        self.definitions.borrow()[definition.0].clone()
    }

    /// A function, class or module as a value.
    pub(super) fn definition(&self, found: Defined<'a>) -> Definition {
        let identity = match &found {
            Defined::Function(scope) => {
                (scope.function.map_or(0, |own| std::ptr::from_ref(own).addr()), String::new())
            }
            Defined::Class(_, class) => (std::ptr::from_ref(*class).addr(), String::new()),
            Defined::Module(Found::File(path) | Found::Directory(path)) => (0, path.clone()),
        };
        let mut numbers = self.numbers.borrow_mut();
        Definition(*numbers.entry(identity).or_insert_with(|| {
            let mut all = self.definitions.borrow_mut();
            all.push(found);
            all.len() - 1
        }))
    }

    /// Evaluates something once. What needs itself for its value has none.
    pub(super) fn once(&self, key: Key, find: impl FnOnce() -> Option<Value>) -> Option<Value> {
        let depth = self.depth.get();
        match self.known.borrow().get(&key) {
            Some(None) => return None,
            // Only who asks from nearer gets further.
            Some(Some(known)) if known.cut_at.is_none_or(|at| depth >= at) => {
                self.cut.set(self.cut.get() || known.cut_at.is_some());
                return known.value.clone();
            }
            _ => {}
        }
        self.known.borrow_mut().insert(key.clone(), None);
        let before = self.cut.replace(false);
        let value = find();
        let cut_at = self.cut.get().then_some(depth);
        self.known.borrow_mut().insert(key, Some(Known { value: value.clone(), cut_at }));
        self.cut.set(before || cut_at.is_some());
        value
    }

    /// The names that a body gives a value.
    pub(super) fn names_in(&self, body: &'a [Stmt]) -> Rc<Names<'a>> {
        let mut locals = self.locals.borrow_mut();
        Rc::clone(locals.entry(body.as_ptr().addr()).or_insert_with(|| Rc::new(names(body))))
    }

    /// What an expression stands for.
    #[must_use]
    pub fn value(&self, scope: Scope<'a>, expr: &'a Expr) -> Value {
        if self.depth.get() == 0 {
            self.steps.set(0);
            self.cut.set(false);
        }
        self.steps.set(self.steps.get() + 1);
        if self.depth.get() >= DEEPEST || self.steps.get() > MOST_STEPS {
            self.cut.set(true);
            return Value::Unknown;
        }
        self.depth.set(self.depth.get() + 1);
        let value = self.evaluate(scope, expr);
        self.depth.set(self.depth.get() - 1);
        // What calls itself with what it was given grows without end.
        if value.is_larger_than(LARGEST) {
            self.cut.set(true);
            return Value::Unknown;
        }
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
            Expr::Named(named) => self.value(scope, &named.value),
            Expr::Name(name) => self.name(scope, name.id.as_str(), name.start()),
            Expr::Attribute(attribute) => self.attribute(scope, attribute),
            Expr::Call(call) => self.call(scope, call),
            _ => Value::Unknown,
        }
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
        let callee = self.callee(scope, &call.func);
        if let Some(Defined::Function(inner)) = &callee
            && let Some(value) = self.helper(*inner, &items)
        {
            return value;
        }
        Value::Call(Box::new(Call {
            name,
            arguments: items,
            callee: callee.map(|found| self.definition(found)),
            target: None,
            is_returned: false,
            site: (scope.module.path.clone(), call.start().to_u32()),
        }))
    }

    /// The function or class of the repository that is called.
    pub(super) fn callee(&self, scope: Scope<'a>, func: &'a Expr) -> Option<Defined<'a>> {
        let value = match func {
            Expr::Name(name) => self.name(scope, name.id.as_str(), name.start()),
            Expr::Attribute(attribute) => self.follow(scope, attribute).ok()?,
            _ => return None,
        };
        match value {
            Value::Defined(definition) => Some(self.defined(definition)),
            _ => None,
        }
    }
}
