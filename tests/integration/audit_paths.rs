//! What `dockwright audit` makes of the paths that it is given: files as parts of
//! their repository, what is named twice, and how it is reported.

use std::fs;

use assert_fs::TempDir;
use serde_json::Value;

use crate::audit::{ROOT, audit, out, with};
use crate::support::dockwright;

const NGINX: &str =
    "server {\n    listen 80;\n    location / { proxy_pass http://nobody:8000; }\n}\n";
const COMPOSE: &str = "services:\n  web:\n    build: .\n  nginx:\n    image: nginx:1.29\n    volumes: [\"./nginx/nginx.conf:/etc/nginx/conf.d/default.conf:ro\"]\n";

fn json(dir: &std::path::Path, arguments: &[&str], code: i32) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    serde_json::from_slice(&audit(dir, &arguments, code).stdout).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    let paths = report["paths"].as_array().unwrap().iter();
    let findings = paths.flat_map(|own| own["findings"].as_array().unwrap());
    findings.map(|own| own["code"].as_str().unwrap()).collect()
}

/// A name that no service has is known as one by the compose file above alone.
#[test]
fn a_file_is_judged_as_a_part_of_its_repository() {
    let dir = with(&[
        ("compose.yaml", COMPOSE),
        ("Dockerfile", ROOT),
        ("nginx/Dockerfile", "FROM nginx:1.29\n"),
        ("nginx/nginx.conf", NGINX),
    ]);
    let only = ["--only", "NG109,DF101"];
    let of = |here: &str, path: &str| {
        let here = dir.path().join(here);
        fs::create_dir_all(dir.path().join(".git")).unwrap();
        json(&here, &[&only[..], &[path]].concat(), 1)
    };
    for (here, path) in
        [(".", "nginx/nginx.conf"), ("nginx", "nginx.conf"), (".", "./nginx/../nginx/nginx.conf")]
    {
        let report = of(here, path);
        assert_eq!(codes(&report), ["NG109"], "{here} {path}: {report}");
        assert_eq!(report["paths"][0]["findings"][0]["path"], "nginx/nginx.conf");
    }
    let shown = out(&audit(&dir.path().join("nginx"), &["--only", "NG109", "nginx.conf"], 1));
    assert!(shown.starts_with("nginx.conf:3:"), "{shown}");
    let mut command = dockwright();
    command.current_dir(dir.path()).args(["audit", "--only", "NG109", "--stdin"]);
    let output = command.arg("nginx/nginx.conf").write_stdin(NGINX.replace("nobody", "web"));
    assert!(out(&output.output().unwrap()).contains("No finding"));
}

#[test]
fn files_of_every_kind_can_be_named_and_others_are_said_to_be_none() {
    let dir = with(&[
        (".git/HEAD", ""),
        (".gitignore", ".env\n"),
        ("Dockerfile", ROOT),
        ("gunicorn.conf.py", "reload = True\n"),
        (".dockerignore", ".git\n"),
        (".env", "A=1\n"),
        ("deploy/local.env", "A=1\n"),
        ("nginx/nginx.conf", NGINX),
        ("README.md", "# x\n"),
    ]);
    for path in
        ["gunicorn.conf.py", ".dockerignore", ".env", "nginx/nginx.conf", "deploy/local.env"]
    {
        let text = out(&audit(dir.path(), &["--fail-on", "never", path], 0));
        assert!(
            !text.contains("no container files") && !text.contains("none of the files"),
            "{path}: {text}"
        );
    }
    let text = out(&audit(dir.path(), &["README.md"], 0));
    assert!(text.contains("note: README.md is none of the files"), "{text}");
    assert_eq!(json(dir.path(), &["README.md"], 0)["paths"][0]["not_judged"][0], "README.md");
}

/// Without anything that tells a repository, what is below is nobody's business.
#[test]
fn beside_a_file_of_no_repository_nothing_below_is_read() {
    let dir = with(&[("a/nginx.conf", NGINX), ("a/b/compose.yaml", COMPOSE)]);
    let report = json(&dir.path().join("a"), &["--fail-on", "never", "nginx.conf"], 0);
    assert_eq!(report["paths"][0]["unread"].as_array().unwrap().len(), 0);
    let found: Vec<&str> = codes(&report);
    assert!(!found.contains(&"NG109"), "{found:?}");
}

/// A compose file below what it builds is judged with it.
#[test]
fn a_context_above_a_file_is_read_where_git_has_it() {
    let dir = with(&[
        (".git/HEAD", ""),
        ("deploy/compose.yaml", "services:\n  web:\n    build: ..\n"),
        ("Dockerfile", ROOT),
    ]);
    let report = json(dir.path(), &["--only", "DF101,AU100", "deploy/compose.yaml"], 0);
    assert_eq!(codes(&report), Vec::<&str>::new(), "{report}");
    assert_eq!(report["paths"][0]["files"][0], "deploy/compose.yaml");
}

#[test]
fn what_is_named_twice_is_counted_once() {
    let dir = with(&[("Dockerfile", ROOT), ("shop/Dockerfile", ROOT)]);
    for (paths, expected) in [
        (vec![".", "."], 2),
        (vec![".", "./"], 2),
        (vec!["shop", "shop/", "./shop"], 1),
        (vec!["Dockerfile", "./Dockerfile"], 1),
        (vec![".", "Dockerfile"], 2),
        (vec!["Dockerfile", "."], 2),
        (vec![".", "shop"], 2),
        (vec![".", "shop/Dockerfile"], 2),
        (vec!["shop/Dockerfile", "Dockerfile"], 2),
    ] {
        let report = json(dir.path(), &[&["--only", "DF101"], &paths[..]].concat(), 0);
        assert_eq!(codes(&report).len(), expected, "{paths:?}: {report}");
    }
    let text = out(&audit(dir.path(), &["--only", "DF101", ".", "shop"], 0));
    assert!(text.contains("No finding; 1 told above"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_file_with_two_names_is_judged_once_under_its_own() {
    use std::os::unix::fs::symlink;
    let dir = with(&[("docker/Dockerfile", ROOT)]);
    symlink("docker/Dockerfile", dir.path().join("Dockerfile")).unwrap();
    let report = json(dir.path(), &["--only", "DF101"], 0);
    assert_eq!(codes(&report), ["DF101"], "{report}");
    assert_eq!(report["paths"][0]["findings"][0]["path"], "docker/Dockerfile");
    assert_eq!(codes(&json(dir.path(), &["--only", "DF101", "Dockerfile"], 0)), ["DF101"]);
}

#[test]
fn a_report_is_as_wide_as_it_is_asked_to_be_and_says_what_it_cut() {
    let long = format!("RUN echo {}\n", "word ".repeat(60));
    let text = ROOT.replace("FROM python:3.14-slim\n", &format!("FROM python:3.14-slim\n{long}"));
    let text = text.replace("RUN echo", "RUN apt-get update && apt-get install -y curl && echo");
    let dir = with(&[("Dockerfile", &text)]);
    for (columns, width) in [(None, 80), (Some("120"), 120), (Some("nonsense"), 80)] {
        let mut command = dockwright();
        command.current_dir(dir.path()).args(["audit", "--only", "DF114"]);
        columns.map(|columns| command.env("COLUMNS", columns));
        let text = out(&command.output().unwrap());
        let shown = text.lines().find(|line| line.contains(" | ")).unwrap();
        assert_eq!(shown.chars().count(), width, "{columns:?}: {text}");
        assert!(shown.ends_with('…'), "{text}");
    }
}

#[test]
fn where_less_is_asked_is_said_once_with_its_reason() {
    let reloads =
        COMPOSE.replace("build: .\n", "build: .\n    command: uvicorn app:app --reload\n");
    let dir = with(&[
        ("compose.yaml", &reloads),
        ("docker-compose.dev.yml", COMPOSE),
        ("Dockerfile", ROOT),
        ("dev.Dockerfile", ROOT),
    ]);
    let arguments = ["--fail-on", "never"];
    let text = out(&audit(dir.path(), &arguments, 0)).replace("\n  ", " ");
    assert_eq!(text.matches("judged as development").count(), 1, "{text}");
    for part in ["compose.yaml (its start command reloads)", "dev.Dockerfile", "compose.prod.yaml"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let report = json(dir.path(), &arguments, 0);
    let said = report["paths"][0]["development"].as_array().unwrap();
    assert!(
        said.iter()
            .any(|own| own["path"] == "compose.yaml" && own["why"] == "its start command reloads"),
        "{report}"
    );
    let sarif = out(&audit(dir.path(), &[&arguments[..], &["--format", "sarif"]].concat(), 0));
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let notes = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes[0]["level"], "note", "{notes}");
    let github = out(&audit(dir.path(), &[&arguments[..], &["--format", "github"]].concat(), 0));
    assert!(github.contains("::notice title=dockwright::judged as development"), "{github}");
    // A name that says production counts in full.
    let dir = with(&[("compose.prod.yaml", &reloads), ("Dockerfile", ROOT)]);
    assert!(!out(&audit(dir.path(), &arguments, 0)).contains("judged as development"));
}

#[test]
fn who_has_nothing_is_told_what_there_is_to_do() {
    let dir = TempDir::new().unwrap();
    let text = out(&audit(dir.path(), &[], 0));
    assert!(text.contains("The directory is empty") && text.contains("dockwright new"), "{text}");
    let missing = audit(dir.path(), &["nosuch"], 2);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("there is no nosuch"));
    let dir = with(&[("package.json", "{}\n"), ("index.js", "")]);
    let text = out(&audit(dir.path(), &[], 0)).replace('\n', " ");
    assert!(text.contains("no container files here, and no web service in Python"), "{text}");
}
