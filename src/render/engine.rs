//! The template engine: texts and a context in, texts out.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tera::{Context, Tera};

use crate::render::fault::Fault;

/// One render, whole: it needs nothing else.
#[derive(Debug, Deserialize, Serialize)]
pub struct Job<'a> {
    /// Templates by name.
    pub templates: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What they read.
    pub context: Value,
    /// The templates whose results are wanted.
    pub wanted: Vec<Cow<'a, str>>,
}

/// Renders what is wanted of `templates`, in that order.
///
/// # Errors
/// Everything that is wrong with the templates, or what ended the first
/// render that failed.
pub fn render<'a>(
    templates: impl IntoIterator<Item = (&'a str, &'a str)>,
    context: &Value,
    wanted: &[&str],
) -> Result<Vec<String>, Vec<Fault>> {
    let engine = of(templates)?;
    let context = self::context(context)?;
    wanted.iter().map(|name| one(&engine, &context, name)).collect()
}

/// An engine that holds these templates.
///
/// # Errors
/// Everything that is wrong with them.
pub fn of<'a>(templates: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Tera, Vec<Fault>> {
    let mut engine = Tera::new();
    engine.autoescape_on(Vec::<String>::new());
    engine.add_raw_templates(templates).map_err(|error| Fault::of(&error))?;
    Ok(engine)
}

/// What templates read, as the engine wants it.
///
/// # Errors
/// A context that is no table.
pub fn context(context: &Value) -> Result<Context, Vec<Fault>> {
    Context::from_serialize(context).map_err(|error| Fault::of(&error))
}

/// Renders one template.
///
/// # Errors
/// What ended it.
pub fn one(engine: &Tera, context: &Context, name: &str) -> Result<String, Vec<Fault>> {
    engine.render(name, context).map_err(|error| Fault::of_template(name, &error))
}
