//! `dockwright init` in a repository that holds code.

use std::fs;
use std::path::Path;

use assert_fs::TempDir;
use predicates::prelude::*;
use serde_json::Value;

use crate::support::{directory, dockwright};

/// A small FastAPI service.
pub fn repository() -> TempDir {
    let directory = directory();
    write(&directory, "main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n");
    write(&directory, "requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n");
    directory
}

pub fn write(directory: &TempDir, path: &str, text: &str) {
    let path = directory.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub fn read(directory: &TempDir, path: &str) -> String {
    fs::read_to_string(directory.path().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The name is given because a temporary directory has none a service can
/// have.
pub fn init(directory: &TempDir, flags: &[&str]) -> assert_cmd::assert::Assert {
    dockwright()
        .current_dir(directory)
        .args(["init", "--yes", "--set", "project.name=shop"])
        .args(flags)
        .assert()
}

/// The JSON report.
pub fn report(directory: &TempDir, flags: &[&str]) -> Value {
    let output = init(directory, &[flags, &["--format", "json"]].concat()).success();
    serde_json::from_slice(&output.get_output().stdout).unwrap()
}

/// `state` and `action` of a file in a report.
pub fn file(report: &Value, path: &str) -> (String, String) {
    let files = report["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path);
    let file = file.unwrap_or_else(|| panic!("{path} is not in {files:#?}"));
    let word = |key: &str| file[key].as_str().unwrap().to_owned();
    (word("state"), word("action"))
}

/// Every path below a directory with its content.
pub fn tree(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read(path).unwrap_or_default()));
            }
        }
    }
    found.sort();
    found
}

fn lock_state(directory: &TempDir, path: &str) -> Option<String> {
    let lock: toml::Table = toml::from_str(&read(directory, ".dockwright/lock.toml")).unwrap();
    let files = lock["file"].as_array().unwrap();
    let entry = files.iter().find(|entry| entry["path"].as_str() == Some(path))?;
    Some(entry["state"].as_str().unwrap().to_owned())
}

#[test]
fn the_files_of_a_service_are_added_to_its_code() {
    let directory = repository();
    let code = read(&directory, "main.py");
    let report = report(&directory, &[]);
    for path in ["Dockerfile", "compose.yaml", ".dockerignore", ".env", ".env.example"] {
        assert_eq!(file(&report, path), ("new".into(), "create".into()), "{path}");
        assert!(directory.path().join(path).exists(), "{path}");
        assert_eq!(lock_state(&directory, path).as_deref(), Some("clean"), "{path}");
    }
    assert_eq!(read(&directory, "main.py"), code);
    assert!(!directory.path().join("README.md").exists(), "no skeleton in a repository with code");
    let intent = read(&directory, "dockwright.toml");
    assert!(intent.contains("app = \"main:app\""), "{intent}");
    assert!(!intent.contains("\"none\""), "what was not found is no choice: {intent}");
}

#[test]
fn a_second_run_changes_nothing() {
    let directory = repository();
    init(&directory, &[]).success();
    let before = tree(directory.path());
    let report = report(&directory, &[]);
    assert_eq!(report["written"], serde_json::json!([]));
    assert!(tree(directory.path()) == before);
}

#[test]
fn an_existing_dockerfile_is_kept_byte_for_byte() {
    let directory = repository();
    let theirs = "FROM python:3.9\r\nCMD [\"true\"]";
    write(&directory, "Dockerfile", theirs);
    let report = report(&directory, &[]);
    assert_eq!(file(&report, "Dockerfile"), ("existing".into(), "keep".into()));
    assert_eq!(read(&directory, "Dockerfile"), theirs);
    assert_eq!(lock_state(&directory, "Dockerfile").as_deref(), Some("kept, not adopted"));
    assert!(directory.path().join("dockwright.toml").exists());
}

#[test]
fn what_would_only_work_with_our_dockerfile_is_not_written_beside_theirs() {
    let directory = repository();
    write(&directory, "Dockerfile", "FROM python:3.9\n");
    let report = report(&directory, &[]);
    for path in ["compose.yaml", ".dockerignore", ".env"] {
        assert_eq!(file(&report, path).1, "hold", "{path}");
        assert!(!directory.path().join(path).exists(), "{path}");
        assert_eq!(lock_state(&directory, path).as_deref(), Some("left out"), "{path}");
    }
    assert!(report["next"].as_str().unwrap().contains("--rewrite"), "{}", report["next"]);
}

#[test]
fn rewrite_takes_ours_and_keeps_a_copy_of_what_git_does_not_have() {
    let directory = repository();
    write(&directory, "Dockerfile", "FROM python:3.9\n");
    init(&directory, &[]).success();
    let report = report(&directory, &["--rewrite"]);
    assert_eq!(file(&report, "Dockerfile"), ("existing".into(), "replace".into()));
    assert!(read(&directory, "Dockerfile").contains("AS runtime"));
    assert_eq!(read(&directory, "Dockerfile.before-dockwright"), "FROM python:3.9\n");
    assert!(directory.path().join("compose.yaml").exists());
    assert_eq!(lock_state(&directory, "Dockerfile").as_deref(), Some("clean"));
}

#[test]
fn a_kept_file_stays_kept_in_later_runs() {
    let directory = repository();
    write(&directory, "Dockerfile", "FROM python:3.9\n");
    init(&directory, &[]).success();
    let before = tree(directory.path());
    init(&directory, &[]).success();
    assert!(tree(directory.path()) == before);
}

#[test]
fn ours_keeps_the_name_of_the_compose_file_that_is_there() {
    let directory = repository();
    write(&directory, "docker-compose.yml", "services:\n  web:\n    image: nginx:1.30\n");
    let kept = report(&directory, &[]);
    assert_eq!(file(&kept, "docker-compose.yml"), ("existing".into(), "keep".into()));
    assert!(!directory.path().join("compose.yaml").exists(), "it would silently win");
    init(&directory, &["--rewrite"]).success();
    assert!(read(&directory, "docker-compose.yml").contains("x-app: &app"));
    assert!(!directory.path().join("compose.yaml").exists());
}

#[test]
fn env_of_a_kept_compose_file_is_left_alone() {
    let directory = repository();
    write(&directory, "compose.yaml", "services:\n  web:\n    image: x:${TAG:-1}\n");
    write(&directory, ".env", "A=1\n");
    init(&directory, &[]).success();
    assert_eq!(read(&directory, ".env"), "A=1\n", "a new TAG would change what theirs starts");
}

#[test]
fn an_existing_env_gets_missing_names_and_no_other_change() {
    let directory = repository();
    write(&directory, ".env", "# mine\r\nTAG=v7\r\nOTHER='a b'");
    init(&directory, &[]).success();
    let env = read(&directory, ".env");
    assert!(env.starts_with("# mine\r\nTAG=v7\r\nOTHER='a b'\r\n"), "{env:?}");
    assert_eq!(env.matches("TAG=").count(), 1, "{env:?}");
    assert!(env.contains("\r\nHOST_UID="), "{env:?}");
    assert!(!env.replace("\r\n", "").contains('\n'), "{env:?}");
}

#[test]
fn entries_of_ignore_files_are_merged_and_none_is_dropped() {
    let directory = repository();
    let theirs = "# ours\n*\n!main.py\n!*.md\n";
    write(&directory, ".dockerignore", theirs);
    write(&directory, ".gitignore", "dist/\n.env\n");
    init(&directory, &[]).success();
    let ignore = read(&directory, ".dockerignore");
    assert!(ignore.starts_with(theirs), "{ignore}");
    assert!(ignore.contains("\n!requirements.txt\n"), "the build reads it: {ignore}");
    assert!(!ignore.contains("DEPLOY.md"), "`!*.md` lets it in: {ignore}");
    let ignored = read(&directory, ".gitignore");
    assert!(ignored.starts_with("dist/\n.env\n\n# Added by dockwright\n*.dump\n"), "{ignored}");
}

#[test]
fn an_existing_run_book_is_kept_whatever_is_taken() {
    let directory = repository();
    write(&directory, "DEPLOY.md", "# Ours\n");
    init(&directory, &["--rewrite"]).success();
    assert_eq!(read(&directory, "DEPLOY.md"), "# Ours\n");
    assert_eq!(lock_state(&directory, "DEPLOY.md").as_deref(), Some("kept, not adopted"));
}

#[test]
fn a_helper_of_theirs_stays_and_ours_stands_beside_it() {
    let directory = repository();
    write(&directory, "gunicorn.conf.py", "workers = 1\n");
    init(&directory, &["--preset", "fastapi-gunicorn", "--set", "stack.server=gunicorn-uvicorn"])
        .success();
    assert_eq!(read(&directory, "gunicorn.conf.py"), "workers = 1\n");
    assert!(read(&directory, "gunicorn.dockwright.conf.py").contains("bind"));
    let dockerfile = read(&directory, "Dockerfile");
    assert!(dockerfile.contains("gunicorn.dockwright.conf.py\""), "{dockerfile}");
    assert!(!dockerfile.contains("gunicorn.conf.py\""), "{dockerfile}");
    let before = tree(directory.path());
    init(&directory, &[]).success();
    assert!(tree(directory.path()) == before, "a second run finds ours where it is");
}

/// What the image runs of dockwright's own files, and where it gets them.
fn runs(dockerfile: &str) -> Vec<&str> {
    let named = |line: &&str| ["entrypoint", "gunicorn"].iter().any(|word| line.contains(word));
    dockerfile.lines().filter(named).collect()
}

#[test]
fn an_update_leaves_the_image_to_the_files_that_stand_beside_theirs() {
    for context in ["", "backend/"] {
        let directory = directory();
        let at = |path: &str| format!("{context}{path}");
        let code = "import os\n\nfrom flask import Flask\n\napp = Flask(__name__)\n\
                    app.config[\"SECRET_KEY\"] = os.environ[\"SECRET_KEY\"]\n";
        write(&directory, &at("app.py"), code);
        write(&directory, &at("requirements.txt"), "flask==3.1.0\ngunicorn==23.0.0\n");
        write(&directory, &at("entrypoint.sh"), "#!/bin/sh\nexec gunicorn app:app\n");
        write(&directory, &at("gunicorn.conf.py"), "workers = 1\n");
        init(&directory, &[]).success();
        let first = read(&directory, &at("Dockerfile"));
        let wanted = [
            "COPY --chmod=0555 entrypoint.dockwright.sh /app/entrypoint.dockwright.sh",
            "ENTRYPOINT [\"/app/entrypoint.dockwright.sh\"]",
            "CMD [\"gunicorn\", \"--config\", \"/app/gunicorn.dockwright.conf.py\", \"app:app\"]",
        ];
        for line in wanted {
            assert!(runs(&first).contains(&line), "{line} is not in {first}");
        }

        dockwright()
            .current_dir(&directory)
            .args(["update", ".", "--set", "deploy.memory=8GiB"])
            .assert()
            .success();
        assert_eq!(runs(&read(&directory, &at("Dockerfile"))), runs(&first));
        assert_eq!(read(&directory, &at("gunicorn.conf.py")), "workers = 1\n");
        let ours = read(&directory, &at("gunicorn.dockwright.conf.py"));
        assert_ne!(ours, read(&directory, &at("gunicorn.conf.py")), "{context}");
        dockwright().current_dir(&directory).args(["check", "."]).assert().success();

        // Taken, theirs give way, and the image runs ours by their own names.
        init(&directory, &["--rewrite"]).success();
        let taken = read(&directory, &at("Dockerfile"));
        assert!(taken.contains("ENTRYPOINT [\"/app/entrypoint.sh\"]"), "{taken}");
        assert!(read(&directory, &at("gunicorn.conf.py")).contains("bind = "));
    }
}

#[test]
fn an_ours_that_stands_beside_is_left_out_by_the_name_it_usually_has() {
    let directory = repository();
    write(&directory, "gunicorn.conf.py", "workers = 1\n");
    init(&directory, &["--preset", "fastapi-gunicorn", "--set", "stack.server=gunicorn-uvicorn"])
        .success();
    dockwright()
        .current_dir(&directory)
        .args(["update", ".", "--set", "files.gunicorn.conf.py=off"])
        .assert()
        .success();
    assert!(!directory.path().join("gunicorn.dockwright.conf.py").exists());
    assert_eq!(read(&directory, "gunicorn.conf.py"), "workers = 1\n");
    let dockerfile = read(&directory, "Dockerfile");
    assert!(!dockerfile.contains("gunicorn.conf.py"), "{dockerfile}");
    assert!(dockerfile.contains("\"--worker-class\""), "{dockerfile}");
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_mode_and_its_line_ends() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = repository();
    write(&directory, "Dockerfile", "FROM python:3.9\r\n");
    let path = directory.path().join("Dockerfile");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    init(&directory, &["--rewrite"]).success();
    let text = read(&directory, "Dockerfile");
    assert!(text.contains("AS runtime") && !text.replace("\r\n", "").contains('\n'));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_dry_run_shows_diffs_and_writes_nothing() {
    let directory = repository();
    write(&directory, "Dockerfile", "FROM python:3.9\n");
    write(&directory, ".env", "PASSWORD=hunter2\n");
    let before = tree(directory.path());
    init(&directory, &["--rewrite", "--dry-run"])
        .success()
        .stdout(predicate::str::contains("--- a/Dockerfile\n+++ b/Dockerfile\n"))
        .stdout(predicate::str::contains("-FROM python:3.9\n"))
        .stdout(predicate::str::contains("Existing, would be replaced\n  Dockerfile\n"))
        .stdout(predicate::str::contains("hunter2").not());
    assert!(tree(directory.path()) == before);
}

#[test]
fn a_dry_run_ends_with_the_command_that_does_it() {
    let directory = repository();
    write(&directory, "Dockerfile", "FROM python:3.9\n");
    let flags = ["--set", "deploy.cpus=4", "--only", "image,server"];
    let shown = init(&directory, &[&flags[..], &["--rewrite", "--dry-run"]].concat()).success();
    let shown = String::from_utf8(shown.get_output().stdout.clone()).unwrap();
    let next = shown.lines().last().unwrap();
    // The test helper names the service.
    let flags = "--only=image,server --set project.name=shop --set deploy.cpus=4 --yes --rewrite";
    assert_eq!(next, format!("Next: dockwright init {flags}"));
}

#[test]
fn only_variables_that_env_leaves_blank_are_to_be_filled_in() {
    let directory = repository();
    let code = "import os\nfrom fastapi import FastAPI\n\nMAPS = os.environ['MAPS_KEY']\n\
                MAIL = os.environ['MAIL_KEY']\napp = FastAPI()\n";
    write(&directory, "main.py", code);
    let both = report(&directory, &["--dry-run"])["notes"].to_string();
    assert!(both.contains("MAPS_KEY") && both.contains("MAIL_KEY"), "{both}");
    write(&directory, ".env", "MAPS_KEY='of ours'\nMAIL_KEY=\n");
    let notes = report(&directory, &[])["notes"].to_string();
    assert!(notes.contains("fill in MAIL_KEY in .env"), "{notes}");
}

#[test]
fn a_fresh_env_starts_from_the_example_that_is_there() {
    let directory = repository();
    let code = "import os\nfrom fastapi import FastAPI\n\nMAPS = os.environ['MAPS_KEY']\n\
                MAIL = os.environ['MAIL_KEY']\napp = FastAPI()\n";
    write(&directory, "main.py", code);
    write(&directory, ".env.sample", "# Of ours.\nexport MAPS_KEY=abc\nMAIL_KEY=\nEXTRA=1\n");
    let notes = report(&directory, &[])["notes"].to_string();
    assert!(notes.contains(".env starts from .env.sample"), "{notes}");
    assert!(notes.contains("fill in MAIL_KEY in .env"), "{notes}");
    let env = read(&directory, ".env");
    assert!(env.starts_with("# Of ours.\nMAPS_KEY=abc\nMAIL_KEY=\nEXTRA=1\n"), "{env}");
    assert!(env.contains("\nTAG=local\n"), "{env}");
}

#[test]
fn what_the_old_dockerfile_still_builds_keeps_it() {
    let directory = repository();
    let old = "FROM node:22 AS assets\nRUN true\nFROM python:3.12\nCMD uvicorn main:app\n";
    write(&directory, "Dockerfile", old);
    let compose = "services:\n  web:\n    build: .\n    command: uvicorn main:app\n    ports: ['8000:8000']\n  \
                   js:\n    build: {context: ., target: assets}\n    command: yarn build\n";
    write(&directory, "compose.yaml", compose);
    init(&directory, &["--rewrite"]).success();
    assert_eq!(read(&directory, "Dockerfile.carried"), old);
    let written = read(&directory, "compose.yaml");
    assert!(written.contains("      dockerfile: Dockerfile.carried\n"), "{written}");
    let before = tree(directory.path());
    init(&directory, &["--rewrite"]).success();
    assert!(tree(directory.path()) == before, "a second run keeps theirs");
}

#[test]
fn copies_of_what_was_replaced_stay_out_of_git_and_of_the_image() {
    let directory = repository();
    write(&directory, "Dockerfile", "FROM python:3.9\nENV PASSWORD=hunter2\n");
    write(&directory, ".gitignore", "dist/\n");
    init(&directory, &["--rewrite"]).success();
    assert_eq!(lock_state(&directory, ".dockerignore").as_deref(), Some("clean"));
    let ignores: Value = report(&directory, &["--rewrite"]);
    assert_eq!(file(&ignores, ".dockerignore").1, "unchanged", "it is as it was written");
    assert!(directory.path().join("Dockerfile.before-dockwright").exists());
    for path in [".gitignore", ".dockerignore"] {
        assert!(read(&directory, path).contains("*.before-dockwright*\n"), "{path}");
    }
    assert!(read(&directory, ".gitignore").starts_with("dist/\n"));
    let before = tree(directory.path());
    init(&directory, &["--rewrite"]).success();
    assert!(tree(directory.path()) == before, "a second run finds the lines");
}

#[test]
fn what_the_user_removed_stays_out_and_an_edit_stays_in() {
    let directory = repository();
    init(&directory, &[]).success();
    fs::remove_file(directory.path().join("DEPLOY.md")).unwrap();
    let edited = format!("{}# mine\n", read(&directory, "Dockerfile"));
    write(&directory, "Dockerfile", &edited);
    let report = report(&directory, &["--set", "deploy.cpus=4"]);
    assert!(!directory.path().join("DEPLOY.md").exists());
    assert_eq!(read(&directory, "Dockerfile"), edited);
    assert_eq!(file(&report, "compose.yaml").1, "replace", "nobody edited it");
    assert_eq!(file(&report, "DEPLOY.md").1, "hold");
}

#[test]
fn comments_of_an_existing_dockwright_toml_stay() {
    let directory = repository();
    let theirs =
        "# our machine\npreset = \"fastapi-uvicorn\"\n\n[deploy]\nmemory = \"2GiB\"  # small\n";
    write(&directory, "dockwright.toml", theirs);
    init(&directory, &[]).success();
    let intent = read(&directory, "dockwright.toml");
    assert!(intent.contains(theirs), "{intent}");
    assert!(intent.contains("app = \"main:app\""), "{intent}");
    assert!(!read(&directory, "compose.yaml").contains("3.5"), "2 GiB hold");
}

#[test]
fn secrets_are_in_env_alone() {
    let directory = repository();
    let report = report(&directory, &["--set", "stack.database=postgres"]);
    let env = read(&directory, ".env");
    let secret = env.lines().find_map(|line| line.strip_prefix("POSTGRES_PASSWORD=")).unwrap();
    assert!(secret.len() >= 40);
    for (path, bytes) in tree(directory.path()).iter().filter(|(path, _)| path != ".env") {
        assert!(!String::from_utf8_lossy(bytes).contains(secret), "{path}");
    }
    assert!(!report.to_string().contains(secret));
}

#[test]
fn what_was_removed_comes_back_when_ours_are_taken() {
    let directory = repository();
    init(&directory, &[]).success();
    fs::remove_file(directory.path().join("compose.dev.yaml")).unwrap();
    init(&directory, &[]).success();
    assert!(!directory.path().join("compose.dev.yaml").exists());
    assert_eq!(lock_state(&directory, "compose.dev.yaml").as_deref(), Some("deleted"));
    init(&directory, &["--rewrite"]).success();
    assert!(directory.path().join("compose.dev.yaml").exists());
}

#[test]
fn a_part_of_the_files_leaves_the_lock_of_the_others() {
    let directory = repository();
    init(&directory, &[]).success();
    init(&directory, &["--only", "image", "--set", "project.python=3.13"]).success();
    assert_eq!(lock_state(&directory, "compose.yaml").as_deref(), Some("clean"));
    let before = tree(directory.path());
    let compose = lock_base(&directory, "compose.yaml");
    assert!(before.iter().any(|(path, _)| *path == format!(".dockwright/base/{compose}")));
}

fn lock_base(directory: &TempDir, path: &str) -> String {
    let lock: toml::Table = toml::from_str(&read(directory, ".dockwright/lock.toml")).unwrap();
    let files = lock["file"].as_array().unwrap();
    let entry = files.iter().find(|entry| entry["path"].as_str() == Some(path)).unwrap();
    entry["base"].as_str().unwrap().to_owned()
}

#[test]
fn every_base_in_the_lock_is_stored_and_no_other() {
    let directory = repository();
    init(&directory, &[]).success();
    init(&directory, &["--set", "deploy.cpus=4"]).success();
    let lock: toml::Table = toml::from_str(&read(&directory, ".dockwright/lock.toml")).unwrap();
    let mut named: Vec<&str> = lock["file"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry.get("base").and_then(toml::Value::as_str))
        .collect();
    named.sort_unstable();
    named.dedup();
    let mut stored: Vec<String> = fs::read_dir(directory.path().join(".dockwright/base"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    stored.sort();
    assert_eq!(stored, named);
}

#[test]
fn a_service_that_new_made_stays_one() {
    let directory = directory();
    dockwright().current_dir(&directory).args(["new", "shop", "--yes"]).assert().success();
    let shop = directory.path().join("shop");
    fs::write(shop.join("app/main.py"), "# mine\n").unwrap();
    let before = tree(&shop);
    dockwright().current_dir(&shop).args(["init", "--yes"]).assert().success();
    assert!(tree(&shop) == before);
}

#[test]
fn a_flag_changes_what_dockwright_toml_says() {
    let directory = repository();
    init(&directory, &["--set", "deploy.memory=2GiB"]).success();
    init(&directory, &["--set", "deploy.memory=8GiB"]).success();
    let intent = read(&directory, "dockwright.toml");
    assert!(intent.contains("memory = \"8GiB\"") && !intent.contains("2GiB"), "{intent}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_the_tree_wholly_old_or_wholly_new() {
    stopped_by("INT");
}

#[cfg(unix)]
#[test]
fn what_a_killed_run_left_is_undone_by_the_next() {
    stopped_by("KILL");
}

/// Stops runs by a signal, nearer and nearer to the moment at which the files
/// appear. A killed run cannot clean up: then the next one has to.
#[cfg(unix)]
fn stopped_by(signal: &str) {
    use std::process::{Command, Stdio};
    let without_secrets = |directory: &TempDir| {
        let mut tree = tree(directory.path());
        tree.iter_mut().filter(|(path, _)| path == ".env").for_each(|(_, bytes)| bytes.clear());
        tree
    };
    let fresh = || {
        let directory = repository();
        write(&directory, "Dockerfile", "FROM python:3.9\n");
        directory
    };
    let old = without_secrets(&fresh());
    let done = fresh();
    let started = std::time::Instant::now();
    init(&done, &["--rewrite"]).success();
    let whole = started.elapsed();
    let new = without_secrets(&done);
    // Each interrupt comes nearer to the moment at which the files appear.
    let (mut outcomes, mut delay, mut step) = ([0, 0], whole * 8, whole * 4);
    for _ in 0..25 {
        let directory = fresh();
        let mut child = Command::new(env!("CARGO_BIN_EXE_dockwright"))
            .env("DOCKWRIGHT_NO_DOCKER", "1")
            .current_dir(&directory)
            .args(["init", "--yes", "--rewrite", "--set", "project.name=shop"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(delay);
        let id = child.id().to_string();
        // It may be over already.
        let _ = Command::new("kill").args(["-s", signal, &id]).stderr(Stdio::null()).status();
        child.wait().unwrap();
        if signal == "KILL" {
            init(&directory, &["--rewrite", "--dry-run"]).success();
        }
        let left = without_secrets(&directory);
        let written = left != old;
        outcomes[usize::from(written)] += 1;
        delay = if written { delay.saturating_sub(step) } else { delay + step };
        step = (step / 2).max(whole / 50);
        let names: Vec<&String> = left.iter().map(|(path, _)| path).collect();
        assert!(left == old || left == new, "after {delay:?}: {names:?}");
    }
    assert!(outcomes.iter().all(|count| *count > 0), "only one of both was seen: {outcomes:?}");
}

#[test]
fn safe_additions_are_made_when_they_are_asked_for_and_code_never_is() {
    let directory = repository();
    write(&directory, "requirements.txt", "fastapi==0.115.0");
    let listed = report(&directory, &["--dry-run"]);
    let safe: Vec<&Value> = listed["readiness"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|lack| lack["safe"] == true)
        .collect();
    assert!(!safe.is_empty(), "{}", listed["readiness"]);
    assert!(safe.iter().all(|lack| lack["applied"] == false));
    let code = read(&directory, "main.py");
    let report = report(&directory, &["--apply-safe"]);
    let requirements = read(&directory, "requirements.txt");
    assert!(requirements.starts_with("fastapi==0.115.0\nuvicorn"), "{requirements}");
    assert_eq!(file(&report, "requirements.txt"), ("existing".into(), "extend".into()));
    assert_eq!(read(&directory, "main.py"), code);
    let before = tree(directory.path());
    init(&directory, &["--apply-safe"]).success();
    assert!(tree(directory.path()) == before, "nothing is added twice");
}

#[test]
fn the_checklist_has_place_and_lines() {
    let directory = repository();
    init(&directory, &[])
        .success()
        .stdout(predicate::str::contains("Checklist: what the code lacks"))
        .stdout(predicate::str::contains("+ @app.get(\"/health\")"));
}

#[test]
fn the_json_report_has_its_documented_keys() {
    let directory = repository();
    let report = report(&directory, &[]);
    for key in [
        "directory",
        "dry_run",
        "preset",
        "facts",
        "files",
        "readiness",
        "doubts",
        "notes",
        "written",
        "next",
    ] {
        assert!(report.get(key).is_some(), "{key}");
    }
    assert_eq!(report["facts"]["app"], "main:app");
    assert_eq!(report["preset"], "fastapi-uvicorn");
    let written = report["written"].as_array().unwrap();
    assert!(written.contains(&Value::from(".dockwright/lock.toml")));
    assert!(written.contains(&Value::from("Dockerfile")));
}

#[test]
fn one_redis_that_is_the_cache_keeps_its_name() {
    let directory = repository();
    write(&directory, "requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\nredis==5.0.0\n");
    write(
        &directory,
        "main.py",
        "import os\n\nimport redis\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\
         cache = redis.Redis.from_url(os.environ[\"REDIS_URL\"])\n",
    );
    write(
        &directory,
        "compose.yaml",
        "services:\n  api:\n    build: .\n    environment:\n      REDIS_URL: redis://redis:6379/0\n  \
         redis:\n    image: redis:7\n",
    );
    init(&directory, &["--rewrite"]).success();
    let compose = read(&directory, "compose.yaml");
    assert!(compose.contains("\n  redis:\n") && compose.contains("\n  api:\n"), "{compose}");
}

#[test]
fn line_ends_of_what_runs_are_added_to_the_attributes_that_are_there() {
    let directory = directory();
    write(&directory, "backend/main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n");
    write(&directory, "backend/requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n");
    write(&directory, "backend/.gitattributes", "*.png binary\n");
    write(&directory, ".gitignore", "*.pyc\n*.dump\n");
    init(&directory, &[]).success();
    let attributes = read(&directory, "backend/.gitattributes");
    assert!(attributes.starts_with("*.png binary\n"), "{attributes}");
    assert!(attributes.contains("\n*.sh text eol=lf\n"), "{attributes}");
    let ignored = read(&directory, ".gitignore");
    assert!(ignored.contains("\n.env\n") && ignored.contains("\n*.sql.gz\n"), "{ignored}");
    assert_eq!(ignored.matches("*.dump").count(), 1, "{ignored}");
    let before = tree(directory.path());
    init(&directory, &[]).success();
    assert!(tree(directory.path()) == before, "a second run adds nothing");
}

#[test]
fn the_image_alone_is_known_to_later_commands() {
    let directory = repository();
    init(&directory, &["--only", "image"]).success();
    assert!(!directory.path().join("compose.yaml").exists());
    for command in ["plan", "check", "update"] {
        dockwright().current_dir(&directory).arg(command).assert().success();
    }
    // Of all files, a part that is written again is still a part.
    init(&directory, &[]).success();
    init(&directory, &["--only", "image"]).success();
    dockwright()
        .current_dir(&directory)
        .args(["update", "--set", "deploy.memory=8GiB"])
        .assert()
        .success();
    assert!(directory.path().join("compose.yaml").exists());
}

#[test]
fn the_reloader_leaves_out_a_virtual_environment() {
    let watched = |files: &[(&str, &str)]| {
        let directory = TempDir::new().unwrap();
        for (path, text) in files {
            write(&directory, path, text);
        }
        init(&directory, &[]).success();
        let overlay = read(&directory, "compose.dev.yaml");
        let word = overlay.lines().find(|line| line.contains("--reload-dir"));
        let said = overlay.contains("# uvicorn looks for changes in");
        (word.map(|word| word.trim().to_owned()), said)
    };
    let app = "from fastapi import FastAPI\n\napp = FastAPI()\n";
    let plain = ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n");
    let package = watched(&[plain, ("shop/__init__.py", ""), ("shop/main.py", app)]);
    assert_eq!(package, (Some("- --reload-dir=/app/shop".to_owned()), true));
    let source = watched(&[plain, ("src/shop/__init__.py", ""), ("src/shop/main.py", app)]);
    assert_eq!(source, (Some("- --reload-dir=/app/src".to_owned()), false));
    // There is no directory to name: said.
    assert_eq!(watched(&[plain, ("main.py", app)]), (None, true));
    // The system tells watchfiles of changes.
    let events = ("requirements.txt", "fastapi==0.115.0\nuvicorn[standard]==0.30.0\n");
    let package = watched(&[events, ("shop/__init__.py", ""), ("shop/main.py", app)]);
    assert_eq!(package, (None, false));
}

#[test]
fn a_number_of_processes_that_an_existing_service_says_is_planned_for_or_said() {
    let directory = repository();
    write(&directory, "Dockerfile", "FROM python:3.12\nCMD uvicorn app.main:app --port 8000\n");
    let compose = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n    environment:\n      \
                   WEB_CONCURRENCY: 7\n";
    write(&directory, "compose.yaml", compose);
    let said = "sets WEB_CONCURRENCY=7";
    let shown = init(&directory, &["--rewrite", "--dry-run"]).success();
    let shown = String::from_utf8(shown.get_output().stdout.clone()).unwrap();
    assert!(shown.contains(said), "{shown}");
    let pinned = ["--set", "tune.web.workers=7", "--set", "deploy.memory=8GiB"];
    let shown = init(&directory, &[&["--rewrite", "--dry-run"], &pinned[..]].concat()).success();
    let shown = String::from_utf8(shown.get_output().stdout.clone()).unwrap();
    assert!(!shown.contains(said), "{shown}");
}

#[test]
fn a_server_with_extras_is_among_the_dependencies() {
    let directory = repository();
    write(&directory, "requirements.txt", "fastapi==0.115.6\nuvicorn[standard]==0.32.1\n");
    init(&directory, &["--apply-safe"])
        .success()
        .stdout(predicate::str::contains("not among the dependencies").not());
    let requirements = read(&directory, "requirements.txt");
    assert!(!requirements.contains("\nuvicorn=="), "{requirements}");
}

/// README's first command, where nobody can be asked: it writes nothing, and so needs no `--yes`.
#[test]
fn a_dry_run_needs_no_terminal_and_no_yes() {
    let dir = repository();
    let run = |arguments: &[&str]| {
        let mut run = dockwright();
        run.args(arguments).current_dir(dir.path()).assert()
    };
    run(&["init", "--dry-run"]).success().stdout(predicate::str::contains("+++ b/Dockerfile"));
    run(&["new", "shop", "--dry-run"]).success().stdout(predicate::str::contains("Dockerfile"));
    run(&["init"]).code(2).stderr(predicate::str::contains("dockwright init --dry-run"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}
