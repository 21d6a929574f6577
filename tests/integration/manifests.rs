//! What clusters are told: dockwright's own output has no finding, what could not be built
//! is said, nothing of a repository is run or fetched, and a check fails where an audit does.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::audit::{out, with};
use crate::support::{directory, dockwright};

const PRESETS: [&str; 5] =
    ["fastapi-uvicorn", "fastapi-gunicorn", "django-nginx", "ml-server", "celery-postgres-redis"];
const OVERLAY: &str = "deploy/kubernetes/overlays/production/kustomization.yaml";

fn new(dir: &Path, arguments: &[&str]) {
    let mut command = dockwright();
    command.current_dir(dir).args(["new", "shop", "--yes"]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A report as JSON; `path` stands for what is on `PATH`.
fn report(dir: &Path, arguments: &[&str], path: Option<&Path>, code: i32) -> Value {
    let mut command = dockwright();
    command.current_dir(dir).args(arguments).args(["--format", "json"]);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", out(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn codes(findings: &Value) -> Vec<&str> {
    findings.as_array().unwrap().iter().filter_map(|own| own["code"].as_str()).collect()
}

fn audited(dir: &Path, path: Option<&Path>, code: i32) -> Value {
    let mut report = report(dir, &["audit", ".", "--level", "style"], path, code);
    report["paths"][0].take()
}

#[test]
fn what_is_written_for_clusters_has_no_finding_but_the_registry() {
    for preset in PRESETS {
        for targets in ["kubernetes", "ecs", "compose,kubernetes,ecs"] {
            let dir = directory();
            let targets = format!("deploy.target={targets}");
            new(dir.path(), &["--preset", preset, "--set", &targets]);
            let shop = dir.path().join("shop");
            let report = audited(&shop, None, 0);
            let is_cluster = targets.contains("kubernetes");
            let expected: &[&str] = if is_cluster { &["KU115"] } else { &[] };
            assert_eq!(codes(&report["findings"]), expected, "{preset} {targets}: {report:#}");
            let built = report["overlays"].as_array().unwrap().iter();
            let built = built.filter(|own| own["built"] == true).count();
            assert_eq!(built, if is_cluster { 2 } else { 0 }, "{preset} {targets}");
        }
    }
}

#[test]
fn a_registry_that_is_named_leaves_nothing_to_find() {
    let dir = directory();
    let target = "deploy.target=kubernetes";
    new(dir.path(), &["--preset", "django-nginx", "--set", target]);
    let shop = dir.path().join("shop");
    let overlay = shop.join(OVERLAY);
    let text = fs::read_to_string(&overlay).unwrap();
    fs::write(&overlay, text.replace("registry.example.com", "registry.acme.net")).unwrap();
    assert_eq!(codes(&audited(&shop, None, 0)["findings"]), [""; 0]);
    let check = report(&shop, &["check"], None, 0);
    let repository = &check["repositories"][0];
    assert_eq!(codes(&repository["manifests"]), [""; 0]);
    let rules: Vec<&str> = repository["notes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|own| own["rule"].as_str())
        .collect();
    assert_eq!(rules, ["precondition"], "{check:#}");
}

#[test]
fn a_check_fails_where_an_overlay_does_not_fit_together() {
    let dir = directory();
    let target = "deploy.target=kubernetes,ecs";
    new(dir.path(), &["--preset", "celery-postgres-redis", "--set", target]);
    let shop = dir.path().join("shop");
    let web = shop.join("deploy/kubernetes/base/web.yaml");
    let before = fs::read_to_string(&web).unwrap();
    fs::write(&web, before.replace("name: shop-config", "name: shop-cnofig")).unwrap();
    let task = shop.join("deploy/ecs/web.task.json");
    let text = fs::read_to_string(&task).unwrap();
    fs::write(&task, text.replace("\"memory\": \"1024\"", "\"memory\": \"9216\"")).unwrap();
    let check = report(&shop, &["check"], None, 1);
    let found = &check["repositories"][0]["manifests"];
    assert_eq!(codes(found), ["EC101", "KU120"], "{check:#}");
    assert_eq!(found[1]["path"], "deploy/kubernetes/base/web.yaml");
    let line = found[1]["line"].as_u64().unwrap();
    let text = fs::read_to_string(&web).unwrap();
    let line = text.lines().nth(usize::try_from(line).unwrap() - 1).unwrap();
    assert!(line.contains("shop-cnofig"), "{line}");
    report(&shop, &["check", "--fail-on", "drift,conflict,policy"], None, 0);
    let mut command = dockwright();
    let output = command.current_dir(&shop).args(["check", "--format", "sarif"]).output().unwrap();
    assert!(out(&output).contains("manifests/reference-missing"), "{}", out(&output));
    // What the audit says is the same, with a waiver as well.
    assert_eq!(codes(&audited(&shop, None, 1)["findings"]), ["EC101", "KU120", "KU115"]);
    let answers = shop.join("dockwright.toml");
    let waiver = |code: &str| {
        format!("\n[[waiver]]\nrule = \"{code}\"\nreason = \"later\"\nuntil = \"2999-01-01\"\n")
    };
    let text = fs::read_to_string(&answers).unwrap();
    let waived = text + &waiver("KU120") + &waiver("EC101") + &waiver("KU115");
    fs::write(&answers, waived).unwrap();
    let check = report(&shop, &["check"], None, 0);
    assert_eq!(check["repositories"][0]["waived"].as_array().unwrap().len(), 3, "{check:#}");
}

#[test]
fn without_kubectl_it_is_said_that_nothing_was_built() {
    let dir = directory();
    let target = "deploy.target=kubernetes";
    new(dir.path(), &["--preset", "celery-postgres-redis", "--set", target]);
    let (shop, none) = (dir.path().join("shop"), dir.path().join("none"));
    fs::create_dir(&none).unwrap();
    let audit = audited(&shop, Some(&none), 0);
    assert_eq!(codes(&audit["findings"]), [""; 0], "{audit:#}");
    for own in audit["overlays"].as_array().unwrap() {
        assert_eq!(own["why"], "there is neither kubectl nor kustomize here");
    }
    let mut command = dockwright();
    command.current_dir(&shop).env("PATH", &none).arg("audit");
    let text = out(&command.output().unwrap()).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("not built, so judged as its files are: deploy/"), "{text}");
    let check = report(&shop, &["check"], Some(&none), 0);
    let notes = check["repositories"][0]["notes"].as_array().unwrap();
    assert!(notes.iter().all(|own| own["rule"] == "not-built") && notes.len() == 2, "{notes:#?}");
    // What is allowed of what only a built overlay shows is not said to match nothing.
    let overlay = shop.join(OVERLAY);
    let text = fs::read_to_string(&overlay).unwrap();
    let comment = "  # dockwright: ignore KU115 the registry comes with the move\n  newName";
    fs::write(&overlay, text.replacen("  newName", comment, 1)).unwrap();
    assert_eq!(codes(&audited(&shop, Some(&none), 0)["findings"]), [""; 0]);
    assert_eq!(codes(&audited(&shop, None, 0)["findings"]), [""; 0]);
    // Nor is a Secret that is written out hidden by that.
    let dev = shop.join("deploy/kubernetes/overlays/dev/kustomization.yaml");
    let before = fs::read_to_string(&dev).unwrap();
    fs::write(&dev, before.replace("local-only: 'true'", "local-only: 'false'")).unwrap();
    assert_eq!(codes(&audited(&shop, Some(&none), 0)["findings"]), ["KU119"]);
    fs::write(&dev, before).unwrap();
    // A fault of a file is found all the same.
    let web = shop.join("deploy/kubernetes/base/web.yaml");
    let text = fs::read_to_string(&web).unwrap();
    fs::write(&web, text.replace("drop: [ALL]", "add: [SYS_ADMIN]")).unwrap();
    assert_eq!(codes(&audited(&shop, Some(&none), 1)["findings"]), ["KU103", "KU102"]);
}

/// A stand-in for kubectl that keeps what it was told, and writes one object.
#[cfg(unix)]
fn stand_in(dir: &Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let (bin, seen) = (dir.join("bin"), dir.join("seen"));
    fs::create_dir(&bin).unwrap();
    let script = format!(
        "#!/bin/sh\n{{ echo \"arguments $*\"; pwd; export -p; }} > '{}'\n\
         echo 'apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: shop}}'\n",
        seen.display()
    );
    let program = bin.join("kubectl");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\n";

#[cfg(unix)]
#[test]
fn kustomize_sees_a_copy_and_neither_the_environment_nor_a_network() {
    let kustomization = "resources:\n  - config.yaml\n";
    let dir = with(&[("k8s/kustomization.yaml", kustomization), ("k8s/config.yaml", CONFIG)]);
    let outside = directory();
    let bin = stand_in(outside.path());
    let mut command = dockwright();
    command.current_dir(dir.path()).env("PATH", &bin).env("AWS_SECRET_ACCESS_KEY", "hunter2");
    let output = command.args(["audit", "--format", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["paths"][0]["overlays"][0]["built"], true, "{report:#}");
    let seen = fs::read_to_string(outside.path().join("seen")).unwrap();
    let own = dir.path().to_string_lossy().into_owned();
    assert!(!seen.contains(&own) && !seen.contains("hunter2"), "{seen}");
    assert!(seen.contains("arguments kustomize ") && seen.contains("127.0.0.1:9"), "{seen}");
    assert_eq!(
        fs::read_to_string(dir.path().join("k8s/kustomization.yaml")).unwrap(),
        kustomization
    );
}

#[cfg(unix)]
#[test]
fn an_overlay_that_names_something_elsewhere_is_not_built_and_nothing_is_fetched() {
    for (entry, why) in [
        ("resources:\n  - https://example.com/operator.yaml\n", "nothing is fetched"),
        ("resources:\n  - github.com/example/operator//deploy?ref=v1\n", "nothing is fetched"),
        ("components:\n  - ssh://git@example.com/operator\n", "nothing is fetched"),
        ("patches:\n  - path: https://example.com/patch.yaml\n", "nothing is fetched"),
        (
            "configMapGenerator:\n  - name: a\n    files:\n      - a=http://example.com/a\n",
            "nothing is fetched",
        ),
        ("resources:\n  - ../../outside\n", "outside of the directory"),
        ("helmCharts:\n  - name: redis\n", "Helm is not run"),
    ] {
        let dir = with(&[("k8s/kustomization.yaml", entry)]);
        let outside = directory();
        let bin = stand_in(outside.path());
        let report = audited(dir.path(), Some(&bin), 0);
        assert_eq!(codes(&report["findings"]), [""; 0], "{entry}");
        let said = report["overlays"][0]["why"].as_str().unwrap_or_default();
        assert!(said.contains(why), "{entry}: {report:#}");
        assert!(!outside.path().join("seen").exists(), "{entry}: kubectl was run");
    }
}
