//! Making changes to a directory: all of them or none.
//!
//! Everything is written beside its place first; then each file is renamed
//! into place, and put back when one of them fails. An interrupt waits until
//! the renames are over; what a killed run leaves, the next one undoes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::apply::change::{Action, Change};
use crate::apply::disk::{self, DiskState};
use crate::apply::exclusive::Held;
use crate::apply::journal;
use crate::apply::staging::{self, Staging};
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
    for (number, change) in writing.iter().enumerate() {
        stage(&staging, number, change)?;
    }
    staging.publish(|| {
        refuse_changed(root, &writing)?;
        for (number, change) in writing.iter().enumerate() {
            save(root, &staging, number, change)?;
        }
        journal::open(&staging, &writing)?;
        let mut undo = Vec::new();
        for (number, change) in writing.iter().enumerate() {
            if let Err(error) = place(root, &staging, number, change, &mut undo) {
                roll_back(undo);
                return Err(error);
            }
        }
        journal::close(&staging).inspect_err(|_| roll_back(undo))
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

fn stage(staging: &Staging, number: usize, change: &Change) -> Result<(), Error> {
    let mode = match &change.expect {
        DiskState::File { mode, .. } => *mode,
        _ => change.mode,
    };
    match change.action {
        Action::Remove => Ok(()),
        _ => staging::write(&journal::fresh(staging.path(), number), &change.bytes, mode),
    }
}

/// Saves the file that stands where another is going to.
fn save(root: &Path, staging: &Staging, number: usize, change: &Change) -> Result<(), Error> {
    if !matches!(change.expect, DiskState::File { .. }) {
        return Ok(());
    }
    let (from, to) = (change.path.below(root), journal::saved(staging.path(), number));
    // A link keeps the very file, with owner and attributes; not every file
    // system has links.
    fs::hard_link(&from, &to)
        .or_else(|_| fs::copy(&from, &to).map(drop))
        .map_err(|source| Error::Io { action: "read", path: from, source })
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
    if matches!(change.expect, DiskState::File { .. }) {
        let saved = journal::saved(staging.path(), number);
        undo.push(Undo::PutBack { saved, to: to.clone() });
    } else {
        make_parents(root, &to, undo).map_err(failed)?;
        undo.push(Undo::RemoveFile(to.clone()));
    }
    match change.action {
        Action::Remove => fs::remove_file(&to).map_err(failed),
        _ => fs::rename(journal::fresh(staging.path(), number), &to).map_err(failed),
    }
}

fn make_parents(root: &Path, path: &Path, undo: &mut Vec<Undo>) -> std::io::Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().skip(1).take_while(|parent| *parent != root && !parent.exists()).collect();
    for parent in missing.into_iter().rev() {
        fs::create_dir(parent)?;
        undo.push(Undo::RemoveDirectory(parent.to_owned()));
    }
    Ok(())
}

fn roll_back(undo: Vec<Undo>) {
    for step in undo.into_iter().rev() {
        // There is nobody left to tell: the first failure is what is reported.
        let _ = match step {
            Undo::RemoveFile(path) => fs::remove_file(path),
            Undo::RemoveDirectory(path) => fs::remove_dir(path),
            Undo::PutBack { saved, to } => fs::rename(saved, to),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relpath::RelPath;

    fn change(root: &Path, path: &str, text: &str) -> Change {
        let path = RelPath::new(path).unwrap();
        let expect = disk::look(root, &path).unwrap();
        Change::write(path, expect, text.into(), 0o644)
    }

    fn held(root: &Path) -> Held {
        Held::take(root, &mut || {}).unwrap()
    }

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_changed_meanwhile_stops_everything() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("b"), "old").unwrap();
        let changes = [change(root.path(), "a", "new"), change(root.path(), "b", "new")];
        fs::write(root.path().join("b"), "edited").unwrap();
        let error = commit(&held(root.path()), &changes).unwrap_err();
        assert!(error.to_string().contains("b changed"), "{error}");
        assert_eq!(names(root.path()), ["b"]);
    }

    #[test]
    fn a_failure_in_the_middle_puts_everything_back() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), "old").unwrap();
        let mut last = change(root.path(), "z", "new");
        // A name no file system takes makes the last rename fail.
        last.path = RelPath::new(&"z".repeat(300)).unwrap();
        last.expect = DiskState::Absent;
        let changes =
            [change(root.path(), "a", "new"), change(root.path(), "deep/er/b", "new"), last];
        let writing: Vec<&Change> = changes.iter().collect();
        let staging = Staging::inside(root.path()).unwrap();
        for (number, change) in writing.iter().enumerate() {
            stage(&staging, number, change).unwrap();
            save(root.path(), &staging, number, change).unwrap();
        }
        let mut undo = Vec::new();
        let placed: Vec<bool> = writing
            .iter()
            .enumerate()
            .map(|(number, change)| place(root.path(), &staging, number, change, &mut undo).is_ok())
            .collect();
        assert_eq!(placed, [true, true, false]);
        assert_eq!(fs::read_to_string(root.path().join("a")).unwrap(), "new");
        roll_back(undo);
        drop(staging);
        assert_eq!(fs::read_to_string(root.path().join("a")).unwrap(), "old");
        assert_eq!(names(root.path()), ["a"]);
    }

    #[test]
    fn what_a_killed_run_left_is_undone() {
        for done in 0..=3 {
            let root = tempfile::tempdir().unwrap();
            fs::write(root.path().join("a"), "old").unwrap();
            let changes = [
                change(root.path(), "a", "new"),
                change(root.path(), "deep/er/b", "new"),
                change(root.path(), "c", "new"),
            ];
            let writing: Vec<&Change> = changes.iter().collect();
            let staging = Staging::inside(root.path()).unwrap();
            for (number, change) in writing.iter().enumerate() {
                stage(&staging, number, change).unwrap();
                save(root.path(), &staging, number, change).unwrap();
            }
            journal::open(&staging, &writing).unwrap();
            for (number, change) in writing.iter().enumerate().take(done) {
                place(root.path(), &staging, number, change, &mut Vec::new()).unwrap();
            }
            // A killed process drops nothing.
            std::mem::forget(staging);
            assert_eq!(journal::recover(&held(root.path())).unwrap().len(), done);
            assert_eq!(names(root.path()), ["a"], "after {done} steps");
            assert_eq!(fs::read_to_string(root.path().join("a")).unwrap(), "old");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("entrypoint.sh");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        commit(&held(root.path()), &[change(root.path(), "entrypoint.sh", "new")]).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(root.path()), ["entrypoint.sh"]);
    }
}
