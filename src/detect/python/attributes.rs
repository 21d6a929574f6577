//! Attributes: of modules, classes and their instances, and settings that are
//! only known by their name.

use ruff_python_ast::{Expr, ExprAttribute, Stmt, StmtClassDef, StmtFunctionDef};

use super::branch::When;
use super::calls::returns;
use super::evaluate::{Evaluator, Key, Members};
use super::lookup::seen;
use super::modules::Found;
use super::names::reached;
use super::paths::ancestor;
use super::scope::{Defined, Scope};
use super::syntax::{Module, assignments, dotted};
use super::value::{Value, below};
use crate::detect::path::parent;
use crate::environments::is_for_another;

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn attribute(&self, scope: Scope<'a>, attribute: &'a ExprAttribute) -> Value {
        let of = match self.follow(scope, attribute) {
            Ok(value) => return value,
            Err(of) => of,
        };
        let name = attribute.attr.as_str();
        // Flask's own, beside the module or the package of the application.
        if name == "instance_path"
            && let Some(path) = below(self.project.graph.root(), "instance")
        {
            return Value::Place(path);
        }
        // Flask's: the directory of the module or the package that it is named after.
        if let ("root_path", Value::Call(call)) = (name, &of)
            && call.name.ends_with("Flask")
        {
            return Value::Place(parent(&call.site.0).to_owned());
        }
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
    pub(super) fn follow(
        &self,
        scope: Scope<'a>,
        attribute: &'a ExprAttribute,
    ) -> Result<Value, Value> {
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
            // Outside of the repository.
            Value::Text(path) if name == "parent" && path.starts_with(['/', '~']) => {
                path.rsplit_once('/').map(|(above, _)| Value::Text(above.to_owned()))
            }
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
                if is_for_another(&class.name) {
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

/// Whether a name is written like a setting.
pub(super) fn is_setting(name: &str) -> bool {
    name.len() > 3 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
