//! A copy of the directory for one run: what is built from, mounted and written
//! to is never the user's own.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Error, Problem};

/// Where everything of a run lies; removed with it.
#[derive(Debug)]
pub struct Stage {
    top: TempDir,
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
        let top =
            tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir();
        let top = top.map_err(|source| Error::Io {
            action: "make a directory in",
            path: std::env::temp_dir(),
            source,
        })?;
        let mut stage = Self { top, left_out: Vec::new() };
        room(directory, stage.top.path())?;
        let to = stage.project();
        copy(directory, &to, &mut stage.left_out)?;
        Ok(stage)
    }

    /// The copy.
    #[must_use]
    pub fn project(&self) -> PathBuf {
        self.top.path().join(COPY)
    }

    /// The directory of the run, beside the copy.
    #[must_use]
    pub fn top(&self) -> &Path {
        self.top.path()
    }

    /// Keeps everything; where it is.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        self.top.keep()
    }
}

/// Refuses a copy that would fill the disk.
fn room(directory: &Path, beside: &Path) -> Result<(), Error> {
    let size = size_of(directory);
    #[cfg(unix)]
    if let Ok(disk) = rustix::fs::statvfs(beside) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if size.saturating_mul(2) > free {
            let message = format!(
                "{} holds {} MiB; a run works on a copy, and {} has {} MiB left",
                directory.display(),
                size >> 20,
                beside.display(),
                free >> 20
            );
            return Err(Error::input(
                Problem::new(message)
                    .help("set TMPDIR to a larger disk, or move data out of the directory"),
            ));
        }
    }
    let _ = (size, beside);
    Ok(())
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
            #[cfg(unix)]
            if let Ok(leads) = fs::read_link(&source) {
                std::os::unix::fs::symlink(leads, &target).map_err(write(&target))?;
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
    permissions
}

#[cfg(test)]
mod tests {
    use super::*;

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
