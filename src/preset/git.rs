//! Presets from git, through the user's own `git`, so that credentials work.
//! What was fetched is kept by commit and read from the object store: no
//! work tree is ever made, so nothing in it can be a link or a hook.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Problem};
use crate::preset::files::Files;
use crate::preset::{MANIFEST, PARTS};
use crate::relpath::RelPath;

/// The commit that a revision of a repository names now, fetched.
///
/// # Errors
/// No `git`, no such repository or revision, no network.
pub fn fetch(cache: &Path, url: &str, revision: &str) -> Result<String, Error> {
    let store = store(cache, url);
    if !store.join("HEAD").exists() {
        std::fs::create_dir_all(&store).map_err(|source| Error::Io {
            action: "create",
            path: store.clone(),
            source,
        })?;
        run(&store, &["init", "--quiet", "--bare", "."], url)?;
    }
    run(&store, &["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, revision], url)?;
    let commit = run(&store, &["rev-parse", "--verify", "FETCH_HEAD^{commit}"], url)?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    // Named, so that git's housekeeping keeps it.
    run(&store, &["update-ref", &format!("refs/dockwright/{commit}"), &commit], url)?;
    Ok(commit)
}

/// The files of a preset at a commit that was fetched before; `None` where
/// it was not.
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
    let store = store(cache, url);
    let there = store.join("HEAD").exists()
        && run(&store, &["cat-file", "-e", &format!("{commit}^{{commit}}")], url).is_ok();
    if !there {
        return Ok(None);
    }
    let prefix = directory.map_or(String::new(), |directory| format!("{directory}/"));
    let mut listing = vec!["ls-tree", "-r", "-z", "--full-tree", commit, "--"];
    let paths: Vec<String> =
        [MANIFEST].iter().chain(&PARTS).map(|part| format!("{prefix}{part}")).collect();
    listing.extend(paths.iter().map(String::as_str));
    let listing = run(&store, &listing, url)?;
    let mut files = Files::default();
    for line in listing.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        let Some((kind, path)) = line.split_once('\t') else { continue };
        let mut kind = kind.split(' ');
        let (mode, object) = (kind.next().unwrap_or_default(), kind.nth(1).unwrap_or_default());
        let inside = path.strip_prefix(&prefix).unwrap_or(path);
        let located = |problem: Problem| Error::input(problem.at(format!("{url} at {commit}")));
        if !mode.starts_with("100") {
            let problem = Problem::new(format!("{inside} is no plain file"));
            return Err(located(problem.help("a preset holds plain files alone")));
        }
        let bytes = run(&store, &["cat-file", "blob", object], url)?;
        files.add(inside, bytes).map_err(located)?;
    }
    if files.get(MANIFEST).is_none() {
        let place = directory.map_or_else(|| "at its top".to_owned(), |at| format!("in {at}"));
        let problem = Problem::new(format!("{url} has no {MANIFEST} {place}"));
        return Err(Error::input(problem.at(format!("commit {commit}"))));
    }
    Ok(Some(files))
}

/// The tags of a repository, asked for now.
///
/// # Errors
/// No `git`, no such repository, no network.
pub fn tags(url: &str) -> Result<Vec<String>, Error> {
    let listing = run(&std::env::temp_dir(), &["ls-remote", "--tags", "--refs", "--", url], url)?;
    let listing = String::from_utf8_lossy(&listing);
    let name = |line: &str| Some(line.split_once("refs/tags/")?.1.to_owned());
    Ok(listing.lines().filter_map(name).collect())
}

/// What the branches and tags of a repository name now, by their full names.
///
/// # Errors
/// No `git`, no such repository, no network.
pub fn refs(url: &str) -> Result<Vec<(String, String)>, Error> {
    let listing = run(&std::env::temp_dir(), &["ls-remote", "--", url], url)?;
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

/// One bare repository per address.
fn store(cache: &Path, url: &str) -> PathBuf {
    cache.join("git").join(&crate::apply::bookkeeping::hash(url.as_bytes())[..32])
}

fn run(store: &Path, arguments: &[&str], url: &str) -> Result<Vec<u8>, Error> {
    let mut command = Command::new("git");
    command
        .current_dir(store)
        // Only transports that run nothing of the repository's choosing.
        .args(["-c", "protocol.allow=never"])
        .args(["-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always"])
        .args(["-c", "protocol.file.allow=always", "-c", "core.hooksPath=/dev/null"])
        .args(arguments)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null());
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        command.env("GIT_TERMINAL_PROMPT", "0");
    }
    let output = command.output().map_err(|error| Error::Tool {
        message: format!("git could not be run: {error}"),
        help: "presets in git are fetched with your own git; install it".into(),
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().lines().last().unwrap_or("git failed").to_owned();
    Err(Error::Tool {
        message: format!("{url}: {said}"),
        help: "check the address, the revision and your access with `git ls-remote`".into(),
    })
}

#[cfg(test)]
mod tests {
    use assert_fs::TempDir;
    use assert_fs::prelude::*;

    use super::*;

    fn git(directory: &Path, arguments: &[&str]) {
        let status = Command::new("git")
            .current_dir(directory)
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@t.test",
                "-c",
                "init.defaultBranch=main",
            ])
            .args(arguments)
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    }

    fn repository() -> TempDir {
        let directory = TempDir::new().unwrap();
        directory.child("web/preset.toml").write_str("name = \"a\"\n").unwrap();
        directory.child("web/templates/x.tera").write_str("one\n").unwrap();
        directory.child("web/hooks/evil.sh").write_str("exit 1\n").unwrap();
        git(directory.path(), &["init", "--quiet"]);
        git(directory.path(), &["add", "."]);
        git(directory.path(), &["commit", "--quiet", "-m", "one"]);
        git(directory.path(), &["tag", "v1"]);
        directory
    }

    #[test]
    fn a_tag_is_fetched_once_and_read_without_the_repository_afterwards() {
        let (repository, cache) = (repository(), TempDir::new().unwrap());
        let url = format!("file://{}", repository.path().display());
        let commit = fetch(cache.path(), &url, "v1").unwrap();
        assert_eq!(commit.len(), 40);
        repository.close().unwrap();
        let directory = RelPath::new("web").unwrap();
        let files = files(cache.path(), &url, &commit, Some(&directory)).unwrap().unwrap();
        let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["preset.toml", "templates/x.tera"]);
    }

    #[test]
    fn what_is_not_there_is_said_in_words() {
        let (repository, cache) = (repository(), TempDir::new().unwrap());
        let url = format!("file://{}", repository.path().display());
        let error = fetch(cache.path(), &url, "v9").unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().contains("v9"), "{error}");
        let commit = fetch(cache.path(), &url, "v1").unwrap();
        let error = files(cache.path(), &url, &commit, None).unwrap_err();
        assert!(error.to_string().contains("no preset.toml at its top"), "{error}");
        assert_eq!(files(cache.path(), &url, &"0".repeat(40), None).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_in_the_tree_is_refused() {
        let (repository, cache) = (repository(), TempDir::new().unwrap());
        std::os::unix::fs::symlink("/etc/passwd", repository.path().join("web/templates/l"))
            .unwrap();
        git(repository.path(), &["add", "."]);
        git(repository.path(), &["commit", "--quiet", "-m", "two"]);
        let url = format!("file://{}", repository.path().display());
        let commit = fetch(cache.path(), &url, "main").unwrap();
        let directory = RelPath::new("web").unwrap();
        let error = files(cache.path(), &url, &commit, Some(&directory)).unwrap_err();
        assert!(error.to_string().contains("templates/l is no plain file"), "{error}");
    }
}
