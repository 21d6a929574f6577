//! A corporate network: where packages come from, who may fetch them, what
//! leads out, and whom to trust.

use std::collections::BTreeSet;
use std::fs;

use dockwright::answers::{Draft, Origin};
use dockwright::{plan, preset, render};
use predicates::prelude::*;
use serde_json::Value;

use crate::adopted::{Written, combinations};
use crate::init::{init, read, report, repository, write};
use crate::support::{directory, dockwright};
use crate::team::Team;

const INDEX: &str = "https://pypi.example.com/simple";
const ALL: &[(&str, &str)] = &[
    ("network.index", INDEX),
    ("network.extra-index", "https://own.example.com/simple,https://more.example.com/simple"),
    ("network.index-auth", "secret"),
    ("network.http-proxy", "http://proxy.example.com:3128"),
    ("network.https-proxy", "http://proxy.example.com:3128"),
    ("network.no-proxy", ".example.com,10.0.0.0/8"),
    ("network.ca", "certs/own.pem"),
    ("network.apt-mirror", "https://debian.example.com/"),
];

/// The files of a new service, by path.
fn written(preset: &str, set: &[(&str, &str)]) -> impl Fn(&str) -> String + use<> {
    let mut draft = Draft::of_preset(&preset::find(preset).unwrap()).unwrap();
    draft.set("project.name", "shop", Origin::Flag).unwrap();
    for (key, value) in set {
        draft.set(key, value, Origin::Flag).unwrap();
    }
    let plan = plan::plan(&draft.resolve().unwrap(), &BTreeSet::new()).unwrap();
    let files = render::render(&plan, &draft).unwrap();
    move |path| {
        let file = files.iter().find(|file| file.output.path.as_str() == path);
        String::from_utf8(file.unwrap_or_else(|| panic!("no {path}")).bytes.clone()).unwrap()
    }
}

/// The instructions of a Dockerfile, each on one line.
fn instructions(dockerfile: &str) -> Vec<String> {
    let code = dockerfile.lines().filter(|line| !line.trim_start().starts_with('#'));
    let code: Vec<&str> = code.collect();
    let whole = code.join("\n").replace("\\\n", " ");
    whole.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Steps that fetch Python packages, and those of them that may log in.
fn fetching(dockerfile: &str) -> (usize, usize) {
    let fetches = |step: &&String| {
        step.starts_with("RUN ")
            && ["uv pip install", "uv sync", "uvx "].iter().any(|tool| step.contains(tool))
    };
    let steps = instructions(dockerfile);
    let steps: Vec<&String> = steps.iter().filter(fetches).collect();
    let secret = "--mount=type=secret,id=index-netrc,target=/root/.netrc,required=true";
    (steps.len(), steps.iter().filter(|step| step.contains(secret)).count())
}

#[test]
fn every_step_that_fetches_packages_may_log_in_and_no_layer_holds_the_login() {
    for manager in ["pip", "uv", "poetry", "pdm", "pipenv"] {
        let set = [&[("project.package-manager", manager)], ALL].concat();
        let dockerfile = written("fastapi-uvicorn", &set)("Dockerfile");
        let (fetching, with_login) = fetching(&dockerfile);
        assert!(fetching > 0 && fetching == with_login, "{manager}:\n{dockerfile}");
        assert!(dockerfile.contains(&format!("UV_DEFAULT_INDEX={INDEX}\n")), "{manager}");
        let runtime = dockerfile.split(" AS runtime").nth(1).unwrap();
        assert!(!runtime.contains("example.com/simple"), "{manager}: only the builder knows it");
        assert!(!dockerfile.contains("COPY --from=index") && !dockerfile.contains("ARG "));
    }
    let without = written("fastapi-uvicorn", &[("network.index", INDEX)]);
    assert_eq!(fetching(&without("Dockerfile")), (1, 0));
    assert!(!without("compose.yaml").contains("secrets:"));
}

#[test]
fn a_lock_that_names_another_index_is_installed_from_this_one() {
    let dockerfile = |manager: &str, set: &[(&str, &str)]| {
        let set = [&[("project.package-manager", manager)], set].concat();
        instructions(&written("fastapi-uvicorn", &set)("Dockerfile")).join("\n")
    };
    let index: &[(&str, &str)] = &[("network.index", INDEX)];
    // uv fetches from the addresses in its lock, whatever index is set.
    let uv = dockerfile("uv", index);
    assert!(uv.contains("uv lock --check --offline") && uv.contains("uv export"), "{uv}");
    assert!(!uv.contains("--locked"), "{uv}");
    assert!(dockerfile("uv", &[]).contains("uv sync --locked"));
    assert!(dockerfile("poetry", index).contains("poetry export --without-urls"));
    assert!(dockerfile("pdm", index).contains(&format!("PDM_PYPI_URL={INDEX}")));
    let pipenv = dockerfile("pipenv", index);
    assert!(pipenv.contains("sed '/^-/d'"), "{pipenv}");
    // It reads a Pipfile without a source as one that names this.
    assert!(!pipenv.contains("PIP_INDEX_URL"), "{pipenv}");
}

#[test]
fn adopted_code_gets_the_same_whatever_its_package_manager() {
    let mut managers = BTreeSet::new();
    for (axes, facts, set) in combinations().into_iter().step_by(7) {
        let written = Written::of(&facts, "fastapi-uvicorn", &[set.as_slice(), ALL].concat());
        let dockerfile = &written.files["Dockerfile"];
        let (fetching, with_login) = fetching(dockerfile);
        assert!(fetching > 0 && fetching == with_login, "{axes}:\n{dockerfile}");
        assert!(dockerfile.contains(&format!("UV_DEFAULT_INDEX={INDEX}\n")), "{axes}");
        assert_eq!(dockerfile.matches("COPY --chmod=0444 certs/own.pem").count(), 2, "{axes}");
        assert!(parse_dockerfile::parse(dockerfile).is_ok(), "{axes}:\n{dockerfile}");
        assert!(!dockerfile.contains("\n\n\n"), "{axes}:\n{dockerfile}");
        let compose: Value = serde_saphyr::from_str(&written.files["compose.yaml"]).unwrap();
        let build = &compose["services"]["web"]["build"];
        assert_eq!(build["secrets"], serde_json::json!(["index-netrc"]), "{axes}");
        assert_eq!(compose["secrets"]["index-netrc"]["file"], "${INDEX_NETRC:-~/.netrc}");
        managers.insert(axes.split(' ').next().unwrap().to_owned());
    }
    assert_eq!(managers.len(), 8, "{managers:?}");
}

#[test]
fn what_this_stack_runs_and_its_health_checks_go_past_the_proxy() {
    for (name, set) in [
        ("django-nginx", vec![("stack.cache", "redis"), ("services.db", "store")]),
        ("celery-postgres-redis", Vec::new()),
        ("fastapi-uvicorn", Vec::new()),
    ] {
        let files = written(name, &[set.as_slice(), ALL].concat());
        let compose: Value = serde_saphyr::from_str(&files("compose.yaml")).unwrap();
        let direct = compose["x-proxy"]["NO_PROXY"].as_str().unwrap();
        let hosts: Vec<&str> = direct.split(',').collect();
        for service in compose["services"].as_object().unwrap().keys() {
            assert!(hosts.contains(&service.as_str()), "{name}: {service} in {direct}");
        }
        assert!(hosts.contains(&"localhost") && hosts.contains(&"127.0.0.1"), "{direct}");
        assert!(direct.ends_with(",${NO_PROXY:-.example.com,10.0.0.0/8}"), "{direct}");
        for (variable, value) in compose["x-proxy"].as_object().unwrap() {
            assert_eq!(compose["x-environment"][variable], *value, "the application is told");
        }
        for built in ["web", "nginx"].iter().filter_map(|name| compose["services"].get(name)) {
            assert_eq!(built["build"]["args"], compose["x-proxy"], "{name}");
        }
        // An ENV would stay in the image; Docker knows these arguments by itself.
        let dockerfile = files("Dockerfile");
        assert!(!dockerfile.contains("proxy.example.com"), "{name}");
        for check in instructions(&dockerfile).iter().filter(|line| line.contains("HEALTHCHECK")) {
            let direct = ["http.client", "socket.create_connection", "\"--noproxy\", \"*\""];
            assert!(direct.iter().any(|way| check.contains(way)), "{check}");
        }
        assert!(files(".env.example").contains("\nHTTPS_PROXY=http://proxy.example.com:3128\n"));
    }
}

#[test]
fn an_address_with_credentials_is_refused_without_showing_them() {
    let empty = directory();
    for (key, instead) in [
        ("network.index", "network.index-auth = \"secret\""),
        ("network.extra-index", "network.index-auth = \"secret\""),
        ("network.https-proxy", "into .env"),
        ("network.apt-mirror", "takes none"),
    ] {
        dockwright()
            .current_dir(&empty)
            .args(["new", "shop", "--yes", "--preset", "fastapi-uvicorn", "--set"])
            .arg(format!("{key}=https://robot:hunter2@x.example.com/simple"))
            .assert()
            .code(2)
            .stderr(predicate::str::contains("holds credentials"))
            .stderr(predicate::str::contains(instead))
            .stderr(predicate::str::contains("hunter2").not());
    }
    let directory = repository();
    write(
        &directory,
        "dockwright.toml",
        "[network]\nindex = \"https://u:hunter2@x.example.com\"\n",
    );
    init(&directory, &[])
        .code(2)
        .stderr(predicate::str::contains("dockwright.toml:2:9"))
        .stderr(predicate::str::contains("hunter2").not());
}

#[test]
fn a_bundle_of_authorities_that_is_not_there_is_named() {
    let set = "network.ca=certs/own.pem";
    let repository = repository();
    let said = |repository: &_| {
        let report = report(repository, &["--rewrite", "--dry-run", "--set", set]);
        report.to_string().contains("there is no certs/own.pem")
    };
    assert!(said(&repository), "missing, and not said");
    write(&repository, "certs/own.pem", "-----BEGIN CERTIFICATE-----\n");
    assert!(!said(&repository), "there, and said to be missing");

    // An existing list that keeps it out of the build lets it in again.
    write(&repository, ".dockerignore", "certs\n");
    init(&repository, &["--rewrite", "--set", set]).success();
    let list = read(&repository, ".dockerignore");
    assert!(list.ends_with("\n!certs/own.pem\n"), "{list}");
    assert!(written("fastapi-uvicorn", ALL)(".dockerignore").ends_with("\n!certs/own.pem\n"));
}

#[test]
fn a_bundle_outside_of_the_build_context_is_refused() {
    let directory = directory();
    write(&directory, "api/main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n");
    write(&directory, "api/requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n");
    let inside = ["--set", "project.build-context=api", "--set"];
    init(&directory, &[&inside[..], &["network.ca=certs/own.pem"]].concat())
        .code(2)
        .stderr(predicate::str::contains("certs/own.pem is outside of api/"));
    init(&directory, &[&inside[..], &["network.ca=api/own.pem"]].concat()).success();
    let dockerfile = read(&directory, "api/Dockerfile");
    assert!(dockerfile.contains("COPY --chmod=0444 own.pem /usr/local"), "{dockerfile}");
}

#[test]
fn secrets_of_an_existing_compose_file_stay_beside_the_login() {
    let directory = repository();
    let old = "services:\n  web:\n    build: .\n    secrets: [mail]\nsecrets:\n  mail:\n    file: ./mail.txt\n";
    write(&directory, "Dockerfile", "FROM python:3.12\nCOPY . .\nCMD uvicorn main:app\n");
    write(&directory, "compose.yaml", old);
    let flags = ["--rewrite", "--set", "network.index-auth=secret"];
    init(&directory, &flags).success();
    let compose: Value = serde_saphyr::from_str(&read(&directory, "compose.yaml")).unwrap();
    assert_eq!(compose["secrets"]["mail"]["file"], "./mail.txt");
    assert!(compose["secrets"]["index-netrc"]["file"].is_string());
    assert_eq!(compose["services"]["web"]["secrets"], serde_json::json!(["mail"]));
    assert!(read(&directory, ".env").contains("\nINDEX_NETRC=~/.netrc\n"));
}

#[test]
fn a_debian_mirror_is_used_by_every_step_that_installs_packages() {
    let directory = repository();
    write(&directory, "requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\npsycopg2==2.9.10\n");
    init(&directory, &["--set", "network.apt-mirror=https://debian.example.com/"]).success();
    let steps = instructions(&read(&directory, "Dockerfile"));
    let installing: Vec<&String> = steps.iter().filter(|step| step.contains("apt-get")).collect();
    assert_eq!(installing.len(), 2, "{steps:?}");
    for step in installing {
        let mirror = step.find("|URIs: https://debian.example.com|").expect(step);
        assert!(mirror < step.find("apt-get update").unwrap(), "{step}");
    }
}

#[test]
fn a_preset_locks_the_network_and_brings_the_authorities_along() {
    let team = Team::new(&format!(
        "extends = [\"fastapi-uvicorn\"]\n[locked]\nnetwork.index = \"{INDEX}\"\nnetwork.ca = \"certs/own.pem\"\n\
         [files.\"certs/own.pem\"]\ntemplate = \"own.pem.tera\"\n"
    ));
    let templates = team.top.path().join("team/templates");
    fs::create_dir_all(&templates).unwrap();
    fs::write(templates.join("own.pem.tera"), "-----BEGIN CERTIFICATE-----\n").unwrap();

    let new = ["new", "shop", "--preset", "./team", "--yes"];
    let other = "network.index=https://other.example.com/simple";
    let refused = team.run(&[&new[..], &["--set", other]].concat(), 2);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("network.index") && said.contains("team/preset.toml"), "{said}");

    let made = team.run(&new, 0);
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(!said.contains("there is no certs/own.pem"), "the preset writes it: {said}");
    assert!(team.read("Dockerfile").contains(&format!("UV_DEFAULT_INDEX={INDEX}\n")));
    assert!(team.read("certs/own.pem").starts_with("-----BEGIN"));
}
