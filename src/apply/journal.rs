//! What a run that was killed between two renames leaves behind, and undoing
//! it: the staging directory holds the old files and a list of the steps until
//! the last file is in its place.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::apply::change::{Action, Change};
use crate::apply::disk::{self, DiskState};
use crate::apply::exclusive::{self, Held};
use crate::apply::staging::{PREFIX, Staging};
use crate::apply::system;
use crate::digest::hash;
use crate::error::Error;
use crate::relpath::RelPath;
use crate::source::{path, text};

const JOURNAL: &str = "journal.json";

/// One file that a run is putting in its place.
#[derive(Debug, Deserialize, Serialize)]
struct Step {
    path: String,
    /// Whether a file was there before, which is saved.
    was_there: bool,
    /// Hash of the file that is going to be there; none where it is removed.
    new: Option<String>,
    /// Directories that are made for it, topmost first.
    made: Vec<String>,
}

/// What became of what a killed run left.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Files that are what they were before it.
    pub undone: Vec<String>,
    /// Files that somebody changed after it, which stay as they are.
    pub edited: Vec<String>,
}

impl Recovered {
    /// What to say of it, where anything was left.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        let mut parts = Vec::new();
        if !self.undone.is_empty() {
            parts.push(format!("these are what they were before it: {}", self.undone.join(", ")));
        }
        if !self.edited.is_empty() {
            parts.push(format!(
                "these changed after it and stay as they are, what stood there before it is beside them as *{BESIDE}: {}",
                self.edited.join(", ")
            ));
        }
        (!parts.is_empty()).then(|| format!("an earlier run was killed; {}", parts.join("; ")))
    }
}

/// How the name of an old file ends that cannot be put back in its place.
const BESIDE: &str = ".before-dockwright";

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

/// The directories above a path that are not there, topmost first.
#[must_use]
pub fn missing_parents(root: &Path, path: &Path) -> Vec<PathBuf> {
    let above = path.ancestors().skip(1);
    let mut missing: Vec<PathBuf> = above
        .take_while(|parent| *parent != root && !parent.exists())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

/// Writes down what is going to happen, and waits until that and the staged
/// files are on the disk.
///
/// # Errors
/// When it cannot be written.
pub fn open(
    root: &Path,
    staging: &Staging,
    changes: &[&Change],
    staged: Vec<File>,
) -> Result<(), Error> {
    let mut made: Vec<PathBuf> = Vec::new();
    let mut steps = Vec::new();
    for change in changes {
        let mut missing = missing_parents(root, &change.path.below(root));
        missing.retain(|parent| !made.contains(parent));
        let relative = missing.iter().filter_map(|parent| parent.strip_prefix(root).ok());
        steps.push(Step {
            path: change.path.to_string(),
            was_there: matches!(change.expect, DiskState::File { .. }),
            new: (change.action != Action::Remove).then(|| hash(&change.bytes)),
            made: relative.map(path::portable).collect(),
        });
        made.append(&mut missing);
    }
    let path = staging.path().join(JOURNAL);
    let text = serde_json::to_string(&steps).expect("steps are text and switches");
    let failed = |source| Error::Io { action: "write", path: path.clone(), source };
    let journal = system::create_file(&path, text.as_bytes(), 0o600).map_err(failed)?;
    settle(staging.path(), &staged, &journal).map_err(failed)
}

/// After a power loss a rename can be on the disk and what was renamed not.
/// Waiting once for everything makes the disk as whole as a kill does: before
/// the first rename the old files and this journal are there, and a file that
/// is in its place has its content. That costs one write of the file system's
/// own journal whatever the number of files, as all are written by then.
fn settle(staging: &Path, staged: &[File], journal: &File) -> io::Result<()> {
    for file in staged {
        system::sync(file)?;
    }
    system::sync(journal)?;
    #[cfg(unix)]
    system::sync(&File::open(staging)?)?;
    #[cfg(not(unix))]
    let _ = staging;
    Ok(())
}

/// Everything is in its place.
///
/// # Errors
/// When the journal cannot be removed: then the run counts as interrupted.
pub fn close(staging: &Staging) -> Result<(), Error> {
    let path = staging.path().join(JOURNAL);
    system::remove_file(&path).map_err(|source| Error::Io { action: "write", path, source })
}

/// Whether a run of before, or one that is at work, has steps left to undo.
#[must_use]
pub fn is_open(root: &Path) -> bool {
    system::private_dirs(root, PREFIX).iter().any(|left| left.join(JOURNAL).is_file())
}

/// Undoes what killed runs left in a directory.
///
/// # Errors
/// A file that cannot be put back.
pub fn recover(held: &Held) -> Result<Recovered, Error> {
    let root = held.root();
    let mut recovered = Recovered::default();
    let all = system::private_dirs(root, PREFIX).into_iter();
    // A service that another run is making in here is that run's.
    for left in all.filter(|left| !exclusive::is_marked(left)) {
        let journal = left.join(JOURNAL);
        if let Some(text) = text::of_file(&journal) {
            // A journal that was not written to its end comes before any step.
            let steps: Vec<Step> = serde_json::from_str(&text).unwrap_or_default();
            for (number, step) in steps.iter().enumerate().rev() {
                match undo(root, &left, number, step)? {
                    Undone::Nothing => {}
                    Undone::PutBack => recovered.undone.push(step.path.clone()),
                    Undone::Edited => recovered.edited.push(step.path.clone()),
                }
            }
            // First, so that what is left without it is only to be removed.
            system::remove_file(&journal).map_err(|source| Error::Io {
                action: "remove",
                path: journal,
                source,
            })?;
        }
        system::remove_dir_all(&left).map_err(|source| Error::Io {
            action: "remove",
            path: left,
            source,
        })?;
    }
    recovered.undone.sort();
    recovered.edited.sort();
    Ok(recovered)
}

enum Undone {
    Nothing,
    PutBack,
    Edited,
}

/// Puts back one file, as often as it is asked to: a recovery can be killed
/// as well.
fn undo(root: &Path, left: &Path, number: usize, step: &Step) -> Result<Undone, Error> {
    let Ok(path) = RelPath::new(&step.path) else { return Ok(Undone::Nothing) };
    let full = path.below(root);
    let failed = |source| Error::Io { action: "write", path: full.clone(), source };
    let there = match disk::look(root, &path)? {
        DiskState::Obstructed(_) => return Ok(Undone::Edited),
        state => state.bytes().map(hash),
    };
    let (fresh, saved) = (fresh(left, number), saved(left, number));
    let is_ours = there == step.new;
    let old = text::bytes(&saved).ok().map(|bytes| hash(&bytes));
    let undone = if step.new.is_some() && fresh.exists() {
        // Its turn never came.
        Undone::Nothing
    } else if step.was_there {
        match &old {
            None => Undone::Nothing,
            Some(_) if is_ours || there.is_none() => {
                if let Some(parent) = full.parent() {
                    fs::create_dir_all(parent).map_err(failed)?;
                }
                system::rename(&saved, &full).map_err(failed)?;
                Undone::PutBack
            }
            Some(_) if there == old => Undone::Nothing,
            Some(_) => {
                system::rename(&saved, &free_name(&full)).map_err(failed)?;
                Undone::Edited
            }
        }
    } else if there.is_none() {
        Undone::Nothing
    } else if is_ours {
        system::remove_file(&full).map_err(failed)?;
        Undone::PutBack
    } else {
        Undone::Edited
    };
    unmake(root, &step.made).map_err(failed)?;
    Ok(undone)
}

/// A name beside a file that nothing has.
fn free_name(path: &Path) -> PathBuf {
    let named = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let numbered = (2..).map(|number| named(&format!("{BESIDE}-{number}")));
    let mut names = std::iter::once(named(BESIDE)).chain(numbered);
    names.find(|name| fs::symlink_metadata(name).is_err()).expect("names have no end")
}

/// Removes the directories that were made for a file, unless somebody uses
/// them by now.
fn unmake(root: &Path, made: &[String]) -> io::Result<()> {
    for parent in made.iter().rev() {
        let Ok(parent) = RelPath::new(parent) else { continue };
        match system::remove_dir(&parent.below(root)) {
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty | ErrorKind::NotADirectory
                ) =>
            {
                return Err(error);
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_journal_from_a_checkout_is_not_believed() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let planted = root.path().join(".dockwright-planted");
        fs::create_dir(&planted).unwrap();
        fs::set_permissions(&planted, fs::Permissions::from_mode(0o755)).unwrap();
        let step = Step {
            path: "main.py".into(),
            was_there: false,
            new: Some(hash(b"")),
            made: Vec::new(),
        };
        fs::write(planted.join(JOURNAL), serde_json::to_string(&[step]).unwrap()).unwrap();
        fs::write(root.path().join("main.py"), "").unwrap();
        let held = Held::take(root.path(), &mut || {}).unwrap();
        assert_eq!(recover(&held).unwrap(), Recovered::default());
        assert!(root.path().join("main.py").exists() && planted.exists());
    }
}
