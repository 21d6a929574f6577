//! `init --adopt` where container files are there: edits by rule in the user's own text.

use std::fs;

use assert_fs::TempDir;
use serde_json::Value;

use crate::init::{file, init, read, report, repository, tree, write};

const DOCKERFILE: &str = "\
# Ours since 2019.
FROM python:3.13-slim
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8080\"]
";

const COMPOSE: &str = "\
version: '3.8'
services:
  # what users reach
  api:
    build: .
    ports:
      - \"8080:8080\"
    environment:
      DATABASE_URL: postgresql://shop:shop@store/shop
    depends_on: [store]
  store:
    image: postgres:16
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: shop
    volumes: [rows:/var/lib/postgresql/data]
volumes:
  rows:
";

fn deployed() -> TempDir {
    let directory = repository();
    write(&directory, "Dockerfile", DOCKERFILE);
    write(&directory, "compose.yaml", COMPOSE);
    directory
}

/// The lines of a text that another has as well, in its order.
fn is_kept(before: &str, after: &str) -> bool {
    let mut lines = after.lines();
    before.lines().all(|line| lines.any(|own| own.contains(line.trim_end())))
}

fn codes(report: &Value) -> Vec<String> {
    let edits = report["improved"]["edits"].as_array().unwrap();
    edits.iter().map(|edit| edit["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_users_files_stay_theirs_and_get_edits() {
    let directory = deployed();
    let report = report(&directory, &["--adopt"]);
    assert_eq!(file(&report, "compose.yaml"), ("existing".into(), "improve".into()));
    assert_eq!(file(&report, "Dockerfile"), ("existing".into(), "improve".into()));
    let (dockerfile, compose) = (read(&directory, "Dockerfile"), read(&directory, "compose.yaml"));
    let others = DOCKERFILE.replace("RUN pip install -r requirements.txt\n", "");
    assert!(is_kept(&others, &dockerfile), "{dockerfile}");
    let edited = ["version:", "ports:", "8080:8080", "depends_on:"];
    let others = COMPOSE.lines().filter(|line| edited.iter().all(|own| !line.contains(own)));
    let others: String = others.map(|line| format!("{line}\n")).collect();
    assert!(is_kept(&others, &compose), "{compose}");
    assert!(compose.contains("restart: unless-stopped"), "{compose}");
    for ours in ["entrypoint.sh", "gunicorn.conf.py", ".env", "DEPLOY.md", "compose.dev.yaml"] {
        assert!(!directory.path().join(ours).exists(), "{ours}");
    }
    let findings = &report["improved"]["findings"];
    let count = |when: &str| -> u64 {
        ["error", "warning", "advice"].iter().map(|own| findings[when][own].as_u64().unwrap()).sum()
    };
    assert!(count("after") < count("before"), "{findings}");
    let lock = read(&directory, ".dockwright/lock.toml");
    assert!(lock.contains("ownership = \"improved\""), "{lock}");
    assert!(lock.contains("[[edit]]"), "{lock}");
}

#[test]
fn improving_twice_changes_nothing_more() {
    let directory = deployed();
    init(&directory, &["--adopt"]).success();
    let before = tree(directory.path());
    let again = report(&directory, &["--adopt"]);
    assert_eq!(codes(&again), Vec::<String>::new());
    assert_eq!(again["improved"]["taken_out"], serde_json::json!([]));
    assert!(tree(directory.path()) == before);
}

#[test]
fn a_dry_run_says_the_edits_and_writes_nothing() {
    let directory = deployed();
    let before = tree(directory.path());
    let shown = report(&directory, &["--adopt", "--dry-run"]);
    assert!(codes(&shown).contains(&"CO104".to_owned()), "{:?}", codes(&shown));
    assert!(tree(directory.path()) == before);
}

#[test]
fn an_edit_that_was_taken_out_stays_out() {
    let directory = deployed();
    init(&directory, &["--adopt"]).success();
    let compose = read(&directory, "compose.yaml");
    let without: String = compose
        .lines()
        .filter(|line| !line.contains("restart: unless-stopped"))
        .map(|line| format!("{line}\n"))
        .collect();
    write(&directory, "compose.yaml", &without);
    let again = report(&directory, &["--adopt"]);
    assert_eq!(read(&directory, "compose.yaml"), without);
    assert_eq!(again["improved"]["taken_out"][0]["rule"], "CO104");
}

#[test]
fn line_ends_stay_as_they_are() {
    let directory = deployed();
    write(&directory, "compose.yaml", &COMPOSE.replace('\n', "\r\n"));
    init(&directory, &["--adopt"]).success();
    let compose = read(&directory, "compose.yaml");
    assert!(compose.contains("restart: unless-stopped\r\n"), "{compose:?}");
    assert!(!compose.replace("\r\n", "").contains('\n'), "{compose:?}");
}

#[test]
fn a_dockerfile_alone_gets_a_compose_file_by_what_its_image_promises() {
    let directory = repository();
    write(&directory, "Dockerfile", DOCKERFILE);
    let report = report(&directory, &["--adopt", "--set", "stack.database=postgres"]);
    assert_eq!(file(&report, "Dockerfile").1, "improve");
    assert_eq!(file(&report, "compose.yaml"), ("new".into(), "create".into()));
    let compose = read(&directory, "compose.yaml");
    assert!(compose.contains("127.0.0.1:8080:8080"), "{compose}");
    assert!(compose.contains("build:\n      context: .\n"), "{compose}");
    assert!(!compose.contains("target:"), "{compose}");
    assert!(compose.contains("image: postgres:"), "{compose}");
    for ours in ["entrypoint.sh", "DEPLOY.md", "compose.dev.yaml"] {
        assert!(!directory.path().join(ours).exists(), "{ours}");
    }
    let before = tree(directory.path());
    init(&directory, &["--adopt"]).success();
    assert!(tree(directory.path()) == before, "a second run changes nothing");
}

#[test]
fn without_container_files_there_is_nothing_to_improve() {
    let (one, other) = (repository(), repository());
    init(&one, &["--adopt"]).success();
    init(&other, &[]).success();
    let plain = |directory: &TempDir| -> Vec<String> {
        let mut names: Vec<String> =
            tree(directory.path()).into_iter().map(|(path, _)| path).collect();
        names.sort();
        names
    };
    assert_eq!(plain(&one), plain(&other));
    assert_eq!(
        fs::read(one.path().join("Dockerfile")).unwrap(),
        fs::read(other.path().join("Dockerfile")).unwrap()
    );
}

fn run(directory: &TempDir, words: &[&str]) -> assert_cmd::assert::Assert {
    crate::support::dockwright().current_dir(directory).args(words).assert()
}

#[test]
fn an_update_edits_what_is_new_and_never_brings_back_what_was_taken_out() {
    let directory = deployed();
    init(&directory, &["--adopt"]).success();
    let before = tree(directory.path());
    run(&directory, &["update"]).success();
    assert!(tree(directory.path()) == before, "nothing is new");
    // A service that came later, and an edit that somebody did not want.
    let compose = read(&directory, "compose.yaml")
        .replace("    restart: unless-stopped\n", "")
        .replace("volumes:\n  rows:\n", "  extra:\n    image: redis:8\nvolumes:\n  rows:\n");
    write(&directory, "compose.yaml", &compose);
    run(&directory, &["update"])
        .success()
        .stdout(predicates::str::contains("you took that edit out"));
    let after = read(&directory, "compose.yaml");
    assert!(!after.contains("restart: unless-stopped"), "{after}");
    assert!(after.contains("redis-cli"), "the new service gets its check: {after}");
}

#[test]
fn check_says_which_edits_were_undone_and_a_policy_fails_on_them() {
    let directory = deployed();
    init(&directory, &["--adopt"]).success();
    run(&directory, &["check"]).success();
    let compose = read(&directory, "compose.yaml").replace("    restart: unless-stopped\n", "");
    write(&directory, "compose.yaml", &compose);
    let undone = predicates::str::contains("the edit of CO104");
    run(&directory, &["check"]).success().stdout(undone.clone());
    run(&directory, &["check", "--policy", "fastapi-uvicorn"]).code(1).stdout(undone);
}

#[test]
fn a_compose_file_of_stores_alone_goes_on_with_the_application_in_it() {
    let directory = repository();
    let stores = "services:\n  store:\n    image: postgres:16\n    ports: ['5432:5432']\n";
    write(&directory, "compose.yaml", stores);
    init(&directory, &["--adopt", "--set", "stack.database=postgres"]).success();
    let compose = read(&directory, "compose.yaml");
    assert!(compose.contains("postgres:16") && compose.contains("x-app: &app"), "{compose}");
    assert!(read(&directory, "Dockerfile").contains("AS runtime"));
}

#[test]
fn a_dry_run_names_the_flags_that_do_the_same() {
    let directory = deployed();
    let shown = report(&directory, &["--adopt", "--dry-run"]);
    assert!(shown["next"].as_str().unwrap().contains("--yes --adopt"), "{}", shown["next"]);
}

/// The memory limits of services, as a compose file has them, in its order.
fn limits(directory: &TempDir) -> Vec<u32> {
    let compose = read(directory, "compose.yaml");
    let mut lines = compose.lines();
    let mut limits = Vec::new();
    while lines.by_ref().any(|line| line.trim() == "limits:") {
        let line = lines.next().unwrap();
        limits.push(line.trim().strip_prefix("memory: ").unwrap().trim_end_matches('M').parse());
    }
    limits.into_iter().map(Result::unwrap).collect()
}

#[test]
fn another_machine_changes_the_numbers_that_were_written() {
    let directory = deployed();
    init(&directory, &["--adopt"]).success();
    assert_eq!(limits(&directory), Vec::<u32>::new(), "nobody named the machine");
    let without = read(&directory, "compose.yaml");
    run(&directory, &["update", "--set", "deploy.memory=8GiB"])
        .success()
        .stdout(predicates::str::contains("CO101"));
    let large = limits(&directory);
    assert_eq!(large.len(), 2);
    let first = read(&directory, "compose.yaml");
    assert!(is_kept(&without, &first), "{first}");
    run(&directory, &["update", "--set", "deploy.memory=4GiB"]).success();
    let small = limits(&directory);
    assert!(small[1] < large[1], "{small:?} {large:?}");
    // Back where it was, to the byte.
    run(&directory, &["update", "--set", "deploy.memory=8GiB"]).success();
    assert_eq!(read(&directory, "compose.yaml"), first);
    let before = tree(directory.path());
    run(&directory, &["update"]).success().stdout(predicates::str::contains("Up to date"));
    init(&directory, &["--adopt"]).success();
    assert!(tree(directory.path()) == before, "nothing is new");
}

#[test]
fn a_number_that_somebody_changed_since_stays_and_is_said() {
    let directory = deployed();
    init(&directory, &["--adopt", "--set", "deploy.memory=8GiB"]).success();
    let [own, _] = limits(&directory)[..] else { panic!("two services") };
    let compose = read(&directory, "compose.yaml");
    write(&directory, "compose.yaml", &compose.replace(&format!("memory: {own}M"), "memory: 777M"));
    run(&directory, &["update", "--set", "deploy.memory=16GiB"])
        .success()
        .stdout(predicates::str::contains("CO101 of api in compose.yaml: what that edit wrote"));
    let after = limits(&directory);
    assert_eq!(after[0], 777);
    assert!(after[1] > 8000, "what it leaves goes to the database: {after:?}");
}

#[test]
fn an_update_right_after_an_init_says_that_nothing_is_new() {
    for compose in ["compose.yaml", "docker-compose.yml", "docker-compose.prod.yml", ""] {
        let directory = repository();
        write(&directory, "Dockerfile", DOCKERFILE);
        if !compose.is_empty() {
            write(&directory, compose, COMPOSE);
        }
        init(&directory, &["--adopt"]).success();
        let before = tree(directory.path());
        run(&directory, &["update"]).success().stdout(predicates::str::contains("Up to date"));
        assert!(tree(directory.path()) == before, "{compose}");
        init(&directory, &["--adopt"]).success();
        assert!(tree(directory.path()) == before, "{compose}");
    }
}

#[test]
fn the_files_can_be_replaced_later_and_the_edits_are_forgotten() {
    let directory = deployed();
    init(&directory, &["--adopt"]).success();
    init(&directory, &["--rewrite"]).success();
    let lock = read(&directory, ".dockwright/lock.toml");
    assert!(!lock.contains("[[edit]]") && !lock.contains("improved"), "{lock}");
    assert!(read(&directory, "Dockerfile").contains("AS runtime"));
    run(&directory, &["check"]).success();
}

#[test]
fn a_rule_on_a_planned_number_holds_for_what_the_users_file_has() {
    let directory = deployed();
    let rule = "[[rule]]\nkey = \"web.memory\"\nmax = \"1GiB\"\nmessage = \"shared hosts\"\n";
    let preset =
        format!("name = \"acme\"\nversion = \"1.0.0\"\nextends = [\"fastapi-uvicorn\"]\n{rule}");
    write(&directory, "team/preset.toml", &preset);
    let compose = COMPOSE.replace("    build: .\n", "    build: .\n    mem_limit: 512m\n");
    write(&directory, "compose.yaml", &compose);
    let fits = ["--adopt", "--preset", "./team", "--set", "tune.web.memory=512MiB"];
    init(&directory, &fits).success();
    run(&directory, &["check"]).success();
    let large = read(&directory, "compose.yaml").replace("mem_limit: 512m", "mem_limit: 2g");
    write(&directory, "compose.yaml", &large);
    run(&directory, &["check"]).code(1).stdout(predicates::str::contains("shared hosts"));
    let none = large.replace("    mem_limit: 2g\n", "");
    write(&directory, "compose.yaml", &none);
    run(&directory, &["check"]).code(1).stdout(predicates::str::contains("shared hosts"));
}

#[test]
fn without_a_flag_it_is_said_what_would_be_edited_and_what_not() {
    let directory = deployed();
    let before = (read(&directory, "Dockerfile"), read(&directory, "compose.yaml"));
    let offered = report(&directory, &[])["offered"].clone();
    let edits = offered["edits"].as_array().unwrap();
    assert!(edits.iter().any(|own| own["code"] == "CO104" && own["why"] != ""), "{edits:#?}");
    assert_eq!(offered["runs"], serde_json::json!(["api (uvicorn)", "store"]));
    let output = init(&directory, &[]).success();
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    for said in [
        "Your own container files deploy it: compose.yaml, which starts api (uvicorn) and store",
        "Found in them: ",
        "--adopt makes ",
        "  CO104 restarts what ends by itself: ",
        "It leaves to you",
        "no edit is known that is safe",
        "--rewrite is the other way",
        "Next: dockwright init --yes --adopt",
    ] {
        assert!(
            text.split_whitespace().collect::<Vec<_>>().join(" ").contains(said.trim()),
            "{said}: {text}"
        );
    }
    assert_eq!(before, (read(&directory, "Dockerfile"), read(&directory, "compose.yaml")));
}

/// What a compose file reads is made from the sample beside it, and said, also where
/// `.env` is what is read; nothing is made where there is no sample.
#[test]
fn environment_files_that_are_not_there_are_made_from_their_samples() {
    let service = |more: &str| {
        format!("services:\n  api:\n    build: .\n    ports: ['8080:8080']\n    {more}\n")
    };
    let sample = "KEY=1\nTOKEN=\n";
    for (files, made) in [
        (
            vec![("compose.yaml", service("env_file: .env")), (".env.example", sample.into())],
            Some(".env"),
        ),
        (
            vec![
                ("docker-compose.yml", service("env_file: .env.dev")),
                ("docker-compose.prod.yml", service("env_file: ./.env.prod")),
                (".env.prod-sample", sample.into()),
            ],
            Some(".env.prod"),
        ),
        (
            vec![
                ("docker/compose.yaml", service("env_file: .env").replace("build: .", "build: ..")),
                ("docker/.env.example", sample.into()),
            ],
            Some("docker/.env"),
        ),
        (
            vec![
                ("compose.yaml", service("environment: {KEY: '${KEY}'}")),
                ("env.sample", sample.into()),
            ],
            Some(".env"),
        ),
        (
            vec![
                ("compose.yaml", service("environment: {KEY: '${KEY:-2}'}")),
                (".env.example", sample.into()),
            ],
            None,
        ),
        (vec![("compose.yaml", service("env_file: .env"))], None),
    ] {
        let directory = repository();
        write(&directory, "Dockerfile", DOCKERFILE);
        let names: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
        files.iter().for_each(|(path, text)| write(&directory, path, text));
        let report = report(&directory, &["--adopt"]);
        let Some(made) = made else {
            assert!(!directory.path().join(".env").exists(), "{names:?}");
            continue;
        };
        assert_eq!(read(&directory, made), sample, "{names:?}");
        let files = report["files"].as_array().unwrap();
        let why = files.iter().find(|own| own["path"] == made).unwrap().to_string();
        assert!(why.contains("made from") && why.contains("to be filled in: TOKEN"), "{why}");
        assert!(read(&directory, ".gitignore").contains(made), "it will hold secrets");
    }
}
