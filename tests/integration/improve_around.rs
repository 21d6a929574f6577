//! `init --adopt` where container files are there that are not, or not all of, what
//! the application is deployed with.

use assert_fs::TempDir;
use serde_json::Value;

use crate::init::{file, init, read, report, repository, write};

const DOCKERFILE: &str = "FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\n\
     RUN pip install -r requirements.txt\n\
     CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8080\"]\n";
const WEB: &str = "services:\n  web:\n    build: .\n    ports: ['8080:8080']\n";
const STORES: &str = "services:\n  store:\n    image: postgres:16\n    volumes: ['rows:/var/lib/postgresql/data']\nvolumes:\n  rows:\n";
const WATCHES: &str = "services:\n  prometheus:\n    image: prom/prometheus:v3\n  grafana:\n    image: grafana/grafana:12\n";
const EDITOR: &str =
    "services:\n  app:\n    build: ..\n    command: sleep infinity\n    volumes: ['..:/work']\n";

fn with(files: &[(&str, &str)]) -> TempDir {
    let directory = repository();
    for (path, text) in files {
        write(&directory, path, text);
    }
    directory
}

/// Files that change, with what happens to them.
fn changed(report: &Value) -> Vec<(String, String)> {
    let files = report["files"].as_array().unwrap();
    let word = |file: &Value, key: &str| file[key].as_str().unwrap().to_owned();
    let all = files.iter().map(|file| (word(file, "path"), word(file, "action")));
    all.filter(|(_, action)| !matches!(&**action, "hold" | "keep" | "unchanged")).collect()
}

#[test]
fn what_is_no_deployment_is_neither_edited_nor_taken_for_one() {
    // The file, its text, and what is said of it where an edit of it would be safe.
    let aside = [
        (".devcontainer/docker-compose.yml", EDITOR, None),
        ("monitoring/docker-compose.yml", WATCHES, Some("does not start the application")),
        ("docker-compose.yml", WEB, Some("Compose reads compose.yaml beside it")),
        ("docs/compose.yaml", WEB, None),
        ("compose.test.yaml", "services:\n  web:\n    build: .\n    command: pytest\n", None),
    ];
    for (path, text, why) in aside {
        for own in [Some(WEB), None] {
            if own.is_none() && path == "docker-compose.yml" {
                continue;
            }
            let directory = with(&[("Dockerfile", DOCKERFILE), (path, text)]);
            own.into_iter().for_each(|own| write(&directory, "compose.yaml", own));
            let report = report(&directory, &["--adopt"]);
            assert_eq!(read(&directory, path), text, "{path}");
            let action = if own.is_some() { "improve" } else { "create" };
            let changed = changed(&report);
            assert!(
                changed.contains(&("compose.yaml".into(), action.into())),
                "{path}: {changed:?}"
            );
            if let (Some(_), Some(why)) = (own, why) {
                let said = report["improved"]["aside"][path].as_str().unwrap_or_default();
                assert!(said.contains(why), "{path}: {}", report["improved"]["aside"]);
            }
        }
    }
}

#[test]
fn an_editors_container_is_no_project_where_nothing_else_is_there() {
    for flags in [&[][..], &["--adopt"], &["--rewrite"]] {
        let directory = with(&[(".devcontainer/docker-compose.yml", EDITOR)]);
        let report = report(&directory, flags);
        assert_eq!(file(&report, "compose.yaml"), ("new".into(), "create".into()));
        assert_eq!(read(&directory, ".devcontainer/docker-compose.yml"), EDITOR);
    }
}

#[test]
fn stores_alone_get_the_application_of_an_image_that_stays() {
    let files = [("Dockerfile", DOCKERFILE), ("docker-compose.yml", STORES)];
    let directory = with(&files);
    let report = report(&directory, &["--adopt", "--set", "stack.database=postgres"]);
    let compose = read(&directory, "docker-compose.yml");
    for own in ["image: postgres:16", "rows:/var/lib/postgresql/data", "127.0.0.1:8080:8080"] {
        assert!(compose.contains(own), "{own}: {compose}");
    }
    let changed = changed(&report);
    assert!(changed.contains(&("Dockerfile".into(), "improve".into())), "{changed:?}");
    for ours in ["gunicorn.conf.py", "entrypoint.sh", "nginx.conf"] {
        assert!(!directory.path().join(ours).exists(), "{ours}");
    }
}

#[test]
fn a_stack_of_images_from_elsewhere_is_no_stack_of_stores() {
    let compose = "services:\n  web:\n    image: acme/shop:1\n    ports: ['80:8080']\n  store:\n    image: postgres:16\n";
    let directory = with(&[("Dockerfile", DOCKERFILE), ("infra/docker-compose.yml", compose)]);
    let report = report(&directory, &["--adopt"]);
    let changed = changed(&report);
    let improved = ("infra/docker-compose.yml".to_owned(), "improve".to_owned());
    assert!(changed.contains(&improved), "{changed:?}");
    assert!(!directory.path().join("compose.yaml").exists());
    assert!(read(&directory, "infra/docker-compose.yml").contains("image: acme/shop:1"));
}

#[test]
fn a_file_of_this_machines_values_makes_no_project_one_for_development() {
    for name in [".env.local", "prod.env"] {
        let compose = format!("{WEB}    env_file: [{name}]\n");
        let own: &[(&str, &str)] =
            &[("Dockerfile", DOCKERFILE), ("compose.yaml", &compose), (name, "GREETING=hello\n")];
        let directory = with(own);
        let report = report(&directory, &["--adopt"]);
        let edits = report["improved"]["edits"].as_array().unwrap();
        let codes: Vec<&str> = edits.iter().filter_map(|own| own["code"].as_str()).collect();
        for code in ["CO102", "CO103", "CO104"] {
            assert!(codes.contains(&code), "{name}: {codes:?}");
        }
    }
}

#[test]
fn what_is_written_around_an_image_fits_it() {
    // What its command, its user and its code are; what the files have, and have not.
    let believes = DOCKERFILE.replace("8080\"]", "8080\", \"--forwarded-allow-ips\", \"*\"]");
    let user = DOCKERFILE.replace("CMD", "RUN useradd shop\nUSER shop\nCMD");
    let made =
        user.replace("RUN useradd shop", "RUN useradd shop && mkdir media && chown shop media");
    let uploads = "from pathlib import Path\nfrom fastapi import FastAPI, UploadFile\n\napp = FastAPI()\nMEDIA = Path(__file__).parent / \"media\"\n\n\n@app.post(\"/files\")\nasync def take(file: UploadFile):\n    MEDIA.mkdir(exist_ok=True)\n    (MEDIA / \"x\").write_bytes(await file.read())\n";
    let cases: [(&str, &[&str], &[&str]); 4] = [
        (DOCKERFILE, &["FORWARDED_ALLOW_IPS", "media:/srv/media"], &["/tmp:size", "HOST_UID"]),
        (&believes, &["media:/srv/media"], &["FORWARDED_ALLOW_IPS"]),
        (&user, &[], &["media:/srv/media"]),
        (&made, &["media:/srv/media"], &[]),
    ];
    for (dockerfile, has, has_not) in cases {
        let own = [("Dockerfile", dockerfile), ("main.py", uploads)];
        let directory = with(&own);
        let report = report(&directory, &["--adopt"]);
        let text: String = ["compose.yaml", ".env", ".env.example"]
            .iter()
            .map(|path| read(&directory, path))
            .collect();
        for own in has {
            assert!(text.contains(own), "{own} with {dockerfile}: {text}");
        }
        for own in has_not {
            assert!(!text.contains(own), "{own} with {dockerfile}: {text}");
        }
        let notes = report["notes"].to_string();
        let is_lost = dockerfile == user;
        assert_eq!(
            notes.contains("a volume there would be root's"),
            is_lost,
            "{dockerfile}: {notes}"
        );
    }
}

#[test]
fn scripts_that_containers_run_keep_their_line_ends() {
    let script = "#!/bin/sh\nexec \"$@\"\n";
    let dockerfile = DOCKERFILE.replace("CMD", "ENTRYPOINT [\"./start.sh\"]\nCMD");
    let of = |attributes: Option<&str>| {
        let own = [("Dockerfile", &*dockerfile), ("start.sh", script), ("compose.yaml", WEB)];
        let directory = with(&own);
        attributes.into_iter().for_each(|own| write(&directory, ".gitattributes", own));
        init(&directory, &["--adopt"]).success();
        let after = read(&directory, ".gitattributes");
        // And not again, where somebody took it out.
        write(&directory, ".gitattributes", "*.png binary\n");
        init(&directory, &["--adopt"]).success();
        assert_eq!(read(&directory, ".gitattributes"), "*.png binary\n");
        after
    };
    assert_eq!(of(None), "*.sh text eol=lf\n");
    assert_eq!(of(Some("*.png binary")), "*.png binary\n*.sh text eol=lf\n");
    // What gives them LF already, and a script that no container runs.
    for (name, attributes) in [("start.sh", "* text=auto eol=lf\n"), ("other.sh", "")] {
        let own = [("Dockerfile", &*dockerfile), (name, script), (".gitattributes", attributes)];
        let directory = with(&own);
        init(&directory, &["--adopt"]).success();
        assert_eq!(read(&directory, ".gitattributes"), attributes, "{name}");
    }
}

#[test]
fn an_old_python_stays_with_the_image_that_has_it() {
    let own = [
        (
            "Dockerfile",
            "FROM python:3.6-slim\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"gunicorn\", \"--bind\", \"0.0.0.0:8000\", \"main:app\"]\n",
        ),
        ("main.py", "from flask import Flask\n\napp = Flask(__name__)\n"),
        ("requirements.txt", "flask==2.0.3\ngunicorn==20.1.0\n"),
        ("compose.yaml", "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n"),
    ];
    let directory = with(&own);
    init(&directory, &["--adopt"]).success();
    assert!(read(&directory, "Dockerfile").contains("FROM python:3.6-slim"));
}
