//! Literals with values in them, operators, choices and subscripts.

use ruff_python_ast::{
    BoolOp, Expr, ExprBoolOp, ExprCompare, ExprDict, ExprIf, ExprSubscript, FStringPart,
    InterpolatedStringElement, Operator,
};

use super::attributes::is_setting;
use super::branch::{When, branches};
use super::environment::with_form;
use super::evaluate::Evaluator;
use super::paths::ancestor;
use super::scope::Scope;
use super::syntax::string;
use super::text::percent;
use super::value::{Form, Value, below};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn template(&self, scope: Scope<'a>, parts: &'a [FStringPart]) -> Value {
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

    pub(super) fn dict(&self, scope: Scope<'a>, dict: &'a ExprDict) -> Value {
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

    pub(super) fn either(&self, scope: Scope<'a>, operation: &'a ExprBoolOp) -> Value {
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

    pub(super) fn choice(&self, scope: Scope<'a>, choice: &'a ExprIf) -> Value {
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

    pub(super) fn binary(
        &self,
        scope: Scope<'a>,
        op: Operator,
        left: &'a Expr,
        right: &'a Expr,
    ) -> Value {
        let (left, right) = (self.value(scope, left), self.value(scope, right));
        match op {
            // `Path(...) / "media"`.
            Operator::Div => match (left, right.text()) {
                (Value::Text(base), Some(part)) => Value::Text(format!("{base}/{part}")),
                // A variable's default, outside of the repository.
                (left, Some(part)) if left.text().is_some_and(|it| it.starts_with(['/', '~'])) => {
                    Value::Text(format!("{}/{part}", left.text().unwrap_or_default()))
                }
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
            // `16 * 1024 * 1024`, `10 << 20`, `2 ** 20`.
            Operator::Mult | Operator::LShift | Operator::Pow => {
                match (number(&left), number(&right)) {
                    (Some(one), Some(other)) => {
                        let small = u32::try_from(other).ok();
                        let value = match op {
                            Operator::Mult => one.checked_mul(other),
                            Operator::Pow => small.and_then(|power| one.checked_pow(power)),
                            _ => {
                                small.filter(|by| *by < 48).and_then(|by| one.checked_mul(1 << by))
                            }
                        };
                        value.map_or(Value::Unknown, Value::Int)
                    }
                    _ => Value::Unknown,
                }
            }
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
    pub(super) fn compare(&self, scope: Scope<'a>, compare: &'a ExprCompare) -> Value {
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

    pub(super) fn subscript(&self, scope: Scope<'a>, subscript: &'a ExprSubscript) -> Value {
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
}
/// A whole number; of a variable the one that is taken where it is not set.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        Value::Read(read) => number(read.default.as_deref()?),
        _ => None,
    }
}
