//! Where what was fetched from one address is kept: a bare repository, used by
//! one process and thread at a time, and made anew where it is damaged.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::command::{git, run};
use crate::error::Error;
use crate::source::text;

/// All of history; git knows no other way to say so of a shallow repository.
const ALL: &str = "--depth=2147483647";

/// The store of an address, held until it is dropped.
pub struct Store {
    path: PathBuf,
    url: String,
    _lock: Option<File>,
}

impl Store {
    /// Waits for it and takes it; makes it where it is not there.
    ///
    /// # Errors
    /// A cache that cannot be written to.
    pub fn open(cache: &Path, url: &str) -> Result<Self, Error> {
        let path = path(cache, url);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { action: "create", path, source }
        };
        let parent = path.parent().unwrap_or(cache);
        fs::create_dir_all(parent).map_err(failed(parent))?;
        let lock = path.with_extension("lock");
        let file = File::create(&lock).map_err(failed(&lock))?;
        // A file system without locks has to do without them.
        let held = file.lock().ok().map(|()| file);
        let store = Self { path, url: url.to_owned(), _lock: held };
        if !store.path.join("HEAD").is_file() {
            store.make()?;
        }
        Ok(store)
    }

    /// Takes it where it is there; never writes to the cache.
    #[must_use]
    pub fn there(cache: &Path, url: &str) -> Option<Self> {
        let path = path(cache, url);
        if !path.join("HEAD").is_file() {
            return None;
        }
        let held = text::open(&path.with_extension("lock")).ok();
        let held = held.and_then(|file| file.lock().ok().map(|()| file));
        Some(Self { path, url: url.to_owned(), _lock: held })
    }

    fn make(&self) -> Result<(), Error> {
        self.remove()?;
        let mut command = git(None);
        // No template: a user's may hold hooks and settings.
        command.args(["init", "--quiet", "--bare", "--template="]).arg(&self.path);
        run(command, &self.url).map(drop)
    }

    /// Removes what is in it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::Io { action: "remove", path: self.path.clone(), source: error })
            }
            _ => Ok(()),
        }
    }

    /// Its directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs git in it.
    ///
    /// # Errors
    /// What git says is wrong.
    pub fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, Error> {
        let mut command = git(Some(&self.path));
        command.args(arguments);
        run(command, &self.url)
    }

    /// The commit that a name means here.
    #[must_use]
    pub fn commit(&self, name: &str) -> Option<String> {
        let name = format!("{name}^{{commit}}");
        let said = self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]);
        let commit = String::from_utf8_lossy(&said.ok()?).trim().to_owned();
        (!commit.is_empty()).then_some(commit)
    }

    /// Fetches what a revision names; where the store is damaged, into a new
    /// one.
    ///
    /// # Errors
    /// No such repository or revision, no network.
    pub fn fetch(&self, revision: &str) -> Result<String, Error> {
        self.fetch_once(revision).or_else(|error| {
            if self.is_whole() {
                return Err(error);
            }
            self.make()?;
            self.fetch_once(revision)
        })
    }

    fn fetch_once(&self, revision: &str) -> Result<String, Error> {
        let one =
            self.git(&["fetch", "--quiet", "--depth=1", "--no-tags", "--", &self.url, revision]);
        let commit = match one {
            Ok(_) => self.commit("FETCH_HEAD"),
            // Not every server gives out single commits, and none knows short ones.
            Err(error) if is_hexadecimal(revision) => {
                self.fetch_everything().map_err(|_| error)?;
                self.commit(revision)
            }
            Err(error) => return Err(error),
        };
        let commit = commit.ok_or_else(|| Error::Tool {
            message: format!("{}: `{revision}` is no tag, branch or commit of it", self.url),
            help: format!(
                "git ls-remote {} lists tags and branches; a commit has to be on one of them",
                self.url
            ),
        })?;
        // Named, so that git's housekeeping keeps it.
        self.git(&["update-ref", &format!("refs/dockwright/{commit}"), &commit])?;
        Ok(commit)
    }

    fn fetch_everything(&self) -> Result<(), Error> {
        let branches = "+refs/heads/*:refs/dockwright-all/heads/*";
        let tags = "+refs/tags/*:refs/dockwright-all/tags/*";
        let fetch = ["fetch", "--quiet", ALL, "--no-tags", "--", &self.url, branches, tags];
        self.git(&fetch).map(drop)
    }

    /// Whether every object in it is what it should be. Only asked when
    /// something has failed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.git(&["fsck", "--full", "--no-dangling", "--no-progress"]).is_ok()
    }
}

fn path(cache: &Path, url: &str) -> PathBuf {
    cache.join("git").join(&crate::digest::hash(url.as_bytes())[..32])
}

/// Whether a revision may be a commit, whole or abbreviated.
#[must_use]
pub fn is_hexadecimal(revision: &str) -> bool {
    (7..=64).contains(&revision.len()) && revision.chars().all(|c| c.is_ascii_hexdigit())
}

/// Whether a revision can only be a whole commit.
#[must_use]
pub fn is_whole_commit(revision: &str) -> bool {
    matches!(revision.len(), 40 | 64) && is_hexadecimal(revision)
}
