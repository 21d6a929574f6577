//! Reads of the environment, in each idiom.

use ruff_python_ast::{Arguments, Expr, ExprCall};

use super::evaluate::Evaluator;
use super::scope::Scope;
use super::syntax::{Module, dotted, string};
use super::value::{Form, Read, Value};

/// Methods of `environ.Env` and `environs.Env` that read a URL without being
/// told which: the variable each then takes.
const URL_METHODS: [(&str, &str); 9] = [
    ("db", "DATABASE_URL"),
    ("db_url", "DATABASE_URL"),
    ("dj_db_url", "DATABASE_URL"),
    ("cache", "CACHE_URL"),
    ("cache_url", "CACHE_URL"),
    ("dj_cache_url", "CACHE_URL"),
    ("email", "EMAIL_URL"),
    ("email_url", "EMAIL_URL"),
    ("search_url", "SEARCH_URL"),
];

/// Methods that only take the text apart.
const METHODS: [&str; 19] = [
    "str",
    "unicode",
    "bytes",
    "bool",
    "int",
    "float",
    "json",
    "list",
    "tuple",
    "dict",
    "url",
    "path",
    "decimal",
    "date",
    "timedelta",
    "channels",
    "channels_url",
    "enum",
    "get_value",
];

/// What kind of object reads the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// django-environ or environs.
    Env,
    /// python-decouple or Starlette's `Config`.
    Config,
}

impl<'a> Evaluator<'_, 'a> {
    /// `os.environ["X"]`.
    #[must_use]
    pub fn subscript_read(&self, scope: Scope<'a>, value: &Expr, key: &'a Expr) -> Option<Read> {
        if !self.is_environ(scope.module, value) {
            return None;
        }
        let name = self.value(scope, key).text()?;
        Some(Read { required: true, ..Read::named(&name) })
    }

    /// A call that reads a variable.
    #[must_use]
    pub fn call_read(&self, scope: Scope<'a>, call: &'a ExprCall) -> Option<Read> {
        let imports = self.project.graph.imports(scope.module);
        let full = imports.resolve(&call.func).unwrap_or_default();
        match full.as_str() {
            "os.getenv" | "os.environ.get" | "os.environ.setdefault" | "os.environ.pop" => {
                return self.optional(scope, &call.arguments, full == "os.environ.pop");
            }
            "dj_database_url.config" => return Some(self.database_url(scope, &call.arguments)),
            _ => {}
        }
        if let Expr::Attribute(attribute) = &*call.func
            && matches!(attribute.attr.as_str(), "get" | "pop")
            && self.is_environ(scope.module, &attribute.value)
        {
            return self.optional(scope, &call.arguments, false);
        }
        let (receiver, method) = match &*call.func {
            Expr::Attribute(attribute) => (&*attribute.value, Some(attribute.attr.as_str())),
            other => (other, None),
        };
        match (self.reader(scope.module, receiver)?, method) {
            (Reader::Env, None) => self.strict(scope, &call.arguments, None),
            (Reader::Env, Some(method)) => {
                let url = URL_METHODS.iter().find(|(name, _)| *name == method);
                if url.is_none() && !METHODS.contains(&method) {
                    return None;
                }
                let mut read = self.strict(scope, &call.arguments, url.map(|(_, name)| *name))?;
                read.form = form_of_method(method);
                Some(read)
            }
            (Reader::Config, None) => self.strict(scope, &call.arguments, None),
            (Reader::Config, Some("get")) => self.strict(scope, &call.arguments, None),
            (Reader::Config, Some(_)) => None,
        }
    }

    /// `os.getenv("X", default)`.
    fn optional(&self, scope: Scope<'a>, arguments: &'a Arguments, strict: bool) -> Option<Read> {
        let name = self.value(scope, arguments.find_argument_value("key", 0)?).text()?;
        let default = arguments.find_argument_value("default", 1);
        let default = default.map(|default| Box::new(self.value(scope, default)));
        Some(Read { required: strict && default.is_none(), default, ..Read::named(&name) })
    }

    fn database_url(&self, scope: Scope<'a>, arguments: &'a Arguments) -> Read {
        let name =
            arguments.find_argument_value("env", 0).and_then(|env| self.value(scope, env).text());
        let default = arguments.find_argument_value("default", 1);
        let default = default.map(|default| Box::new(self.value(scope, default)));
        Read { default, ..Read::named(name.as_deref().unwrap_or("DATABASE_URL")) }
    }

    /// `env("X", default=…)`, `config("X", cast=…)`: no default, no start.
    fn strict(
        &self,
        scope: Scope<'a>,
        arguments: &'a Arguments,
        own: Option<&str>,
    ) -> Option<Read> {
        let argument = arguments.find_positional(0).or_else(|| {
            arguments
                .find_keyword("var")
                .or_else(|| arguments.find_keyword("name"))
                .map(|it| &it.value)
        });
        let name = match argument.map(|argument| self.value(scope, argument)) {
            Some(value) => value.text()?,
            None => own?.to_owned(),
        };
        let second = arguments.find_positional(1).filter(|second| !is_cast(second));
        let default = arguments.find_keyword("default").map(|keyword| &keyword.value).or(second);
        let default = default.map(|default| Box::new(self.value(scope, default)));
        let scheme = default.is_none() && self.has_scheme(scope.module, &name);
        let form = match arguments.find_keyword("cast").map(|keyword| &keyword.value) {
            Some(cast) => form_of_cast(cast),
            None => Form::Text,
        };
        Some(Read { required: default.is_none() && !scheme, default, form, name })
    }

    fn is_environ(&self, module: &'a Module, expr: &Expr) -> bool {
        self.project.graph.imports(module).resolve(expr).is_some_and(|full| full == "os.environ")
    }

    /// What a name that is called to read a variable is.
    fn reader(&self, module: &'a Module, expr: &Expr) -> Option<Reader> {
        let name = dotted(expr)?;
        if name.contains('.') && !name.starts_with("decouple.") {
            return None;
        }
        let imports = self.project.graph.imports(module);
        let full = imports.resolve(expr)?;
        if full == "decouple.config" {
            return Some(Reader::Config);
        }
        let made = match imports.get(&name) {
            Some(import) => {
                let source =
                    self.project.graph.locate(&module.path, import.level, &import.module)?;
                self.maker(source, &import.name, 4)
            }
            None => self.maker(module, &name, 4),
        };
        match made.as_deref() {
            Some(
                "environ.Env"
                | "environ.FileAwareEnv"
                | "environs.Env"
                | "environs.FileAwareEnv"
                | "environ.environ.Env",
            ) => Some(Reader::Env),
            Some(
                "decouple.config"
                | "decouple.Config"
                | "decouple.AutoConfig"
                | "starlette.config.Config",
            ) => Some(Reader::Config),
            _ => None,
        }
    }

    /// The full name of what a name's value is called from, in whichever
    /// module gives it.
    fn maker(&self, module: &'a Module, name: &str, depth: u8) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let names = self.project.graph.names(module);
        let imports = self.project.graph.imports(module);
        if let Some((_, Expr::Call(call))) = names.get(name).and_then(|values| values.first()) {
            return imports.resolve(&call.func);
        }
        if let Some(import) = imports.get(name) {
            return match self.project.graph.locate(&module.path, import.level, &import.module) {
                Some(source) => self.maker(source, &import.name, depth),
                None => Some(format!("{}.{}", import.module, import.name)),
            };
        }
        imports.stars.iter().find_map(|star| {
            let source = self.project.graph.locate(&module.path, star.level, &star.module)?;
            self.maker(source, name, depth)
        })
    }

    /// Whether `environ.Env(X=(bool, False))` gives a variable its default.
    fn has_scheme(&self, module: &'a Module, name: &str) -> bool {
        let mut modules = vec![module];
        modules.extend(&self.project.settings);
        modules.iter().any(|module| {
            self.project.graph.names(module).values().flatten().any(|(_, value)| match value {
                Expr::Call(call) => call.arguments.find_keyword(name).is_some_and(
                    |keyword| matches!(&keyword.value, Expr::Tuple(tuple) if tuple.elts.len() == 2),
                ),
                _ => false,
            })
        })
    }
}

/// `config("X", bool)` and `env("X", cast)` name a type, not a default.
fn is_cast(expr: &Expr) -> bool {
    dotted(expr)
        .is_some_and(|name| matches!(name.as_str(), "bool" | "int" | "str" | "float" | "list"))
}

fn form_of_method(method: &str) -> Form {
    match method {
        "bool" => Form::Switch("False".into()),
        "list" | "tuple" => Form::List(",".into()),
        "int" | "float" | "decimal" => Form::Number,
        _ => Form::Text,
    }
}

fn form_of_cast(cast: &Expr) -> Form {
    let name = match cast {
        Expr::Call(call) => dotted(&call.func),
        other => dotted(other),
    };
    let name = name.unwrap_or_default();
    match name.rsplit('.').next().unwrap_or_default() {
        "bool" | "strtobool" => Form::Switch("False".into()),
        "int" | "float" => Form::Number,
        "Csv" | "CommaSeparatedStrings" => Form::List(",".into()),
        _ => match cast {
            Expr::Lambda(lambda) => split_in(&lambda.body),
            _ => Form::Text,
        },
    }
}

/// `[s.strip() for s in v.split(",")]`: the separator in an expression.
pub(super) fn split_in(expr: &Expr) -> Form {
    use ruff_python_ast::visitor::{self, Visitor};
    struct Split(Option<String>);
    impl<'a> Visitor<'a> for Split {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Call(call) = expr
                && let Expr::Attribute(attribute) = &*call.func
                && attribute.attr.as_str() == "split"
            {
                let separator = call.arguments.args.first().map_or(Some(" "), string);
                self.0 = separator.map(str::to_owned);
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut split = Split(None);
    split.visit_expr(expr);
    split.0.map_or(Form::Text, Form::List)
}

/// A value whose variable is read by `read` under another form.
pub(super) fn with_form(value: Value, form: &Form, needs_text: bool) -> Value {
    match value {
        Value::Read(mut read) => {
            let empty = match read.default.as_deref() {
                None | Some(Value::None) => true,
                Some(_) => false,
            };
            read.required |= needs_text && empty;
            if *form != Form::Text {
                read.form = form.clone();
            }
            Value::Read(read)
        }
        Value::Either(values) => {
            // A fallback makes up for a variable that is not set.
            let needs = needs_text && values.len() == 1;
            Value::Either(values.into_iter().map(|value| with_form(value, form, needs)).collect())
        }
        other => other,
    }
}
