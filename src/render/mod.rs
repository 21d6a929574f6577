//! Rendering: a plan and the templates in, files in memory out.
//!
//! Templates choose no numbers and do no arithmetic; they print the context
//! that [`context`] makes of a plan.

mod blame;
pub mod blocks;
pub mod compose;
pub mod context;
pub mod dotenv;
pub mod ecs;
pub mod engine;
pub mod fault;
pub mod kubernetes;
pub mod names;
pub mod pipeline;
pub mod runbook;
pub mod sandbox;
mod scalars;
pub mod set;

use crate::answers::{Draft, document};
use crate::catalog::templates::TEMPLATES;
use crate::error::{Error, Problem};
use crate::merge::syntax;
use crate::plan::outputs::{Bundle, Content, Syntax};
use crate::plan::{Output, Plan};
use crate::relpath::file_name;
use crate::source::compose::{is_compose, yaml};
use crate::source::ignores::{self, Reader};
pub use blocks::{Block, blocks};
use fault::Fault;
use sandbox::Failure;
use set::Set;

/// Whether dockwright itself has a template of this name.
#[must_use]
pub fn has_template(name: &str) -> bool {
    TEMPLATES.get_file(name).is_some()
}

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
/// What is wrong with a layer's template, with its place; a template of
/// dockwright's own that does not parse or reads what the plan does not have.
pub fn render(plan: &Plan, draft: &Draft) -> Result<Vec<Rendered>, Error> {
    let set = Set::of(plan, draft.layers()).map_err(Error::Input)?;
    let mut problems = set.missing(plan);
    problems.extend(set.excess(plan));
    if !problems.is_empty() {
        return Err(Error::Input(problems));
    }
    let wanted: Vec<&str> = plan
        .outputs
        .iter()
        .filter_map(|output| match &output.content {
            Content::Template(name) if set.get(name).is_some() => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let context = context::of(plan);
    let texts = if set.has_layers() {
        let unknown = set.unknown_names(&context);
        if !unknown.is_empty() {
            return Err(failed(&set, &unknown));
        }
        sandbox::render(set.texts(), &context, &wanted).map_err(|failure| stopped(&set, failure))?
    } else {
        engine::render(set.texts(), &context, &wanted).map_err(|faults| failed(&set, &faults))?
    };
    let mut texts = texts.into_iter();
    let fill = |output: &Output| {
        let bytes = match &output.content {
            Content::Template(name) if set.get(name).is_some() => {
                texts.next().expect("one for each that was wanted").into_bytes()
            }
            Content::Template(name) => set.copied(name).unwrap_or_default().to_vec(),
            Content::Secrets => dotenv::template(plan).into_bytes(),
            Content::Intent => document::write(draft).into_bytes(),
        };
        Rendered { output: described(output, &bytes), bytes }
    };
    let renders: Vec<Rendered> = plan.outputs.iter().map(fill).collect();
    // What layers make of a file has to be one; a file they add may be copied as it is.
    let of_layers = |own: &&Rendered| set.has_layers() || own.output.bundle == Bundle::Preset;
    let mut broken: Vec<Problem> =
        renders.iter().filter(of_layers).filter_map(|own| unreadable(&set, own)).collect();
    if !set.has_layers() && broken.is_empty() {
        return Ok(renders);
    }
    broken.extend(exposing(&set, &renders));
    if broken.is_empty() { Ok(renders) } else { Err(Error::Input(broken)) }
}

/// A `.gitignore` that lets the passwords in.
fn exposing(set: &Set, renders: &[Rendered]) -> Option<Problem> {
    let has_secrets = renders.iter().any(|own| own.output.content == Content::Secrets);
    let own = renders.iter().find(|own| own.output.path.as_str() == ".gitignore")?;
    let Content::Template(name) = &own.output.content else { return None };
    let text = String::from_utf8_lossy(&own.bytes);
    let entries: Vec<String> = ignores::entries(&text).map(str::to_owned).collect();
    let is_exposed = has_secrets && !ignores::excludes(Reader::Git, &entries, ".env");
    let message = ".gitignore without .env: its passwords would be committed";
    is_exposed.then(|| Problem::new(message).at(set.layers_of(Some(name))))
}

/// A file that is not what its name says, with the layers that may have done it.
fn unreadable(set: &Set, render: &Rendered) -> Option<Problem> {
    let Content::Template(name) = &render.output.content else { return None };
    let text = std::str::from_utf8(&render.bytes).ok()?;
    let path = render.output.path.as_str();
    let syntax = render.output.syntax;
    let is_added = render.output.bundle == Bundle::Preset;
    if is_added && may_be_otherwise(path, syntax, text) {
        return None;
    }
    let is_compose = match render.output.bundle {
        Bundle::Compose => true,
        Bundle::Preset => syntax == Syntax::Yaml && is_compose(path),
        _ => false,
    };
    let of_compose = || is_compose.then(|| yaml::read(text).err()).flatten();
    let why = of_compose().or_else(|| syntax::mistake(syntax, text))?;
    Some(
        Problem::new(format!("{path} is rendered to what nobody can read: {why}"))
            .at(set.layers_of(Some(name))),
    )
}

/// Whether a file that a preset adds may be right though its language does not have
/// it: the template of another engine, such as a chart's, and JSON of an editor, which
/// has comments.
fn may_be_otherwise(path: &str, syntax: Syntax, text: &str) -> bool {
    let is_template = || text.contains("{{") || text.contains("{%");
    let has_comments = || {
        let mut lines = text.lines().map(str::trim_start);
        let name = file_name(path);
        (path.contains(".vscode/") || matches!(name, "devcontainer.json" | "tsconfig.json"))
            && lines.any(|line| line.starts_with("//") || line.starts_with("/*"))
    };
    match syntax {
        Syntax::Yaml | Syntax::Toml => is_template(),
        Syntax::Json => is_template() || has_comments(),
        _ => false,
    }
}

/// What a preset adds may be binary, which only its bytes tell.
fn described(output: &Output, bytes: &[u8]) -> Output {
    let mut output = output.clone();
    let text = || !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok();
    if output.bundle == Bundle::Preset && !text() {
        output.syntax = Syntax::Binary;
    }
    output
}

/// What ended the rendering of layers' templates.
fn stopped(set: &Set, failure: Failure) -> Error {
    match failure {
        Failure::Faults(faults) => failed(set, &faults),
        Failure::Stopped { at, why } => Error::input(
            Problem::new(format!("the preset's templates {why}"))
                .at(set.layers_of(at.as_deref()))
                .help("a template that repeats something without end is not rendered"),
        ),
        Failure::System(error) => error,
    }
}

/// Faults of layers are the input's; one of dockwright's own is a defect.
fn failed(set: &Set, faults: &[Fault]) -> Error {
    let problems: Vec<_> = faults.iter().filter_map(|fault| set.problem(fault)).collect();
    if !problems.is_empty() {
        return Error::Input(problems);
    }
    let fault = faults.first().cloned().unwrap_or_default();
    if fault.template.is_none() && set.has_layers() {
        // Dockwright's own alone are sound: every stack is tested.
        return Error::input(Problem::new(fault.message).at(set.layers_of(None)));
    }
    let name = fault.template.unwrap_or_else(|| "templates".to_owned());
    let at = fault.place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
    Error::Template { template: format!("{name}{at}"), message: fault.message }
}

/// An engine that holds dockwright's own templates for a plan.
#[cfg(test)]
fn engine(plan: &Plan) -> Result<tera::Tera, Vec<Fault>> {
    engine::of(Set::of(plan, &[]).unwrap().texts())
}

#[cfg(test)]
mod tests;
