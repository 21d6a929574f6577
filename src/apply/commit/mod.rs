//! Making changes to a directory: all of them or none.
//!
//! Everything is written beside its place first; then each file is renamed
//! into place, and put back when one of them fails. An interrupt waits until
//! the renames are over; what a killed run leaves, the next one undoes.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::apply::change::{Action, Change};
use crate::apply::disk::{self, DiskState};
use crate::apply::exclusive::Held;
use crate::apply::staging::{self, Staging};
use crate::apply::{journal, system};
use crate::error::{Error, Problem};

/// How to undo what was already done.
enum Undo {
    RemoveFile(PathBuf),
    RemoveDirectory(PathBuf),
    PutBack { saved: PathBuf, to: PathBuf },
}

/// Makes the changes; gives the paths that are other ones afterwards.
///
/// # Errors
/// A path that changed since the changes were computed, an obstacle, or a
/// failed write. The directory is then as it was.
pub fn commit(held: &Held, changes: &[Change]) -> Result<Vec<String>, Error> {
    let root = held.root();
    refuse_obstacles(changes)?;
    let writing: Vec<&Change> = changes.iter().filter(|change| change.action.writes()).collect();
    if writing.is_empty() {
        return Ok(Vec::new());
    }
    let staging = Staging::inside(root)?;
    let mut staged = Vec::new();
    for (number, change) in writing.iter().enumerate() {
        staged.extend(stage(&staging, number, change)?);
    }
    staging.publish(|| {
        refuse_changed(root, &writing)?;
        for (number, change) in writing.iter().enumerate() {
            save(root, &staging, number, change)?;
        }
        journal::open(root, &staging, &writing, staged)?;
        let mut undo = Vec::new();
        place_all(root, &staging, &writing, &mut undo).inspect_err(|_| {
            if roll_back(undo).is_ok() {
                let _ = journal::close(&staging);
            } else {
                // What was there before is in it.
                staging.leave();
            }
        })
    })?;
    Ok(writing.iter().map(|change| change.path.to_string()).collect())
}

/// Refuses what cannot be written, before anything is.
///
/// # Errors
/// Every path that would be written and cannot be, together.
pub fn refuse_obstacles(changes: &[Change]) -> Result<(), Error> {
    let problems: Vec<Problem> = changes
        .iter()
        .filter(|change| change.action.writes())
        .filter_map(|change| match &change.expect {
            DiskState::Obstructed(obstacle) => {
                Some(Problem::new(format!("`{}` {obstacle}", change.path)).help(format!(
                    "move it away, or leave this file out: --set files.{}=off",
                    change.path
                )))
            }
            _ => None,
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}

/// Refuses files that are not to be written to, before one is: a file that takes
/// the place of another would not ask.
///
/// # Errors
/// The first of them.
pub fn refuse_read_only(root: &Path, changes: &[Change]) -> Result<(), Error> {
    let Some(locked) = changes.iter().find(|own| own.is_read_only()) else { return Ok(()) };
    let why = "it is read-only; nothing was written";
    let source = std::io::Error::new(std::io::ErrorKind::PermissionDenied, why);
    Err(Error::Io { action: "write", path: locked.path.below(root), source })
}

fn refuse_changed(root: &Path, changes: &[&Change]) -> Result<(), Error> {
    for change in changes {
        if disk::look(root, &change.path)? != change.expect {
            return Err(Error::Tool {
                message: format!(
                    "{} changed while it was being looked at; nothing was written",
                    change.path
                ),
                help: "run the command again".into(),
            });
        }
    }
    Ok(())
}

fn stage(staging: &Staging, number: usize, change: &Change) -> Result<Option<File>, Error> {
    let mode = match &change.expect {
        DiskState::File { mode, .. } => change.set_mode.unwrap_or(*mode),
        _ => change.mode,
    };
    match change.action {
        Action::Remove => Ok(None),
        _ => staging::write(&journal::fresh(staging.path(), number), &change.bytes, mode).map(Some),
    }
}

/// Saves the file that stands where another is going to: a link keeps the
/// very file, with owner and attributes.
fn save(root: &Path, staging: &Staging, number: usize, change: &Change) -> Result<(), Error> {
    if !matches!(change.expect, DiskState::File { .. }) {
        return Ok(());
    }
    let (from, to) = (change.path.below(root), journal::saved(staging.path(), number));
    system::link_or_copy(&from, &to).map_err(|source| Error::Io {
        action: "save",
        path: from,
        source,
    })
}

fn place_all(
    root: &Path,
    staging: &Staging,
    changes: &[&Change],
    undo: &mut Vec<Undo>,
) -> Result<(), Error> {
    for (number, change) in changes.iter().enumerate() {
        place(root, staging, number, change, undo)?;
    }
    journal::close(staging)
}

fn place(
    root: &Path,
    staging: &Staging,
    number: usize,
    change: &Change,
    undo: &mut Vec<Undo>,
) -> Result<(), Error> {
    let to = change.path.below(root);
    let failed = |source| Error::Io { action: "write", path: to.clone(), source };
    if change.action == Action::Remove {
        system::remove_file(&to).map_err(failed)?;
    } else {
        make_parents(root, &to, undo).map_err(failed)?;
        system::rename(&journal::fresh(staging.path(), number), &to).map_err(failed)?;
    }
    undo.push(if matches!(change.expect, DiskState::File { .. }) {
        Undo::PutBack { saved: journal::saved(staging.path(), number), to }
    } else {
        Undo::RemoveFile(to)
    });
    Ok(())
}

fn make_parents(root: &Path, path: &Path, undo: &mut Vec<Undo>) -> std::io::Result<()> {
    for parent in journal::missing_parents(root, path) {
        system::create_dir(&parent)?;
        undo.push(Undo::RemoveDirectory(parent));
    }
    Ok(())
}

/// Undoes as much as can be.
fn roll_back(undo: Vec<Undo>) -> std::io::Result<()> {
    let mut result = Ok(());
    for step in undo.into_iter().rev() {
        let undone = match step {
            Undo::RemoveFile(path) => system::remove_file(&path),
            Undo::RemoveDirectory(path) => system::remove_dir(&path),
            Undo::PutBack { saved, to } => system::rename(&saved, &to),
        };
        result = result.and(undone);
    }
    result
}

#[cfg(test)]
mod interruptions;
#[cfg(test)]
mod tests;
