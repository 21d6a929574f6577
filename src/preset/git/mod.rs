//! Presets from git, through the user's own `git`, so that credentials work.
//! What was fetched is kept by commit and read from the object store: no
//! work tree is ever made, so nothing in it can be a link or a hook.

mod command;
mod objects;
mod store;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::error::Error;
use crate::preset::files::Files;
use crate::relpath::RelPath;
use objects::Unread;
use store::{Store, is_whole_commit};

/// What was asked for once is not asked for again by the same process: of
/// many repositories most have the same preset. A failure is kept as well, so
/// that a host that is down is waited for once.
struct Asked<K, V>(Mutex<HashMap<K, Slot<V>>>);

/// An answer, or the message and help of a failure; `None` until it is there.
type Slot<V> = Arc<Mutex<Option<Result<V, (String, String)>>>>;

impl<K: std::hash::Hash + Eq, V: Clone> Asked<K, V> {
    fn or_ask(&self, key: K, ask: impl FnOnce() -> Result<V, Error>) -> Result<V, Error> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(key).or_default())
        };
        // Whoever comes second waits here for the first one's answer.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = &*slot {
            let again = |(message, help)| Error::Tool { message, help };
            return answer.clone().map_err(again);
        }
        let answer = ask();
        match &answer {
            Ok(value) => *slot = Some(Ok(value.clone())),
            Err(Error::Tool { message, help }) => {
                *slot = Some(Err((message.clone(), help.clone())));
            }
            Err(_) => {}
        }
        answer
    }
}

impl<K: std::hash::Hash + Eq, V> Asked<K, V> {
    /// Asks again for these, the next time.
    fn forget(&self, is_meant: impl Fn(&K) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, _| !is_meant(key));
    }
}

impl<K, V> Default for Asked<K, V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

/// Commits by cache, address and revision.
static COMMITS: LazyLock<Asked<(PathBuf, String, String), String>> = LazyLock::new(Asked::default);
/// Tags by address.
static TAGS: LazyLock<Asked<String, Vec<String>>> = LazyLock::new(Asked::default);
/// Where files are: cache, address, commit and directory.
type Spot = (PathBuf, String, String, Option<RelPath>);
/// Files that were read.
static FILES: LazyLock<Mutex<HashMap<Spot, Files>>> = LazyLock::new(Mutex::default);

/// The commit that a revision of a repository names now, fetched. A whole
/// commit that was fetched before needs no network.
///
/// # Errors
/// No `git`, no such repository or revision, no network.
pub fn fetch(cache: &Path, url: &str, revision: &str) -> Result<String, Error> {
    let key = (cache.to_owned(), url.to_owned(), revision.to_owned());
    COMMITS.or_ask(key, || {
        let store = Store::open(cache, url)?;
        if is_whole_commit(revision)
            && let Some(commit) = store.commit(revision)
        {
            return Ok(commit);
        }
        store.fetch(revision)
    })
}

/// The files of a preset at a commit that was fetched before; `None` where
/// it was not, or not whole.
///
/// # Errors
/// A commit without a preset in that directory, or with files a preset may
/// not have.
pub fn files(
    cache: &Path,
    url: &str,
    commit: &str,
    directory: Option<&RelPath>,
) -> Result<Option<Files>, Error> {
    let spot = (cache.to_owned(), url.to_owned(), commit.to_owned(), directory.cloned());
    let known = || FILES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(files) = known().get(&spot) {
        return Ok(Some(files.clone()));
    }
    let Some(store) = Store::there(cache, url) else { return Ok(None) };
    match objects::read(&store, url, commit, directory) {
        Ok(files) => {
            known().insert(spot, files.clone());
            Ok(Some(files))
        }
        Err(Unread::Absent) => {
            if store.commit(commit).is_some() && !store.is_whole() {
                // It is fetched anew.
                store.remove()?;
                COMMITS.forget(|(of, address, _)| of == cache && address == url);
            }
            Ok(None)
        }
        Err(Unread::Wrong(error)) => Err(error),
    }
}

/// The tags of a repository, asked for now.
///
/// # Errors
/// No `git`, no such repository, no network.
pub fn tags(url: &str) -> Result<Vec<String>, Error> {
    TAGS.or_ask(url.to_owned(), || {
        let mut command = command::git(None);
        command.args(["ls-remote", "--tags", "--refs", "--", url]);
        let listing = command::run(command, url)?;
        let listing = String::from_utf8_lossy(&listing);
        let name = |line: &str| Some(line.split_once("refs/tags/")?.1.to_owned());
        Ok(listing.lines().filter_map(name).collect())
    })
}

/// What the branches and tags of a repository name now, by their full names.
///
/// # Errors
/// No `git`, no such repository, no network.
pub fn refs(url: &str) -> Result<Vec<(String, String)>, Error> {
    let mut command = command::git(None);
    command.args(["ls-remote", "--", url]);
    let listing = command::run(command, url)?;
    let listing = String::from_utf8_lossy(&listing);
    let pair = |line: &str| {
        let (commit, name) = line.split_once('\t')?;
        Some((name.to_owned(), commit.to_owned()))
    };
    Ok(listing.lines().filter_map(pair).collect())
}

/// Where fetched presets are kept: `DOCKWRIGHT_CACHE`, else the user's cache
/// directory.
#[must_use]
pub fn usual_cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(cache) = set("DOCKWRIGHT_CACHE") {
        return cache.into();
    }
    let base = set("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| {
        set("LOCALAPPDATA")
            .map(PathBuf::from)
            .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")))
    });
    base.unwrap_or_else(std::env::temp_dir).join("dockwright")
}

#[cfg(test)]
mod tests;
