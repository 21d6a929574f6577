//! From arguments and `dockwright.toml` to a draft of answers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::answers::{Answers, Draft, Origin, document};
use crate::apply::bookkeeping::Lock;
use crate::cli::Choices;
use crate::error::{Error, Problem};
use crate::plan::{Bundle, Plan};
use crate::preset::policy::Breach;
use crate::preset::{self, Places, Preset, Reference};

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
    preset::open(&reference, &places(directory, lock))
}

/// The preset that `dockwright.toml` names; `None` where it names none.
///
/// # Errors
/// See [`preset`], with the place.
pub fn named_preset(
    entries: &[document::Entry],
    directory: &Path,
    lock: Option<&Lock>,
) -> Result<Option<Preset>, Error> {
    let Some(reference) = Reference::of_entries(entries).map_err(Error::input)? else {
        return Ok(None);
    };
    if let Reference::Builtin(name) = &reference {
        let place = entries.iter().find(|entry| entry.key == "preset").map(|e| e.place.to_string());
        return preset::find(name)
            .map(Some)
            .map_err(|problem| Error::input(problem.at(place.unwrap_or_default())));
    }
    preset::open(&reference, &places(directory, lock)).map(Some)
}

/// Where presets are looked for from a directory.
#[must_use]
pub fn places(directory: &Path, lock: Option<&Lock>) -> Places {
    let cache = preset::git::usual_cache();
    match lock {
        Some(lock) => lock.places(directory, cache),
        None => Places { base: directory.to_owned(), cache, ..Places::default() },
    }
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

/// Plans, and holds the plan against what the preset demands.
///
/// # Errors
/// See [`crate::plan::plan`]; every floor and rule that does not hold.
pub fn plan(draft: &Draft, answers: &Answers, choices: &Choices) -> Result<Plan, Error> {
    let only: BTreeSet<Bundle> = choices.only.iter().copied().collect();
    let mut plan = crate::plan::plan(answers, &only).map_err(Error::Input)?;
    let breaches = draft.policy().broken_demands(draft, &plan, &today());
    let (soft, hard): (Vec<_>, Vec<_>) =
        breaches.iter().partition(|breach| breach.warn_until.is_some());
    if !hard.is_empty() {
        return Err(Error::Input(hard.into_iter().map(Breach::problem).collect()));
    }
    let until = |breach: &&Breach| breach.warn_until.clone().unwrap_or_default();
    plan.warnings.extend(
        soft.iter().map(|breach| format!("{}; an error after {}", breach.problem(), until(breach))),
    );
    Ok(plan)
}

/// The day, as `YYYY-MM-DD` in UTC.
#[must_use]
pub fn today() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
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
