//! A directory beside the target in which everything is made, so that the
//! target appears at once and complete, or not at all.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use crate::apply::{exclusive, system};
use crate::error::Error;

/// How the name of every staging directory begins.
pub const PREFIX: &str = ".dockwright-";

/// How the name of one beside a target begins: nobody else gives such a name.
pub const BESIDE: &str = ".dockwright-staged-";

/// What an interrupt must remove. A staging directory is removed when it is
/// dropped, but an interrupt ends the process without dropping anything.
static OPEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Read by whoever stages or publishes, so that many repositories can at
/// once; written by an interrupt, which waits for all of them and lets nobody
/// begin any more.
static AT_WORK: RwLock<()> = RwLock::new(());

/// How many staging directories were published.
static PUBLISHED: AtomicUsize = AtomicUsize::new(0);

/// Held for a step in a staging directory: an interrupt comes before it, or after it.
pub(super) fn at_work() -> RwLockReadGuard<'static, ()> {
    AT_WORK.read().unwrap_or_else(PoisonError::into_inner)
}

fn open() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A staging directory; gone when dropped, unless its content was moved away.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    stays: Cell<bool>,
    /// Tells other runs that it is in use, for as long as it lives.
    _mark: Option<File>,
}

impl Staging {
    /// Makes a staging directory on the file system of `target`: beside it,
    /// or beside its nearest ancestor that exists.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn beside(target: &Path) -> Result<Self, Error> {
        Self::made(above(target), BESIDE)
    }

    /// Makes a staging directory inside a directory that is there.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn inside(parent: &Path) -> Result<Self, Error> {
        Self::made(parent, PREFIX)
    }

    fn made(parent: &Path, prefix: &str) -> Result<Self, Error> {
        let failed = |source| Error::Io { action: "write in", path: parent.to_owned(), source };
        let _at_work = at_work();
        loop {
            let path = system::create_private_dir(parent, prefix).map_err(failed)?;
            match exclusive::mark(&path) {
                Ok(_mark) => {
                    open().insert(path.clone());
                    return Ok(Self { path, stays: Cell::new(false), _mark });
                }
                // Another run took it for one that was left, before it was marked.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => {
                    let _ = fs::remove_dir(&path);
                    return Err(failed(source));
                }
            }
        }
    }

    /// Does what brings the staged files into place; an interrupt waits until
    /// it is over, and then knows whether it happened.
    ///
    /// # Errors
    /// Those of `work`, which must have undone itself.
    pub fn publish(&self, work: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let _at_work = at_work();
        work()?;
        PUBLISHED.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Leaves it where it is, also after an interrupt: the next run needs it.
    pub fn leave(&self) {
        open().remove(&self.path);
        self.stays.set(true);
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // An interrupt finds the directory whole, or gone and forgotten.
        let _at_work = at_work();
        if !self.stays.get() {
            let _ = system::remove_dir_all(&self.path);
            open().remove(&self.path);
        }
    }
}

/// The nearest directory above a target that is there.
#[must_use]
pub fn above(target: &Path) -> &Path {
    let mut parents = target.ancestors().skip(1);
    let parent = parents.find(|parent| parent.as_os_str().is_empty() || parent.exists());
    parent.filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes what killed runs left beside a target; gives what that was. A directory of
/// another name or of somebody else, one that others may look into, and one whose run is
/// at work, or may be, stays.
#[must_use]
pub fn sweep(target: &Path) -> Vec<PathBuf> {
    let ended = system::private_dirs(above(target), BESIDE).into_iter().filter(|path| {
        let mark = exclusive::abandoned(path);
        mark.is_some() && system::remove_dir_all(path).is_ok()
    });
    ended.collect()
}

/// Removes what an interrupted command had staged; gives how many times
/// staged files were already in their places. For the interrupt handler:
/// waits for those that are on their way, and nothing can be staged
/// afterwards; whoever tries waits for the end of the process.
pub fn remove_open() -> usize {
    // Held until the process ends.
    std::mem::forget(AT_WORK.write().unwrap_or_else(PoisonError::into_inner));
    for path in std::mem::take(&mut *open()) {
        let _ = fs::remove_dir_all(path);
    }
    PUBLISHED.load(Ordering::SeqCst)
}

/// Writes a file that is not there yet, and the directories above it; gives
/// it, still open.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<File, Error> {
    let failed = |source| Error::Io { action: "write", path: path.to_owned(), source };
    // An interrupt must not remove the directory between two steps of this.
    let _at_work = at_work();
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    system::create_file(path, bytes, mode).map_err(failed)
}
