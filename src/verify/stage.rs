//! A copy of the directory for one run: what is built from, mounted and written
//! to is never the user's own.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::apply::system;
use crate::error::{Error, Problem};
use crate::source::path;

/// Where everything of a run lies; removed with it.
#[derive(Debug)]
pub struct Stage {
    top: TempDir,
    /// The same without links: `/var` and `/tmp` are links on macOS, and what Compose
    /// says of paths is without them.
    real: PathBuf,
    /// What was not copied, and why.
    pub left_out: Vec<String>,
}

/// How the directory of a run is named; the number of its process follows.
pub const PREFIX: &str = "dockwright-verify-";

/// The copy's directory below the stage.
const COPY: &str = "project";

impl Stage {
    /// Copies a directory.
    ///
    /// # Errors
    /// What cannot be read or written; a disk that has no room for a copy.
    pub fn copy(directory: &Path) -> Result<Self, Error> {
        let base = base();
        let made = fs::create_dir_all(&base).and_then(|()| {
            let prefix = format!("{PREFIX}{}-", std::process::id());
            let top = tempfile::Builder::new().prefix(&prefix).tempdir_in(&base)?;
            let real = path::canonical(top.path())?;
            Ok((top, real))
        });
        let (top, real) =
            made.map_err(|source| Error::Io { action: "make a directory in", path: base, source })?;
        let mut stage = Self { top, real, left_out: Vec::new() };
        room(directory, stage.top())?;
        let to = stage.project();
        copy(directory, &to, &mut stage.left_out)?;
        Ok(stage)
    }

    /// The copy.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        self.real.join(COPY)
    }

    /// The directory of the run, beside the copy.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.real
    }

    /// Keeps everything; where it is.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        let _ = self.top.keep();
        self.real
    }
}

/// Where the directories of runs are made: engines mount them.
#[must_use]
pub fn base() -> PathBuf {
    base_of(cfg!(target_os = "macos"), std::env::temp_dir(), std::env::home_dir())
}

/// On macOS an engine runs in a virtual machine, which sees the user's home, and not
/// always the system's directory for temporary files. A directory that somebody chose
/// is kept to.
fn base_of(is_macos: bool, temporary: PathBuf, home: Option<PathBuf>) -> PathBuf {
    let is_system = temporary.starts_with("/var/folders") || temporary.starts_with("/tmp");
    match home.filter(|_| is_macos && is_system) {
        Some(home) => home.join("Library/Caches/dockwright"),
        None => temporary,
    }
}

/// Refuses a copy that would fill the disk.
fn room(directory: &Path, beside: &Path) -> Result<(), Error> {
    let Some(free) = free(beside) else { return Ok(()) };
    let size = size_of(directory);
    if size.saturating_mul(2) <= free {
        return Ok(());
    }
    let message = format!(
        "{} holds {} MiB; a run works on a copy, and {} has {} MiB left",
        directory.display(),
        size >> 20,
        beside.display(),
        free >> 20
    );
    let name = if cfg!(windows) { "TMP" } else { "TMPDIR" };
    let help = format!("set {name} to a larger disk, or move data out of the directory");
    Err(Error::input(Problem::new(message).help(help)))
}

/// What is left of a disk, in bytes; `None` where nobody can tell.
#[cfg(unix)]
fn free(on: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(on).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The standard library does not say: a copy that does not fit fails while it is made.
#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

fn size_of(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(own) if own.is_dir() => size_of(&entry.path()),
        Ok(own) => own.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

/// Copies a directory with its modes and links. What is no file (a socket) or cannot
/// be read is left out, and named.
///
/// # Errors
/// A directory that cannot be made, a file that cannot be written.
pub fn copy(from: &Path, to: &Path, left_out: &mut Vec<String>) -> Result<(), Error> {
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Io { action: "write", path, source }
    };
    fs::create_dir_all(to).map_err(write(to))?;
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) => {
            left_out.push(format!("{}: {error}", from.display()));
            return Ok(());
        }
    };
    for entry in entries.flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_symlink() {
            let Ok(leads) = fs::read_link(&source) else { continue };
            match system::symlink(&leads, &target, source.is_dir()) {
                Err(error) if cfg!(windows) => {
                    left_out.push(format!("{}: {error}", source.display()));
                }
                made => made.map_err(write(&target))?,
            }
        } else if kind.is_dir() {
            copy(&source, &target, left_out)?;
        } else if !kind.is_file() {
            left_out.push(format!("{}: no plain file", source.display()));
        } else if let Err(error) = fs::copy(&source, &target) {
            if error.kind() != std::io::ErrorKind::PermissionDenied {
                return Err(write(&target)(error));
            }
            left_out.push(format!("{}: {error}", source.display()));
        } else if cfg!(windows)
            && let Ok(metadata) = fs::metadata(&target)
        {
            // Nothing that is read-only there can be written to or removed.
            let _ = fs::set_permissions(&target, writable(metadata.permissions()));
        }
    }
    // A directory that may not be written to could not be filled before.
    if let Ok(metadata) = fs::metadata(from) {
        let _ = fs::set_permissions(to, writable(metadata.permissions()));
    }
    Ok(())
}

/// The copy has to be removed, and changed, by who made it.
fn writable(permissions: fs::Permissions) -> fs::Permissions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::Permissions::from_mode(permissions.mode() | 0o700)
    }
    #[cfg(not(unix))]
    {
        let mut permissions = permissions;
        #[expect(clippy::permissions_set_readonly_false, reason = "it is one switch here")]
        permissions.set_readonly(false);
        permissions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_on_macos_works_where_the_virtual_machine_of_an_engine_sees_it() {
        let base = |is_macos, temporary: &str, home: Option<&str>| {
            base_of(is_macos, temporary.into(), home.map(PathBuf::from))
        };
        let home = Some("/Users/ana");
        let cache = Path::new("/Users/ana/Library/Caches/dockwright");
        assert_eq!(base(true, "/var/folders/x1/T/", home), cache);
        assert_eq!(base(true, "/tmp", home), cache);
        assert_eq!(base(true, "/Volumes/big/tmp", home), Path::new("/Volumes/big/tmp"));
        assert_eq!(base(true, "/var/folders/x1/T", None), Path::new("/var/folders/x1/T"));
        assert_eq!(base(false, "/tmp", home), Path::new("/tmp"));
    }

    #[test]
    #[cfg(unix)]
    fn what_compose_says_of_a_copy_is_below_it_where_the_way_to_it_is_a_link() {
        let stage = Stage::copy(tempfile::tempdir().unwrap().path()).unwrap();
        assert_eq!(fs::read_dir(stage.project()).unwrap().count(), 0);
        assert_eq!(path::canonical(&stage.project()).unwrap(), stage.project());
    }

    #[test]
    #[cfg(unix)]
    fn a_copy_has_modes_and_links_and_says_what_it_lacks() {
        use std::os::unix::fs::PermissionsExt as _;
        let from = tempfile::tempdir().unwrap();
        let at = |name: &str| from.path().join(name);
        fs::create_dir(at("bin")).unwrap();
        fs::write(at("bin/run"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(at("bin/run"), fs::Permissions::from_mode(0o555)).unwrap();
        std::os::unix::fs::symlink("bin/run", at("link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let stage = Stage::copy(from.path()).unwrap();
        let run = stage.project().join("bin/run");
        assert_eq!(fs::metadata(&run).unwrap().permissions().mode() & 0o777, 0o555);
        assert_eq!(fs::read_link(stage.project().join("link")).unwrap(), Path::new("bin/run"));
        assert_eq!(stage.left_out.len(), 1, "{:?}", stage.left_out);
    }
}
