//! What `init --adopt` leaves as it is: files that it cannot read or must not write, and
//! what later commands say of a stack that stays the user's.

use std::fs;

use assert_fs::TempDir;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::init::{file, init, read, report, repository, tree, write};
use crate::support::dockwright;

const MAIN: &str = "import os\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\
                    SECRET = os.environ[\"SECRET_KEY\"]\n";
const DOCKERFILE: &str = "FROM python:3.13-slim\nWORKDIR /srv\nCOPY requirements.txt .\n\
                          RUN pip install -r requirements.txt\nCOPY . .\n\
                          CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
const COMPOSE: &str = "\
services:
  web:
    build: .
    ports: [\"8000:8000\"]
    environment:
      SECRET_KEY: ${SECRET_KEY:-x}
      DATABASE_URL: postgresql://app:secret@db/app
    depends_on: [db]
  db:
    image: postgres:16
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: secret}
    volumes: [rows:/var/lib/postgresql/data]
volumes:
  rows:
";

fn deployed() -> TempDir {
    let directory = repository();
    write(&directory, "main.py", MAIN);
    write(&directory, "Dockerfile", DOCKERFILE);
    write(&directory, "compose.yaml", COMPOSE);
    directory
}

fn run(directory: &TempDir, words: &[&str]) -> assert_cmd::assert::Assert {
    dockwright().current_dir(directory).args(words).assert()
}

#[test]
fn container_files_that_cannot_be_read_are_neither_improved_nor_replaced() {
    let broken: [(&str, Vec<u8>); 6] = [
        ("compose.yaml", [COMPOSE, "\tfoo: bar\n"].concat().into()),
        ("compose.yaml", [COMPOSE, "services:\n  web: {}\n"].concat().into()),
        ("compose.yaml", ["<<<<<<< HEAD\n", COMPOSE].concat().into()),
        ("compose.yaml", COMPOSE.replace("postgres:16", "postgres:16: x").into()),
        ("Dockerfile", [b"# caf\xe9\n", DOCKERFILE.as_bytes()].concat()),
        ("Dockerfile", Vec::new()),
    ];
    for (path, bytes) in broken {
        let directory = deployed();
        let at = directory.path().join(path);
        match bytes.is_empty() {
            true => {
                fs::remove_file(&at).unwrap();
                fs::create_dir(&at).unwrap();
                write(&directory, &format!("{path}/x"), "");
            }
            false => fs::write(&at, &bytes).unwrap(),
        }
        let before = tree(directory.path());
        for way in ["--adopt", "--rewrite"] {
            let said = contains(path).and(contains("it cannot be read"));
            init(&directory, &[way]).code(2).stderr(said);
            assert!(tree(directory.path()) == before, "{path} {way}");
        }
        // Who asks for nothing gets no file of theirs replaced either.
        init(&directory, &[]).success();
        assert_eq!(fs::read(&at).unwrap_or_default(), bytes);
    }
}

#[test]
fn a_compose_file_that_git_ignores_is_one_all_the_same() {
    let directory = deployed();
    write(&directory, ".gitignore", "compose.yaml\nDockerfile\n");
    let report = report(&directory, &["--adopt"]);
    assert_eq!(file(&report, "compose.yaml"), ("existing".into(), "improve".into()));
    assert_eq!(file(&report, "Dockerfile"), ("existing".into(), "improve".into()));
    assert!(read(&directory, "compose.yaml").contains("postgres:16"));
}

/// A checkout may be a copy of something read-only: what was asked for is done, and said.
#[cfg(unix)]
#[test]
fn a_file_that_is_read_only_is_written_and_said() {
    use std::os::unix::fs::PermissionsExt;
    let directory = deployed();
    let locked = fs::Permissions::from_mode(0o444);
    fs::set_permissions(directory.path().join("compose.yaml"), locked).unwrap();
    init(&directory, &["--adopt"])
        .success()
        .stdout(contains("read-only").and(contains("compose.yaml")));
    assert_ne!(read(&directory, "compose.yaml"), COMPOSE);
}

#[test]
fn later_runs_add_nothing_to_a_stack_that_stays() {
    let directory = deployed();
    // The plan has an entry script for what the code needs; theirs is started without.
    init(&directory, &["--adopt"]).success();
    let before = tree(directory.path());
    run(&directory, &["update"]).success().stdout(contains("Up to date"));
    assert!(tree(directory.path()) == before);
    let again = init(&directory, &["--adopt"]).success().stdout(contains("edits stand"));
    again.stdout(contains("remove it").not());
    assert!(tree(directory.path()) == before);
    run(&directory, &["check"]).success().stdout(contains("improved by rule"));
}

#[test]
fn a_file_that_dockwright_never_wrote_is_never_called_superfluous() {
    let directory = deployed();
    write(&directory, "entrypoint.sh", "#!/bin/sh\nset -e\nexec \"$@\"\n");
    let dockerfile = DOCKERFILE.replace("CMD", "ENTRYPOINT [\"sh\", \"entrypoint.sh\"]\nCMD");
    write(&directory, "Dockerfile", &dockerfile);
    init(&directory, &["--adopt"]).success();
    run(&directory, &["update"]).success();
    init(&directory, &["--adopt"]).success().stdout(contains("remove it").not());
}

#[test]
fn what_is_set_and_not_edited_is_said_and_moves_no_data() {
    let directory = deployed();
    init(&directory, &["--adopt"]).success();
    let compose = read(&directory, "compose.yaml");
    for set in ["images.postgres=postgres:17", "stack.cache=redis"] {
        let said = contains("your own container files stay as they are").and(contains(set));
        let updated = run(&directory, &["update", "--set", set]).success().stdout(said);
        updated.stdout(contains("docker volume rm").not());
        assert_eq!(read(&directory, "compose.yaml"), compose);
    }
}

#[test]
fn secrets_that_have_no_file_to_go_to_stay_where_they_are() {
    let directory = deployed();
    write(&directory, ".env/x", "");
    init(&directory, &["--rewrite"]).success().stdout(contains("move to .env").not());
    let compose = read(&directory, "compose.yaml");
    assert!(compose.contains("POSTGRES_PASSWORD: secret"), "{compose}");
}

#[test]
fn a_stack_that_people_develop_in_is_not_replaced() {
    let directory = repository();
    let compose = COMPOSE.replace("build: .", "build: docker").replace(
        "    ports:",
        "    volumes: [.:/srv]\n    command: uvicorn main:app --reload\n    ports:",
    );
    write(&directory, "docker-compose.dev.yml", &compose);
    write(&directory, "docker/Dockerfile", DOCKERFILE);
    let report = report(&directory, &["--adopt"]);
    assert_eq!(read(&directory, "docker-compose.dev.yml"), compose);
    let written = report["written"].as_array().unwrap();
    assert!(written.contains(&serde_json::json!("compose.dockwright.yaml")), "{written:?}");
    let ours = read(&directory, "compose.dockwright.yaml");
    assert!(ours.contains("rows:/var/lib/postgresql/data"), "{ours}");
}

#[test]
fn what_stays_is_described_as_it_is() {
    let directory = deployed();
    write(&directory, "gunicorn.conf.py", "timeout = 30\n");
    let text = init(&directory, &["--adopt"]).success();
    text.stdout(contains("compose.yaml stays, and starts web (uvicorn) and db"));
    let report = report(&directory, &["--adopt"]);
    assert_eq!(report["doubts"], serde_json::json!([]));
}
