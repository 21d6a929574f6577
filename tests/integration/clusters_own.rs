//! What a cluster's files say of an image that the repository's own Dockerfile makes.

use std::fs;
use std::path::Path;

use assert_fs::TempDir;

use super::support::{directory, dockwright};

const DOCKERFILE: &str = "FROM python:3.13-slim AS prod\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\nUSER 10001:10001\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]\n";
const BUILT: &str = "docker build --tag shop:local ";

/// A repository whose image stays, with files for clusters written beside it.
fn adopted(files: &[(&str, &str)]) -> TempDir {
    let top = directory();
    let app = "from fastapi import FastAPI\n\napp = FastAPI()\n";
    let code = [("requirements.txt", "fastapi==0.115.0\nuvicorn==0.34.0\n"), ("main.py", app)];
    let below =
        if files.iter().any(|(path, _)| path.starts_with("backend/")) { "backend" } else { "" };
    for (path, text) in code {
        write(&top.path().join(below), path, text);
    }
    files.iter().for_each(|(path, text)| write(top.path(), path, text));
    let set = ["--set", "deploy.target=kubernetes,ecs", "--set", "project.name=shop"];
    let run = dockwright()
        .args(["init", "--yes", "--adopt", "--no-docker"])
        .args(set)
        .current_dir(top.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    top
}

fn write(top: &Path, path: &str, text: &str) {
    let path = top.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(top: &TempDir, path: &str) -> String {
    fs::read_to_string(top.path().join(path)).unwrap()
}

#[test]
fn a_run_book_builds_an_image_as_its_compose_file_does() {
    let below = "services:\n  api:\n    build:\n      context: ../backend\n      dockerfile: api.Dockerfile\n      target: prod\n      args: {UID: \"4321\", OTHER: \"${OTHER}\"}\n    ports: [\"8000:8000\"]\n";
    let top = "services:\n  api:\n    build: {context: ., dockerfile: docker/api.Dockerfile}\n    ports: [\"8000:8000\"]\n";
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[("compose/compose.yaml", below), ("backend/api.Dockerfile", DOCKERFILE)],
            "--file backend/api.Dockerfile --target prod --build-arg 'UID=4321' --build-arg OTHER backend",
        ),
        (
            &[("compose.yaml", top), ("docker/api.Dockerfile", DOCKERFILE)],
            "--file docker/api.Dockerfile .",
        ),
        (&[("docker/api.Dockerfile", DOCKERFILE)], "--file docker/api.Dockerfile ."),
        // What Docker takes by itself needs no words.
        (&[("Dockerfile", DOCKERFILE)], "."),
    ];
    for (files, words) in cases {
        let top = adopted(files);
        let kubernetes = read(&top, "deploy/kubernetes/README.md");
        assert!(kubernetes.contains(&format!("{BUILT}{words}\n")), "{words}: {kubernetes}");
        let pushed =
            format!("docker build --pull --tag registry.example.com/team/shop:TAG {words}\n");
        assert!(kubernetes.contains(&pushed), "{words}: {kubernetes}");
        let ecs = read(&top, "deploy/ecs/README.md");
        let pushed = format!("--platform linux/amd64 --tag \"$IMAGE\" {words}\n");
        assert!(ecs.contains(&pushed), "{words}: {ecs}");
    }
}

#[test]
fn a_user_whose_number_is_not_known_is_let_in_and_it_is_said_why() {
    let image = |user: &str| DOCKERFILE.replace("USER 10001:10001\n", user);
    let cases = [
        ("RUN useradd --system app\nUSER app\n", "the image's user is `app`, a name", "baseline"),
        ("USER root\n", "their image starts as root", "baseline"),
        ("USER 10001:10001\n", "", "restricted"),
    ];
    for (user, why, level) in cases {
        let top = adopted(&[("Dockerfile", &image(user))]);
        let namespace = read(&top, "deploy/kubernetes/overlays/dev/namespace.yaml");
        let enforced = format!("pod-security.kubernetes.io/enforce: {level}\n");
        assert!(namespace.contains(&enforced), "{user}: {namespace}");
        let said = read(&top, "deploy/kubernetes/README.md");
        assert!(said.contains(&format!("/enforce={level}\n")), "{user}: {said}");
        assert_eq!(said.contains("`restricted` would refuse these pods"), level == "baseline");
        assert!(said.contains(why), "{user}: {said}");
        // Where the image writes is its own.
        assert!(!said.contains("Read-only file system"), "{user}: {said}");
        let pods = read(&top, "deploy/kubernetes/base/web.yaml");
        assert_eq!(pods.contains("runAsNonRoot: true"), level == "restricted", "{pods}");
        // What was just written is not refused by the namespace beside it.
        let run = dockwright().arg("check").current_dir(top.path()).output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(!said.contains("is refused by its namespace"), "{user}: {said}");
    }
}

#[test]
fn a_service_beside_the_clusters_own_is_told_apart_from_it() {
    let compose = "services:\n  web:\n    build: .\n    environment: &env\n      CELERY_BROKER_URL: redis://redis:6379/0\n    ports: [\"8000:8000\"]\n  worker:\n    build: .\n    command: sh -c \"run-the-worker\"\n    environment: *env\n  mail:\n    build: .\n    command: celery -A tasks worker\n    environment: *env\n  redis: {image: \"redis:7\"}\n  tool: {image: \"example.com/tool:1\"}\n";
    let tasks = "from celery import Celery\n\ncelery = Celery(\"tasks\", broker=\"redis://redis:6379/0\")\n";
    let top = adopted(&[
        ("Dockerfile", DOCKERFILE),
        ("compose.yaml", compose),
        ("tasks.py", tasks),
        ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.34.0\ncelery==5.4.0\nredis==5.2.0\n"),
    ]);
    let said = read(&top, "deploy/kubernetes/README.md");
    assert!(said.contains("| `shop-worker` |"), "{said}");
    let own = "- the compose service `worker` stays on the host: in a cluster shop-worker takes its place\n";
    assert!(said.contains(own), "{said}");
    let own = "- the compose service `tool` stays on the host: it is passed on as it stands";
    assert!(said.contains(own), "{said}");
}
