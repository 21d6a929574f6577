//! Writing a new service: everything is made in a staging directory beside
//! the target, then moved into place at once.

use std::fs;
use std::path::{Path, PathBuf};

use crate::apply::bookkeeping::{self, DIRECTORY, FileEntry, Lock};
use crate::apply::records::{self, Record};
use crate::apply::staging::{Staging, write};
use crate::apply::{packages, secrets};
use crate::error::{Error, Problem};
use crate::plan::Plan;
use crate::plan::outputs::Content;
use crate::preset::Preset;
use crate::render::Rendered;

/// Refuses a target that holds anything but a `.git`.
///
/// # Errors
/// A file in the way, or a directory that is not empty, naming what is in it.
pub fn check_target(target: &Path) -> Result<(), Error> {
    let shown = target.display();
    let metadata = match fs::symlink_metadata(target) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::Io { action: "read", path: target.to_owned(), source }),
        Ok(metadata) => metadata,
    };
    if !metadata.is_dir() {
        return Err(Error::input(
            Problem::new(format!("{shown} is there and is no directory"))
                .help("name a directory that is missing or empty"),
        ));
    }
    let names = entries(target)?;
    let others: Vec<&String> = names.iter().filter(|name| *name != ".git").collect();
    if others.is_empty() {
        return Ok(());
    }
    let mut listed: Vec<&str> = others.iter().take(3).map(|name| name.as_str()).collect();
    if others.len() > 3 {
        listed.push("…");
    }
    Err(Error::input(
        Problem::new(format!("{shown} is not empty: it holds {}", listed.join(", ")))
            .help("`new` writes into a directory that is missing, empty or holds only .git"),
    ))
}

fn entries(directory: &Path) -> Result<Vec<String>, Error> {
    let failed = |source| Error::Io { action: "read", path: directory.to_owned(), source };
    let mut names = fs::read_dir(directory)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    names.sort();
    Ok(names)
}

/// Writes the service and returns the paths that were written, bookkeeping
/// left out.
///
/// # Errors
/// Nothing is left behind when anything fails: the target, a tool that makes
/// a lock file, the disk.
pub fn create(
    target: &Path,
    plan: &Plan,
    preset: &Preset,
    files: &[Rendered],
) -> Result<Vec<String>, Error> {
    check_target(target)?;
    let staging = Staging::beside(target)?;
    let mut written = Vec::new();
    for file in files {
        let path = file.output.path.below(staging.path());
        match &file.output.content {
            Content::Secrets => {
                let template = String::from_utf8_lossy(&file.bytes);
                let text = secrets::fill(&template, staging.path())?;
                write(&path, text.as_bytes(), file.output.mode)?;
            }
            _ => write(&path, &file.bytes, file.output.mode)?,
        }
        written.push(file.output.path.to_string());
    }
    let manager = plan.answers.package_manager;
    let named = |name: &str| files.iter().any(|file| file.output.path.as_str() == name);
    let described = named("pyproject.toml") || named("Pipfile");
    if described && let Some(lock_file) = packages::lock_file(manager) {
        packages::lock(manager, &plan.answers.python, staging.path())?;
        written.push(lock_file.to_owned());
        written.sort();
    }
    let lock = Lock::of(plan, preset, files.iter().map(FileEntry::clean).collect());
    let pristine = files.iter().filter(|file| bookkeeping::has_base(file.output.ownership));
    let pristine = pristine.map(|file| file.bytes.as_slice());
    for Record { path, bytes } in records::records(&lock, preset, pristine) {
        write(&staging.path().join(DIRECTORY).join(path), &bytes, 0o644)?;
    }
    staging.publish(|| publish(&staging, target))?;
    Ok(written)
}

/// Puts the staged tree in the target's place: with one rename where the
/// target is missing. Into a directory that is there, the entries are moved
/// one by one, and moved back when one of them fails.
fn publish(staging: &Staging, target: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io { action: "create", path: target.to_owned(), source };
    if target.exists() {
        return move_entries(staging.path(), target);
    }
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let made = parent.and_then(first_missing);
    let renamed = parent.map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // A temporary directory is made for its owner alone.
            fs::set_permissions(staging.path(), fs::Permissions::from_mode(0o755))?;
        }
        fs::rename(staging.path(), target)
    });
    renamed.map_err(|source| {
        if let Some(made) = made {
            let _ = fs::remove_dir_all(made);
        }
        failed(source)
    })
}

fn move_entries(staged: &Path, target: &Path) -> Result<(), Error> {
    let mut moved: Vec<(PathBuf, PathBuf)> = Vec::new();
    for name in entries(staged)? {
        let (from, to) = (staged.join(&name), target.join(&name));
        if let Err(source) = fs::rename(&from, &to) {
            for (from, to) in moved {
                let _ = fs::rename(to, from);
            }
            return Err(Error::Io { action: "write", path: to, source });
        }
        moved.push((from, to));
    }
    Ok(())
}

/// The topmost directory that making `target` will make.
fn first_missing(target: &Path) -> Option<PathBuf> {
    target
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
        .last()
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_with_only_git_is_accepted_and_one_with_a_file_is_not() {
        let directory = tempfile::tempdir().unwrap();
        assert!(check_target(&directory.path().join("missing/deep")).is_ok());
        fs::create_dir(directory.path().join(".git")).unwrap();
        assert!(check_target(directory.path()).is_ok());
        fs::write(directory.path().join("a.py"), "").unwrap();
        let error = check_target(directory.path()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("it holds a.py"), "{error}");
    }
}
