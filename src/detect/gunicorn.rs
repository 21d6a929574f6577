//! gunicorn's settings as far as they are known without running them.

use std::sync::Arc;

use ruff_python_ast::{BoolOp, Expr, Number, Operator, Stmt};
use ruff_text_size::Ranged as _;

use crate::detect::python::{self, Module, When, reached};
use crate::source::text::{Span, Text};

/// What a setting or an option is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// What a variable says, and what holds where nobody sets it.
    Variable {
        /// Its name.
        name: String,
        /// The default.
        default: Option<Box<Value>>,
    },
    /// A whole number that is no more than this: `min(8, …)`.
    AtMost(i64),
    /// It follows the number of the host's processors.
    HostCpus,
    /// It is only known when it runs.
    Unknown,
}

impl Value {
    /// The number, a variable's default included.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Variable { default, .. } => default.as_ref()?.int(),
            Self::Bool(_) | Self::AtMost(_) | Self::HostCpus | Self::Unknown => None,
        }
    }

    /// The text, a variable's default included.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Int(value) => Some(value.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Variable { default, .. } => default.as_ref()?.text(),
            Self::AtMost(_) | Self::HostCpus | Self::Unknown => None,
        }
    }

    /// Whether it is true, as far as that is known.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Int(value) => Some(*value != 0),
            Self::Text(text) => Some(!text.is_empty()),
            Self::Variable { default, .. } => default.as_ref()?.truth(),
            Self::HostCpus => Some(true),
            Self::AtMost(_) | Self::Unknown => None,
        }
    }
}

/// Each setting that a file assigns at its top level, what it is worth, and
/// where the assignment stands; the last one of a name last.
#[must_use]
pub fn read(text: &Text) -> Vec<(String, Value, Span)> {
    let module = Module::parse(&text.path, Arc::from(text.text.as_str()));
    let mut settings: Vec<(String, Value, Span)> = Vec::new();
    for (when, statement) in reached(&module.ast.body, When::Always) {
        if when == When::Never {
            continue;
        }
        for (name, expression) in python::assignments(statement) {
            // What only some surroundings set is not known.
            let value = match when {
                When::Always => value(expression, &settings),
                _ => Value::Unknown,
            };
            settings.push((name.to_owned(), value, place(statement)));
        }
    }
    settings
}

/// Where a statement stands.
#[must_use]
pub fn place(statement: &Stmt) -> Span {
    let range = statement.range();
    Span::new(range.start().to_usize(), range.end().to_usize())
}

/// What an expression is worth by itself.
#[must_use]
pub fn literal(expression: &Expr) -> Value {
    value::<()>(expression, &[])
}

/// What an expression is worth where these names are known, the last one of a
/// name first.
#[must_use]
pub fn value<T>(expression: &Expr, known: &[(String, Value, T)]) -> Value {
    match expression {
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(int) => int.as_i64().map_or(Value::Unknown, Value::Int),
            Number::Float(float) => Value::Text(float.to_string()),
            Number::Complex { .. } => Value::Unknown,
        },
        Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
        Expr::StringLiteral(_) => {
            python::string(expression).map_or(Value::Unknown, |text| Value::Text(text.to_owned()))
        }
        Expr::Name(name) => {
            let own = known.iter().rfind(|(known, ..)| known == name.id.as_str());
            own.map_or(Value::Unknown, |(_, value, _)| value.clone())
        }
        Expr::BoolOp(operation) if operation.op == BoolOp::Or => {
            let mut values = operation.values.iter().map(|each| value(each, known));
            match (values.next(), values.next()) {
                (Some(Value::Variable { name, default: None }), Some(other)) => {
                    Value::Variable { name, default: Some(Box::new(other)) }
                }
                (Some(first), _) => first,
                _ => Value::Unknown,
            }
        }
        Expr::BinOp(operation) => {
            let (one, other) = (value(&operation.left, known), value(&operation.right, known));
            if one == Value::HostCpus || other == Value::HostCpus {
                return Value::HostCpus;
            }
            let (Value::Int(one), Value::Int(other)) = (one, other) else { return Value::Unknown };
            let result = match operation.op {
                Operator::Add => one.checked_add(other),
                Operator::Sub => one.checked_sub(other),
                Operator::Mult => one.checked_mul(other),
                Operator::FloorDiv => one.checked_div_euclid(other),
                _ => None,
            };
            result.map_or(Value::Unknown, Value::Int)
        }
        Expr::Call(call) => {
            let name = python::dotted(&call.func).unwrap_or_default();
            let arguments = &call.arguments.args;
            let first = || arguments.first().map_or(Value::Unknown, |each| value(each, known));
            let last = name.rsplit('.').next().unwrap_or_default();
            match last {
                "cpu_count" | "process_cpu_count" | "sched_getaffinity" => Value::HostCpus,
                "int" | "str" | "float" if name == last => first(),
                "max" | "min" | "len" | "round" if name == last => {
                    let values: Vec<Value> = arguments.iter().map(|a| value(a, known)).collect();
                    let of_host = |own: &Value| *own == Value::HostCpus;
                    // `min(4, cpu_count())` has a limit.
                    let follows = if last == "min" {
                        !values.is_empty() && values.iter().all(of_host)
                    } else {
                        values.iter().any(of_host)
                    };
                    let mut bounds = values.iter().filter_map(|own| match own {
                        Value::Int(bound) | Value::AtMost(bound) => Some(*bound),
                        _ => None,
                    });
                    match (follows, bounds.next()) {
                        (true, _) => Value::HostCpus,
                        (false, Some(first)) if last == "min" => {
                            Value::AtMost(bounds.fold(first, i64::min))
                        }
                        (false, _) => Value::Unknown,
                    }
                }
                "getenv" | "get" if name.ends_with("getenv") || name.contains("environ") => {
                    let Some(name) = arguments.first().and_then(python::string) else {
                        return Value::Unknown;
                    };
                    let default = arguments.get(1).map(|each| Box::new(value(each, known)));
                    Value::Variable { name: name.to_owned(), default }
                }
                _ => Value::Unknown,
            }
        }
        Expr::Subscript(subscript) => {
            let of_environment =
                python::dotted(&subscript.value).is_some_and(|name| name.ends_with("environ"));
            match python::string(&subscript.slice).filter(|_| of_environment) {
                Some(name) => Value::Variable { name: name.to_owned(), default: None },
                None => Value::Unknown,
            }
        }
        _ => Value::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_in_calls_are_each_worked_out_once() {
        let depth = 40;
        let nested = format!("workers = {}4{}\n", "max(".repeat(depth), ", 1)".repeat(depth));
        let settings = read(&Text::new("gunicorn.conf.py", &*nested));
        assert_eq!(settings[0].1, Value::Unknown);
    }

    #[test]
    fn settings_are_worth_what_they_say() {
        let text = Text::new(
            "gunicorn.conf.py",
            "import os, multiprocessing\nbind = '0.0.0.0:80'\nworkers = multiprocessing.cpu_count() * 2 + 1\nthreads = int(os.environ.get('T', 4))\ntimeout = 2 * 30\nreload = True\nworker_class = os.getenv('C') or 'gthread'\nkeepalive = timeout\nx = f()\ny = min(4, multiprocessing.cpu_count() * 2)\n",
        );
        let settings = read(&text);
        let set = |name: &str| settings.iter().rfind(|(own, ..)| own == name).unwrap();
        let get = |name: &str| set(name).1.clone();
        assert_eq!(get("workers"), Value::HostCpus);
        assert_eq!(get("threads").int(), Some(4));
        assert_eq!(get("timeout").int(), Some(60));
        assert_eq!(get("keepalive").int(), Some(60));
        assert_eq!(get("reload").truth(), Some(true));
        assert_eq!(get("worker_class").text().as_deref(), Some("gthread"));
        assert_eq!(get("x"), Value::Unknown);
        assert_eq!(get("y"), Value::AtMost(4));
        assert_eq!(text.line(set("bind").2.start), 2);
    }
}
