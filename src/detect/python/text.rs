//! Calls that take text apart, or put it together.

use ruff_python_ast::{Expr, ExprCall};

use super::environment::with_form;
use super::evaluate::Evaluator;
use super::scope::Scope;
use super::syntax::{dotted, string};
use super::value::{Form, Value};

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
