//! Python settings.

use std::collections::BTreeSet;

use ruff_python_ast::{PySourceType, Stmt};
use ruff_python_parser::parse_unchecked_source;

use super::twice;
use crate::detect::python::assignments;
use crate::source::text::Text;

/// Names that the top level gives two values: the second hides the first.
pub fn examine(text: &str) -> Result<BTreeSet<String>, String> {
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    if let Some(error) = parsed.errors().first() {
        let line = Text::new("", text).line(error.location.start().to_usize());
        return Err(format!("line {line}: {}", error.error));
    }
    let module = parsed.into_syntax();
    let names = module.body.iter().flat_map(|statement| match statement {
        Stmt::FunctionDef(function) => vec![function.name.as_str()],
        Stmt::ClassDef(class) => vec![class.name.as_str()],
        other => assignments(other).into_iter().map(|(name, _)| name).collect(),
    });
    Ok(twice(names).map(|name| format!("{name} is set twice")).collect())
}
