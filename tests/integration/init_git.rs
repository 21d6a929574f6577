//! `init` and git: what git has is not copied, what it does not have is said.

use std::process::Command;

use assert_fs::TempDir;
use predicates::prelude::*;

use crate::init::{init, read, report, repository, write};

fn git(directory: &TempDir, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"])
        .args(arguments)
        .current_dir(directory)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("git is there");
    assert!(status.success(), "{arguments:?}");
}

fn committed(files: &[(&str, &str)]) -> TempDir {
    let directory = repository();
    for (path, text) in files {
        write(&directory, path, text);
    }
    git(&directory, &["init", "--quiet"]);
    git(&directory, &["add", "--all"]);
    git(&directory, &["commit", "--quiet", "--message", "first"]);
    directory
}

#[test]
fn what_git_has_needs_no_copy() {
    let directory = committed(&[("Dockerfile", "FROM python:3.9\n")]);
    init(&directory, &["--rewrite"]).success();
    assert!(!directory.path().join("Dockerfile.before-dockwright").exists());
}

#[test]
fn an_edit_that_is_not_committed_is_copied_and_named() {
    let directory = committed(&[("Dockerfile", "FROM python:3.9\n")]);
    write(&directory, "Dockerfile", "FROM python:3.10\n");
    init(&directory, &["--rewrite"])
        .success()
        .stdout(predicate::str::contains("not committed before: Dockerfile"));
    assert_eq!(read(&directory, "Dockerfile.before-dockwright"), "FROM python:3.10\n");
}

#[test]
fn uncommitted_changes_elsewhere_are_a_warning() {
    let directory = committed(&[]);
    write(&directory, "requirements.txt", "fastapi==0.116.0\n");
    let report = report(&directory, &[]);
    let notes = report["notes"].to_string();
    assert!(notes.contains("1 file has uncommitted changes"), "{notes}");
    assert!(directory.path().join("Dockerfile").exists());
}

#[test]
fn an_env_that_git_tracks_is_said() {
    let directory = committed(&[(".env", "A=1\n")]);
    let report = report(&directory, &[]);
    assert!(report["notes"].to_string().contains("git rm --cached .env"), "{}", report["notes"]);
}

#[test]
fn in_a_directory_of_a_larger_repository_paths_start_there() {
    let directory = committed(&[
        ("services/shop/main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
        ("services/shop/requirements.txt", "fastapi\nuvicorn\n"),
        ("services/shop/Dockerfile", "FROM python:3.9\n"),
    ]);
    let report = report(&directory, &["services/shop", "--rewrite"]);
    assert_eq!(crate::init::file(&report, "Dockerfile").1, "replace");
    assert!(!directory.path().join("services/shop/Dockerfile.before-dockwright").exists());
    assert!(!directory.path().join("dockwright.toml").exists());
    let next = report["next"].as_str().unwrap();
    assert!(next.starts_with("cd services/shop && docker compose"), "{next}");
}

#[test]
fn data_that_git_has_and_the_build_saw_is_not_kept_out() {
    let directory = committed(&[
        (".dockerignore", "docs\n/keys\n"),
        ("geo/zones.db", "z"),
        ("keys/private.pem", "k"),
        ("tests/sample.db", "s"),
        ("web.log.md", "m"),
        ("certs/root.pem", "c"),
    ]);
    report(&directory, &["--rewrite"]);
    let list = std::fs::read_to_string(directory.path().join(".dockerignore")).unwrap();
    assert!(list.contains("\n!certs/root.pem\n"), "{list}");
    assert!(!list.contains("keys/private.pem") && !list.contains("sample"), "{list}");
}
