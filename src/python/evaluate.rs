//! Evaluates expressions as far as reading them tells: literals, names,
//! imports, attributes of settings, paths, and reads of the environment.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use ruff_python_ast::{
    BoolOp, Expr, ExprAttribute, ExprCall, FStringPart, InterpolatedStringElement, Number,
    Operator, Stmt, StmtClassDef, StmtFunctionDef,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::branch::{When, branches};
use super::calls::{any_within, percent, returns};
use super::environment::with_form;
use super::modules::Found;
use super::names::{Names, names, reached};
use super::paths::ancestor;
use super::project::Project;
use super::syntax::{Import, Module, dotted, flatten, string};
use super::value::{Call, Definition, Form, Value, below};

/// How far names are followed.
const DEEPEST: u8 = 24;
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

    /// Where a node of a file stands.
    #[must_use]
    pub fn around(module: &'a Module, node: &impl Ranged) -> Self {
        fn enter<'a>(scope: &mut Scope<'a>, body: &'a [Stmt], range: TextRange) {
            let mut statements = Vec::new();
            flatten(body, &mut statements);
            for statement in statements.into_iter().filter(|it| it.range().contains_range(range)) {
                match statement {
                    Stmt::FunctionDef(function) => {
                        scope.function = Some(function);
                        return enter(scope, &function.body, range);
                    }
                    Stmt::ClassDef(class) => {
                        (scope.class, scope.function) = (Some(class), None);
                        return enter(scope, &class.body, range);
                    }
                    _ => {}
                }
            }
        }
        let mut scope = Self::top(module);
        enter(&mut scope, &module.ast.body, node.range());
        scope
    }
}

/// What a name of the repository leads to.
#[derive(Clone)]
pub enum Defined<'a> {
    /// A function, and where it stands; its own is the scope's.
    Function(Scope<'a>),
    /// A class.
    Class(&'a Module, &'a StmtClassDef),
    /// A module or package.
    Module(Found),
}

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
    known: RefCell<HashMap<Key, Option<Option<Value>>>>,
    locals: RefCell<HashMap<usize, Rc<Names<'a>>>>,
    definitions: RefCell<(Vec<Defined<'a>>, HashMap<(usize, String), usize>)>,
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
        self.definitions.borrow().0[definition.0].clone()
    }

    /// A function, class or module as a value.
    pub(super) fn definition(&self, found: Defined<'a>) -> Definition {
        let (all, known) = &mut *self.definitions.borrow_mut();
        let identity = match &found {
            Defined::Function(scope) => {
                (scope.function.map_or(0, |own| std::ptr::from_ref(own).addr()), String::new())
            }
            Defined::Class(_, class) => (std::ptr::from_ref(*class).addr(), String::new()),
            Defined::Module(Found::File(path) | Found::Directory(path)) => (0, path.clone()),
        };
        Definition(*known.entry(identity).or_insert_with(|| {
            all.push(found);
            all.len() - 1
        }))
    }

    /// Evaluates something once. What needs itself for its value has none.
    pub(super) fn once(&self, key: Key, find: impl FnOnce() -> Option<Value>) -> Option<Value> {
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone().flatten();
        }
        self.known.borrow_mut().insert(key.clone(), None);
        let before = self.cut.replace(false);
        let found = find();
        if self.cut.get() {
            // Whoever asks from nearer may get further.
            self.known.borrow_mut().remove(&key);
        } else {
            self.known.borrow_mut().insert(key, Some(found.clone()));
            self.cut.set(before);
        }
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

    /// A name that is read at an offset of its file.
    fn name(&self, scope: Scope<'a>, name: &str, at: TextSize) -> Value {
        if name == "__file__" {
            return Value::Place(scope.module.path.clone());
        }
        if let Some(function) = scope.function {
            if let Some(value) = self.local(scope, &function.body, name, at) {
                return value;
            }
            if function.parameters.iter().any(|parameter| parameter.name().as_str() == name) {
                return Value::Parameter(name.to_owned());
            }
            return self.global(scope.module, name).unwrap_or_default();
        }
        if let Some(class) = scope.class {
            return match self.local(scope, &class.body, name, at) {
                Some(value) => value,
                None => self.global(scope.module, name).unwrap_or_default(),
            };
        }
        self.global_at(scope.module, name, Some(at)).unwrap_or_default()
    }

    /// A name that a function or class gives a value.
    fn local(&self, scope: Scope<'a>, body: &'a [Stmt], name: &str, at: TextSize) -> Option<Value> {
        let names = self.names_in(body);
        let Some(given) = names.get(name) else {
            let function = body.iter().find_map(|statement| match statement {
                Stmt::FunctionDef(own) if own.name.as_str() == name => Some(own),
                _ => None,
            })?;
            let found = Defined::Function(Scope { function: Some(function), ..scope });
            return scope.function.map(|_| Value::Defined(self.definition(found)));
        };
        let seen = seen(given, body, Some(at));
        let key = Key::Local(body.as_ptr().addr(), name.to_owned(), seen.len());
        let value = self.once(key, || self.bound(scope, &seen, name)).unwrap_or_default();
        // What a function makes empty it fills.
        Some(match value {
            Value::Dict(items) if items.is_empty() => Value::Unknown,
            Value::List(items) if items.is_empty() => Value::Unknown,
            value => value,
        })
    }

    /// The value of a name of a module, followed through imports.
    #[must_use]
    pub fn global(&self, module: &'a Module, name: &str) -> Option<Value> {
        self.global_at(module, name, None)
    }

    fn global_at(&self, module: &'a Module, name: &str, at: Option<TextSize>) -> Option<Value> {
        let names = self.project.graph.names(module);
        let given = names.get(name).map_or(&[][..], Vec::as_slice);
        let seen = seen(given, &module.ast.body, at);
        let key = Key::Global(module.path.clone(), name.to_owned(), seen.len());
        self.once(key, || self.find_global(module, name, &seen))
    }

    fn find_global(
        &self,
        module: &'a Module,
        name: &str,
        seen: &[(When, &'a Expr)],
    ) -> Option<Value> {
        if let Some(value) = self.bound(Scope::top(module), seen, name) {
            return Some(value);
        }
        let own = self.project.graph.definitions(module);
        let found = own.functions.get(name).map(|function| {
            Defined::Function(Scope { module, class: None, function: Some(function) })
        });
        let found = found.or_else(|| Some(Defined::Class(module, own.classes.get(name)?)));
        if let Some(found) = found {
            return Some(Value::Defined(self.definition(found)));
        }
        let imports = self.project.graph.imports(module);
        if let Some(import) = imports.get(name) {
            if import.name.is_empty() {
                let found =
                    self.project.graph.resolve(&module.path, import.level, &import.module)?;
                return Some(self.module(found));
            }
            return self.taken(module, import, &import.name);
        }
        imports.stars.iter().rev().find_map(|star| self.taken(module, star, name))
    }

    /// What a module takes from another: one of its names, or a module in it.
    fn taken(&self, module: &'a Module, import: &Import, name: &str) -> Option<Value> {
        // Most of what is imported is installed.
        let last = import.module.rsplit('.').next().filter(|last| !last.is_empty());
        let graph = self.project.graph;
        if last.is_some_and(|last| !graph.tree.names_module(last)) && !graph.tree.names_module(name)
        {
            return None;
        }
        self.inside(&graph.resolve(&module.path, import.level, &import.module)?, name)
    }

    /// A name of a module or package, or a module of a package.
    fn inside(&self, found: &Found, name: &str) -> Option<Value> {
        let directory = match found {
            Found::File(path) => {
                if let Some(value) = self.global(self.project.graph.module(path)?, name) {
                    return Some(value);
                }
                path.strip_suffix("/__init__.py")?
            }
            Found::Directory(directory) => directory,
        };
        self.project.graph.below(directory, name).map(|found| self.module(found))
    }

    fn module(&self, found: Found) -> Value {
        Value::Defined(self.definition(Defined::Module(found)))
    }

    /// A name of a body: the last value that production gives it, beside those
    /// that it may give it.
    fn bound(&self, scope: Scope<'a>, given: &[(When, &'a Expr)], name: &str) -> Option<Value> {
        let last_certain = given.iter().rposition(|(when, _)| *when == When::Always).unwrap_or(0);
        let mut given: Vec<_> = given[last_certain.min(given.len())..].iter().rev().collect();
        // What only changes the value comes after it: `if x: x = x.strip()`.
        given.sort_by_key(|(_, expr)| mentions(expr, name));
        let mut values: Vec<Value> = given
            .into_iter()
            .map(|(_, expr)| match self.value(scope, expr) {
                Value::Call(mut call) if call.site.1 == expr.start().to_u32() => {
                    call.target.get_or_insert_with(|| name.to_owned());
                    Value::Call(call)
                }
                value => value,
            })
            .collect();
        match values.len() {
            0 => None,
            1 => values.pop(),
            _ => Some(Value::Either(values)),
        }
    }

    fn attribute(&self, scope: Scope<'a>, attribute: &'a ExprAttribute) -> Value {
        let of = match self.follow(scope, attribute) {
            Ok(value) => return value,
            Err(of) => of,
        };
        let name = attribute.attr.as_str();
        let is_field = is_setting(name) || self.has_fields();
        let setting = if is_field { self.setting(name) } else { Value::Unknown };
        match (setting, of) {
            (Value::Unknown, of @ (Value::Call(_) | Value::Attribute(..))) => {
                Value::Attribute(Box::new(of), name.to_owned())
            }
            (setting, _) => setting,
        }
    }

    /// What an attribute is where the repository says it, otherwise what it is
    /// one of.
    fn follow(&self, scope: Scope<'a>, attribute: &'a ExprAttribute) -> Result<Value, Value> {
        let name = attribute.attr.as_str();
        if let Some(base) = dotted(&attribute.value) {
            if matches!(base.as_str(), "self" | "cls")
                && let Some(class) = scope.class
                && let Some(value) = self.member(scope.module, class, name)
            {
                return Ok(value);
            }
            // `import a.b` binds `a`, and `a.b.c` is a name of `a.b` all the same.
            let graph = self.project.graph;
            if base.contains('.')
                && let Some(full) = graph.imports(scope.module).resolve(&attribute.value)
                && let Some(found @ Found::File(_)) =
                    graph.resolve_dotted(&scope.module.path, &full)
                && let Some(value) = self.inside(&found, name)
            {
                return Ok(value);
            }
        }
        let of = self.value(scope, &attribute.value);
        self.attribute_of(&of, name).ok_or(of)
    }

    /// An attribute of a value, where the repository says what it is.
    #[must_use]
    pub fn attribute_of(&self, of: &Value, name: &str) -> Option<Value> {
        match of {
            Value::Place(path) if name == "parent" => Some(ancestor(path, 1)),
            Value::Dict(_) => Some(of.get(name).cloned().unwrap_or_default()),
            Value::Defined(definition) => match self.defined(*definition) {
                Defined::Module(found) => self.inside(&found, name),
                Defined::Class(module, class) => self.member(module, class, name),
                Defined::Function(_) => None,
            },
            Value::Call(call) => match self.defined(call.callee?) {
                Defined::Class(module, class) => self.member(module, class, name),
                _ => None,
            },
            Value::Either(values) => values.iter().find_map(|of| self.attribute_of(of, name)),
            _ => None,
        }
    }

    /// A class's attribute or settings field, its bases' included.
    #[must_use]
    pub fn member(&self, module: &'a Module, class: &'a StmtClassDef, name: &str) -> Option<Value> {
        let key = Key::Member(std::ptr::from_ref(class).addr(), name.to_owned());
        self.once(key, || self.find_member(module, class, name))
    }

    fn find_member(
        &self,
        module: &'a Module,
        class: &'a StmtClassDef,
        name: &str,
    ) -> Option<Value> {
        let scope = Scope { module, class: Some(class), function: None };
        if let Some(field) = self.field(module, class, name) {
            return Some(field);
        }
        let names = self.names_in(&class.body);
        let given = names.get(name).map_or(&[][..], Vec::as_slice);
        if let Some(value) = self.bound(scope, &seen(given, &class.body, None), name) {
            return Some(value);
        }
        for statement in &class.body {
            let Stmt::FunctionDef(function) = statement else { continue };
            let scope = Scope { function: Some(function), ..scope };
            if function.name.as_str() == name {
                let is_property = function.decorator_list.iter().any(|decorator| {
                    dotted(&decorator.expression).is_some_and(|it| it.ends_with("property"))
                });
                // A property's value is what it returns.
                return match returns(function).last().filter(|_| is_property) {
                    Some(expr) => Some(self.value(scope, expr)),
                    None => Some(Value::Defined(self.definition(Defined::Function(scope)))),
                };
            }
            if let Some(value) = self.assigned(scope, function, name) {
                return Some(value);
            }
        }
        class.bases().iter().find_map(|base| {
            let (module, base) = self.project.graph.class(module, &dotted(base)?)?;
            if std::ptr::eq(base, class) {
                return None;
            }
            self.member(module, base, name)
        })
    }

    /// `self.name = value` in a method.
    fn assigned(&self, scope: Scope<'a>, method: &'a StmtFunctionDef, name: &str) -> Option<Value> {
        reached(&method.body, When::Always).into_iter().find_map(|(when, statement)| {
            let (target, value) = match statement {
                Stmt::Assign(assign) => (assign.targets.first()?, &*assign.value),
                Stmt::AnnAssign(assign) => (&*assign.target, assign.value.as_deref()?),
                _ => return None,
            };
            let Expr::Attribute(attribute) = target else { return None };
            let own = attribute.attr.as_str() == name
                && when != When::Never
                && dotted(&attribute.value).as_deref() == Some("self");
            own.then(|| self.value(scope, value)).filter(|value| *value != Value::Unknown)
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

/// The values a name is given that whoever reads it at an offset of the same
/// body may see: those before it, unless there are none, without those of
/// branches that production does not take. For whoever reads it from
/// elsewhere, all of them.
fn seen<'a>(
    given: &[(When, &'a Expr)],
    body: &[Stmt],
    at: Option<TextSize>,
) -> Vec<(When, &'a Expr)> {
    let around = at.and_then(|at| body.iter().find(|own| own.range().contains(at)));
    // Whoever reads it in such a branch sees what the branch gives it.
    let live = |own: &&(When, &'a Expr)| {
        own.0 != When::Never || around.is_some_and(|it| it.range().contains_range(own.1.range()))
    };
    let Some(at) = at else { return given.iter().filter(live).copied().collect() };
    let before = given.iter().filter(live).filter(|own| own.1.end() <= at);
    let before: Vec<_> = before.copied().collect();
    if !before.is_empty() {
        return before;
    }
    given.iter().filter(live).filter(|own| !own.1.range().contains(at)).copied().collect()
}

/// Whether an expression reads a name.
fn mentions(expr: &Expr, name: &str) -> bool {
    any_within(expr, &|part| matches!(part, Expr::Name(own) if own.id.as_str() == name))
}

/// Whether a name is written like a setting.
pub(super) fn is_setting(name: &str) -> bool {
    name.len() > 3 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
