//! One entry of `project.writable`: a path, what it is, and whether it stays.

use std::fmt;

use crate::relpath::RelPath;

/// End of an entry that need not outlive the container.
pub const TMPFS: &str = ":tmpfs";
/// The home directory of who runs the code, as code says it.
pub const HOME: &str = "~";
/// The one that an image has where the code keeps something there.
pub const HOME_OF_IMAGE: &str = "/home/app";
/// End of an entry that is a file, where its name does not look like one.
const FILE: &str = ":file";

/// A path the code writes to at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writable {
    /// Relative to the build context, or absolute where it is elsewhere in the
    /// container.
    pub path: String,
    /// Whether it is one file: a volume can only be a directory.
    pub file: bool,
    /// Whether its content outlives the container: a volume, otherwise
    /// memory.
    pub keep: bool,
}

impl Writable {
    /// Reads `media`, `/var/log/shop:tmpfs`, `counter.txt`, `conf.d/`,
    /// `state:file`: a name with an ending is a file, unless a slash follows.
    ///
    /// # Errors
    /// Where it is no path.
    pub fn read(text: &str) -> Result<Self, String> {
        let (text, keep) = text.strip_suffix(TMPFS).map_or((text, true), |bare| (bare, false));
        let (path, is_file) = match (text.strip_suffix(FILE), text.strip_suffix('/')) {
            (Some(path), _) => (path, true),
            (None, Some(path)) => (path, false),
            (None, None) => (text, looks_like_a_file(text)),
        };
        let path = match path.strip_prefix('/') {
            Some(below) => absolute(below)?,
            None => RelPath::new(path)?.to_string(),
        };
        Ok(Self { path, file: is_file, keep })
    }
}

impl fmt::Display for Writable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        match (self.file, looks_like_a_file(&self.path)) {
            (true, false) => f.write_str(FILE)?,
            (false, true) => f.write_str("/")?,
            _ => {}
        }
        if self.keep { Ok(()) } else { f.write_str(TMPFS) }
    }
}

/// Directories of the system and of the installed packages: what belongs to the
/// service's user there is no hardening any more.
const SYSTEM: [&str; 14] = [
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "opt/venv", "proc", "root", "run",
    "sbin", "sys", "tmp",
];

/// Directories that hold others' directories: one of their own is needed below.
const SHARED: [&str; 13] = [
    "app",
    "home",
    "mnt",
    "opt",
    "srv",
    "usr",
    "usr/src",
    "var",
    "var/cache",
    "var/lib",
    "var/log",
    "var/spool",
    "var/www",
];

/// Whether files at the top of a directory are not the application's alone.
#[must_use]
pub fn is_shared(directory: &str) -> bool {
    let path = directory.trim_start_matches('/');
    path.is_empty() || SHARED.contains(&path)
}

/// A path below `/` that may belong to the service's user.
fn absolute(below: &str) -> Result<String, String> {
    let path = RelPath::new(below)?;
    let path = path.as_str();
    let inside = |of: &str| {
        path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let system = SYSTEM.iter().any(|of| inside(of))
        || inside("usr") && !inside("usr/src") && !inside("usr/local/share");
    if system || SHARED.contains(&path) {
        return Err(format!(
            "`/{path}` is the system's: name a directory of the application's own"
        ));
    }
    if !path.chars().all(|own| own.is_ascii_alphanumeric() || "._-/@+".contains(own)) {
        return Err(format!("`/{path}` has characters that shells read in their own way"));
    }
    Ok(format!("/{path}"))
}

/// Whether a name has an ending, as files have: `shop.db`, not `.cache` or
/// `v1.0`.
fn looks_like_a_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && ending.starts_with(|own: char| own.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_as_what_it_was_written_from() {
        for (text, path, is_file, keep) in [
            ("media", "media", false, true),
            ("var/cache:tmpfs", "var/cache", false, false),
            ("data/shop.db", "data/shop.db", true, true),
            ("counter.txt", "counter.txt", true, true),
            ("counter:file", "counter", true, true),
            ("conf.d/", "conf.d", false, true),
            ("v1.0", "v1.0", false, true),
            (".cache:tmpfs", ".cache", false, false),
            ("/var/log/shop:tmpfs", "/var/log/shop", false, false),
            ("/data/x.d/:tmpfs", "/data/x.d", false, false),
        ] {
            let read = Writable::read(text).unwrap();
            assert_eq!(read, Writable { path: path.into(), file: is_file, keep }, "{text}");
            assert_eq!(read.to_string(), text);
        }
        for bad in ["../x", "/", "", "/../etc", ":tmpfs", "/etc/shop", "/var", "/a b", "/usr/lib/x"]
        {
            assert!(Writable::read(bad).is_err(), "{bad}");
        }
    }
}
