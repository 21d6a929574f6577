//! From arguments and `dockwright.toml` to a draft of answers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::answers::adopted::Derived;
use crate::answers::{Answers, Draft, Origin, document};
use crate::cli::Choices;
use crate::error::{Error, Problem};
use crate::plan::{Bundle, Plan};
use crate::preset::{self, Preset};

/// The preset that is used when nobody names one.
pub const USUAL_PRESET: &str = "fastapi-uvicorn";

/// Finds the preset, with its problem as an input error.
///
/// # Errors
/// An unknown preset.
pub fn preset(reference: &str) -> Result<Preset, Error> {
    preset::find(reference).map_err(|problem| Error::input(problem.at("--preset")))
}

/// Puts `--set` flags into a draft.
///
/// # Errors
/// Every flag that is malformed, unknown or refused, together.
pub fn apply_flags(choices: &Choices, draft: &mut Draft) -> Result<(), Error> {
    let problems: Vec<Problem> = choices
        .set
        .iter()
        .filter_map(|flag| match flag.split_once('=') {
            Some((key, value)) => draft.set(key.trim(), value, Origin::Flag).err(),
            None => Some(Problem::new("expected KEY=VALUE").at(format!("--set {flag}"))),
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
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

/// Plans, with all problems as an input error.
///
/// # Errors
/// See [`crate::plan::plan`].
pub fn plan(answers: &Answers, choices: &Choices) -> Result<Plan, Error> {
    let only: BTreeSet<Bundle> = choices.only.iter().copied().collect();
    crate::plan::plan(answers, &only).map_err(Error::Input)
}

/// `dockwright.toml` of a directory, read; `None` where there is none.
///
/// # Errors
/// A file that cannot be read, or its problems with their places.
pub fn document(directory: &Path) -> Result<Option<Vec<document::Entry>>, Error> {
    let path: PathBuf = directory.join(document::FILE);
    let source = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Io { action: "read", path, source }),
    };
    let shown = path.strip_prefix(".").unwrap_or(&path).display().to_string();
    let source = String::from_utf8(source)
        .map_err(|_| Error::input(Problem::new("the file is not UTF-8").at(shown.clone())))?;
    document::read(&shown, &source).map(Some).map_err(Error::Input)
}

/// What `init` found out and stored in the lock of a directory; `None` where
/// there is no lock, or one of a new service.
///
/// # Errors
/// A lock that cannot be read.
pub fn derived(directory: &Path) -> Result<Option<Derived>, Error> {
    let path = directory.join(".dockwright").join("lock.toml");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Io { action: "read", path, source }),
    };
    Derived::from_lock(&text).map_err(|message| {
        Error::input(
            Problem::new(message.trim().replace('\n', "; "))
                .at(path.strip_prefix(".").unwrap_or(&path).display().to_string())
                .help("`dockwright init` writes it anew"),
        )
    })
}
