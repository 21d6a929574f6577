//! What stands where an output would be written, judged by what dockwright
//! wrote there before.

use std::path::Path;

use crate::apply::bookkeeping::{FileState, Lock};
use crate::apply::disk::{self, DiskState, Obstacle};
use crate::digest::{hash, normalised};
use crate::error::Error;
use crate::plan::Bundle;
use crate::plan::outputs::Syntax;
use crate::render::Rendered;
use crate::schema::Ownership;

/// How an output and the disk stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is there.
    New,
    /// What is there is what would be written.
    Same,
    /// What is there was written by dockwright and never edited.
    Ours,
    /// It was edited since, and what would be written has not changed.
    Customised,
    /// It was edited since, and what would be written has changed too.
    Diverged,
    /// It was removed since.
    Deleted,
    /// A file that only ever gets lines added.
    Extends,
    /// Somebody else's file.
    Foreign,
    /// Something that is never written to.
    Obstructed,
}

/// An output and what stands there.
#[derive(Clone, Debug)]
pub struct Look {
    /// The output.
    pub file: Rendered,
    /// What is there.
    pub disk: DiskState,
    /// How they stand to each other.
    pub standing: Standing,
    /// What stands at its own path, where that is somebody else's and it goes
    /// to an alternate one.
    pub theirs: Option<Box<Look>>,
}

impl Look {
    /// Looks at the disk.
    ///
    /// # Errors
    /// When something is there and cannot be read.
    pub fn at(root: &Path, file: Rendered, lock: Option<&Lock>) -> Result<Self, Error> {
        let mut disk = disk::look(root, &file.output.path)?;
        let mut standing = standing(&file, &disk, lock);
        if standing == Standing::Extends && disk.bytes().is_some_and(|bytes| bytes.contains(&0)) {
            disk = DiskState::Obstructed(Obstacle::Utf16);
            standing = Standing::Obstructed;
        }
        Ok(Self { file, disk, standing, theirs: None })
    }

    /// Whether a file that is somebody else's has the output's own path.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        let own = self.theirs.as_deref().unwrap_or(self);
        matches!(own.standing, Standing::Foreign | Standing::Obstructed)
    }

    /// Whether it is what keeps files out of the build.
    #[must_use]
    pub fn is_dockerignore(&self) -> bool {
        self.file.output.path.as_str().ends_with(".dockerignore")
    }

    /// The word people read: new, unchanged or existing.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.standing {
            Standing::New => "new",
            Standing::Same => "unchanged",
            Standing::Deleted => "deleted",
            _ => "existing",
        }
    }
}

fn standing(file: &Rendered, disk: &DiskState, lock: Option<&Lock>) -> Standing {
    let entry = lock.and_then(|lock| lock.entry(file.output.path.as_str()));
    let there = match disk {
        DiskState::Absent => {
            let removed = |entry: &&crate::apply::bookkeeping::FileEntry| {
                let once =
                    entry.ownership == Ownership::Seed && file.output.bundle != Bundle::Intent;
                entry.state == FileState::Deleted
                    || entry.state == FileState::Clean && (entry.base.is_some() || once)
            };
            return if entry.filter(removed).is_some() { Standing::Deleted } else { Standing::New };
        }
        DiskState::Obstructed(_) => return Standing::Obstructed,
        DiskState::File { bytes, .. } => bytes,
    };
    let secret = file.output.path.as_str().rsplit('/').next() == Some(".env");
    if !secret && normalised(there) == normalised(&file.bytes) {
        return Standing::Same;
    }
    let written = |entry: &&crate::apply::bookkeeping::FileEntry| entry.state.is_written();
    let base = entry.filter(written).and_then(|entry| entry.base.as_ref());
    if base.is_some_and(|base| *base == hash(there)) {
        return Standing::Ours;
    }
    let extends = file.output.ownership == Ownership::Append
        || matches!(file.output.syntax, Syntax::Dotenv | Syntax::Ignore)
        || file.output.bundle == Bundle::Intent;
    let seeded = entry.is_some_and(|entry| entry.ownership == Ownership::Seed);
    match base {
        // What is written once is the user's afterwards.
        _ if seeded && !extends => Standing::Customised,
        Some(base) if *base == hash(&file.bytes) => Standing::Customised,
        _ if extends => Standing::Extends,
        Some(_) => Standing::Diverged,
        None => Standing::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::bookkeeping::FileEntry;
    use crate::plan::Output;
    use crate::plan::outputs::Content;
    use crate::relpath::RelPath;

    fn rendered(path: &str, syntax: Syntax, text: &str) -> Rendered {
        Rendered {
            output: Output {
                usual: RelPath::new(path).unwrap(),
                path: RelPath::new(path).unwrap(),
                bundle: Bundle::Image,
                ownership: Ownership::Merge,
                mode: 0o644,
                syntax,
                content: Content::Template(String::new()),
            },
            bytes: text.into(),
        }
    }

    fn lock_of(files: &[&Rendered]) -> Lock {
        Lock {
            version: 1,
            dockwright: String::new(),
            preset: Vec::new(),
            sticky: Default::default(),
            read: None,
            digest: Default::default(),
            only: Default::default(),
            derived: None,
            file: files.iter().map(|file| FileEntry::clean(file)).collect(),
            edit: Vec::new(),
        }
    }

    fn judged(new: &Rendered, disk: Option<&str>, lock: Option<&Lock>) -> Standing {
        let disk = match disk {
            Some(text) => DiskState::File { bytes: text.into(), mode: 0o644 },
            None => DiskState::Absent,
        };
        standing(new, &disk, lock)
    }

    #[test]
    fn without_a_lock_whatever_differs_is_somebody_elses() {
        let new = rendered("Dockerfile", Syntax::Dockerfile, "FROM a\n");
        assert_eq!(judged(&new, None, None), Standing::New);
        assert_eq!(judged(&new, Some("FROM a\r\n"), None), Standing::Same);
        assert_eq!(judged(&new, Some("FROM b\n"), None), Standing::Foreign);
        let ignore = rendered(".dockerignore", Syntax::Ignore, ".git\n");
        assert_eq!(judged(&ignore, Some("docs\n"), None), Standing::Extends);
    }

    #[test]
    fn with_a_lock_an_edit_is_told_from_what_was_written() {
        let old = rendered("Dockerfile", Syntax::Dockerfile, "FROM a\n");
        let new = rendered("Dockerfile", Syntax::Dockerfile, "FROM b\n");
        let lock = lock_of(&[&old]);
        assert_eq!(judged(&new, Some("FROM a\r\n"), Some(&lock)), Standing::Ours);
        assert_eq!(judged(&old, Some("FROM mine\n"), Some(&lock)), Standing::Customised);
        assert_eq!(judged(&new, Some("FROM mine\n"), Some(&lock)), Standing::Diverged);
        assert_eq!(judged(&new, None, Some(&lock)), Standing::Deleted);
    }

    #[test]
    fn what_was_written_once_is_the_users() {
        let mut code = rendered("app/main.py", Syntax::Python, "a = 1\n");
        code.output.ownership = Ownership::Seed;
        let lock = lock_of(&[&code]);
        assert_eq!(judged(&code, Some("a = 2\n"), Some(&lock)), Standing::Customised);
        assert_eq!(judged(&code, None, Some(&lock)), Standing::Deleted);
    }
}
