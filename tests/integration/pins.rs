//! `dockwright check --fetch` over what is pinned: an index of packages on this
//! machine, and a `docker` that says what a registry would.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use assert_fs::TempDir;
use serde_json::Value;

use crate::shapes::{keys_of, shown};
use crate::support::{directory, dockwright};
use crate::team::said;

/// An index of packages that serves these pages, and lists what it was asked for.
struct Index {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Index {
    /// `pages` by package: the status, and the files of its releases.
    fn new(pages: &[(&str, &[&str])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/simple", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let file = |name: &&str| serde_json::json!({ "filename": name, "url": name, "hashes": {} });
        let pages: BTreeMap<String, String> = pages
            .iter()
            .map(|(name, files)| {
                let files: Vec<Value> = files.iter().map(file).collect();
                let meta = serde_json::json!({ "api-version": "1.1" });
                let page = serde_json::json!({ "meta": meta, "name": name, "files": files });
                ((*name).to_owned(), page.to_string())
            })
            .collect();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while reader.read_line(&mut head).unwrap() > 2 {}
                let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
                let name = path.trim_matches('/').rsplit('/').next().unwrap_or_default();
                let answer = match pages.get(name) {
                    Some(page) if head.contains("application/vnd.pypi.simple.v1+json") => format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.pypi.simple.v1+json\r\n\
                         Content-Length: {}\r\nConnection: close\r\n\r\n{page}",
                        page.len()
                    ),
                    _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        .to_owned(),
                };
                log.lock().unwrap().push(path.clone());
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

/// A service of its own in a temporary directory.
pub fn service(preset: &str, set: &[&str]) -> TempDir {
    let top = directory();
    let mut command = dockwright();
    command.current_dir(&top).args(["new", "shop", "--preset", preset, "--yes"]);
    for set in set {
        command.args(["--set", set]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    top
}

/// Runs a command above the service; gives what it said and standard output.
pub fn run(top: &Path, code: i32, arguments: &[&str], env: &[(&str, &str)]) -> (String, String) {
    let mut command = dockwright();
    command.current_dir(top).args(arguments);
    for (name, value) in env {
        match value.is_empty() {
            true => command.env_remove(name),
            false => command.env(name, value),
        };
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", said(&output));
    (said(&output), String::from_utf8(output.stdout).unwrap())
}

fn pins(top: &Path, env: &[(&str, &str)]) -> Value {
    let (_, text) = run(top, 0, &["check", "shop", "--fetch", "--format", "json"], env);
    let report: Value = serde_json::from_str(&text).unwrap();
    report["repositories"][0]["pins"].clone()
}

/// The version that a requirements file of the service pins.
fn pinned(top: &Path, name: &str) -> String {
    let text = fs::read_to_string(top.join("shop/requirements.txt")).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name}==")));
    let version = line.unwrap().split("==").nth(1).unwrap();
    version.split([' ', ';']).next().unwrap().to_owned()
}

/// A version with its last number raised, as a source archive's file name.
fn next(name: &str, version: &str) -> (String, String) {
    let (line, patch) = version.rsplit_once('.').unwrap();
    let raised = format!("{line}.{}", patch.parse::<u32>().unwrap() + 7);
    let file = format!("{}-{raised}.tar.gz", name.replace('-', "_"));
    (raised, file)
}

/// A directory with a `docker` of this script, before everything else on PATH.
pub fn docker(top: &Path, script: &str) -> (PathBuf, String) {
    let tools = top.join("tools");
    fs::create_dir_all(&tools).unwrap();
    let log = top.join("docker.log");
    let script = format!("#!/bin/sh\necho \"$*\" >> '{}'\n{script}\n", log.display());
    fs::write(tools.join("docker"), script).unwrap();
    fs::set_permissions(tools.join("docker"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    (log, format!("{}:{path}", tools.display()))
}

#[test]
fn newer_patch_releases_are_listed_with_their_places_and_fail_nothing() {
    let top = service("django-nginx", &[]);
    let (django, gunicorn) = (pinned(&top, "django"), pinned(&top, "gunicorn"));
    let (newest, file) = next("django", &django);
    let major = "gunicorn-99.0.0-py3-none-any.whl";
    let index = Index::new(&[("django", &[&file, "django-99.0.tar.gz"]), ("gunicorn", &[major])]);
    let env = [("UV_DEFAULT_INDEX", index.address.as_str())];
    let report = pins(&top, &env);
    assert_eq!(report["newer"].as_array().unwrap().len(), 1, "{}", report["newer"]);
    let newer = &report["newer"][0];
    assert_eq!(newer["name"], "django");
    assert_eq!(
        (newer["pinned"].as_str(), newer["newest"].as_str()),
        (Some(&*django), Some(&*newest))
    );
    let places = newer["places"].as_array().unwrap();
    let paths: Vec<&str> = places.iter().map(|at| at["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"requirements.txt") && paths.contains(&"requirements.in"), "{paths:?}");
    let lock = fs::read_to_string(top.path().join("shop/requirements.txt")).unwrap();
    let at = places.iter().find(|at| at["path"] == "requirements.txt").unwrap();
    let line = usize::try_from(at["line"].as_u64().unwrap()).unwrap();
    assert!(lock.lines().nth(line - 1).unwrap().starts_with("django=="));
    // The index has no page for the others, and that is said.
    let unasked = report["unasked"].to_string();
    assert!(unasked.contains("404") && unasked.contains("uv"), "{unasked}");
    assert!(!unasked.contains("gunicorn\""), "{unasked}");
    assert_eq!(report["moving"][0], "nginx:1.30-trixie");
    let days: Vec<&Value> = report["read"].as_array().unwrap().iter().collect();
    assert_eq!(days.len(), 4);
    assert!(days.iter().all(|own| own["day"].is_string() && own["days"].is_u64()), "{days:?}");
    let page = shown("`dockwright check --format json`");
    assert_eq!(keys_of(&report, false), keys_of(&page["repositories"][0]["pins"], false));
    // Each page once.
    let mut asked = index.asked();
    let all = asked.len();
    asked.dedup();
    assert_eq!(asked.len(), all);
    assert!(!gunicorn.is_empty());

    let arguments = ["check", "shop", "--fetch", "--fail-on", "drift,conflict,policy,outdated"];
    let (text, _) = run(&top, 0, &arguments, &env);
    assert!(text.contains("newer patch releases") && text.contains(&newest), "{text}");
    let (text, _) = run(&top, 0, &["check", "shop", "--fetch", "--format", "github"], &env);
    assert!(text.contains(&format!("django {django}; {newest} is there")), "{text}");
    let (_, sarif) = run(&top, 0, &["check", "shop", "--fetch", "--format", "sarif"], &env);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "note/pins");
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "note");
}

#[test]
fn an_index_that_is_not_there_is_said_once_and_without_fetch_nobody_is_asked() {
    let top = service("fastapi-uvicorn", &[]);
    let gone = [("UV_DEFAULT_INDEX", "http://user:t0ken@127.0.0.1:9/simple")];
    let report = pins(&top, &gone);
    assert!(report["newer"].as_array().unwrap().is_empty());
    let unasked = report["unasked"].as_array().unwrap();
    assert_eq!(unasked.len(), 1, "{unasked:?}");
    let why = unasked[0]["why"].as_str().unwrap();
    assert!(why.contains("http://127.0.0.1:9/simple/") && !why.contains("t0ken"), "{why}");
    let asked = unasked[0]["names"].as_array().unwrap().len() as u64;
    // Every package, and uv's image by its package.
    assert!(asked >= report["packages"].as_u64().unwrap(), "{asked}");
    let (text, _) = run(&top, 0, &["check", "shop", "--fetch"], &gone);
    assert!(text.contains("not asked: ") && text.contains(" more:"), "{text}");
    assert!(!text.contains("none has a newer patch release"), "{text}");

    let index = Index::new(&[]);
    let env = [("UV_DEFAULT_INDEX", index.address.as_str())];
    let (_, text) = run(&top, 0, &["check", "shop", "--format", "json"], &env);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert!(report["repositories"][0]["pins"].is_null());
    assert!(index.asked().is_empty());
}

#[test]
fn the_index_is_that_of_the_repository_or_of_pip_where_uv_names_none() {
    let top = service("ml-server", &[]);
    let index = Index::new(&[]);
    let file = top.path().join("pip.conf");
    fs::write(&file, format!("[global]\nindex-url = {}\n", index.address)).unwrap();
    let file = file.display().to_string();
    let env = [("UV_DEFAULT_INDEX", ""), ("PIP_CONFIG_FILE", file.as_str())];
    let report = pins(&top, &env);
    assert!(report["unasked"].to_string().contains("404"), "{report}");
    assert!(!index.asked().is_empty());

    let own = Index::new(&[]);
    let set = format!("network.index={}", own.address);
    run(&top, 0, &["update", "shop", "--set", &set], &[]);
    let before = index.asked().len();
    pins(&top, &env);
    assert_eq!(index.asked().len(), before);
    assert!(!own.asked().is_empty());
}

#[test]
fn a_lock_that_does_not_say_when_it_was_read_is_told() {
    let top = service("fastapi-gunicorn", &[]);
    let lock = top.path().join("shop/.dockwright/lock.toml");
    let text = fs::read_to_string(&lock).unwrap();
    let (before, rest) = text.split_once("[read]\n").unwrap();
    let rest = rest.split_once("\n\n").unwrap().1;
    fs::write(&lock, format!("{before}{rest}")).unwrap();
    assert!(pins(&top, &[])["read"].is_null());
    let (text, _) = run(&top, 0, &["check", "shop", "--fetch"], &[]);
    assert!(text.replace('\n', " ").contains("lock does not say when"), "{text}");
}

#[test]
fn the_digest_that_stands_in_a_file_is_held_against_that_of_its_tag() {
    let top = service("celery-postgres-redis", &[]);
    let compose = top.path().join("shop/compose.yaml");
    let (old, new) = ("0a".repeat(32), "1b".repeat(32));
    let text = fs::read_to_string(&compose).unwrap();
    let text = text.replacen("postgres:18-trixie", &format!("postgres:18-trixie@sha256:{old}"), 1);
    fs::write(&compose, text).unwrap();
    let manifest = format!("{{\"mediaType\":\"m\",\"digest\":\"sha256:{new}\",\"size\":1}}");
    let (log, path) = docker(&top, &format!("echo '{manifest}'"));
    let env = [("DOCKWRIGHT_NO_DOCKER", ""), ("PATH", path.as_str())];
    let report = pins(&top, &env);
    let newer = &report["newer"][0];
    assert_eq!(newer["name"], "postgres:18-trixie");
    assert_eq!(newer["newest"], format!("sha256:{new}"));
    assert!(!report["moving"].to_string().contains("postgres"), "{report}");
    let asked = fs::read_to_string(&log).unwrap();
    let inspected = asked.lines().filter(|line| line.contains("imagetools")).collect::<Vec<_>>();
    assert_eq!(
        inspected,
        ["buildx imagetools inspect --format {{json .Manifest}} -- postgres:18-trixie"]
    );

    // A registry that does not answer, and nobody to ask it.
    let (_, path) = docker(&top, "echo 'ERROR: unauthorized: log in first' >&2; exit 1");
    let report = pins(&top, &[("DOCKWRIGHT_NO_DOCKER", ""), ("PATH", path.as_str())]);
    assert!(report["unasked"].to_string().contains("log in first"), "{report}");
    let report = pins(&top, &[]);
    assert!(report["unasked"].to_string().contains("DOCKWRIGHT_NO_DOCKER is set"), "{report}");
}
