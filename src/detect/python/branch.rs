//! Which branch of an `if` production takes.

use ruff_python_ast::{CmpOp, Expr, UnaryOp};

use super::syntax::{dotted, string};
use crate::environments::{is_development, is_for_another, is_production, names_production, words};

/// Whether production reaches a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Always.
    #[default]
    Always,
    /// It depends on something that the code does not say.
    Maybe,
    /// Only development or a test does.
    Never,
}

impl When {
    /// Within a branch that is itself within another.
    #[must_use]
    pub fn within(self, outer: Self) -> Self {
        self.max(outer)
    }
}

/// Whether production takes the body of `if test:`, and whether it takes the
/// rest.
#[must_use]
pub fn branches(test: &Expr) -> (When, When) {
    match decided(test) {
        Some(true) => (When::Always, When::Never),
        Some(false) => (When::Never, When::Always),
        None => (When::Maybe, When::Maybe),
    }
}

/// What a condition is in production, where it says.
fn decided(test: &Expr) -> Option<bool> {
    match test {
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::UnaryOp(not) if not.op == UnaryOp::Not => decided(&not.operand).map(|value| !value),
        Expr::BoolOp(operation) => {
            let values: Vec<Option<bool>> = operation.values.iter().map(decided).collect();
            let decisive = operation.op == ruff_python_ast::BoolOp::Or;
            if values.contains(&Some(decisive)) {
                Some(decisive)
            } else if values.contains(&None) {
                None
            } else {
                Some(!decisive)
            }
        }
        Expr::Compare(compare) => {
            let ([op], [right]) = (&*compare.ops, &*compare.comparators) else { return None };
            compared(&compare.left, *op, right)
        }
        Expr::Name(_) | Expr::Attribute(_) => named(&dotted(test)?),
        Expr::Subscript(subscript) => named(string(&subscript.slice)?),
        Expr::Call(call) => {
            let first = call.arguments.args.first()?;
            match string(first) {
                Some(name) => named(name),
                None => decided(first),
            }
        }
        _ => None,
    }
}

/// What a flag of that name is in production.
fn named(name: &str) -> Option<bool> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let words = words(last);
    if last == "TYPE_CHECKING" || words.iter().any(|word| is_development(word)) {
        return Some(false);
    }
    words.iter().any(|word| names_production(word)).then_some(true)
}

fn compared(left: &Expr, op: CmpOp, right: &Expr) -> Option<bool> {
    let same = match op {
        CmpOp::Eq | CmpOp::Is | CmpOp::In => true,
        CmpOp::NotEq | CmpOp::IsNot | CmpOp::NotIn => false,
        _ => return None,
    };
    if dotted(left).as_deref() == Some("__name__") {
        return Some(!same);
    }
    if let Expr::BooleanLiteral(literal) = right {
        return decided(left).map(|value| (value == literal.value) == same);
    }
    if dotted(right).is_some_and(|name| name.ends_with("sys.argv") || name == "sys.modules") {
        return string(left).filter(|word| is_for_another(word)).map(|_| !same);
    }
    let values = match right {
        Expr::Tuple(tuple) => tuple.elts.iter().collect(),
        Expr::List(list) => list.elts.iter().collect(),
        Expr::Set(set) => set.elts.iter().collect(),
        other => vec![other],
    };
    let names: Vec<String> = values
        .iter()
        .filter_map(|value| string(value).map(str::to_owned).or_else(|| dotted(value)))
        .collect();
    if names.is_empty() || names.len() < values.len() {
        return None;
    }
    if names.iter().any(|name| words(name).iter().any(|word| is_production(word))) {
        return Some(same);
    }
    names.iter().all(|name| is_for_another(name)).then_some(!same)
}

#[cfg(test)]
mod tests {
    use ruff_python_ast::Stmt;

    use super::*;
    use crate::detect::python::Module;

    fn body(test: &str) -> When {
        let module = Module::parse("m.py", format!("if {test}:\n    pass\n").into());
        let Stmt::If(block) = &module.ast.body[0] else { panic!("{test} is no if") };
        branches(&block.test).0
    }

    #[test]
    fn production_skips_what_is_guarded_for_development_and_tests() {
        for test in [
            "DEBUG",
            "settings.DEBUG",
            "TYPE_CHECKING",
            "'test' in sys.argv",
            "os.getenv('ENV') == 'development'",
            "ENVIRONMENT in ('local', 'ci')",
            "env.bool('DEBUG')",
            "not IS_PRODUCTION",
            "__name__ == '__main__'",
            "DEBUG or TESTING",
            "os.environ['APP_ENV'] != 'production'",
        ] {
            assert_eq!(body(test), When::Never, "{test}");
        }
    }

    #[test]
    fn production_takes_what_is_guarded_for_it() {
        for test in ["not DEBUG", "os.getenv('ENV') == 'prod'", "IS_PRODUCTION", "DEBUG is False"] {
            assert_eq!(body(test), When::Always, "{test}");
        }
    }

    #[test]
    fn a_switch_that_names_no_environment_stays_open() {
        for test in ["'DATABASE_URL' in os.environ", "USE_S3", "os.getenv('REDIS_URL')", "latest"] {
            assert_eq!(body(test), When::Maybe, "{test}");
        }
    }
}
