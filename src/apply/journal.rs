//! What a run that was killed between two renames leaves behind, and undoing
//! it: the staging directory holds the old files and a list of the steps until
//! the last file is in its place.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::apply::change::Change;
use crate::apply::disk::{self, DiskState};
use crate::apply::exclusive::Held;
use crate::apply::staging::{PREFIX, Staging};
use crate::error::Error;
use crate::relpath::RelPath;

const JOURNAL: &str = "journal.json";

/// One file that a run is putting in its place.
#[derive(Debug, Deserialize, Serialize)]
struct Step {
    path: String,
    /// Whether a file was there before, which is saved.
    was_there: bool,
}

/// Where the file that is going to stand somewhere waits.
#[must_use]
pub fn fresh(staging: &Path, number: usize) -> PathBuf {
    staging.join(format!("{number}.new"))
}

/// Where the file that stood there before is saved.
#[must_use]
pub fn saved(staging: &Path, number: usize) -> PathBuf {
    staging.join(format!("{number}.old"))
}

/// Writes down what is going to happen.
///
/// # Errors
/// When it cannot be written.
pub fn open(staging: &Staging, changes: &[&Change]) -> Result<(), Error> {
    let steps: Vec<Step> = changes
        .iter()
        .map(|change| Step {
            path: change.path.to_string(),
            was_there: matches!(change.expect, DiskState::File { .. }),
        })
        .collect();
    let path = staging.path().join(JOURNAL);
    let text = serde_json::to_string(&steps).expect("steps are text and switches");
    fs::write(&path, text).map_err(|source| Error::Io { action: "write", path, source })
}

/// Everything is in its place.
///
/// # Errors
/// When the journal cannot be removed: then the run counts as interrupted.
pub fn close(staging: &Staging) -> Result<(), Error> {
    let path = staging.path().join(JOURNAL);
    fs::remove_file(&path).map_err(|source| Error::Io { action: "write", path, source })
}

/// Undoes what killed runs left in a directory; gives the files that are what
/// they were again.
///
/// # Errors
/// A file that cannot be put back.
pub fn recover(held: &Held) -> Result<Vec<String>, Error> {
    let root = held.root();
    let mut undone = Vec::new();
    for left in left_behind(root) {
        if let Ok(text) = fs::read_to_string(left.join(JOURNAL)) {
            // A journal that was not written to its end comes before any step.
            let steps: Vec<Step> = serde_json::from_str(&text).unwrap_or_default();
            for (number, step) in steps.iter().enumerate().rev() {
                if undo(root, &left, number, step)? {
                    undone.push(step.path.clone());
                }
            }
        }
        fs::remove_dir_all(&left).map_err(|source| Error::Io {
            action: "remove",
            path: left,
            source,
        })?;
    }
    undone.sort();
    Ok(undone)
}

/// Puts back one file; false where it never got to its step.
fn undo(root: &Path, left: &Path, number: usize, step: &Step) -> Result<bool, Error> {
    let Ok(path) = RelPath::new(&step.path) else { return Ok(false) };
    if matches!(disk::look(root, &path)?, DiskState::Obstructed(_)) {
        return Ok(false);
    }
    let full = path.below(root);
    let failed = |source| Error::Io { action: "write", path: full.clone(), source };
    let moved = !fresh(left, number).exists();
    match fs::symlink_metadata(saved(left, number)) {
        Ok(_) if step.was_there && moved => {
            fs::rename(saved(left, number), &full).map_err(failed)?;
            Ok(true)
        }
        Err(_) if !step.was_there && moved => match fs::remove_file(&full) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
            _ => {
                // A directory that was only made for it is empty now.
                for parent in full.ancestors().skip(1).take_while(|parent| *parent != root) {
                    if fs::remove_dir(parent).is_err() {
                        break;
                    }
                }
                Ok(true)
            }
        },
        _ => Ok(false),
    }
}

/// Staging directories of this user alone: one from a checkout has other
/// permissions, and is not believed.
fn left_behind(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path())
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|metadata| is_private(&metadata)))
        .collect()
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.is_dir() && metadata.permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(metadata: &fs::Metadata) -> bool {
    metadata.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_journal_from_a_checkout_is_not_believed() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let planted = root.path().join(".dockwright-planted");
        fs::create_dir(&planted).unwrap();
        fs::set_permissions(&planted, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(planted.join(JOURNAL), r#"[{"path":"main.py","was_there":false}]"#).unwrap();
        fs::write(root.path().join("main.py"), "").unwrap();
        let held = Held::take(root.path(), &mut || {}).unwrap();
        assert!(recover(&held).unwrap().is_empty());
        assert!(root.path().join("main.py").exists() && planted.exists());
    }
}
