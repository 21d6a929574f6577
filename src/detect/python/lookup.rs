//! What a name is worth where it is read: what its function, class or module
//! gives it, through imports.

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged as _, TextSize};

use super::branch::When;
use super::calls::any_within;
use super::evaluate::{Evaluator, Key};
use super::modules::Found;
use super::scope::{Defined, Scope};
use super::syntax::{Import, Module};
use super::value::Value;

impl<'a> Evaluator<'_, 'a> {
    /// A name that is read at an offset of its file.
    pub(super) fn name(&self, scope: Scope<'a>, name: &str, at: TextSize) -> Value {
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
    pub(super) fn inside(&self, found: &Found, name: &str) -> Option<Value> {
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
    pub(super) fn bound(
        &self,
        scope: Scope<'a>,
        given: &[(When, &'a Expr)],
        name: &str,
    ) -> Option<Value> {
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
}

/// The values a name is given that whoever reads it at an offset of the same
/// body may see: those before it, unless there are none, without those of
/// branches that production does not take. For whoever reads it from
/// elsewhere, all of them.
pub(super) fn seen<'a>(
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
