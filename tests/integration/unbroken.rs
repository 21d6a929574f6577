//! `init --adopt` of what works: the edits break none of it. One repository, and what
//! differs in it.

use std::fs;

use assert_fs::TempDir;
use serde_json::Value;

use crate::init::{init, read, report, tree, write};
use crate::support::directory;

const MAIN: &str = "import os\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\nDATABASE_URL = os.environ[\"DATABASE_URL\"]\n\n\n@app.get(\"/health\")\ndef health():\n    return {\"ok\": True}\n";
const DOCKERFILE: &str = "FROM python:3.12-slim\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nEXPOSE 8000\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]\n";
const COMPOSE: &str = "services:\n  web:\n    build: .\n    ports:\n      - \"8000:8000\"\n    environment:\n      DATABASE_URL: postgresql://shop:shop@db/shop\n    depends_on: [db]\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: shop\n      POSTGRES_PASSWORD: shop\n      POSTGRES_DB: shop\n    volumes:\n      - data:/var/lib/postgresql/data\nvolumes:\n  data:\n";

/// The repository with other files, or more of them.
fn with(files: &[(&str, &str)]) -> TempDir {
    let directory = directory();
    for (path, text) in [
        ("main.py", MAIN),
        ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\npsycopg==3.2.0\n"),
        ("Dockerfile", DOCKERFILE),
        ("compose.yaml", COMPOSE),
    ]
    .iter()
    .chain(files)
    {
        write(&directory, path, text);
    }
    directory
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not there");
    text.replacen(from, to, 1)
}

fn codes(report: &Value) -> Vec<String> {
    let edits = report["improved"]["edits"].as_array().unwrap();
    edits.iter().map(|edit| edit["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_repository_itself_gets_a_user_and_a_check_of_its_route() {
    let directory = with(&[]);
    init(&directory, &["--adopt"]).success();
    let dockerfile = read(&directory, "Dockerfile");
    assert!(dockerfile.contains("USER 10001:10001"), "{dockerfile}");
    assert!(dockerfile.contains("'GET', '/health'"), "{dockerfile}");
}

#[test]
fn no_user_is_set_where_it_could_not_go_on() {
    let shell = |command: &str| {
        let start = DOCKERFILE.find("CMD").unwrap();
        format!("{}CMD {command}\n", &DOCKERFILE[..start])
    };
    let redirected = shell(
        "[\"sh\", \"-c\", \"uvicorn main:app --host 0.0.0.0 --port 8000 >> /var/log/app.log 2>&1\"]",
    );
    let piped =
        shell("[\"sh\", \"-c\", \"uvicorn main:app --host 0.0.0.0 --port 8000 | tee shop.log\"]");
    let scripted = shell("[\"/srv/start.sh\"]");
    let script = "#!/bin/sh\nexec uvicorn main:app --host 0.0.0.0 --port 8000 >> logs/app.log\n";
    let sqlite = format!("{MAIN}\nLOCAL = create_engine(\"sqlite:///./cache.db\")\n");
    let staged = format!(
        "{}\nFROM web AS worker\nRUN apt-get update && apt-get install -y jq\nCMD [\"python\", \"work.py\"]\n",
        replaced(DOCKERFILE, "3.12-slim", "3.12-slim AS web")
    );
    let target = replaced(COMPOSE, "build: .", "build: {context: ., target: web}");
    let named = replaced(COMPOSE, "build: .", "build: .\n    image: shop:latest");
    let watched = replaced(
        COMPOSE,
        "build: .",
        "build: .\n    develop:\n      watch:\n        - {action: sync, path: ., target: /srv}",
    );
    let logging = "version: 1\nhandlers:\n  file:\n    class: logging.handlers.RotatingFileHandler\n    filename: shop.log\n";
    let child = "FROM shop:latest\nRUN pip install jupyter\n";
    for (what, files) in [
        ("a redirection", vec![("Dockerfile", redirected.as_str())]),
        ("a pipe", vec![("Dockerfile", piped.as_str())]),
        ("a script", vec![("Dockerfile", scripted.as_str()), ("start.sh", script)]),
        ("a second database", vec![("main.py", sqlite.as_str())]),
        ("logging", vec![("logging.yaml", logging)]),
        ("a later stage", vec![("Dockerfile", staged.as_str()), ("compose.yaml", target.as_str())]),
        ("another image", vec![("jobs/Dockerfile", child), ("compose.yaml", named.as_str())]),
        ("watching", vec![("compose.yaml", watched.as_str())]),
    ] {
        let directory = with(&files);
        let report = report(&directory, &["--adopt"]);
        let text = read(&directory, "Dockerfile");
        assert!(!text.contains("USER "), "{what}: {text}");
        assert!(!codes(&report).contains(&"DF101".to_owned()), "{what}");
    }
}

#[cfg(unix)]
#[test]
fn no_user_is_set_over_code_that_its_owner_alone_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = with(&[]);
    let main = directory.path().join("main.py");
    fs::set_permissions(main, fs::Permissions::from_mode(0o600)).unwrap();
    init(&directory, &["--adopt"]).success();
    let text = read(&directory, "Dockerfile");
    assert!(!text.contains("USER "), "{text}");
}

#[test]
fn a_check_asks_no_route_that_does_not_answer_it() {
    let hosts = replaced(
        MAIN,
        "app = FastAPI()\n",
        "app = FastAPI()\napp.add_middleware(TrustedHostMiddleware, allowed_hosts=[\"shop.example\"])\n",
    );
    let local = hosts.replace("\"shop.example\"", "\"localhost\"");
    let parameter = replaced(MAIN, "def health():", "def health(tenant: str):");
    let middleware = replaced(
        MAIN,
        "app = FastAPI()\n",
        "app = FastAPI()\n\n\n@app.middleware(\"http\")\nasync def ask(request, call_next):\n    if request.headers[\"x-key\"] != \"x\":\n        return JSONResponse({}, status_code=401)\n    return await call_next(request)\n",
    );
    let depends = replaced(MAIN, "FastAPI()", "FastAPI(dependencies=[Depends(known)])");
    for (what, main) in [
        ("hosts", hosts),
        ("another host", local),
        ("a parameter", parameter),
        ("a middleware", middleware),
        ("a dependency", depends),
    ] {
        let directory = with(&[("main.py", &main)]);
        init(&directory, &["--adopt"]).success();
        let text = read(&directory, "Dockerfile");
        assert!(!text.contains("'/health'"), "{what}: {text}");
        let is_left = what != "a parameter";
        assert!(!is_left || text.contains("create_connection"), "{what}: {text}");
    }
}

#[test]
fn a_job_of_a_stores_image_is_no_store() {
    let jobs = "services:\n  seed:\n    image: postgres:16\n    depends_on: [db]\n    command: psql -h db -U postgres -f /seed.sql\n  flush:\n    image: redis:8\n    entrypoint: [redis-cli, -h, cache, flushall]\n  dump:\n    image: mysql:8\n    entrypoint: mysqldump -h sql shop\n";
    let directory = with(&[("compose.yaml", &replaced(COMPOSE, "services:\n", jobs))]);
    init(&directory, &["--adopt"]).success();
    let text = read(&directory, "compose.yaml");
    let (jobs, rest) = text.split_once("  web:").unwrap();
    assert!(!jobs.contains("restart:") && !jobs.contains("healthcheck:"), "{text}");
    assert!(rest.contains("restart:") && rest.contains("healthcheck:"), "{text}");
}

#[test]
fn a_database_that_others_reach_stays_reached() {
    let open =
        replaced(COMPOSE, "image: postgres:16\n", "image: postgres:16\n    ports: ['5432:5432']\n");
    let directory = with(&[("compose.yaml", &open)]);
    let report = report(&directory, &["--adopt"]);
    assert!(read(&directory, "compose.yaml").contains("ports: ['5432:5432']"));
    let left = report["improved"]["left"].as_array().unwrap();
    let of_it = left.iter().find(|own| own["code"] == "CO106").unwrap();
    let offered = of_it["suggested"].as_str().unwrap();
    assert!(offered.contains("nobody on another machine reaches it"), "{offered}");
}

#[test]
fn a_list_is_not_there_twice_by_another_file() {
    let other = "services:\n  web:\n    security_opt: ['no-new-privileges:true']\n";
    for name in ["compose.prod.yaml", "compose.override.yaml"] {
        let directory = with(&[(name, other)]);
        init(&directory, &["--adopt"]).success();
        let text = read(&directory, "compose.yaml");
        assert!(!text.contains("security_opt"), "{name}: {text}");
    }
}

#[test]
fn a_repository_inside_is_left_alone_and_said() {
    let compose = replaced(COMPOSE, "build: .", "build: api");
    let directory = with(&[
        ("compose.yaml", &compose),
        ("api/main.py", MAIN),
        ("api/requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n"),
        ("api/Dockerfile", DOCKERFILE),
        ("api/.git", "gitdir: ../.git/modules/api\n"),
    ]);
    for path in ["main.py", "requirements.txt", "Dockerfile"] {
        fs::remove_file(directory.path().join(path)).unwrap();
    }
    let report = report(&directory, &["--adopt"]);
    assert_eq!(read(&directory, "api/Dockerfile"), DOCKERFILE);
    assert!(!directory.path().join("api/.dockerignore").exists());
    let why = report["improved"]["aside"]["api/Dockerfile"].as_str().unwrap();
    assert!(why.contains("git repository of its own"), "{why}");
}

#[test]
fn what_a_sample_gives_is_judged_the_first_time() {
    let compose = replaced(
        COMPOSE,
        "    environment:\n      DATABASE_URL: postgresql://shop:shop@db/shop\n",
        "    env_file: .env\n",
    );
    let compose = replaced(&compose, "\"8000:8000\"", "\"${WEB_PORT}:8000\"");
    let sample = "DATABASE_URL=postgresql://shop:shop@db/shop\nWEB_PORT=8000\nWEB_CONCURRENCY=2\n";
    for ignored in ["", ".env\n"] {
        let directory =
            with(&[("compose.yaml", &compose), (".env.example", sample), (".gitignore", ignored)]);
        init(&directory, &["--adopt"]).success();
        assert!(directory.path().join(".env").exists());
        let before = tree(directory.path());
        let again = report(&directory, &["--adopt"]);
        assert_eq!(codes(&again), Vec::<String>::new(), "{ignored:?}");
        assert!(tree(directory.path()) == before, "{ignored:?}");
    }
}

#[test]
fn what_a_rewrite_takes_from_others_is_said_and_numbers_stay() {
    let dockerfile = format!(
        "{}\nFROM prod AS test\nRUN pip install pytest\nCMD [\"pytest\"]\n",
        replaced(
            &replaced(DOCKERFILE, "3.12-slim", "3.12-slim AS prod"),
            "COPY . .",
            "ADD https://models.example/model.bin /opt/model.bin\nCOPY . ."
        )
    );
    let compose = replaced(
        COMPOSE,
        "build: .",
        "build: {context: ., target: prod}\n    secrets:\n      - {source: key, mode: 0440}",
    );
    let compose = replaced(&compose, "[db]", "{db: {condition: service_started, restart: true}}");
    let compose = format!("{compose}secrets:\n  key:\n    file: key.txt\n");
    let laid_over = "services:\n  web:\n    build: {target: prod}\n";
    let tests = "services:\n  test:\n    build: {context: ., target: test}\n";
    let directory = with(&[
        ("Dockerfile", &dockerfile),
        ("compose.yaml", &compose),
        ("compose.override.yaml", laid_over),
        ("compose.ci.yaml", tests),
        ("key.txt", "x"),
    ]);
    let report = report(&directory, &["--rewrite"]);
    let fates = report["fates"].as_array().unwrap();
    let of = |text: &str| {
        let found = fates.iter().find(|own| own.to_string().contains(text));
        let found = found.unwrap_or_else(|| panic!("{text}: {fates:#?}"));
        (found["weight"].as_str().unwrap(), found["reason"].as_str().unwrap_or_default())
    };
    for file in ["compose.override.yaml (web) names prod", "compose.ci.yaml (test) names test"] {
        let (weight, reason) = of(file);
        assert_eq!(weight, "behaviour", "{reason}");
    }
    assert_eq!(of("models.example").0, "behaviour");
    assert!(of("models.example").1.contains("downloads nothing"), "{}", of("models.example").1);
    of("restart of depends_on goes");
    let text = read(&directory, "compose.yaml");
    assert!(text.contains("0440") && !text.contains("440.0"), "{text}");
}
