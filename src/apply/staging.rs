//! A directory beside the target in which everything is made, so that the
//! target appears at once and complete, or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;

use crate::error::Error;

/// What an interrupt must remove. A `TempDir` removes itself when it is
/// dropped, but an interrupt ends the process without dropping anything.
static OPEN: Mutex<Option<PathBuf>> = Mutex::new(None);

/// A staging directory; gone when dropped, unless its content was moved away.
#[derive(Debug)]
pub struct Staging {
    directory: TempDir,
}

impl Staging {
    /// Makes a staging directory on the file system of `target`: beside it,
    /// or beside its nearest ancestor that exists.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn beside(target: &Path) -> Result<Self, Error> {
        let mut parent = target.parent().unwrap_or(Path::new("."));
        while !parent.as_os_str().is_empty() && !parent.exists() {
            parent = parent.parent().unwrap_or(Path::new("."));
        }
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let directory = tempfile::Builder::new()
            .prefix(".dockwright-")
            .tempdir_in(parent)
            .map_err(|source| Error::Io { action: "write in", path: parent.to_owned(), source })?;
        *OPEN.lock().expect("no holder panics") = Some(directory.path().to_owned());
        Ok(Self { directory })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        *OPEN.lock().expect("no holder panics") = None;
    }
}

/// Removes what an interrupted command had staged. For the interrupt handler.
pub fn remove_open() {
    if let Ok(mut open) = OPEN.lock()
        && let Some(path) = open.take()
    {
        let _ = fs::remove_dir_all(path);
    }
}
