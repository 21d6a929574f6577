//! Writing a new service: everything is made in a staging directory beside
//! the target, then moved into place at once.

use std::fs;
use std::path::{Path, PathBuf};

use crate::apply::bookkeeping::{self, DIRECTORY, FileEntry, Lock};
use crate::apply::change::Change;
use crate::apply::commit::commit;
use crate::apply::disk::{self, DiskState};
use crate::apply::exclusive::Held;
use crate::apply::records::{self, Record};
use crate::apply::staging::{PREFIX, Staging, write};
use crate::apply::{packages, secrets, system};
use crate::error::{Error, Problem};
use crate::plan::Plan;
use crate::plan::outputs::Content;
use crate::preset::Preset;
use crate::relpath::RelPath;
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
/// left out. `held` is the target's lock, where the target is there.
///
/// # Errors
/// Nothing is left behind when anything fails: the target, a tool that makes
/// a lock file, the disk.
pub fn create(
    target: &Path,
    held: Option<&Held>,
    plan: &Plan,
    preset: &Preset,
    files: &[Rendered],
) -> Result<Vec<String>, Error> {
    check_target(target)?;
    let staging = match held {
        Some(_) => Staging::inside(target)?,
        None => Staging::beside(target)?,
    };
    let mut written = stage(&staging, plan, files)?;
    let secrets = secret(&staging, files)?;
    let lock = Lock::of(plan, preset, files.iter().map(FileEntry::clean).collect());
    let pristine = files.iter().filter(|file| bookkeeping::has_base(file.output.ownership));
    let pristine = pristine.map(|file| file.bytes.as_slice());
    for Record { path, bytes } in records::records(&lock, preset, pristine) {
        write(&staging.path().join(DIRECTORY).join(path), &bytes, 0o644)?;
    }
    match held {
        Some(held) => move_files(&staging, held, &secrets)?,
        None => staging.publish(|| {
            publish(&staging, target)?;
            keep(target, &secrets).inspect_err(|_| drop(fs::rename(target, staging.path())))
        })?,
    }
    written.sort();
    Ok(written)
}

/// Makes a tree in `target`, which is there whole or not at all: `fill`
/// writes it into a directory of its own. `held` is the target's lock, where
/// the target is there.
///
/// # Errors
/// A target that holds something; whatever stops `fill`.
pub fn tree(
    target: &Path,
    held: Option<&Held>,
    fill: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    check_target(target)?;
    let staging = match held {
        Some(_) => Staging::inside(target)?,
        None => Staging::beside(target)?,
    };
    fill(staging.path())?;
    match held {
        Some(held) => move_files(&staging, held, &[]),
        None => staging.publish(|| publish(&staging, target)),
    }
}

fn stage(staging: &Staging, plan: &Plan, files: &[Rendered]) -> Result<Vec<String>, Error> {
    let mut written = Vec::new();
    for file in files {
        if file.output.content != Content::Secrets {
            let path = file.output.path.below(staging.path());
            drop(write(&path, &file.bytes, file.output.mode)?);
        }
        written.push(file.output.path.to_string());
    }
    let manager = plan.answers.package_manager;
    let named = |name: &str| files.iter().any(|file| file.output.path.as_str() == name);
    let described = named("pyproject.toml") || named("Pipfile");
    if described && let Some(lock_file) = packages::lock_file(manager) {
        packages::lock(manager, &plan.answers.python, staging.path())?;
        written.push(lock_file.to_owned());
    }
    Ok(written)
}

/// The files with passwords. They are never staged beside a target: what a killed run
/// leaves there, nobody looks after.
fn secret(staging: &Staging, files: &[Rendered]) -> Result<Vec<Secret>, Error> {
    let files = files.iter().filter(|file| file.output.content == Content::Secrets);
    let fill = |file: &Rendered| {
        let template = String::from_utf8_lossy(&file.bytes);
        let text = secrets::fill(&template, staging.path())?;
        Ok(Secret { path: file.output.path.clone(), text, mode: file.output.mode })
    };
    files.map(fill).collect()
}

/// A file with passwords in it, not written yet.
struct Secret {
    path: RelPath,
    text: String,
    mode: u32,
}

/// Writes the files with passwords into a target that is in its place, each whole or
/// not at all. What a kill leaves of them, the next command in the target removes.
fn keep(target: &Path, secrets: &[Secret]) -> Result<(), Error> {
    for Secret { path, text, mode } in secrets {
        let to = path.below(target);
        let make = || {
            let aside = system::create_private_dir(target, PREFIX)?;
            let placed = system::create_file(&aside.join("0"), text.as_bytes(), *mode)
                .and_then(|_| to.parent().map_or(Ok(()), fs::create_dir_all))
                .and_then(|()| system::rename(&aside.join("0"), &to));
            let removed = system::remove_dir_all(&aside);
            placed.and(removed)
        };
        make().map_err(|source| Error::Io { action: "write", path: to.clone(), source })?;
    }
    Ok(())
}

/// Puts the staged tree in the place of a target that is missing, with one
/// rename.
fn publish(staging: &Staging, target: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io { action: "create", path: target.to_owned(), source };
    // It may be there by now.
    check_target(target)?;
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let made = parent.map_or_else(Vec::new, missing);
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
        for parent in made {
            // Another run may have put its own there.
            let _ = fs::remove_dir(parent);
        }
        failed(source)
    })
}

/// Brings the staged files into a directory that is there: all or none, also
/// where the run is killed in between.
fn move_files(staging: &Staging, held: &Held, secrets: &[Secret]) -> Result<(), Error> {
    let mut changes = Vec::new();
    for path in staged_files(staging.path(), "")? {
        let DiskState::File { bytes, mode } = disk::look(staging.path(), &path)? else { continue };
        let expect = disk::look(held.root(), &path)?;
        changes.push(Change::write(path, expect, bytes, mode));
    }
    for Secret { path, text, mode } in secrets {
        let expect = disk::look(held.root(), path)?;
        changes.push(Change::write(path.clone(), expect, text.clone().into_bytes(), *mode));
    }
    commit(held, &changes).map(drop)
}

fn staged_files(staging: &Path, below: &str) -> Result<Vec<RelPath>, Error> {
    let mut files = Vec::new();
    for name in entries(&staging.join(below))? {
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if staging.join(&path).is_dir() {
            files.append(&mut staged_files(staging, &path)?);
        } else {
            files.push(
                RelPath::new(&path)
                    .map_err(|message| Error::Template { template: path, message })?,
            );
        }
    }
    Ok(files)
}

/// The directories that making `target` will make, the lowest first.
fn missing(target: &Path) -> Vec<PathBuf> {
    let parents = target.ancestors();
    let missing = parents.take_while(|path| !path.as_os_str().is_empty() && !path.exists());
    missing.map(Path::to_owned).collect()
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
