//! One run at a time per repository: a lock that the system gives back when
//! its holder ends, however it ends.
//!
//! Whoever may write takes it before reading what is there, and keeps it to
//! the end: what was compared is then what is written over, and what an
//! interrupted run left is never taken for one that is still at work.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::source::path::canonical;

/// The right to write in a repository, for as long as it lives.
#[derive(Debug)]
pub struct Held {
    root: PathBuf,
    _lock: File,
}

impl Held {
    /// Takes the lock of a repository. Where another run has it, calls
    /// `on_wait` once and waits for that run's end.
    ///
    /// # Errors
    /// When the directory cannot be opened, or nothing there can be locked.
    pub fn take(root: &Path, on_wait: &mut dyn FnMut()) -> Result<Self, Error> {
        let failed = |source| Error::Io { action: "lock", path: root.to_owned(), source };
        let mut said = false;
        loop {
            let mut wait = || {
                if !std::mem::replace(&mut said, true) {
                    on_wait();
                }
            };
            let file = match open_directory(root).and_then(|file| lock(file, &mut wait)) {
                Err(error) if has_no_lock(&error) => {
                    lock(stand_in(root).map_err(failed)?, &mut wait).map_err(failed)?
                }
                Err(source) => return Err(failed(source)),
                Ok(directory) if is_still(root, &directory) => directory,
                // While this run waited, another directory took its place.
                Ok(_) => continue,
            };
            return Ok(Self { root: root.to_owned(), _lock: file });
        }
    }

    /// The repository, as it was named.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// The lock of a directory that this run made, until the file is closed: it tells
/// others that the directory is in use. `None` where its file system has no such locks.
///
/// # Errors
/// `NotFound` where somebody took the directory away before.
pub fn mark(directory: &Path) -> io::Result<Option<File>> {
    match open_directory(directory).and_then(|file| lock(file, &mut || {})) {
        Err(error) if has_no_lock(&error) => Ok(None),
        Ok(file) if is_still(directory, &file) => Ok(Some(file)),
        Ok(_) => Err(ErrorKind::NotFound.into()),
        Err(error) => Err(error),
    }
}

/// Whether the run that made a directory is at work in it.
#[must_use]
pub fn is_marked(directory: &Path) -> bool {
    open_directory(directory)
        .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The lock of a directory whose maker has ended; `None` where it is at work, and where
/// nobody can tell.
#[must_use]
pub fn abandoned(directory: &Path) -> Option<File> {
    let file = open_directory(directory).ok()?;
    file.try_lock().ok()?;
    is_still(directory, &file).then_some(file)
}

fn lock(file: File, on_wait: &mut dyn FnMut()) -> io::Result<File> {
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => on_wait(),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.map(|()| file),
        }
    }
}

#[cfg(unix)]
fn open_directory(root: &Path) -> io::Result<File> {
    File::open(root)
}

#[cfg(not(unix))]
fn open_directory(root: &Path) -> io::Result<File> {
    std::fs::metadata(root)?;
    Err(ErrorKind::Unsupported.into())
}

/// Network file systems lock only what is open for writing, which a directory
/// never is, or nothing at all.
fn has_no_lock(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let code = error.raw_os_error();
        let without = [Errno::BADF, Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL];
        without.iter().any(|errno| code == Some(errno.raw_os_error()))
    }
    #[cfg(not(unix))]
    {
        error.kind() == ErrorKind::Unsupported
    }
}

/// A file of this user's that stands for a directory without a lock: never
/// inside the repository, where git would see it.
fn stand_in(root: &Path) -> io::Result<File> {
    let path = std::path::absolute(canonical(root)?)?;
    let key = crate::digest::hash(path.as_os_str().as_encoded_bytes());
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    let user = {
        use std::os::unix::fs::OpenOptionsExt as _;
        // The directory is everybody's: a link that somebody put there is not
        // followed.
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as _);
        rustix::process::getuid().as_raw()
    };
    #[cfg(not(unix))]
    let user = 0;
    options.open(std::env::temp_dir().join(format!("dockwright-{user}-{}.lock", &key[..32])))
}

#[cfg(unix)]
fn is_still(root: &Path, directory: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (std::fs::metadata(root), directory.metadata()) {
        (Ok(now), Ok(then)) => identity(now) == identity(then),
        // Opening it again says what is wrong.
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still(_: &Path, _: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn no_wait() -> impl FnMut() {
        || panic!("nobody else holds it")
    }

    #[test]
    fn whoever_comes_second_says_so_once_and_goes_on_when_the_first_has_ended() {
        let root = tempfile::tempdir().unwrap();
        let held = Held::take(root.path(), &mut no_wait()).unwrap();
        let (waits, waiting) = mpsc::channel();
        let path = root.path().to_owned();
        let second = std::thread::spawn(move || {
            Held::take(&path, &mut || waits.send(()).unwrap()).map(|held| held.root().to_owned())
        });
        waiting.recv_timeout(Duration::from_secs(10)).expect("it says that it waits");
        assert!(!second.is_finished());
        drop(held);
        assert_eq!(second.join().unwrap().unwrap(), root.path());
        assert!(waiting.recv().is_err(), "it says so once");
    }

    #[test]
    fn never_two_at_once_and_other_repositories_do_not_wait() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let inside = AtomicUsize::new(0);
        let _other = Held::take(other.path(), &mut no_wait()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let _held = Held::take(one.path(), &mut || {}).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(one.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_took_the_place_of_the_locked_one_is_locked_instead() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("repository");
        std::fs::create_dir(&root).unwrap();
        let held = Held::take(&root, &mut no_wait()).unwrap();
        let (waits, waiting) = mpsc::channel();
        let path = root.clone();
        let second = std::thread::spawn(move || Held::take(&path, &mut || waits.send(()).unwrap()));
        waiting.recv_timeout(Duration::from_secs(10)).unwrap();
        std::fs::rename(&root, parent.path().join("moved")).unwrap();
        std::fs::create_dir(&root).unwrap();
        drop(held);
        let _second = second.join().unwrap().unwrap();
        assert!(File::open(&root).unwrap().try_lock().is_err());
    }

    #[test]
    fn where_a_directory_has_no_lock_a_file_outside_it_stands_for_it() {
        let root = tempfile::tempdir().unwrap();
        let dotted = root.path().join(".");
        let first = lock(stand_in(root.path()).unwrap(), &mut no_wait()).unwrap();
        assert!(stand_in(&dotted).unwrap().try_lock().is_err(), "another name of it");
        drop(first);
        assert!(stand_in(&dotted).unwrap().try_lock().is_ok());
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
