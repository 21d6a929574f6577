//! Settings classes of pydantic: fields are variables of the environment.

use ruff_python_ast::{Expr, Stmt, StmtClassDef};

use super::evaluate::Evaluator;
use super::scope::{Defined, Scope};
use super::syntax::{Module, dotted, string};
use super::value::{Form, Read, Value};
use crate::environments::is_for_another;

/// A field of a settings class.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// Its name in the code.
    pub name: &'a str,
    /// Its type as written.
    pub annotation: String,
    /// The variable it is read from.
    pub read: Read,
    /// Where it stands.
    pub module: &'a Module,
    /// The statement.
    pub statement: &'a Stmt,
}

impl<'a> Evaluator<'_, 'a> {
    /// The settings classes that production uses, with their modules: those
    /// that no other one extends, unless they are for development or tests.
    #[must_use]
    pub fn settings_classes(&self) -> Vec<(&'a Module, &'a StmtClassDef)> {
        self.classes.get_or_init(|| self.find_settings_classes()).clone()
    }

    /// Whether the project has settings classes.
    pub(super) fn has_fields(&self) -> bool {
        !self.classes.get_or_init(|| self.find_settings_classes()).is_empty()
    }

    fn find_settings_classes(&self) -> Vec<(&'a Module, &'a StmtClassDef)> {
        let all: Vec<(&'a Module, &'a StmtClassDef)> = self
            .project
            .modules
            .iter()
            .filter(|module| {
                module.text().contains("Settings") || module.text().contains("BaseConfig")
            })
            .flat_map(|module| {
                module.top_level().into_iter().filter_map(move |statement| match statement {
                    Stmt::ClassDef(class) => Some((*module, class)),
                    _ => None,
                })
            })
            .filter(|(module, class)| self.is_settings(module, class, 6))
            .collect();
        let production: Vec<_> =
            all.into_iter().filter(|(_, class)| !is_for_another(&class.name)).collect();
        let extended: Vec<&StmtClassDef> = production
            .iter()
            .flat_map(|(module, class)| self.bases(module, class))
            .map(|(_, base)| base)
            .collect();
        production
            .into_iter()
            .filter(|(_, class)| !extended.iter().any(|base| std::ptr::eq(*base, *class)))
            .collect()
    }

    fn bases(
        &self,
        module: &'a Module,
        class: &'a StmtClassDef,
    ) -> Vec<(&'a Module, &'a StmtClassDef)> {
        let names = class.bases().iter().filter_map(dotted);
        names
            .filter_map(|name| self.project.graph.class(module, &name))
            .filter(|(_, base)| !std::ptr::eq(*base, class))
            .collect()
    }

    /// Whether a class is a settings class of pydantic.
    fn is_settings(&self, module: &'a Module, class: &'a StmtClassDef, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let imports = self.project.graph.imports(module);
        class.bases().iter().any(|base| {
            imports.resolve(base).is_some_and(|full| {
                matches!(
                    full.as_str(),
                    "pydantic.BaseSettings"
                        | "pydantic_settings.BaseSettings"
                        | "pydantic.v1.BaseSettings"
                        | "pydantic.env_settings.BaseSettings"
                )
            })
        }) || self
            .bases(module, class)
            .into_iter()
            .any(|(module, base)| self.is_settings(module, base, depth))
    }

    /// The fields of a settings class, its bases' included; nearest first.
    #[must_use]
    pub fn fields(&self, module: &'a Module, class: &'a StmtClassDef) -> Vec<Field<'a>> {
        let prefix = self.option(module, class, "env_prefix").unwrap_or_default();
        let mut fields = Vec::new();
        self.collect_fields(module, class, &prefix, &mut fields, 6);
        let Some(between) = self.option(module, class, "env_nested_delimiter") else {
            return fields;
        };
        let whole =
            |field: Field<'a>| self.parts_of(&field, &between).unwrap_or_else(|| vec![field]);
        fields.into_iter().flat_map(whole).collect()
    }

    /// The variables of a required field that is a model of its own: `API__TOKEN`.
    fn parts_of(&self, field: &Field<'a>, between: &str) -> Option<Vec<Field<'a>>> {
        if !field.read.required {
            return None;
        }
        let (module, class) = self.project.graph.class(field.module, &field.annotation)?;
        let prefix = format!("{}{between}", field.read.name);
        let mut parts = Vec::new();
        self.collect_fields(module, class, &prefix, &mut parts, 6);
        (!parts.is_empty()).then_some(parts)
    }

    fn collect_fields(
        &self,
        module: &'a Module,
        class: &'a StmtClassDef,
        prefix: &str,
        fields: &mut Vec<Field<'a>>,
        depth: u8,
    ) {
        let Some(depth) = depth.checked_sub(1) else { return };
        for statement in &class.body {
            if let Some(field) = self.field_of(module, class, statement, prefix)
                && !fields.iter().any(|known: &Field| known.name == field.name)
            {
                fields.push(field);
            }
        }
        for (module, base) in self.bases(module, class) {
            self.collect_fields(module, base, prefix, fields, depth);
        }
    }

    fn field_of(
        &self,
        module: &'a Module,
        class: &'a StmtClassDef,
        statement: &'a Stmt,
        prefix: &str,
    ) -> Option<Field<'a>> {
        let (name, annotation, value) = match statement {
            Stmt::AnnAssign(assign) => match &*assign.target {
                Expr::Name(name) => {
                    (name.id.as_str(), module.source(&*assign.annotation), assign.value.as_deref())
                }
                _ => return None,
            },
            Stmt::Assign(assign) => match &assign.targets[..] {
                [Expr::Name(name)] => (name.id.as_str(), "", Some(&*assign.value)),
                _ => return None,
            },
            _ => return None,
        };
        if name.starts_with('_') || name == "model_config" || annotation.contains("ClassVar") {
            return None;
        }
        let scope = Scope { module, class: Some(class), function: None };
        let (default, names) = self.declared(scope, value);
        let pydantic1 = self.project.graph.imports(module).iter().any(|(local, import)| {
            local == "BaseSettings"
                && import.module.starts_with("pydantic")
                && !import.module.contains("_settings")
        });
        let optional = annotation.starts_with("Optional")
            || annotation.contains("| None")
            || annotation.contains("None |");
        let elsewhere = self.has_own_sources(module, class, 6);
        let required = default.is_none() && !(pydantic1 && optional) && !elsewhere;
        let name_of_variable = match names.into_iter().next() {
            Some(name) => name,
            None => format!("{prefix}{name}").to_ascii_uppercase(),
        };
        let read = Read {
            required,
            default: default.map(Box::new),
            form: form_of(annotation),
            name: name_of_variable,
        };
        Some(Field { name, annotation: annotation.to_owned(), read, module, statement })
    }

    /// Default and explicit names of a field.
    fn declared(&self, scope: Scope<'a>, value: Option<&'a Expr>) -> (Option<Value>, Vec<String>) {
        let Some(value) = value else { return (None, Vec::new()) };
        let Expr::Call(call) = value else {
            return match value {
                Expr::EllipsisLiteral(_) => (None, Vec::new()),
                value => (Some(self.value(scope, value)), Vec::new()),
            };
        };
        let imports = self.project.graph.imports(scope.module);
        if !imports
            .resolve(&call.func)
            .is_some_and(|full| full.ends_with(".Field") || full == "Field")
        {
            return (Some(self.value(scope, value)), Vec::new());
        }
        let default = call
            .arguments
            .find_argument_value("default", 0)
            .filter(|default| !matches!(default, Expr::EllipsisLiteral(_)))
            .map(|default| self.value(scope, default));
        let made = call.arguments.find_keyword("default_factory").map(|keyword| {
            match self.callee(scope, &keyword.value) {
                Some(Defined::Function(inner)) => self.helper(inner, &[]).unwrap_or_default(),
                _ => Value::Unknown,
            }
        });
        let mut names = Vec::new();
        for key in ["validation_alias", "alias", "env"] {
            if let Some(keyword) = call.arguments.find_keyword(key) {
                let parts = self.value(scope, &keyword.value);
                names.extend(parts.parts().into_iter().filter_map(|part| match part {
                    Value::Text(text) => Some(text.clone()),
                    _ => None,
                }));
            }
        }
        (default.or(made), names)
    }

    /// A text of the configuration of a class or its bases: `env_prefix`.
    fn option(&self, module: &'a Module, class: &'a StmtClassDef, option: &str) -> Option<String> {
        for statement in &class.body {
            let found = match statement {
                Stmt::Assign(assign) => match &*assign.value {
                    Expr::Call(call) => {
                        call.arguments.find_keyword(option).and_then(|it| string(&it.value))
                    }
                    Expr::Dict(dict) => dict.items.iter().find_map(|item| {
                        (item.key.as_ref().and_then(string) == Some(option))
                            .then(|| string(&item.value))
                            .flatten()
                    }),
                    _ => None,
                },
                Stmt::ClassDef(inner) if inner.name.as_str() == "Config" => {
                    inner.body.iter().find_map(|statement| match statement {
                        Stmt::Assign(assign) => {
                            let named =
                                matches!(&assign.targets[..], [Expr::Name(it)] if it.id == option);
                            named.then(|| string(&assign.value)).flatten()
                        }
                        _ => None,
                    })
                }
                _ => None,
            };
            if found.is_some() {
                return found.map(str::to_owned);
            }
        }
        self.bases(module, class)
            .into_iter()
            .find_map(|(module, base)| self.option(module, base, option))
    }

    /// Whether a settings class reads other sources than the environment: a
    /// file of its own, a table of pyproject.toml.
    fn has_own_sources(&self, module: &'a Module, class: &'a StmtClassDef, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let says = |body: &[Stmt]| {
            body.iter().any(|own| {
                matches!(own, Stmt::FunctionDef(it) if matches!(it.name.as_str(), "settings_customise_sources" | "customise_sources"))
            })
        };
        let inner = class.body.iter().any(
            |own| matches!(own, Stmt::ClassDef(it) if it.name.as_str() == "Config" && says(&it.body)),
        );
        says(&class.body)
            || inner
            || self
                .bases(module, class)
                .into_iter()
                .any(|(module, base)| self.has_own_sources(module, base, depth))
    }

    /// A field of a settings class as a value.
    pub(super) fn field(
        &self,
        module: &'a Module,
        class: &'a StmtClassDef,
        name: &str,
    ) -> Option<Value> {
        if !self.is_settings(module, class, 6) {
            return None;
        }
        let prefix = self.option(module, class, "env_prefix").unwrap_or_default();
        let statement = class.body.iter().find(|statement| match statement {
            Stmt::AnnAssign(assign) => matches!(&*assign.target, Expr::Name(it) if it.id == name),
            _ => false,
        })?;
        self.field_of(module, class, statement, &prefix).map(|field| Value::Read(field.read))
    }

    /// A field or property of any settings class of production.
    pub(super) fn any_field(&self, name: &str) -> Option<Value> {
        self.settings_classes()
            .into_iter()
            .find_map(|(module, class)| self.member(module, class, name))
    }
}

fn form_of(annotation: &str) -> Form {
    let inner = annotation.trim_start_matches("Optional[");
    if inner.starts_with("bool") {
        Form::Switch("False".into())
    } else if inner.starts_with("int") || inner.starts_with("float") {
        Form::Number
    } else if ["list", "List", "set", "Set", "tuple", "Tuple"]
        .iter()
        .any(|it| inner.starts_with(it))
    {
        // pydantic-settings reads collections as JSON.
        Form::List("json".into())
    } else {
        Form::Text
    }
}
