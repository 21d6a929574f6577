use std::process::Command;

use assert_fs::TempDir;
use assert_fs::prelude::*;

use super::*;

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "init.defaultBranch=main"])
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn commit(directory: &Path, message: &str) -> String {
    git(directory, &["add", "."]);
    git(directory, &["commit", "--quiet", "-m", message]);
    git(directory, &["rev-parse", "HEAD"])
}

/// A repository with a preset in `web`, and where presets are cached.
fn repository() -> (TempDir, TempDir, String) {
    let directory = TempDir::new().unwrap();
    directory.child("web/preset.toml").write_str("name = \"a\"\n").unwrap();
    directory.child("web/templates/x.tera").write_str("one\n").unwrap();
    directory.child("web/hooks/evil.sh").write_str("exit 1\n").unwrap();
    git(directory.path(), &["init", "--quiet"]);
    commit(directory.path(), "one");
    git(directory.path(), &["tag", "v1"]);
    let url = format!("file://{}", directory.path().display());
    (directory, TempDir::new().unwrap(), url)
}

fn web() -> RelPath {
    RelPath::new("web").unwrap()
}

/// What is said of the preset at the tip.
fn refusal(cache: &TempDir, url: &str) -> String {
    let commit = fetch(cache.path(), url, "main").unwrap();
    files(cache.path(), url, &commit, Some(&web())).unwrap_err().to_string()
}

#[test]
fn a_tag_is_fetched_once_and_read_without_the_repository_afterwards() {
    let (repository, cache, url) = repository();
    let commit = fetch(cache.path(), &url, "v1").unwrap();
    assert_eq!(commit.len(), 40);
    repository.close().unwrap();
    let files = files(cache.path(), &url, &commit, Some(&web())).unwrap().unwrap();
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["preset.toml", "templates/x.tera"]);
    assert_eq!(fetch(cache.path(), &url, &commit).unwrap(), commit);
}

#[test]
fn what_is_not_there_is_said_in_words() {
    let (repository, cache, url) = repository();
    let error = fetch(cache.path(), &url, "v9").unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("v9"), "{error}");
    let commit = fetch(cache.path(), &url, "v1").unwrap();
    let error = files(cache.path(), &url, &commit, None).unwrap_err();
    assert!(error.to_string().contains("no preset.toml at its top"), "{error}");
    let nowhere = RelPath::new("nowhere").unwrap();
    let error = files(cache.path(), &url, &commit, Some(&nowhere)).unwrap_err();
    assert!(error.to_string().contains("no preset.toml in nowhere"), "{error}");
    assert_eq!(files(cache.path(), &url, &"0".repeat(40), None).unwrap(), None);
    drop(repository);
}

#[test]
fn branches_tags_annotated_tags_and_commits_name_the_same_commit() {
    let (repository, _, url) = repository();
    let first = git(repository.path(), &["rev-parse", "HEAD"]);
    git(repository.path(), &["tag", "-a", "-m", "annotated", "v1.0.0"]);
    git(repository.path(), &["branch", "stable"]);
    repository.child("web/templates/x.tera").write_str("two\n").unwrap();
    commit(repository.path(), "two");
    for revision in ["v1", "v1.0.0", "stable", &first, &first[..8]] {
        let cache = TempDir::new().unwrap();
        assert_eq!(fetch(cache.path(), &url, revision).unwrap(), first, "{revision}");
        let files = files(cache.path(), &url, &first, Some(&web())).unwrap().unwrap();
        assert_eq!(files.get("templates/x.tera"), Some(b"one\n".as_slice()), "{revision}");
    }
}

#[test]
fn an_abbreviated_commit_is_found_in_a_store_that_has_only_the_tip() {
    let (repository, cache, url) = repository();
    let first = git(repository.path(), &["rev-parse", "HEAD"]);
    repository.child("web/templates/x.tera").write_str("two\n").unwrap();
    commit(repository.path(), "two");
    fetch(cache.path(), &url, "main").unwrap();
    assert_eq!(fetch(cache.path(), &url, &first[..10]).unwrap(), first);
    let error = fetch(cache.path(), &url, "abcdef0123").unwrap_err().to_string();
    assert!(error.contains("`abcdef0123` is no tag, branch or commit"), "{error}");
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_refused_by_name() {
    let (repository, cache, url) = repository();
    std::os::unix::fs::symlink("/etc/passwd", repository.path().join("web/templates/l")).unwrap();
    commit(repository.path(), "link");
    let said = refusal(&cache, &url);
    assert!(said.contains("templates/l is a symbolic link"), "{said}");
}

#[test]
fn a_submodule_is_refused_where_a_template_or_the_preset_itself_would_be() {
    let (repository, _, url) = repository();
    let (other, _, other_url) = self::repository();
    git(repository.path(), &["submodule", "--quiet", "add", &other_url, "web/templates/sub"]);
    git(repository.path(), &["submodule", "--quiet", "add", &other_url, "sub"]);
    commit(repository.path(), "sub");
    let cache = TempDir::new().unwrap();
    let said = refusal(&cache, &url);
    assert!(said.contains("templates/sub is a submodule"), "{said}");
    let tip = fetch(cache.path(), &url, "main").unwrap();
    let inside = RelPath::new("sub").unwrap();
    let said = files(cache.path(), &url, &tip, Some(&inside)).unwrap_err().to_string();
    assert!(said.contains("sub in file://") && said.contains("is a submodule"), "{said}");
    drop(other);
}

#[test]
fn a_pointer_of_git_lfs_and_a_huge_file_are_refused_by_name() {
    let (repository, cache, url) = repository();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    repository.child("web/templates/model.bin").write_str(pointer).unwrap();
    commit(repository.path(), "lfs");
    let said = refusal(&cache, &url);
    assert!(said.contains("templates/model.bin is kept by Git LFS"), "{said}");

    let cache = TempDir::new().unwrap();
    repository.child("web/templates/model.bin").write_binary(&vec![7; 3 << 20]).unwrap();
    commit(repository.path(), "huge");
    let said = refusal(&cache, &url);
    assert!(said.contains("templates/model.bin has more than 1024 KiB"), "{said}");
}

#[test]
fn attributes_of_the_repository_change_nothing_in_its_files() {
    let (repository, cache, url) = repository();
    let attributes = "*.tera filter=evil export-subst eol=crlf working-tree-encoding=UTF-16\n";
    repository.child("web/templates/x.tera").write_str("$Format:%H$\nline\n").unwrap();
    let tip = commit(repository.path(), "two");
    repository.child(".gitattributes").write_str(attributes).unwrap();
    repository.child(".gitmodules").write_str("[submodule \"a\"]\n\turl = ext::evil\n").unwrap();
    git(repository.path(), &["add", ".gitattributes", ".gitmodules"]);
    git(repository.path(), &["commit", "--quiet", "-m", "three"]);
    let commit = fetch(cache.path(), &url, "main").unwrap();
    assert_ne!(commit, tip);
    let files = files(cache.path(), &url, &commit, Some(&web())).unwrap().unwrap();
    assert_eq!(files.get("templates/x.tera"), Some(b"$Format:%H$\nline\n".as_slice()));
}

/// The only store of a cache.
fn store_of(cache: &TempDir) -> PathBuf {
    let stores = std::fs::read_dir(cache.path().join("git")).unwrap();
    let mut paths = stores.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    paths.next().unwrap()
}

/// Makes every object of a store unreadable.
fn damage(store: &Path) {
    let mut open = vec![store.join("objects")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                std::fs::remove_file(&path).unwrap();
                std::fs::write(&path, "damaged").unwrap();
            }
        }
    }
}

#[test]
fn a_damaged_store_is_made_anew() {
    let (repository, cache, url) = repository();
    let commit = fetch(cache.path(), &url, "v1").unwrap();
    damage(&store_of(&cache));
    assert_eq!(files(cache.path(), &url, &commit, Some(&web())).unwrap(), None);
    COMMITS.forget(|(of, ..)| of == cache.path());
    assert_eq!(fetch(cache.path(), &url, "v1").unwrap(), commit);
    assert!(files(cache.path(), &url, &commit, Some(&web())).unwrap().is_some());
    drop(repository);
}

#[test]
fn a_store_that_was_half_made_is_made_anew() {
    let (repository, cache, url) = repository();
    let store = Store::open(cache.path(), &url).unwrap();
    let path = store.path().to_owned();
    drop(store);
    std::fs::remove_file(path.join("HEAD")).unwrap();
    std::fs::write(path.join("config"), "[core\n").unwrap();
    assert_eq!(fetch(cache.path(), &url, "v1").unwrap().len(), 40);
    drop(repository);
}

#[test]
fn threads_that_fetch_from_one_address_wait_for_each_other() {
    let (repository, cache, url) = repository();
    let mut commits = vec![git(repository.path(), &["rev-parse", "HEAD"])];
    for number in 2..6 {
        repository.child("web/templates/x.tera").write_str(&number.to_string()).unwrap();
        commits.push(commit(repository.path(), "more"));
        git(repository.path(), &["tag", &format!("v{number}")]);
    }
    std::thread::scope(|scope| {
        for (index, expected) in commits.iter().enumerate() {
            let (cache, url) = (&cache, &url);
            for _ in 0..2 {
                scope.spawn(move || {
                    let commit = fetch(cache.path(), url, &format!("v{}", index + 1)).unwrap();
                    assert_eq!(commit, *expected);
                    let files = files(cache.path(), url, &commit, Some(&web())).unwrap();
                    assert!(files.is_some());
                });
            }
        }
    });
}

#[test]
fn what_was_asked_once_is_not_asked_again_not_even_a_failure() {
    let asked: Asked<&str, u32> = Asked::default();
    let count = std::cell::Cell::new(0);
    let ask = |answer: Option<u32>| {
        count.set(count.get() + 1);
        answer.ok_or_else(|| Error::Tool { message: "down".into(), help: "wait".into() })
    };
    assert_eq!(asked.or_ask("a", || ask(Some(1))).unwrap(), 1);
    assert_eq!(asked.or_ask("a", || ask(Some(2))).unwrap(), 1);
    assert!(asked.or_ask("b", || ask(None)).is_err());
    assert_eq!(asked.or_ask("b", || ask(Some(3))).unwrap_err().to_string(), "down\n  help: wait");
    assert_eq!(count.get(), 2);
    asked.forget(|key| *key == "b");
    assert_eq!(asked.or_ask("b", || ask(Some(3))).unwrap(), 3);
}
