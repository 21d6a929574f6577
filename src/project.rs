//! A repository that dockwright has written to: its `dockwright.toml`, its
//! lock, and the way from them to a plan. Nothing is detected again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::answers::document::{self, Entry};
use crate::answers::{Draft, Origin, Sources};
use crate::apply::bookkeeping::{LOCK, Lock};
use crate::error::{Error, Problem};
use crate::plan::outputs::Awaited;
use crate::plan::{Bundle, Plan};
use crate::policy::{self, Judged, Policy, Violation};
use crate::preset::{self, Places, Preset, Reference};
use crate::relpath::RelPath;
use crate::source::text;

/// A repository that dockwright has written to.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its directory.
    pub dir: PathBuf,
    /// `dockwright.toml`, as it stands there.
    pub text: String,
    /// What it says.
    pub entries: Vec<Entry>,
    /// What was written.
    pub lock: Lock,
}

impl Project {
    /// Reads a repository.
    ///
    /// # Errors
    /// A directory without a lock or a `dockwright.toml`, or with wrong ones.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let missing = |name: &str, help: &str| {
            let message = format!("{} has no {name}", dir.display());
            Error::input(Problem::new(message).help(help))
        };
        let Some(lock) = Lock::read(dir)? else {
            let help =
                "`dockwright init` adopts code that is there, `dockwright new` makes a service";
            return Err(missing(LOCK, help));
        };
        let Some((text, entries)) = document(dir)? else {
            return Err(missing(
                document::FILE,
                "restore it from version control: it says what was chosen",
            ));
        };
        Ok(Self { dir: dir.to_owned(), text, entries, lock })
    }

    /// The preset that it names.
    ///
    /// # Errors
    /// See [`named_preset`].
    pub fn reference(&self) -> Result<Reference, Error> {
        match Reference::of_entries(&self.entries).map_err(Error::input)? {
            Some(reference) => Ok(reference),
            None => Err(Error::input(
                Problem::new("no preset is named")
                    .at(document::FILE)
                    .help("preset = \"fastapi-uvicorn\", or one of your team"),
            )),
        }
    }
}

/// The name of a directory.
#[must_use]
pub fn directory_name(directory: &Path) -> Option<String> {
    let absolute = std::path::absolute(directory).ok()?;
    Some(absolute.file_name()?.to_string_lossy().into_owned())
}

/// `dockwright.toml` of a directory and what it says; `None` where there is
/// none.
///
/// # Errors
/// A file that cannot be read, or its problems with their places.
pub fn document(directory: &Path) -> Result<Option<(String, Vec<Entry>)>, Error> {
    let path = directory.join(document::FILE);
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        let problem = Problem::new("it is no plain file").at(path.display().to_string());
        return Err(Error::input(problem));
    }
    let source = match text::bytes(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Io { action: "read", path, source }),
    };
    let shown = path.strip_prefix(".").unwrap_or(&path).display().to_string();
    let source = String::from_utf8(source)
        .map_err(|_| Error::input(Problem::new("the file is not UTF-8").at(shown.clone())))?;
    let entries = document::read(&shown, &source).map_err(Error::Input)?;
    Ok(Some((source, entries)))
}

/// The preset that `dockwright.toml` names; `None` where it names none.
///
/// # Errors
/// An unknown preset, or one that cannot be read or fetched, with the place.
pub fn named_preset(
    entries: &[Entry],
    directory: &Path,
    lock: Option<&Lock>,
) -> Result<Option<Preset>, Error> {
    let Some(reference) = Reference::of_entries(entries).map_err(Error::input)? else {
        return Ok(None);
    };
    let place = entries.iter().find(|entry| entry.key == "preset").map(|e| e.place.to_string());
    open(&reference, directory, lock, &place.unwrap_or_default()).map(Some)
}

/// The preset of a reference that stands at a place.
///
/// # Errors
/// An unknown preset, or one that cannot be read or fetched.
pub fn open(
    reference: &Reference,
    directory: &Path,
    lock: Option<&Lock>,
    place: &str,
) -> Result<Preset, Error> {
    match reference {
        Reference::Builtin(name) => {
            preset::find(name).map_err(|problem| Error::input(problem.at(place)))
        }
        // What is read says where by itself.
        _ => preset::open(reference, &places(directory, lock)),
    }
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

/// What the directory itself says: its `dockwright.toml`, and what of its lock
/// goes on.
#[must_use]
pub fn sources<'a>(
    preset: &'a Preset,
    lock: Option<&'a Lock>,
    entries: &'a [Entry],
) -> Sources<'a> {
    Sources {
        sticky: lock.map(|lock| &lock.sticky),
        derived: lock.and_then(|lock| lock.derived.as_ref()),
        digests: lock.map(|lock| &lock.digest),
        alternates: lock.map(Lock::alternates).unwrap_or_default(),
        entries,
        ..Sources::of(preset)
    }
}

/// Plans, and holds answers and plan against what their preset requires.
///
/// # Errors
/// Answers that make no plan; every lock, floor and rule that does not hold.
pub fn plan(draft: &Draft, only: &BTreeSet<Bundle>) -> Result<Plan, Error> {
    let Judged { mut plan, violations, .. } = judge(draft, only).map_err(Error::Input)?;
    let (soft, hard): (Vec<_>, Vec<_>) =
        violations.iter().partition(|violation| violation.only_warns());
    if !hard.is_empty() {
        return Err(Error::Input(hard.into_iter().map(Violation::problem).collect()));
    }
    let until = |soft: &Violation| soft.requirement.warn_until.clone().unwrap_or_default();
    plan.warnings.extend(
        soft.iter().map(|soft| format!("{}; an error after {}", soft.problem(), until(soft))),
    );
    Ok(plan)
}

/// Takes back numbers that only the repository says and that do not go with the
/// others: what started there had another machine, and no limits. Gives why.
pub fn fit_found(draft: &mut Draft, only: &BTreeSet<Bundle>) -> Vec<String> {
    let keys = draft.found_numbers();
    if keys.is_empty() || judge(draft, only).is_ok() {
        return Vec::new();
    }
    let taken: Vec<_> =
        keys.into_iter().filter_map(|key| Some((draft.take_away(&key)?, key))).collect();
    // Something else is wrong, which is for somebody else to say.
    if judge(draft, only).is_err() {
        return Vec::new();
    }
    let mut notes = Vec::new();
    for (sourced, key) in taken {
        draft.give_back(&key, sourced.clone());
        let Err(problems) = judge(draft, only) else { continue };
        draft.take_away(&key);
        let why = problems.first().map(|own| own.message.clone()).unwrap_or_default();
        let Origin::Detected(lines) = &sourced.origin else { continue };
        if why.contains("no such number") {
            let line = lines.first().map(|line| format!("{} says {}", line.place(), line.text));
            notes.push(format!(
                "{}, which is not taken: {key} is no number of this stack",
                line.unwrap_or_default()
            ));
            continue;
        }
        let said = lines.first().map(|line| format!("{} says {}", line.place(), line.text));
        notes.push(format!(
            "{}, which is not taken: {why}; --set {key}={} takes it, together with what that asks for",
            said.unwrap_or_default(),
            sourced.value
        ));
    }
    notes
}

/// The same, and what does not hold is no error.
///
/// # Errors
/// Answers that make no plan.
pub fn judge<'a>(draft: &'a Draft, only: &BTreeSet<Bundle>) -> Result<Judged<'a>, Vec<Problem>> {
    let own = draft.preset().map(|preset| Policy::of(preset, &today())).unwrap_or_default();
    policy::judge(draft, only, &own, &[])
}

/// Files that those that are written name, and that are not there.
pub fn awaited<'a>(plan: &'a Plan, dir: &'a Path) -> impl Iterator<Item = &'a Awaited> {
    plan.awaited.iter().filter(|file| !file.path.below(dir).exists())
}

/// Names of files in one note.
const SHOWN: usize = 3;

/// What to say where nothing takes in GitLab's file of the pipeline: GitLab reads
/// `.gitlab-ci.yml` alone, and that is the repository's own.
#[must_use]
pub fn not_included(plan: &Plan, dir: &Path) -> Option<String> {
    const READ: &str = ".gitlab-ci.yml";
    let is = |usual: &str| plan.outputs.iter().find(|own| own.usual.as_str() == usual);
    let pipeline = is("deploy/ci/dockwright.gitlab-ci.yml")?;
    let there = text::of_file(&dir.join(READ));
    let is_included = there.as_ref().is_some_and(|text| text.contains(pipeline.path.as_str()));
    let is_written = there.is_none() && is(READ).is_some();
    (!is_included && !is_written).then(|| {
        format!(
            "GitLab reads {READ} alone, which has to hold: include: [{{ local: {} }}]",
            pipeline.path
        )
    })
}

/// What to say of each file that those that are written name, and that neither
/// is in `dir` nor gets written.
#[must_use]
pub fn missing(plan: &Plan, dir: &Path) -> Vec<String> {
    // One line for what names them, not one for each.
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for file in awaited(plan, dir) {
        let named = format!("{} {}", file.by, file.why);
        match lines.iter_mut().find(|(known, _)| *known == named) {
            Some((_, paths)) => paths.push(file.path.as_str()),
            None => lines.push((named, vec![file.path.as_str()])),
        }
    }
    let awaited = lines.into_iter().map(|(named, paths)| {
        let more = paths.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more files") } else { String::new() };
        let shown = paths.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
        format!("{named} {shown}{more}: --only leaves that out, and it is not there yet")
    });
    let written = |path: &RelPath| plan.outputs.iter().any(|output| output.path == *path);
    let ca = plan.answers.network.ca.iter().filter(|ca| !written(ca) && !ca.below(dir).is_file());
    let ca = ca.map(|ca| {
        format!(
            "network.ca: there is no {ca}; put the PEM bundle of your certificate authorities there before the first build"
        )
    });
    awaited.chain(ca).chain(not_included(plan, dir)).collect()
}

/// The day, as `YYYY-MM-DD` in UTC.
#[must_use]
pub fn today() -> String {
    day_of(std::time::SystemTime::now())
}

/// The day of a time; one that no calendar here reaches is the nearest day that
/// one does: a wrong clock is no reason to stop.
fn day_of(time: std::time::SystemTime) -> String {
    let nearest = match time < std::time::UNIX_EPOCH {
        true => jiff::Timestamp::MIN,
        false => jiff::Timestamp::MAX,
    };
    let stamp = jiff::Timestamp::try_from(time).unwrap_or(nearest);
    stamp.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::day_of;

    #[test]
    fn a_clock_out_of_range_has_the_nearest_day() {
        assert_eq!(day_of(UNIX_EPOCH), "1970-01-01");
        assert_eq!(day_of(UNIX_EPOCH + Duration::from_secs(1 << 60)), "9999-12-30");
    }
}
