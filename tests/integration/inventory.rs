//! No item of an old deployment without a fate: whatever the files said that a rewrite
//! takes the place of is kept, merged, replaced or dropped, the last two with a reason.
//!
//! What the files say is found here line by line, without the readers that the
//! inventory has: a reader that passes over something cannot hide it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_fs::TempDir;
use ignore::WalkBuilder;
use serde_json::Value;

use crate::init::{init, report, repository, write};
use crate::support::{directory, dockwright};

/// Names a directory of checkouts to hold the property over, too.
const CHECKOUTS: &str = "DOCKWRIGHT_CHECKOUTS";

fn cases() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found: Vec<PathBuf> = ["tests/cases", "examples", "tests/seeds"]
        .iter()
        .filter_map(|of| fs::read_dir(top.join(of)).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && is_deployed(path))
        .collect();
    found.sort();
    found
}

fn is_deployed(directory: &Path) -> bool {
    let walk = WalkBuilder::new(directory).hidden(false).git_ignore(false).build();
    walk.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().to_lowercase();
        name == "dockerfile" || name.contains("compose") && name.contains(".y")
    })
}

/// A copy of a directory as somebody has it who never heard of dockwright.
fn copied(from: &Path) -> TempDir {
    let to = directory();
    for entry in WalkBuilder::new(from).hidden(false).git_ignore(false).build().flatten() {
        let path = entry.path();
        let inside = path.strip_prefix(from).unwrap();
        let is_ours = inside.starts_with(".dockwright") || inside.starts_with(".git");
        if !path.is_file() || is_ours || inside == Path::new("dockwright.toml") {
            continue;
        }
        let target = to.path().join(inside);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(path, target).unwrap();
    }
    to
}

/// What a rewrite would come to; `None` where dockwright refuses the repository.
fn rewritten(directory: &Path) -> Option<Value> {
    let output = dockwright()
        .current_dir(directory)
        .args(["init", "--yes", "--rewrite", "--dry-run", "--format", "json"])
        .args(["--set", "project.name=shop"])
        .output()
        .unwrap();
    // 1: something is left to a person, which is said.
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0..=2)), "{}: {said}", directory.display());
    serde_json::from_slice(&output.stdout).ok()
}

/// Lines that say something, by files, found without any reader: of a Dockerfile each
/// instruction, of a compose file each key of a service, of nginx each directive. A
/// value that goes on counts with its first line: up to the next number.
fn said(path: &str, text: &str) -> Vec<(usize, usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let lower = path.rsplit('/').next().unwrap().to_lowercase();
    let mut starts: Vec<(usize, String)> = Vec::new();
    if lower.contains("dockerfile") {
        let mut goes_on = false;
        let mut until: Option<String> = None;
        for (number, line) in lines.iter().enumerate() {
            let bare = line.trim();
            if let Some(end) = &until {
                if bare == end {
                    until = None;
                }
                continue;
            }
            let is_comment = bare.starts_with('#');
            let is_first = !goes_on && !bare.is_empty() && !is_comment;
            if is_first {
                starts.push((number + 1, bare.to_owned()));
            }
            if let Some((_, end)) = bare.split_once("<<").filter(|_| !is_comment) {
                let end: String = end
                    .trim_start()
                    .trim_matches(['-', '"', '\''])
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                until = (!end.is_empty()).then_some(end);
            }
            if !is_comment && !bare.is_empty() {
                goes_on = bare.ends_with('\\');
            }
        }
    } else if lower.contains("compose") {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let mut in_services = false;
        let (mut service, mut key) = (None, None);
        for (number, line) in lines.iter().enumerate() {
            let bare = line.trim();
            if bare.is_empty() || bare.starts_with('#') || bare == "---" {
                continue;
            }
            if indent(line) == 0 {
                in_services = bare.starts_with("services:");
                (service, key) = (None, None);
                continue;
            }
            if !in_services {
                continue;
            }
            let depth = indent(line);
            let service = *service.get_or_insert(depth);
            if depth == service {
                key = None;
                continue;
            }
            let key = *key.get_or_insert(depth);
            // An empty list says nothing.
            let is_empty = bare.ends_with(": []") || bare.ends_with(": {}");
            if depth == key && !is_empty && !bare.starts_with(['-', '<', '*', '&', '}', ']', '{']) {
                starts.push((number + 1, bare.to_owned()));
            }
        }
    } else if lower.ends_with(".conf") || lower.ends_with(".template") {
        let mut goes_on = false;
        for (number, line) in lines.iter().enumerate() {
            let code = line.split('#').next().unwrap_or_default().trim();
            if code.is_empty() {
                continue;
            }
            if !goes_on && !code.starts_with(['}', '\'', '"']) {
                starts.push((number + 1, code.to_owned()));
            }
            goes_on = !code.ends_with([';', '{', '}']);
        }
    }
    let ends: Vec<usize> =
        starts.iter().skip(1).map(|(next, _)| *next).chain([lines.len() + 1]).collect();
    starts.into_iter().zip(ends).map(|((first, text), end)| (first, end, text)).collect()
}

/// Whether an item stands where the text has the anchor that an alias names.
fn is_told_at_its_anchor(text: &str, alias: &str, path: &str, fates: &[Value]) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let name: String = alias.chars().take_while(|c| is_name(*c)).collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = text.lines().collect();
    let anchor = format!("&{name}");
    let is_anchor = |line: &&str| {
        line.split_whitespace().any(|word| word.trim_end_matches(['{', '[']) == anchor)
    };
    let Some(from) = lines.iter().position(is_anchor) else { return false };
    let length = lines[from + 1..]
        .iter()
        .take_while(|line| line.trim().is_empty() || indent(line) > indent(lines[from]));
    let block = from + 1..=from + 1 + length.count();
    fates
        .iter()
        .any(|own| own["path"] == path && block.contains(&(own["line"].as_u64().unwrap() as usize)))
}

/// What is wrong with the fates of a rewrite.
fn faults(directory: &Path, report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let fates = report["fates"].as_array().unwrap();
    for own in fates {
        let fate = own["fate"].as_str().unwrap_or_default();
        let has = |key: &str| own[key].as_str().is_some_and(|text| !text.is_empty());
        let is_whole = match fate {
            "kept" => true,
            "merged" => has("by"),
            "replaced" => has("by") && has("reason"),
            "dropped" => has("reason"),
            _ => false,
        };
        if !is_whole {
            found.push(format!("no fate: {own}"));
        }
    }
    let replaced: BTreeSet<&str> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["action"] == "replace")
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    let of_deployment: BTreeSet<&str> =
        fates.iter().map(|own| own["path"].as_str().unwrap()).chain(replaced).collect();
    for path in of_deployment {
        let Ok(text) = fs::read_to_string(directory.join(path)) else { continue };
        for (first, end, line) in said(path, &text) {
            let is_there = fates.iter().any(|own| {
                let at = own["line"].as_u64().unwrap() as usize;
                own["path"] == path && (first..end).contains(&at)
            });
            // What stands elsewhere has its place there.
            let is_alias = text.lines().skip(first - 1).take(end - first).any(|own| {
                let alias = own.split_once('*').filter(|(before, _)| before.ends_with([' ', '[']));
                alias.is_some_and(|(_, name)| is_told_at_its_anchor(&text, name, path, fates))
            });
            if !is_there && !is_alias {
                found.push(format!("{path}:{first}: no item for `{line}`"));
            }
        }
    }
    found
}

/// Larger repositories of several services, none of them written like another.
fn made_up() -> Vec<TempDir> {
    let stacks: [&[(&str, &str)]; 4] = [
        &[
            (
                "docker-compose.yml",
                "version: '3.8'\nx-env: &env\n  REDIS_URL: redis://cache:6379/0\nservices:\n  app:\n    build:\n      context: .\n      args: {FLAVOUR: full}\n    command: [sh, -c, 'alembic upgrade head && uvicorn main:app --host 0.0.0.0 --port 9000 --root-path /api']\n    environment:\n      <<: *env\n      API_TOKEN: hush\n    ports: ['9000:9000']\n    volumes: ['uploads:/srv/uploads', './certs:/certs:ro']\n    networks: {front: {aliases: [api]}, back: {}}\n    labels: {traefik.enable: 'true'}\n    extra_hosts: ['legacy:10.0.0.9']\n    ulimits: {nofile: {soft: 1000, hard: 2000}}\n    healthcheck: {test: [CMD, curl, -f, 'http://localhost:9000/'], interval: 1m}\n    depends_on: [cache]\n    restart: always\n    mem_limit: 3g\n  jobs:\n    build: .\n    command: celery -A main.celery worker -Q mail,slow -P threads --concurrency 20\n    environment: {<<: *env}\n    networks: [back]\n  cache:\n    image: redis:6\n    command: redis-server --maxmemory 1gb\n    networks: [back]\n  search:\n    image: elasticsearch:8.1.0\n    networks: [back]\nnetworks: {front: {}, back: {}}\nvolumes: {uploads: {}}\n",
            ),
            (
                "Dockerfile",
                "ARG BASE=python:3.11\nFROM node:20 AS front\nWORKDIR /f\nCOPY package.json .\nRUN npm ci && npm run build\nFROM ${BASE}\nLABEL maintainer=a@b.example\nENV SITE=main TZ=Europe/Berlin \\\n    PIP_NO_CACHE_DIR=1\nRUN apt-get update && apt-get install -y gcc ffmpeg \\\n    && rm -rf /var/lib/apt/lists/*\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt gunicorn\nCOPY --from=front /f/dist ./static\nCOPY . .\nRUN <<EOF\npython manage.py compilemessages\nEOF\nVOLUME /srv/cache\nEXPOSE 9000\nSTOPSIGNAL SIGINT\nHEALTHCHECK CMD curl -f http://localhost:9000/\nCMD [\"uvicorn\", \"main:app\"]\n",
            ),
        ],
        &[
            (
                "compose.yaml",
                "services:\n  web:\n    build: .\n    env_file: [settings.env]\n    ports:\n      - target: 5000\n        published: 8080\n    tmpfs: [/run]\n    shm_size: 1g\n    stop_grace_period: 5m\n    logging: {driver: syslog, options: {tag: web}}\n    deploy: {replicas: 2, resources: {limits: {memory: 2G, cpus: '1.5'}}}\n  proxy:\n    image: nginx:1.21\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro']\n    ports: ['80:80']\n    depends_on:\n      web: {condition: service_started}\n",
            ),
            ("settings.env", "GREETING=hello\nSECRET_KEY=abc\n"),
            (
                "nginx.conf",
                "events { worker_connections 2048; }\nhttp {\n  limit_req_zone $binary_remote_addr zone=one:10m rate=5r/s;\n  upstream app { server web:5000; }\n  server {\n    listen 80;\n    listen 443 ssl;\n    client_max_body_size 50m;\n    add_header X-Frame-Options DENY;\n    location /ws/ {\n      proxy_pass http://app;\n      proxy_http_version 1.1;\n      proxy_set_header Upgrade $http_upgrade;\n    }\n    location /downloads/ { alias /srv/downloads/; autoindex on; }\n    location / { proxy_pass http://app; proxy_read_timeout 600s; }\n  }\n}\n",
            ),
            (
                "Dockerfile",
                "FROM python:3.12-slim\nWORKDIR /code\nCOPY . .\nRUN pip install '.[prod]' -r requirements.txt\nENTRYPOINT [\"./start.sh\"]\n",
            ),
            (
                "start.sh",
                "#!/bin/sh\nset -e\nuntil nc -z db 5432; do sleep 1; done\npython warm.py --all\nexec gunicorn -c gunicorn.conf.py -w 7 main:app\n",
            ),
            (
                "gunicorn.conf.py",
                "timeout = 300\nthreads = 8\n\n\ndef post_fork(server, worker):\n    pass\n",
            ),
        ],
        &[(
            "Dockerfile",
            "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.9\nARG TOKEN\nCOPY ./requirements.txt /app/requirements.txt\nRUN pip install --no-cache-dir --upgrade -r /app/requirements.txt\nCOPY . /app\nUSER www-data\nONBUILD RUN true\n",
        )],
        // The Dockerfile is of an image that the project pulls: no service builds it.
        &[
            (
                "compose.yaml",
                "x-logs: &logs\n  driver: json-file\n  options: {max-size: 9m}\nservices:\n  web:\n    extends: {file: common.yaml, service: base}\n    image: registry.example/shop:1\n    ports: ['8000:8000']\n    logging: *logs\n    expose: []\n",
            ),
            ("common.yaml", "services: {base: {environment: {GREETING: hello}}}\n"),
            (
                "Dockerfile",
                "FROM python:3.12-slim\nENV SITE=main\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"main.py\"]\n",
            ),
        ],
    ];
    stacks
        .iter()
        .map(|files| {
            let directory = repository();
            files.iter().for_each(|(path, text)| write(&directory, path, text));
            directory
        })
        .collect()
}

#[test]
fn no_item_is_without_a_fate() {
    let mut judged = 0;
    let mut found = Vec::new();
    let cases: Vec<(String, TempDir)> = cases()
        .iter()
        .map(|path| (path.display().to_string(), copied(path)))
        .chain(
            made_up()
                .into_iter()
                .enumerate()
                .map(|(number, own)| (format!("made up {number}"), own)),
        )
        .collect();
    for (name, directory) in &cases {
        let Some(report) = rewritten(directory.path()) else { continue };
        judged += report["fates"].as_array().unwrap().len();
        let own = faults(directory.path(), &report);
        found.extend(own.iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // A rewrite that says nothing at all would hold, too.
    assert!(judged > 300, "{judged} items in {} repositories", cases.len());
}

#[test]
#[ignore = "needs checkouts: DOCKWRIGHT_CHECKOUTS=DIRECTORY"]
fn no_item_of_a_checkout_is_without_a_fate() {
    let top = std::env::var(CHECKOUTS).expect("a directory of checkouts");
    let mut found = Vec::new();
    for entry in fs::read_dir(top).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        if !is_deployed(&entry.path()) {
            continue;
        }
        let directory = copied(&entry.path());
        let Some(report) = rewritten(directory.path()) else { continue };
        let own = faults(directory.path(), &report);
        found.extend(own.iter().map(|fault| format!("{}: {fault}", entry.path().display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_reader_that_passes_over_a_line_is_found_out() {
    let directory = &made_up()[1];
    let mut report = rewritten(directory.path()).unwrap();
    assert!(faults(directory.path(), &report).is_empty());
    let fates = report["fates"].as_array_mut().unwrap();
    fates.retain(|own| own["name"] != "client_max_body_size" && own["name"] != "shm_size");
    let found = faults(directory.path(), &report).join("\n");
    assert!(
        found.contains("client_max_body_size 50m;") && found.contains("shm_size: 1g"),
        "{found}"
    );
    report["fates"][0]["fate"] = "dropped".into();
    report["fates"][0]["reason"] = "".into();
    assert!(faults(directory.path(), &report).iter().any(|own| own.starts_with("no fate")));
}

/// What a rewrite makes of an item, by its kind and name.
fn fate_of(report: &Value, kind: &str, name: &str) -> Vec<String> {
    let all = report["fates"].as_array().unwrap().iter();
    let own = all.filter(|own| own["kind"] == kind && own["name"] == name);
    own.map(|own| own["fate"].as_str().unwrap().to_owned()).collect()
}

/// Whether the new files say something, as their diffs show it.
fn is_written(report: &Value, needle: &str) -> bool {
    let files = report["files"].as_array().unwrap().iter();
    let mut added = files.filter_map(|file| file["diff"].as_str()).flat_map(str::lines);
    added.any(|line| line.starts_with('+') && line.contains(needle))
}

/// Holds an item to what the new files say, whatever a rewrite carries on.
fn assert_fits(report: &Value, kind: &str, name: &str, needle: &str) {
    let found = fate_of(report, kind, name);
    let is_gone = found.iter().any(|own| own == "dropped");
    assert!(!found.is_empty(), "{kind} {name} is no item");
    assert_eq!(is_gone, !is_written(report, needle), "{kind} {name}: {found:?}");
}

#[test]
fn a_fate_is_what_the_new_files_say() {
    let directory = &made_up()[1];
    let report = rewritten(directory.path()).unwrap();
    for (kind, name, fate) in
        [("env_file", "settings.env", "kept"), ("environment", "GREETING", "kept")]
    {
        let found = fate_of(&report, kind, name);
        assert!(found.iter().any(|own| own == fate), "{kind} {name}: {found:?}");
    }
    assert_fits(&report, "directive", "limit_req_zone", "limit_req_zone");
    assert_fits(&report, "location", "/downloads/", "location /downloads/");
    assert_fits(&report, "step", "python", "warm.py");
}

#[test]
fn what_nobody_may_see_is_not_in_the_fates() {
    let directory = &made_up()[0];
    let compose = fs::read_to_string(directory.path().join("docker-compose.yml")).unwrap();
    // On a command line, in a value of its own, in an address, before a command.
    let compose = compose
        .replace("redis-server --maxmemory 1gb", "redis-server --requirepass hush --maxmemory 1gb")
        .replace("redis://cache:6379/0", "redis://:hush@cache:6379/0");
    write(directory, "docker-compose.yml", &compose);
    let dockerfile = fs::read_to_string(directory.path().join("Dockerfile")).unwrap();
    let dockerfile = dockerfile.replace("EXPOSE", "RUN DB_PASSWORD=hush ./load\nEXPOSE");
    write(directory, "Dockerfile", &dockerfile);
    let report = rewritten(directory.path()).unwrap();
    let fates = report["fates"].to_string();
    assert!(fates.contains("API_TOKEN") && fates.contains("requirepass"), "{fates}");
    assert!(!fates.contains("hush"), "{fates}");
}

#[test]
fn the_report_of_a_rewrite_says_what_is_lost_the_heaviest_first() {
    let directory = repository();
    let dockerfile = "FROM python:3.13-slim\nMAINTAINER Ada\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nVOLUME /srv/kept\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
    write(&directory, "Dockerfile", dockerfile);
    let output = init(&directory, &["--rewrite", "--dry-run"]).success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("{needle}: {text}"));
    assert!(at("! VOLUME /srv/kept (line 6) dropped") < at("of form alone: MAINTAINER Ada"));
    assert!(at("may change what the application") > 0);
    // Nothing takes the place of anything.
    let report = report(&directory, &["--dry-run"]);
    assert_eq!(report["fates"].as_array().unwrap().len(), 0);
}

#[test]
fn the_processes_of_a_procfile_have_fates_where_they_are_all_that_deploys() {
    let directory = repository();
    write(&directory, "requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\ngunicorn==23.0.0\n");
    let procfile = "web: gunicorn main:app -k uvicorn.workers.UvicornWorker --timeout 600 --statsd-host localhost:8125\nrelease: python seed.py --all\n";
    write(&directory, "Procfile", procfile);
    let report = report(&directory, &["--dry-run"]);
    assert_fits(&report, "option", "statsd_host", "statsd-host");
    assert_fits(&report, "step", "python", "seed.py");
    assert_eq!(fate_of(&report, "option", "timeout").len(), 1);
}

#[test]
fn an_update_says_what_it_takes_away() {
    let directory = repository();
    write(
        &directory,
        "Dockerfile",
        "FROM python:3.13-slim\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"uvicorn\", \"main:app\"]\n",
    );
    init(&directory, &["--rewrite", "--set", "stack.proxy=nginx"]).success();
    let output = dockwright()
        .current_dir(&directory)
        .args(["update", "--set", "stack.proxy=none", "--dry-run"])
        .assert();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(text.contains("service nginx goes"), "{text}");
}
