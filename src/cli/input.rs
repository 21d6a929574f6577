//! From arguments and `dockwright.toml` to a draft of answers.

use std::path::Path;

use crate::answers::{Draft, Origin, document};
use crate::apply::bookkeeping::Lock;
use crate::apply::exclusive::Held;
use crate::apply::{journal, staging};
use crate::cli::{Choices, report};
use crate::error::{Error, Problem};
use crate::plan::Plan;
use crate::preset::{Preset, Reference};
use crate::project;
use crate::schema;

/// The preset that is used when nobody names one.
pub const DEFAULT_PRESET: &str = "fastapi-uvicorn";

/// The preset that `--preset` names, seen from the directory it is for.
///
/// # Errors
/// An unknown preset, or one that cannot be read or fetched.
pub fn preset(reference: &str, directory: &Path, lock: Option<&Lock>) -> Result<Preset, Error> {
    let parsed = Reference::parse(reference).map_err(|p| Error::input(p.at("--preset")))?;
    project::open(&parsed.seen_from(directory), directory, lock, "--preset")
}

/// The preset that `--preset` names, or else `dockwright.toml`.
///
/// # Errors
/// See [`preset`] and [`project::named_preset`].
pub fn named_preset(
    choices: &Choices,
    entries: &[document::Entry],
    directory: &Path,
    lock: Option<&Lock>,
) -> Result<Option<Preset>, Error> {
    match &choices.preset {
        Some(reference) => preset(reference, directory, lock).map(Some),
        None => project::named_preset(entries, directory, lock),
    }
}

/// The name a directory suggests for the service in it, as a source of answers.
#[must_use]
pub fn name_source(directory: &Path) -> Option<(String, Origin)> {
    Some((project::directory_name(directory)?, Origin::Found("the directory's name".into())))
}

/// Refuses a directory whose name is no service name, where nobody gave one.
///
/// # Errors
/// Why the name is refused.
pub fn check_name(directory: &Path, draft: &Draft) -> Result<(), Error> {
    let unnamed = draft.sourced("project.name").is_none();
    let refused = project::directory_name(directory).filter(|_| unnamed).and_then(|name| {
        schema::find("project.name").and_then(|field| field.kind.read(&name).err())
    });
    refused.map_or(Ok(()), |message| {
        Err(Error::input(
            Problem::new(format!("project.name: {message}"))
                .at(directory.display().to_string())
                .help("--set project.name=NAME gives it another"),
        ))
    })
}

/// Plans, and holds the plan against what the preset requires.
///
/// # Errors
/// See [`project::plan`].
pub fn plan(draft: &Draft, choices: &Choices) -> Result<Plan, Error> {
    project::plan(draft, &choices.only.iter().copied().collect())
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

/// Removes what killed runs left beside a directory that is going to be made, and says so.
pub fn sweep(dir: &Path) {
    for left in staging::sweep(dir) {
        report::warn(&format!(
            "an earlier run was killed; what it left in {} is removed",
            left.display()
        ));
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
