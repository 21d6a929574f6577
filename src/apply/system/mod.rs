//! The calls that change a disk. Each is a step at which a test can stop a
//! run as a kill does, or have the system refuse; outside tests they are the
//! calls of the standard library and nothing else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

#[cfg(test)]
pub mod fault;

/// What a call asks of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Space,
    Nothing,
}

#[cfg(test)]
fn step(needs: Needs) -> io::Result<()> {
    fault::step(needs == Needs::Space)
}

#[cfg(not(test))]
const fn step(_: Needs) -> io::Result<()> {
    Ok(())
}

/// Makes a directory of a name of its own, for its owner alone.
///
/// # Errors
/// Those of the system, as of every call here.
pub fn create_private_dir(parent: &Path, prefix: &str) -> io::Result<PathBuf> {
    step(Needs::Space)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder.tempdir_in(parent).map(tempfile::TempDir::keep)
}

/// The directories of such names in a directory that are this user's alone: one from a
/// checkout has other permissions, and is not believed.
#[must_use]
pub fn private_dirs(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|metadata| is_private(&metadata)))
        .collect()
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    metadata.is_dir() && is_own && metadata.permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(metadata: &fs::Metadata) -> bool {
    metadata.is_dir()
}

/// Makes a directory.
///
/// # Errors
/// See [`create_private_dir`].
pub fn create_dir(path: &Path) -> io::Result<()> {
    step(Needs::Space)?;
    fs::create_dir(path)
}

/// Makes a file that is not there, with this content and these permission
/// bits.
///
/// # Errors
/// See [`create_private_dir`].
pub fn create_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<File> {
    step(Needs::Space)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // The mode is there from the first byte: a secret is never readable
        // by others, not even for a moment.
        options.mode(mode);
    }
    let mut file = options.open(path)?;
    write(&mut file, bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        step(Needs::Nothing)?;
        // Again without the umask, which takes bits away when a file is made.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = mode;
    Ok(file)
}

/// Tests stop a run within a file as well.
fn write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let (one, other) = bytes.split_at(if cfg!(test) { bytes.len() / 2 } else { bytes.len() });
    step(Needs::Space)?;
    file.write_all(one)?;
    step(Needs::Space)?;
    file.write_all(other)
}

/// Waits until a file or a directory is on the disk.
///
/// # Errors
/// See [`create_private_dir`].
pub fn sync(file: &File) -> io::Result<()> {
    step(Needs::Nothing)?;
    if cfg!(test) {
        // What is only there for a test is not worth the disk's time.
        return Ok(());
    }
    match file.sync_all() {
        // Some file systems cannot be asked.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

/// Gives a file a second name; its very content where the file system has no
/// links.
///
/// # Errors
/// See [`create_private_dir`].
pub fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    step(Needs::Space)?;
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

/// Makes a symbolic link. Windows has two kinds of them, and lets only administrators, and
/// everybody in developer mode, make one.
///
/// # Errors
/// Those of the system; what is refused says what would allow it.
pub fn symlink(leads: &Path, at: &Path, is_directory: bool) -> io::Result<()> {
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(leads, at);
    #[cfg(windows)]
    let made = match is_directory {
        true => std::os::windows::fs::symlink_dir(leads, at),
        false => std::os::windows::fs::symlink_file(leads, at),
    };
    #[cfg(not(any(unix, windows)))]
    let made = Err(io::Error::from(ErrorKind::Unsupported));
    let _ = is_directory;
    made.map_err(|error| match cfg!(windows) {
        true => io::Error::other(format!(
            "no symbolic link could be made, which Windows lets users do in developer mode: {error}"
        )),
        false => error,
    })
}

/// Moves a file, over what is there.
///
/// # Errors
/// See [`create_private_dir`].
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step(Needs::Nothing)?;
    fs::rename(from, to)
}

/// Removes a file.
///
/// # Errors
/// See [`create_private_dir`].
pub fn remove_file(path: &Path) -> io::Result<()> {
    step(Needs::Nothing)?;
    fs::remove_file(path)
}

/// Removes an empty directory.
///
/// # Errors
/// See [`create_private_dir`].
pub fn remove_dir(path: &Path) -> io::Result<()> {
    step(Needs::Nothing)?;
    fs::remove_dir(path)
}

/// Removes a directory and all that is in it, in no order.
///
/// # Errors
/// See [`create_private_dir`].
pub fn remove_dir_all(path: &Path) -> io::Result<()> {
    if cfg!(test) {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                remove_dir_all(&entry.path())?;
            } else {
                remove_file(&entry.path())?;
            }
        }
        return remove_dir(path);
    }
    fs::remove_dir_all(path)
}
