//! Calls that make paths.

use ruff_python_ast::{Expr, ExprCall};

use super::evaluate::Evaluator;
use super::scope::Scope;
use super::value::Value;

impl<'a> Evaluator<'_, 'a> {
    /// `Path(...)`, `os.path.join(...)` and their like.
    pub(super) fn path_call(&self, scope: Scope<'a>, call: &'a ExprCall) -> Option<Value> {
        let full = self.project.graph.imports(scope.module).resolve(&call.func);
        let first = || call.arguments.args.first().map(|it| self.value(scope, it));
        if let Some(full) = full.as_deref() {
            match full {
                "pathlib.Path" | "pathlib.PurePath" | "environ.Path" | "os.path.abspath"
                | "os.path.realpath" | "os.path.normpath" | "os.path.expanduser" | "os.fspath" => {
                    let base = first()?;
                    return Some(self.joined(base, scope, &call.arguments.args[1..]));
                }
                "os.path.dirname" => {
                    return match first()? {
                        Value::Place(path) => Some(ancestor(&path, 1)),
                        _ => None,
                    };
                }
                "os.path.join" | "posixpath.join" => {
                    let base = first()?;
                    return Some(self.joined(base, scope, &call.arguments.args[1..]));
                }
                "pathlib.Path.home" => return Some(Value::Text("~/".to_owned())),
                "os.getcwd" | "pathlib.Path.cwd" => {
                    return Some(Value::Place(self.project.graph.root().to_owned()));
                }
                _ => {}
            }
        }
        let Expr::Attribute(attribute) = &*call.func else {
            return match self.value(scope, &call.func) {
                // An `environ.Path` is called to join.
                base @ Value::Place(_) => Some(self.joined(base, scope, &call.arguments.args)),
                _ => None,
            };
        };
        match attribute.attr.as_str() {
            "resolve" | "absolute" | "as_posix" | "expanduser" => {
                Some(self.value(scope, &attribute.value))
                    .filter(|it| matches!(it, Value::Place(_) | Value::Text(_) | Value::Read(_)))
            }
            "joinpath" | "path" => match self.value(scope, &attribute.value) {
                base @ Value::Place(_) => Some(self.joined(base, scope, &call.arguments.args)),
                _ => None,
            },
            _ => None,
        }
    }

    fn joined(&self, base: Value, scope: Scope<'a>, parts: &'a [Expr]) -> Value {
        if parts.is_empty() {
            return base;
        }
        let mut values = vec![base];
        values.extend(parts.iter().map(|part| self.value(scope, part)));
        let whole = Value::Template(values);
        match whole.path(self.project.graph.root()) {
            Some(path) if matches!(&whole, Value::Template(it) if matches!(it[0], Value::Place(_))) => {
                Value::Place(path)
            }
            _ => whole,
        }
    }
}

/// The directory `steps` above a file or directory.
pub(super) fn ancestor(path: &str, steps: u64) -> Value {
    let mut path = path;
    for _ in 0..steps {
        path = match path {
            "." => return Value::Unknown,
            path => path.rsplit_once('/').map_or(".", |(above, _)| above),
        };
    }
    Value::Place(path.to_owned())
}
