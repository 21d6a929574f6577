//! `examples/team`: a team's preset in two layers and two versions, and a
//! repository before and after an update. After a wanted change:
//! `UPDATE_EXAMPLES=1 cargo test team_example`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_fs::TempDir;
use dockwright::answers::{document, header};
use serde_json::Value;

use crate::support::{directory, dockwright};

/// What the repository's people changed: a text of a file for another.
const EDITS: [(&str, &str, &str); 4] = [
    (
        "Dockerfile",
        "    PYTHONUNBUFFERED=1 \\\n",
        "    PYTHONUNBUFFERED=1 \\\n    TZ=Europe/Berlin \\\n",
    ),
    (
        "compose.yaml",
        "healthcheck:\n      disable: true\n    stop_grace_period: 60s",
        "healthcheck:\n      disable: true\n    stop_grace_period: 300s",
    ),
    (".dockerignore", "**/*.db\n", "**/*.csv\n**/*.db\n"),
    ("deploy/smoke.sh", "http://localhost:8000", "http://localhost:8080"),
];

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/team")
}

fn run(directory: &TempDir, arguments: &[&str]) -> Value {
    let output = dockwright().current_dir(directory).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for (path, (bytes, mode)) in files(from) {
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        set_mode(&path, mode);
    }
}

/// Every file with content and mode, but those of `.dockwright/`, and what
/// `dockwright.toml` says of them and of the version: the example is of none.
fn files(top: &Path) -> BTreeMap<String, (Vec<u8>, u32)> {
    let kept = |name: &String| !name.starts_with(".dockwright/");
    let all = crate::team::tree(top).into_iter().filter(|(name, ..)| kept(name));
    all.map(|(name, bytes, mode)| {
        let bytes = if name == document::FILE { without_header(&bytes) } else { bytes };
        (name, (bytes, mode))
    })
    .collect()
}

fn without_header(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    let is_header =
        |line: &&str| line.starts_with(header::WRITTEN) || line.trim_end() == header::SCHEMA;
    text.split_inclusive('\n').filter(|line| !is_header(line)).collect::<String>().into_bytes()
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// Holds a repository against a directory of the example.
fn holds(shop: &Path, name: &str) {
    let kept = example().join(name);
    if std::env::var_os("UPDATE_EXAMPLES").is_some() {
        let _ = fs::remove_dir_all(&kept);
        copy(shop, &kept);
        return;
    }
    let (wanted, found) = (files(&kept), files(shop));
    let names = |files: &BTreeMap<_, _>| files.keys().cloned().collect::<Vec<String>>();
    assert_eq!(names(&found), names(&wanted), "{name}");
    for (path, (bytes, mode)) in &found {
        let same = wanted[path].0 == *bytes;
        assert!(same, "{name}/{path} is another: UPDATE_EXAMPLES=1 cargo test team_example");
        assert_eq!(wanted[path].1 & 0o111, mode & 0o111, "{name}/{path}: executable or not");
    }
}

/// What an update did with a file.
fn what<'a>(report: &'a Value, path: &str) -> &'a str {
    let files = report["repositories"][0]["files"].as_array().unwrap();
    files.iter().find(|file| file["path"] == path).unwrap()["what"].as_str().unwrap()
}

#[test]
fn a_repository_goes_through_two_versions_of_a_preset_with_its_edits() {
    let directory = directory();
    copy(&example().join("v1"), &directory.path().join("v1"));
    copy(&example().join("v2"), &directory.path().join("v2"));
    let shop = directory.path().join("shop");
    let only = "image,server,compose,preset,intent";
    run(&directory, &["new", "shop", "--preset", "./v1/api", "--yes", "--only", only]);
    for (path, from, to) in EDITS {
        let text = fs::read_to_string(shop.join(path)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{path}: {from}");
        fs::write(shop.join(path), text.replace(from, to)).unwrap();
    }
    holds(&shop, "shop-before");
    run(&directory, &["check", "shop"]);

    let update = ["update", "shop", "--preset", "./v2/api", "--format", "json"];
    let report = run(&directory, &update);
    for (path, wanted) in [
        ("Dockerfile", "merged"),
        ("compose.yaml", "merged"),
        ("gunicorn.conf.py", "updated"),
        (".dockerignore", "customised"),
        ("ops/smoke.sh", "moved"),
    ] {
        assert_eq!(what(&report, path), wanted, "{path}");
    }
    holds(&shop, "shop-after");
    for (path, _, edit) in EDITS {
        let path = path.replace("deploy/", "ops/");
        let text = fs::read_to_string(shop.join(&path)).unwrap();
        assert!(text.contains(edit), "{path} has lost its edit");
    }
    run(&directory, &["check", "shop"]);
    let before = files(&shop);
    run(&directory, &update);
    assert_eq!(files(&shop), before);
}

/// Each layer by itself, as its own pipeline would test it.
#[test]
fn the_layers_of_the_example_pass_their_own_test() {
    for layer in ["v1/platform", "v1/api", "v2/platform", "v2/api"] {
        let path = example().join(layer).display().to_string();
        run(&directory(), &["preset", "test", &path]);
    }
}
