//! Reading the golden cases of a preset's directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::{Error, Problem, nearest};
use crate::preset::files::refuse_link;
use crate::preset_test::cases::{ANSWERS, Case, DIRECTORY, FILES, Golden, Outcome, REFUSED};
use crate::relpath::RelPath;
use crate::schema::entries;
use crate::source::text;

/// The golden cases of a preset, by name; none where there is no `cases/`.
///
/// # Errors
/// Directories that cannot be read; every case's problems, together.
pub fn all(preset: &Path) -> Result<Vec<Case>, Error> {
    let directory = preset.join(DIRECTORY);
    if directory.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    refuse_link(&directory)?;
    let mut cases = Vec::new();
    let mut problems = Vec::new();
    for name in names(&directory)? {
        let path = directory.join(&name);
        refuse_link(&path)?;
        if !path.is_dir() {
            let problem = Problem::new("a case is a directory").at(path.display().to_string());
            problems.push(problem.help(format!("{DIRECTORY}/NAME/{ANSWERS}")));
            continue;
        }
        let judged = RelPath::new(&name).map_err(|message| Error::input(Problem::new(message)));
        match judged.and_then(|_| case(name, &path)) {
            Ok(case) => cases.push(case),
            Err(Error::Input(more)) => problems.extend(more),
            Err(error) => return Err(error),
        }
    }
    if problems.is_empty() { Ok(cases) } else { Err(Error::Input(problems)) }
}

fn case(name: String, path: &Path) -> Result<Case, Error> {
    let shown = |name: &str| path.join(name).display().to_string();
    let known = [ANSWERS, FILES, REFUSED];
    let there = names(path)?;
    let mut problems: Vec<Problem> = there
        .iter()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| {
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("expected files stand in {FILES}/"),
            };
            Problem::new("this is no part of a case").at(shown(name)).help(help)
        })
        .collect();
    let has = |name: &str| there.iter().any(|there| there == name);
    if !has(ANSWERS) {
        let problem = Problem::new(format!("the case has no {ANSWERS}"));
        problems.push(
            problem
                .at(path.display().to_string())
                .help("it may be empty: the preset's defaults are then the case"),
        );
        return Err(Error::Input(problems));
    }
    if has(FILES) && has(REFUSED) {
        let message = format!("a case has {FILES}/ or {REFUSED}, not both");
        problems.push(Problem::new(message).at(path.display().to_string()));
    }
    let answers = answers(&path.join(ANSWERS), &mut problems)?;
    let golden = if has(REFUSED) {
        Outcome::Refused(text(&path.join(REFUSED))?.replace("\r\n", "\n"))
    } else {
        let mut files = BTreeMap::new();
        if has(FILES) {
            collect(&path.join(FILES), "", &mut files)?;
        }
        Outcome::Files(files)
    };
    if problems.is_empty() {
        Ok(Case { name, answers, golden })
    } else {
        Err(Error::Input(problems))
    }
}

fn answers(path: &Path, problems: &mut Vec<Problem>) -> Result<Vec<entries::Entry>, Error> {
    let entries = match entries::read(&path.display().to_string(), &text(path)?) {
        Ok(entries) => entries,
        Err(more) => {
            problems.extend(more);
            Vec::new()
        }
    };
    for entry in entries.iter().filter(|e| e.key == "preset" || e.key.starts_with("preset.")) {
        let problem = Problem::new("a case names no preset: it is a case of this one");
        problems.push(problem.at(entry.place.to_string()).help("leave the line out"));
    }
    Ok(entries)
}

fn text(path: &Path) -> Result<String, Error> {
    refuse_link(path)?;
    let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
    String::from_utf8(text::bytes(path).map_err(failed)?).map_err(|_| {
        Error::input(Problem::new("the file is not UTF-8").at(path.display().to_string()))
    })
}

fn collect(base: &Path, below: &str, files: &mut BTreeMap<RelPath, Golden>) -> Result<(), Error> {
    for name in names(&base.join(below))? {
        let relative = if below.is_empty() { name } else { format!("{below}/{name}") };
        let path = base.join(&relative);
        refuse_link(&path)?;
        if path.is_dir() {
            collect(base, &relative, files)?;
            continue;
        }
        let failed = |source| Error::Io { action: "read", path: path.clone(), source };
        let bytes = text::bytes(&path).map_err(failed)?;
        let relative = RelPath::new(&relative).map_err(|message| {
            Error::input(Problem::new(message).at(base.display().to_string()))
        })?;
        files.insert(relative, Golden { bytes, executable: executable(&path) });
    }
    Ok(())
}

#[cfg(unix)]
fn executable(path: &Path) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(fs::metadata(path).ok()?.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Option<bool> {
    None
}

/// The names in a directory, sorted; Finder's and editors' leavings are none.
fn names(directory: &Path) -> Result<Vec<String>, Error> {
    let failed = |source| Error::Io { action: "read", path: directory.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let Some(name) = name.to_str() else {
            let message = format!("{} holds a name that is not UTF-8", directory.display());
            return Err(Error::input(Problem::new(message)));
        };
        if name != ".DS_Store" {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}
