//! `init` where Docker is there: Compose reads the result before it is in its place.
//! What Docker is here is a script that knows what to say.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use assert_fs::TempDir;
use predicates::prelude::*;
use serde_json::Value;

use crate::init::{repository, tree, write};
use crate::support::{directory, dockwright};

/// A `docker` whose compose does this.
fn docker(compose: &str) -> TempDir {
    let path = directory();
    let script = path.path().join("docker");
    let text = format!(
        "#!/bin/sh\n[ \"$1 $2\" = 'compose version' ] && exit 0\n\
         echo \"$PWD $*\" >>\"${{0%/*}}/asked\"\n{compose}\n"
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn init(directory: &TempDir, docker: &TempDir, flags: &[&str]) -> assert_cmd::assert::Assert {
    // Where there is none of ours, there is none of anybody.
    let path = match docker.path().join("docker").exists() {
        true => format!("{}:/usr/bin:/bin", docker.path().display()),
        false => docker.path().display().to_string(),
    };
    let mut command = dockwright();
    command.env_remove("DOCKWRIGHT_NO_DOCKER").env("PATH", path).current_dir(directory);
    command.args(["init", "--yes", "--set", "project.name=shop"]).args(flags).assert()
}

fn asked(docker: &TempDir) -> usize {
    fs::read_to_string(docker.path().join("asked")).unwrap_or_default().lines().count()
}

const DOCKERFILE: &str = "FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\n\
     RUN pip install -r requirements.txt\n\
     CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
const COMPOSE: &str = "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n";

fn deployed() -> TempDir {
    let directory = repository();
    write(&directory, "Dockerfile", DOCKERFILE);
    write(&directory, "compose.yaml", COMPOSE);
    directory
}

/// What is there, but for what git or a run keeps for itself.
fn files(directory: &TempDir) -> Vec<(String, Vec<u8>)> {
    tree(directory.path())
}

#[test]
fn what_compose_does_not_read_is_not_written() {
    // It reads what is there, and none of ours, whichever way it comes to be.
    let refuses =
        "grep -qs 'unless-stopped' compose.yaml && { echo 'no such key' >&2; exit 15; }\nexit 0";
    for flags in [&[][..], &["--adopt"], &["--rewrite"]] {
        let is_plain = flags.is_empty();
        let directory = if is_plain { repository() } else { deployed() };
        let docker = docker(refuses);
        let before = files(&directory);
        init(&directory, &docker, flags).code(1).stderr(
            predicate::str::contains("no such key").and(predicate::str::contains("--no-docker")),
        );
        assert!(files(&directory) == before, "{flags:?}");
        init(&directory, &docker, &[flags, &["--no-docker"]].concat()).success();
        assert!(files(&directory) != before, "{flags:?}");
    }
}

#[test]
fn what_it_refused_before_is_written_and_said() {
    let directory = deployed();
    let docker = docker("echo \"env file $PWD/gone.env not found\" >&2; exit 14");
    init(&directory, &docker, &["--adopt"])
        .success()
        .stdout(predicate::str::contains("as it refuses what was there"));
    assert!(fs::read_to_string(directory.path().join("compose.yaml")).unwrap().contains("restart"));
}

#[test]
fn its_warnings_and_the_order_of_its_words_are_no_other_refusal() {
    let directory = deployed();
    // It names any one of the files that are not there, and every line has its time.
    let docker = docker(
        "echo \"time=$$ level=warning msg=obsolete\" >&2\n\
         echo \"env file $PWD/$$.env not found: stat\" >&2; exit 14",
    );
    init(&directory, &docker, &["--adopt"])
        .success()
        .stdout(predicate::str::contains("as it refuses what was there"));
}

#[test]
fn it_sees_the_result_and_leaves_nothing_behind() {
    let directory = deployed();
    write(&directory, "deploy/values.env", "A=1\n");
    let docker = docker("[ \"$(cat deploy/values.env)\" = A=1 ] && grep -q restart compose.yaml");
    let output = init(&directory, &docker, &["--adopt", "--format", "json"]).success();
    let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(report["compose"]["result"], "reads it");
    assert_eq!(asked(&docker), 1);
    let names = files(&directory);
    assert!(names.iter().all(|(path, _)| !path.starts_with(".dockwright-")));
    // Nothing changes the second time, and nobody is asked.
    init(&directory, &docker, &["--adopt"]).success();
    assert_eq!(asked(&docker), 1);
}

#[test]
fn values_that_somebody_has_to_fill_in_are_no_refusal() {
    let directory = repository();
    let code = "import os\nfrom fastapi import FastAPI\n\nKEY = os.environ[\"STRIPE_API_KEY\"]\napp = FastAPI()\n";
    write(&directory, "main.py", code);
    let docker = docker("[ -n \"$STRIPE_API_KEY\" ]");
    init(&directory, &docker, &[]).success();
}

#[test]
fn a_docker_without_compose_and_none_at_all_say_nothing() {
    for script in [Some("exit 1"), None] {
        let directory = deployed();
        let docker = directory_of(script);
        let output = init(&directory, &docker, &["--adopt", "--format", "json"]).success();
        let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        assert_eq!(report["compose"]["result"], "not asked");
        assert!(!report["notes"].to_string().contains("compose refuses"));
    }
}

/// A `docker` that does this whatever it is asked, or none.
fn directory_of(script: Option<&str>) -> TempDir {
    let path = directory();
    if let Some(script) = script {
        let docker = path.path().join("docker");
        fs::write(&docker, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    }
    path
}

#[test]
fn a_lock_that_its_project_has_moved_on_from_is_said() {
    let files = || {
        let directory = repository();
        fs::remove_file(directory.path().join("requirements.txt")).unwrap();
        let project = "[project]\nname = 'shop'\nversion = '1'\nrequires-python = '>=3.12'\ndependencies = ['fastapi', 'uvicorn']\n";
        write(&directory, "pyproject.toml", project);
        write(&directory, "uv.lock", "version = 1\nrequires-python = \">=3.12\"\n");
        directory
    };
    for (says, is_stale) in [
        ("echo 'The lockfile at `uv.lock` needs to be updated, but' >&2; exit 1", true),
        (
            "echo 'hint: Packages were unavailable because the network was disabled.' >&2; exit 1",
            true,
        ),
        ("echo 'error: No interpreter found' >&2; exit 2", false),
        ("exit 0", false),
    ] {
        let tools = docker("exit 0");
        let uv = tools.path().join("uv");
        let asks =
            "[ \"$*\" = 'lock --check --offline --no-build --no-python-downloads' ] || exit 0";
        fs::write(&uv, format!("#!/bin/sh\n{asks}\n{says}\n")).unwrap();
        fs::set_permissions(&uv, fs::Permissions::from_mode(0o755)).unwrap();
        let said = |flags: &[&str]| {
            let output = init(&files(), &tools, flags).success();
            let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let note = "uv.lock is not what `uv lock` makes of pyproject.toml today";
        assert_eq!(said(&[]).contains(note), is_stale, "{says}");
        assert!(!said(&["--no-docker"]).contains(note));
    }
}
