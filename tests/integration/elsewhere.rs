//! Code that was there and is run by a cluster: what its files say of it is what pods and
//! tasks do, and the next update finds the same.

use std::fs;
use std::path::Path;

use assert_fs::TempDir;

use crate::audit::with;
use crate::rules::copied;
use crate::support::dockwright;

/// Runs in a directory, and gives what it says in one line.
fn run(dir: &Path, arguments: &[&str], code: i32) -> String {
    let run = dockwright().args(arguments).current_dir(dir).output().unwrap();
    let said = [run.stdout, run.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert_eq!(run.status.code(), Some(code), "{said}");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn init(dir: &Path, more: &[&str]) -> String {
    run(dir, &[&["init", "--yes"], more].concat(), 0)
}

/// An application whose image starts as a user of its own.
fn application(compose: &str) -> TempDir {
    with(&[
        (
            "main.py",
            "import os\nfrom flask import Flask\nfrom sqlalchemy.ext.asyncio import create_async_engine\n\napp = Flask(__name__)\nengine = create_async_engine(os.environ[\"DATABASE_URL\"])\n",
        ),
        (
            "requirements.txt",
            "flask==3.0.3\ngunicorn==22.0.0\nsqlalchemy==2.0.30\nasyncpg==0.29.0\n",
        ),
        (
            "Dockerfile",
            "FROM python:3.12-slim\nARG UID=1500\nRUN useradd --uid \"${UID}\" svc\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nUSER svc\nCMD [\"gunicorn\", \"--bind\", \"0.0.0.0:5005\", \"main:app\"]\n",
        ),
        (".env.example", "MAIL_SERVER=\nGREETING=hello\nCOMPOSE_PROJECT_NAME=x\n"),
        ("compose.yaml", compose),
    ])
}

const COMPOSE: &str = "services:\n  web:\n    build: .\n    ports: ['5005:5005']\n    env_file: .env\n    environment:\n      API_KEY: ${API_KEY:-}\n      HANDED:\n      SINCE: 2024-01-01\n      DATABASE_URL: postgresql+asyncpg://u:p@db.example.com/shop\n";
const CLUSTERS: [&str; 2] = ["--set", "deploy.target=kubernetes,ecs"];

#[test]
fn an_update_finds_what_init_read() {
    let cases = fs::read_dir("tests/cases").unwrap().map(|entry| entry.unwrap().path());
    let mut seen = 0;
    for case in cases {
        for way in ["--adopt", "--rewrite"] {
            let copy = copied(&case);
            let name = ["--set", "project.name=shop"];
            let made = dockwright()
                .args(["init", "--yes", way])
                .args([CLUSTERS, name].concat())
                .current_dir(copy.path())
                .output()
                .unwrap();
            if !made.status.success() {
                continue;
            }
            seen += 1;
            let said = run(copy.path(), &["update", "--dry-run"], 0);
            assert!(said.contains("Up to date"), "{} {way}: {said}", case.display());
            let said = run(copy.path(), &["check"], 0);
            assert!(!said.contains("outdated"), "{} {way}: {said}", case.display());
        }
    }
    assert!(seen >= 12, "{seen} of the cases are written for a cluster");
    let own = application(COMPOSE);
    init(own.path(), &[&["--adopt"], &CLUSTERS[..]].concat());
    assert!(run(own.path(), &["update", "--dry-run"], 0).contains("Up to date"));
}

#[test]
fn pods_run_the_image_that_stays_as_its_own_user_with_its_own_command() {
    let own = application(&format!(
        "{COMPOSE}    command: gunicorn --bind 0.0.0.0:5005 --workers 3 main:app\n"
    ));
    let said = init(own.path(), &[&["--adopt"], &CLUSTERS[..]].concat());
    let read = |path: &str| fs::read_to_string(own.path().join(path)).unwrap();
    let web = read("deploy/kubernetes/base/web.yaml");
    for line in ["containerPort: 5005", "runAsUser: 1500", "- gunicorn", "- \"3\"", "- main:app"] {
        assert!(web.contains(line), "{line}: {web}");
    }
    assert!(!web.contains("runAsGroup"), "the image says which group its user has: {web}");
    // Twice the processes of its command, and room to grow.
    assert!(!web.contains("memory: 144Mi"), "{web}");
    assert!(read("deploy/ecs/web.task.json").contains("\"user\": \"1500\""));
    // What a person has to know is said where nothing of Compose's is written, too.
    assert!(said.contains("deploy.domain is not set"), "{said}");

    // A name whose number nobody knows: the kubelet refuses to start it as not root.
    let own = application(COMPOSE);
    let text = fs::read_to_string(own.path().join("Dockerfile")).unwrap();
    fs::write(own.path().join("Dockerfile"), text.replace("--uid \"${UID}\" ", "")).unwrap();
    let said = init(own.path(), &[&["--adopt"], &CLUSTERS[..]].concat());
    let web = fs::read_to_string(own.path().join("deploy/kubernetes/base/web.yaml")).unwrap();
    assert!(!web.contains("runAsNonRoot: true") && said.contains("whose number is not known"));
}

#[test]
fn every_variable_of_the_application_is_told_or_said() {
    for way in ["--adopt", "--rewrite"] {
        let own = application(COMPOSE);
        let said = init(own.path(), &[&[way], &CLUSTERS[..]].concat());
        let read = |path: &str| fs::read_to_string(own.path().join(path)).unwrap();
        let web = read("deploy/kubernetes/base/web.yaml")
            + &read("deploy/kubernetes/base/kustomization.yaml");
        let required = |key: &str| web.contains(&format!("key: {key}}}"));
        let optional = |key: &str| web.contains(&format!("key: {key}, optional: true}}"));
        assert!(required("GREETING") && required("DATABASE_URL"), "{way}: {web}");
        for key in ["API_KEY", "HANDED", "MAIL_SERVER"] {
            assert!(optional(key), "{way}: {key} is handed on where it is set: {web}");
        }
        assert!(!web.contains("COMPOSE_PROJECT_NAME"), "{way}: it is Compose's: {web}");
        assert!(!web.contains("SINCE: 2024") && web.contains("2024-01-01"), "{way}: {web}");
        let not_told = "tasks of ECS are not told ";
        let listed = said.split(not_told).nth(1).unwrap_or_default().split(": ").next().unwrap();
        for key in ["API_KEY", "HANDED", "MAIL_SERVER"] {
            assert!(listed.contains(key), "{way}: {said}");
        }
        let page = read("deploy/kubernetes/README.md");
        assert!(page.contains("postgresql+asyncpg://USER"), "{way}: {page}");
    }
}

#[test]
fn what_was_not_read_for_a_cluster_is_not_written_by_an_update() {
    let own = application(COMPOSE);
    init(own.path(), &["--adopt"]);
    let said = run(own.path(), &["update", "--set", "deploy.target=compose,kubernetes"], 2);
    assert!(said.contains("dockwright init --adopt reads them"), "{said}");
    assert!(!own.path().join("deploy").exists());
    init(own.path(), &["--adopt", "--set", "deploy.target=compose,kubernetes"]);
    run(own.path(), &["update", "--set", "deploy.load=300"], 0);
    assert!(own.path().join("deploy/kubernetes/base/web.yaml").is_file());
}

#[test]
fn a_compose_file_that_stays_loses_nothing() {
    let own = application(COMPOSE);
    let said = init(own.path(), &["--rewrite", "--set", "deploy.target=kubernetes"]);
    assert!(!said.contains("dockwright's compose file has no"), "{said}");
    assert!(said.contains("compose.yaml stays as it is"), "{said}");
    assert_eq!(fs::read_to_string(own.path().join("compose.yaml")).unwrap(), COMPOSE);
}

#[test]
fn what_a_compose_file_says_of_an_image_that_stays_is_what_pods_do() {
    let own = application(
        "services:\n  web:\n    build: .\n    entrypoint: [sh, /srv/start.sh]\n    command: serve\n    ports: ['5005:5005']\n    environment:\n      SECRET_KEY: ${SECRET_KEY:-Xk29dkwoPq81aa}\n      CACHE: ${CACHE:-redis://:Xk29dkwoPq81aa@cache.example.com/0}\n      DATABASE_URL: ${DATABASE_URL}\n    volumes: ['data:/srv/data']\n  worker:\n    build: .\n    command: celery -A main worker -c 8 -Q default,high -E\nvolumes: {data: }\n",
    );
    let write = |path: &str, text: &str| fs::write(own.path().join(path), text).unwrap();
    write("start.sh", "exec gunicorn --bind 0.0.0.0:5005 main:app\n");
    write(
        "main.py",
        "import os\nfrom celery import Celery\nfrom flask import Flask\n\napp = Flask(__name__)\ncelery = Celery('main', broker=os.environ['BROKER_URL'])\n",
    );
    write("requirements.txt", "flask==3.0.3\ngunicorn==22.0.0\ncelery[redis]==5.4.0\n");
    let said = init(own.path(), &[&["--adopt"], &CLUSTERS[..]].concat());
    let read = |path: &str| fs::read_to_string(own.path().join(path)).unwrap();
    let web = read("deploy/kubernetes/base/web.yaml");
    assert!(web.contains("mountPath: /srv/data"), "where the image writes: {web}");
    assert!(web.contains("command:\n            - sh\n            - /srv/start.sh"), "{web}");
    assert!(web.contains("args:\n            - serve"), "{web}");
    let all = read("deploy/ecs/stack.yaml") + &read("deploy/ecs/web.task.json") + &web;
    assert!(!all.contains("Xk29dkwoPq81aa"), "a password is in no manifest: {all}");
    assert!(all.contains("EntryPoint:") && all.contains("\"entryPoint\": ["), "{all}");
    // Each queue has workers, of one process each.
    for queue in ["default", "high"] {
        let worker = read("deploy/kubernetes/base/worker.yaml");
        assert!(worker.contains(&format!("- --queues={queue}\n")), "{worker}");
        assert!(worker.contains("- --concurrency=1\n") && worker.contains("- -E\n"), "{worker}");
    }
    assert!(said.contains("have room for one process"), "{said}");
}

#[test]
fn as_many_processes_as_an_image_starts_have_room() {
    let mut before = 0;
    for workers in ["2", "4", "8"] {
        let command = "    command: gunicorn --bind 0.0.0.0:5005 --workers";
        let own = application(&format!("{COMPOSE}{command} {workers} main:app\n"));
        let said = init(own.path(), &[&["--adopt"], &CLUSTERS[..]].concat());
        let web = fs::read_to_string(own.path().join("deploy/kubernetes/base/web.yaml")).unwrap();
        let memory = web.split("memory: ").nth(1).unwrap().split("Mi").next().unwrap();
        let memory: u32 = memory.parse().unwrap();
        assert!(memory > before, "{workers}: {memory} MiB after {before}");
        before = memory;
        assert!(said.contains(&format!("have room for {workers} processes")), "{said}");
    }
}

#[test]
fn a_server_for_development_in_a_pod_is_said() {
    for (command, said) in [
        ("flask run --port 5005 --host 0.0.0.0", true),
        ("uvicorn main:app --port 5005 --host 0.0.0.0 --reload", true),
        ("gunicorn --bind 0.0.0.0:5005 main:app", false),
    ] {
        let own = application(&format!("{COMPOSE}    command: {command}\n"));
        let notes = init(own.path(), &[&["--adopt"], &CLUSTERS[..]].concat());
        assert_eq!(notes.contains("no server for users"), said, "{command}: {notes}");
    }
}

#[test]
fn an_image_that_nobody_knows_runs_in_no_pod() {
    let two = "services:\n  a:\n    build: .\n    ports: ['5005:5005']\n  b:\n    build: .\n    command: gunicorn --bind 0.0.0.0:6000 main:app\n    ports: ['6000:6000']\n";
    let own = application(two);
    let said = run(own.path(), &[&["init", "--yes", "--adopt"], &CLUSTERS[..]].concat(), 2);
    assert!(said.contains("which image of yours serves is not known"), "{said}");
    assert!(!own.path().join("dockwright.toml").exists());
    init(own.path(), &["--adopt"]);
}
