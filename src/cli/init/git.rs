//! What git says of a directory, where there is git. Only `git status` and `git log` are
//! asked; nothing is changed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// What git knows of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Whether it is inside a work tree, and git is there to say so.
    pub is_repository: bool,
    /// Paths, relative to the directory, with changes that are not committed;
    /// untracked and ignored ones among them.
    pub uncommitted: BTreeSet<String>,
    /// Of these, the paths git does not know.
    pub untracked: BTreeSet<String>,
}

impl State {
    /// Asks git; without it, or outside of a repository, nothing is known.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        let output = Command::new("git")
            // Another user's configuration and a repository's own programs
            // stay out of this.
            .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
            .args(["status", "--porcelain=v1", "-z", "--ignored", "--no-renames", "--", "."])
            .env("GIT_OPTIONAL_LOCKS", "0")
            .current_dir(dir)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let Ok(output) = output else { return Self::default() };
        if !output.status.success() {
            return Self::default();
        }
        let prefix = prefix(dir);
        let text = String::from_utf8_lossy(&output.stdout);
        let mut state = Self { is_repository: true, ..Self::default() };
        for entry in text.split('\0').filter(|entry| entry.len() > 3) {
            let (status, path) = entry.split_at(3);
            let path = path.strip_prefix(&prefix).unwrap_or(path).to_owned();
            if status.starts_with("??") || status.starts_with("!!") {
                state.untracked.insert(path.clone());
            }
            state.uncommitted.insert(path);
        }
        state
    }

    /// Whether the content of a path can be had back from git.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.is_repository && !self.uncommitted.iter().any(|other| covers(other, path))
    }

    /// Whether git has a file that is there in its history or its index.
    #[must_use]
    pub fn is_tracked(&self, path: &str) -> bool {
        self.is_repository && !self.untracked.iter().any(|other| covers(other, path))
    }

    /// Tracked files with changes that are not committed.
    pub fn modified(&self) -> impl Iterator<Item = &str> {
        self.uncommitted.difference(&self.untracked).map(String::as_str)
    }
}

/// What git says without running anything of the repository; `None` where it fails.
fn asked(dir: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(["-c", "log.showSignature=false"])
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The branch that a repository calls its default one: the remote's, as far as a clone knows it. Without a remote that
/// says so it is the branch that is checked out, unless one with a usual name is there.
#[must_use]
pub fn default_branch(dir: &Path) -> Option<String> {
    let asked = |arguments: &[&str]| asked(dir, arguments).filter(|text| !text.is_empty());
    let of_remote = asked(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
    if let Some(branch) = of_remote.as_deref().and_then(|own| own.strip_prefix("origin/")) {
        return Some(branch.to_owned());
    }
    let there = asked(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
    let there = there.unwrap_or_default();
    let usual = there.lines().find(|own| ["main", "master"].contains(own));
    match usual {
        Some(branch) => Some(branch.to_owned()),
        None => asked(&["symbolic-ref", "--quiet", "--short", "HEAD"]),
    }
}

/// Whether an entry of `git status` is about a path: a directory git does not
/// know stands for everything in it.
fn covers(entry: &str, path: &str) -> bool {
    entry == path || entry.ends_with('/') && path.starts_with(entry)
}

/// When one of these files was last committed, in UTC; `None` where git does not say, or
/// one of them has changed since.
#[must_use]
pub fn last_commit(dir: &Path, files: &[String]) -> Option<String> {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let asked = |arguments: &[&str]| asked(dir, &[arguments, &["--"], &files].concat());
    let changed = asked(&["status", "--porcelain=v1", "--ignored"])?;
    let date = asked(&["log", "-1", "--format=%cI"]).filter(|_| changed.is_empty())?;
    date.parse::<jiff::Timestamp>().ok().map(|moment| moment.to_string())
}

/// Where the directory is below the top of the work tree, as git writes paths.
fn prefix(dir: &Path) -> String {
    let output = Command::new("git")
        .args(["rev-parse", "--show-prefix"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).trim_end().to_owned(),
    )
}
