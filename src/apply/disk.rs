//! What stands at an output's path, looked at without following symlinks.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::Error;
use crate::relpath::RelPath;
use crate::source::{path, text};

/// What stands at a path. A change is only made while it still stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskState {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// Its content.
        bytes: Vec<u8>,
        /// Its permission bits; 0 where the platform has none.
        mode: u32,
    },
    /// Something that is never written to.
    Obstructed(Obstacle),
}

/// Why a path is not written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The path itself is a symlink.
    Symlink,
    /// A directory above the path is a symlink, which may lead anywhere.
    SymlinkAbove(String),
    /// The path is a directory.
    Directory,
    /// What should be a directory above the path is none.
    FileAbove(String),
    /// Something is there under a name that some file systems take for this one.
    OtherCase(String),
    /// A device, a pipe, a socket.
    Special,
    /// Lines cannot be added to text in this encoding.
    Utf16,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symlink => f.write_str("is a symlink, and nothing is written through one"),
            Self::SymlinkAbove(parent) => {
                write!(f, "is below `{parent}`, a symlink, and nothing is written through one")
            }
            Self::Directory => f.write_str("is a directory where a file has to be"),
            Self::FileAbove(parent) => write!(f, "is below `{parent}`, which is no directory"),
            Self::OtherCase(other) => {
                write!(f, "is there as `{other}`, and on Windows and macOS the two are one file")
            }
            Self::Utf16 => f.write_str("is UTF-16, and lines can only be added to UTF-8"),
            Self::Special => f.write_str("is no ordinary file"),
        }
    }
}

impl Obstacle {
    /// Whether what stands there is no file at all, and none that a link leads to.
    #[must_use]
    pub const fn is_no_file(&self) -> bool {
        matches!(self, Self::Directory | Self::Special | Self::FileAbove(_))
    }
}

impl DiskState {
    /// The content of a file.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::File { bytes, .. } => Some(bytes),
            Self::Absent | Self::Obstructed(_) => None,
        }
    }
}

/// Looks at a path below `root`.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn look(root: &Path, path: &RelPath) -> Result<DiskState, Error> {
    if let Some(obstacle) = above(root, path)? {
        return Ok(DiskState::Obstructed(obstacle));
    }
    let full = path.below(root);
    let failed = |source| Error::Io { action: "read", path: full.clone(), source };
    let metadata = match fs::symlink_metadata(&full) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let other = other_case(root, path.as_str());
            return Ok(other.map_or(DiskState::Absent, DiskState::Obstructed));
        }
        Err(source) => return Err(failed(source)),
        Ok(metadata) => metadata,
    };
    if path::IGNORES_CASE
        && let Some(other) = other_case(root, path.as_str())
    {
        return Ok(DiskState::Obstructed(other));
    }
    let kind = metadata.file_type();
    Ok(if kind.is_symlink() {
        DiskState::Obstructed(Obstacle::Symlink)
    } else if kind.is_dir() {
        DiskState::Obstructed(Obstacle::Directory)
    } else if !kind.is_file() {
        DiskState::Obstructed(Obstacle::Special)
    } else {
        DiskState::File { bytes: text::bytes(&full).map_err(failed)?, mode: mode(&metadata) }
    })
}

/// What stands at a path in another case, where git or a person on another system would
/// get one file for two.
fn other_case(root: &Path, path: &str) -> Option<Obstacle> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let other = path::other_case(&root.join(parent), name)?;
    Some(Obstacle::OtherCase(if parent.is_empty() { other } else { format!("{parent}/{other}") }))
}

/// What stands in the way among the directories above a path.
fn above(root: &Path, path: &RelPath) -> Result<Option<Obstacle>, Error> {
    let parts: Vec<&str> = path.as_str().split('/').collect();
    for depth in 1..parts.len() {
        let parent = parts[..depth].join("/");
        let full = root.join(&parent);
        match fs::symlink_metadata(&full) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(other_case(root, &parent));
            }
            Err(source) => return Err(Error::Io { action: "read", path: full, source }),
            Ok(metadata) if metadata.file_type().is_symlink() => {
                return Ok(Some(Obstacle::SymlinkAbove(parent)));
            }
            Ok(metadata) if !metadata.is_dir() => return Ok(Some(Obstacle::FileAbove(parent))),
            Ok(_) if path::IGNORES_CASE => {
                if let Some(other) = other_case(root, &parent) {
                    return Ok(Some(other));
                }
            }
            Ok(_) => {}
        }
    }
    Ok(None)
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(root: &Path, path: &str) -> DiskState {
        look(root, &RelPath::new(path).unwrap()).unwrap()
    }

    #[test]
    fn a_directory_and_a_file_above_are_obstacles() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(".env")).unwrap();
        fs::write(root.path().join("nginx"), "").unwrap();
        assert_eq!(state(root.path(), ".env"), DiskState::Obstructed(Obstacle::Directory));
        assert_eq!(
            state(root.path(), "nginx/nginx.conf"),
            DiskState::Obstructed(Obstacle::FileAbove("nginx".into()))
        );
        assert_eq!(state(root.path(), "a/b/c"), DiskState::Absent);
    }

    #[test]
    fn a_file_in_another_case_is_an_obstacle_until_it_is_renamed() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("dockerfile"), "FROM scratch").unwrap();
        fs::create_dir(root.path().join("Nginx")).unwrap();
        let other = |name: &str| DiskState::Obstructed(Obstacle::OtherCase(name.into()));
        assert_eq!(state(root.path(), "Dockerfile"), other("dockerfile"));
        assert_eq!(state(root.path(), "nginx/nginx.conf"), other("Nginx"));
        assert!(state(root.path(), "dockerfile").bytes().is_some());
        assert_eq!(state(root.path(), "Nginx/nginx.conf"), DiskState::Absent);
        fs::rename(root.path().join("dockerfile"), root.path().join("Dockerfile")).unwrap();
        assert!(state(root.path(), "Dockerfile").bytes().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn symlinks_are_never_followed() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("nginx")).unwrap();
        std::os::unix::fs::symlink("missing", root.path().join("Dockerfile")).unwrap();
        assert_eq!(state(root.path(), "Dockerfile"), DiskState::Obstructed(Obstacle::Symlink));
        assert_eq!(
            state(root.path(), "nginx/nginx.conf"),
            DiskState::Obstructed(Obstacle::SymlinkAbove("nginx".into()))
        );
    }
}
