//! Rendering: a plan and the templates in, files in memory out.
//!
//! Templates choose no numbers and do no arithmetic; they print the context
//! that [`context`] makes of a plan.

pub mod blocks;
pub mod carried;
pub mod context;
pub mod dotenv;

use include_dir::{Dir, include_dir};
use tera::{Context, Tera};

use crate::answers::{Draft, document};
use crate::error::Error;
use crate::plan::outputs::Content;
use crate::plan::{Output, Plan};
pub use blocks::{Block, blocks};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// Components that other templates use.
const PARTIALS: &str = "partials";

/// One file, rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// What it is.
    pub output: Output,
    /// Its bytes; of `.env` the template that `apply` fills with secrets.
    pub bytes: Vec<u8>,
}

/// Renders every output of the plan, with what the preset's layers override.
///
/// # Errors
/// A template that does not parse or reads what the plan does not have.
pub fn render(plan: &Plan, draft: &Draft) -> Result<Vec<Rendered>, Error> {
    let engine = engine(plan)?;
    let context = context::of(plan);
    let context = Context::from_serialize(&context).map_err(|error| broken("context", &error))?;
    plan.outputs
        .iter()
        .map(|output| {
            let bytes = match &output.content {
                Content::Template(name) if name.ends_with(".tera") => engine
                    .render(name, &context)
                    .map_err(|error| broken(name, &error))?
                    .into_bytes(),
                Content::Template(name) => source(name)?.to_vec(),
                Content::Secrets => dotenv::template(plan).into_bytes(),
                Content::Intent => document::write(draft).into_bytes(),
            };
            Ok(Rendered { output: output.clone(), bytes })
        })
        .collect()
}

/// An engine that holds the templates this plan needs, and no others:
/// parsing all of them would cost more than rendering.
fn engine(plan: &Plan) -> Result<Tera, Error> {
    let used = plan.outputs.iter().filter_map(|output| match &output.content {
        Content::Template(name) if name.ends_with(".tera") => Some(name.as_str()),
        _ => None,
    });
    let partials = TEMPLATES
        .get_dir(PARTIALS)
        .into_iter()
        .flat_map(Dir::files)
        .filter_map(|file| file.path().to_str());
    let mut names: Vec<&str> = partials.chain(used).collect();
    names.sort_unstable();
    names.dedup();
    let sources =
        names.into_iter().map(|name| Ok((name, text(name)?))).collect::<Result<Vec<_>, Error>>()?;
    let mut engine = Tera::new();
    engine.autoescape_on(Vec::<String>::new());
    engine.add_raw_templates(sources).map_err(|error| broken("templates", &error))?;
    Ok(engine)
}

fn source(name: &str) -> Result<&'static [u8], Error> {
    TEMPLATES.get_file(name).map(include_dir::File::contents).ok_or_else(|| Error::Template {
        template: name.to_owned(),
        message: "there is no such template".to_owned(),
    })
}

fn text(name: &str) -> Result<&'static str, Error> {
    std::str::from_utf8(source(name)?).map_err(|error| broken(name, &error))
}

fn broken(template: &str, error: &dyn std::error::Error) -> Error {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message.push_str(&format!("\n  {inner}"));
        cause = inner.source();
    }
    Error::Template { template: template.to_owned(), message }
}

#[cfg(test)]
mod tests;
