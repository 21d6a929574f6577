//! From arguments and `dockwright.toml` to a draft of answers.

use std::path::Path;

use crate::answers::{Answers, Draft, Origin, document};
use crate::apply::bookkeeping::Lock;
use crate::apply::exclusive::Held;
use crate::apply::journal;
use crate::cli::{Choices, report};
use crate::error::{Error, Problem};
use crate::plan::Plan;
use crate::preset::{self, Preset, Reference};
use crate::project;

/// The preset that is used when nobody names one.
pub const USUAL_PRESET: &str = "fastapi-uvicorn";

/// The preset that `--preset` names, seen from the directory it is for.
///
/// # Errors
/// An unknown preset, or one that cannot be read or fetched.
pub fn preset(reference: &str, directory: &Path, lock: Option<&Lock>) -> Result<Preset, Error> {
    let at_flag = |problem: Problem| Error::input(problem.at("--preset"));
    let reference = Reference::parse(reference).map_err(at_flag)?.seen_from(directory);
    if let Reference::Builtin(name) = &reference {
        return preset::find(name).map_err(at_flag);
    }
    preset::open(&reference, &project::places(directory, lock))
}

/// Puts `--set` flags into a draft.
///
/// # Errors
/// Every flag that is malformed, unknown or refused, together.
pub fn apply_flags(choices: &Choices, draft: &mut Draft) -> Result<(), Error> {
    draft.set_flags(&choices.set).map_err(Error::Input)
}

/// The name a directory suggests for the service in it.
#[must_use]
pub fn name_of(directory: &Path) -> Option<String> {
    let absolute = std::path::absolute(directory).ok()?;
    Some(absolute.file_name()?.to_string_lossy().into_owned())
}

/// Takes the directory's name for the project unless somebody named it.
///
/// # Errors
/// A directory whose name is no usable service name.
pub fn name_from(directory: &Path, draft: &mut Draft) -> Result<(), Error> {
    if draft.said("project.name").is_some() {
        return Ok(());
    }
    let Some(name) = name_of(directory) else { return Ok(()) };
    let origin = Origin::Found("the directory's name".into());
    draft.set("project.name", &name, origin).map_err(|problem| {
        Error::input(
            problem
                .at(directory.display().to_string())
                .help("--set project.name=NAME gives it another"),
        )
    })
}

/// Types the answers.
///
/// # Errors
/// All of their problems.
pub fn resolve(draft: &Draft) -> Result<Answers, Error> {
    draft.resolve().map_err(Error::Input)
}

/// Plans, and holds the plan against what the preset demands.
///
/// # Errors
/// See [`project::plan`].
pub fn plan(draft: &Draft, answers: &Answers, choices: &Choices) -> Result<Plan, Error> {
    project::plan(draft, answers, &choices.only.iter().copied().collect())
}

/// `dockwright.toml` of a directory, read; `None` where there is none.
///
/// # Errors
/// A file that cannot be read, or its problems with their places.
pub fn document(directory: &Path) -> Result<Option<Vec<document::Entry>>, Error> {
    Ok(project::document(directory)?.map(|(_, entries)| entries))
}

/// Refuses what is no directory.
///
/// # Errors
/// Nothing there, something else, or something that cannot be looked at.
pub fn check_directory(dir: &Path) -> Result<(), Error> {
    let shown = dir.display();
    match std::fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::input(
            Problem::new(format!("{shown} is no directory")).help("name the directory of the code"),
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::input(
            Problem::new(format!("there is no directory {shown}"))
                .help(format!("`dockwright new {shown}` makes a new service")),
        )),
        Err(source) => Err(Error::Io { action: "read", path: dir.to_owned(), source }),
    }
}

/// The right to write in a directory, once every run before this one has
/// ended, and what a killed one left is undone.
///
/// # Errors
/// See [`Held::take`] and [`journal::recover`].
pub fn hold(dir: &Path) -> Result<Held, Error> {
    let held = Held::take(dir, &mut report::waiting(dir))?;
    if let Some(message) = journal::recover(&held)?.message() {
        report::warn(&message);
    }
    Ok(held)
}
