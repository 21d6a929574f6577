use assert_fs::TempDir;
use assert_fs::prelude::*;

use super::*;

fn existing(files: &[(&str, &str)]) -> Existing {
    let directory = TempDir::new().unwrap();
    let base = directory.child("My-Shop_1");
    for (path, text) in files {
        base.child(path).write_str(text).unwrap();
    }
    find(&Tree::read(base.path()).unwrap(), &["."], None)
}

const DOCKERFILE: &str =
    "FROM python:3.12\nRUN pip install x\nWORKDIR /srv\nWORKDIR code\nCMD uvicorn a:b\n";

#[test]
fn the_project_is_named_as_compose_named_it() {
    let file = "services:\n  web:\n    build: .\n";
    let implied = existing(&[("docker-compose.yml", file), ("Dockerfile", DOCKERFILE)]);
    assert_eq!(implied.carried.value().unwrap().clone().project, "my-shop_1");
    let stated = existing(&[("compose.yaml", &format!("name: store\n{file}"))]);
    assert_eq!(stated.carried.value().unwrap().clone().project, "store");
    let env = [
        ("compose.yaml", "name: store\nservices:\n  web:\n    build: .\n"),
        (".env", "COMPOSE_PROJECT_NAME=other\n"),
    ];
    assert_eq!(existing(&env).carried.value().unwrap().clone().project, "other");
}

#[test]
fn of_two_files_the_one_that_compose_takes_is_read() {
    let file = "services:\n  web:\n    build: .\n";
    let both = [("docker-compose.yaml", file), ("docker-compose.yml", file)];
    assert_eq!(existing(&both).carried.value().unwrap().clone().file, "docker-compose.yml");
}

#[test]
fn where_the_code_was_is_known_from_mounts_then_the_dockerfile() {
    let with = |more: &str| {
        let file = format!("services:\n  web:\n    build: .\n{more}");
        let found = existing(&[("compose.yaml", &file), ("Dockerfile", DOCKERFILE)]);
        found.carried.value().unwrap().clone().code
    };
    assert_eq!(with(""), "/srv/code");
    assert_eq!(with("    working_dir: /srv/run/\n"), "/srv/run");
    assert_eq!(with("    volumes: ['.:/mounted/', 'media:/srv/code/media']\n"), "/mounted");
}

#[test]
fn what_could_lose_data_or_opens_it_is_said_with_its_line() {
    let found = existing(&[(
        "compose.yaml",
        "services:\n  db:\n    image: postgres:13\n    ports:\n      - 5432:5432\n  redis:\n    image: redis\n    ports: ['127.0.0.1:6379:6379']\n    volumes: ['r:/data']\n",
    )]);
    let messages: Vec<&str> = found.doubts.iter().map(|doubt| doubt.message.as_str()).collect();
    assert!(messages.contains(&"compose.yaml:2: db has no named volume"), "{messages:?}");
    assert!(
        messages.contains(&"compose.yaml:5: db is published to every network of the host"),
        "{messages:?}"
    );
    assert!(!messages.iter().any(|message| message.contains("redis")), "{messages:?}");
}

#[test]
fn files_that_compose_adds_or_that_stand_beside_are_named() {
    let file = "services:\n  web:\n    build: .\n";
    let found = existing(&[
        ("docker-compose.yml", file),
        ("docker-compose.override.yml", file),
        ("docker-compose.prod.yml", file),
    ]);
    let messages: Vec<&str> = found.doubts.iter().map(|doubt| doubt.message.as_str()).collect();
    assert!(messages.iter().any(|message| message.contains("override.yml is laid over")));
    assert!(
        messages.iter().any(|message| message.contains("docker-compose.prod.yml beside it stays"))
    );
}

#[test]
fn a_broken_file_is_named_and_carries_nothing() {
    let found = existing(&[("compose.yaml", "services:\n  a:\n - b\n")]);
    assert!(found.carried.value().is_none());
    assert!(found.doubts[0].message.contains("compose.yaml cannot be read"), "{:?}", found.doubts);
}

#[test]
fn what_is_carried_on_holds_no_password() {
    let found = existing(&[(
        "compose.yaml",
        "services:\n  db:\n    image: postgres:13\n    environment:\n      POSTGRES_PASSWORD: hunter2\n",
    )]);
    let carried = found.carried.value().unwrap().clone();
    assert!(!carried.text.contains("hunter2"));
    assert_eq!(carried.moved, ["POSTGRES_PASSWORD"]);
    assert!(!format!("{:?}", found.doubts).contains("hunter2"));
    let db = carried.document().services().remove(0);
    assert_eq!(db.variable("POSTGRES_PASSWORD").unwrap(), "${POSTGRES_PASSWORD:?set it in .env}");
}

#[test]
fn the_file_that_runs_the_application_goes_before_one_with_its_stores_alone() {
    let found = existing(&[
        ("docker-compose.yml", "services:\n  db:\n    image: postgres:16\n"),
        ("service/compose.yaml", "services:\n  web:\n    build: .\n    ports: ['80:80']\n"),
        ("service/Dockerfile", DOCKERFILE),
    ]);
    assert_eq!(found.carried.value().unwrap().clone().file, "service/compose.yaml");
    let alone = existing(&[("compose.yaml", "services:\n  db:\n    image: postgres:16\n")]);
    assert_eq!(alone.carried.value().unwrap().clone().roles[&Role::Db], "db");
}

#[test]
fn a_file_that_dockwright_wrote_is_none_that_was_there() {
    let file = "services:\n  web:\n    build: .\n";
    let before = existing(&[("compose.yaml", file), ("Dockerfile", DOCKERFILE)]);
    let mut carried = before.carried.value().unwrap().clone();
    carried.text = "services:\n  old:\n    image: a\n".into();
    let body = toml::to_string(&carried).unwrap().replace("[roles]", "[derived.carried.roles]");
    let body = body.replace("[bases]", "[derived.carried.bases]");
    let lock = |state: &str| {
        format!(
            "file = [{{ path = \"compose.yaml\", state = \"{state}\" }}]\n[derived.carried]\n{body}"
        )
    };
    for (state, own) in [("clean", true), ("kept, not adopted", false)] {
        let directory = TempDir::new().unwrap();
        directory.child("compose.yaml").write_str(file).unwrap();
        directory.child(".dockwright/lock.toml").write_str(&lock(state)).unwrap();
        let found = of(&Tree::read(directory.path()).unwrap(), &Facts::default());
        assert_eq!(found.carried.value().unwrap().text.contains("old"), own, "{state}");
    }
}
