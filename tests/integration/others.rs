//! What other tools of this kind get wrong, each as a test of what dockwright
//! does instead. `docs/others.md` names them.

mod merging;
mod safety;
mod sources;

use std::path::Path;
use std::process::Command;

/// Edits of the preset that the tests release as versions.
pub const SMALL: &str =
    "extends = [\"fastapi-gunicorn\"]\n[defaults]\ntune.web.memory = \"1792MiB\"\n";
pub const LARGE: &str =
    "extends = [\"fastapi-gunicorn\"]\n[defaults]\ntune.web.memory = \"3680MiB\"\n";

/// Runs git as somebody whose own settings do not count.
pub fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"])
        .args(["-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("git is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes a repository of a directory, with everything in one commit.
pub fn commit_all(directory: &Path, message: &str) {
    if !directory.join(".git").exists() {
        git(directory, &["init", "--quiet"]);
    }
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "--message", message]);
}
