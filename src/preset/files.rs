//! The files of one preset layer, in memory: read from a directory or a git
//! tree, checked, and hashed. Nothing of a layer is ever executed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::digest::{hash, normalised};
use crate::error::{Error, Problem};
use crate::relpath::{self, RelPath};
use crate::source::text;

/// Most files a layer may have: it is data, and small.
const MOST_FILES: usize = 500;
/// Largest file of a layer, in bytes.
const LARGEST: u64 = 1 << 20;

/// Files of a layer by their path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<RelPath, Vec<u8>>);

impl Files {
    /// Reads `preset.toml` and `templates/` of a directory; what else is
    /// there, like its golden cases, is no part of the preset.
    ///
    /// # Errors
    /// A directory that cannot be read; symbolic links, too many or too large
    /// files, names that some file system refuses or cannot tell apart.
    pub fn of_directory(directory: &Path) -> Result<Self, Error> {
        let mut files = Self::default();
        let manifest = directory.join(super::MANIFEST);
        if !manifest.is_file() {
            return Err(Error::input(
                Problem::new(format!("{} has no {}", directory.display(), super::MANIFEST))
                    .help("`dockwright preset new DIR` makes a starting point"),
            ));
        }
        files.read_file(directory, super::MANIFEST)?;
        for part in super::PARTS {
            if directory.join(part).symlink_metadata().is_ok() {
                files.read_directory(directory, part)?;
            }
        }
        Ok(files)
    }

    fn read_directory(&mut self, base: &Path, relative: &str) -> Result<(), Error> {
        let path = base.join(relative);
        let failed = |source| Error::Io { action: "read", path: path.clone(), source };
        refuse_link(&path)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
        }
        names.sort();
        for name in names {
            let Some(name) = name.to_str() else {
                let message = format!("{} holds a name that is not UTF-8", path.display());
                return Err(Error::input(Problem::new(message)));
            };
            let relative = format!("{relative}/{name}");
            let path = base.join(&relative);
            refuse_link(&path)?;
            if path.is_dir() {
                self.read_directory(base, &relative)?;
            } else {
                self.read_file(base, &relative)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, base: &Path, relative: &str) -> Result<(), Error> {
        let path = base.join(relative);
        let failed = |source| Error::Io { action: "read", path: path.clone(), source };
        refuse_link(&path)?;
        let metadata = fs::metadata(&path).map_err(failed)?;
        if !metadata.is_file() {
            let message = format!("{} is no plain file", path.display());
            return Err(Error::input(Problem::new(message)));
        }
        let size = metadata.len();
        check_size(relative, size).map_err(Error::input)?;
        let bytes = text::bytes(&path).map_err(failed)?;
        self.add(relative, bytes).map_err(Error::input)
    }

    /// Adds a file.
    ///
    /// # Errors
    /// A path that leaves the preset or that some file system refuses, one
    /// that some file system takes for another one, too many or too large files.
    pub fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Problem> {
        check_size(path, bytes.len() as u64)?;
        let path = RelPath::new(path).map_err(Problem::new)?;
        let folded = relpath::folded(path.as_str());
        if let Some(other) = self.0.keys().find(|other| relpath::folded(other.as_str()) == folded) {
            return Err(Problem::new(format!(
                "`{path}` and `{other}` are one file where case and the shape of letters do not count"
            )));
        }
        if self.0.len() == MOST_FILES {
            return Err(Problem::new(format!("the preset has more than {MOST_FILES} files")));
        }
        self.0.insert(path, bytes);
        Ok(())
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        let (_, bytes) = self.0.iter().find(|(known, _)| known.as_str() == path)?;
        Some(bytes)
    }

    /// A file as text.
    ///
    /// # Errors
    /// A file that is missing or not UTF-8.
    pub fn text(&self, path: &str) -> Result<&str, Problem> {
        let bytes = self.get(path).ok_or_else(|| Problem::new(format!("{path} is missing")))?;
        std::str::from_utf8(bytes).map_err(|_| Problem::new(format!("{path} is not UTF-8")))
    }

    /// Every file, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&RelPath, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path, bytes.as_slice()))
    }

    /// SHA-256 of each file, by path.
    #[must_use]
    pub fn hashes(&self) -> BTreeMap<String, String> {
        self.iter().map(|(path, bytes)| (path.to_string(), hash(bytes))).collect()
    }

    /// SHA-256 over every path and content, in hexadecimal; CRLF and LF count
    /// as the same, so that a checkout on Windows has the hash of one
    /// elsewhere.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut digest = Sha256::new();
        for (path, bytes) in self.iter() {
            let bytes = normalised(bytes);
            // Lengths keep two files from hashing like one with both contents.
            digest.update(path.as_str().as_bytes());
            digest.update([0]);
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(&bytes);
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Refuses a symbolic link.
///
/// # Errors
/// A link, or nothing that is there.
pub fn refuse_link(path: &Path) -> Result<(), Error> {
    let metadata = fs::symlink_metadata(path).map_err(|source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    if metadata.is_symlink() {
        let message = format!("{} is a symbolic link", path.display());
        let help = "a preset holds plain files, so that it cannot point out of itself";
        return Err(Error::input(Problem::new(message).help(help)));
    }
    Ok(())
}

/// Refuses a file that is larger than one of a preset may be.
///
/// # Errors
/// Its size.
pub fn check_size(path: &str, size: u64) -> Result<(), Problem> {
    if size > LARGEST {
        return Err(Problem::new(format!("{path} has more than {} KiB", LARGEST >> 10)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn preset() -> TempDir {
        let directory = TempDir::new().unwrap();
        directory.child("preset.toml").write_str("name = \"a\"\n").unwrap();
        directory.child("templates/Dockerfile.tera").write_str("x\n").unwrap();
        directory.child("README.md").write_str("not a part\n").unwrap();
        directory
    }

    #[test]
    fn the_hash_changes_with_content_and_name_and_not_with_line_ends_or_cases() {
        let directory = preset();
        let hash = || Files::of_directory(directory.path()).unwrap().hash();
        let first = hash();
        directory.child("templates/Dockerfile.tera").write_str("x\r\n").unwrap();
        directory.child("cases/one/answers.toml").write_str("").unwrap();
        directory.child("README.md").write_str("changed\n").unwrap();
        assert_eq!(hash(), first);
        directory.child("templates/Dockerfile.tera").write_str("y\n").unwrap();
        assert_ne!(hash(), first);
        directory.child("templates/Dockerfile.tera").write_str("x\n").unwrap();
        directory.child("templates/more.tera").write_str("").unwrap();
        assert_ne!(hash(), first);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_in_a_preset_is_refused_by_name() {
        let directory = preset();
        std::os::unix::fs::symlink("/etc/passwd", directory.path().join("templates/p")).unwrap();
        let error = Files::of_directory(directory.path()).unwrap_err();
        assert!(error.to_string().contains("templates/p is a symbolic link"), "{error}");
    }

    #[test]
    fn names_that_a_file_system_cannot_tell_apart_are_refused() {
        let mut files = Files::default();
        files.add("templates/A.tera", Vec::new()).unwrap();
        assert!(files.add("templates/a.tera", Vec::new()).is_err());
        assert!(files.add("../escape", Vec::new()).is_err());
        assert!(files.add("templates/nul", Vec::new()).is_err());
    }
}
