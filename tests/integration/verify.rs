//! What `dockwright verify` says before anything runs. What it finds in what runs is shown by
//! `tests/live`.

use std::fs;
use std::path::Path;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::support::{directory, dockwright};

/// A compose project, and settings beside it.
fn project(directory: &Path, settings: &str) {
    fs::write(directory.join("compose.yaml"), "services:\n  web:\n    image: shop:1\n").unwrap();
    if !settings.is_empty() {
        fs::write(directory.join("dockwright.toml"), settings).unwrap();
    }
}

#[test]
fn without_an_engine_it_ends_with_3_and_says_where_it_looked() {
    let dir = directory();
    project(dir.path(), "");
    let mut verify = dockwright();
    verify.arg("verify").arg(dir.path()).env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    verify.assert().code(3).stderr(contains("unix:///nowhere/docker.sock"));
}

#[test]
fn wrong_input_is_refused_before_an_engine_is_asked() {
    let empty = directory();
    let refused = |arguments: &[&str], directory: &Path, said: &str| {
        let mut verify = dockwright();
        verify.arg("verify").arg(directory).args(arguments);
        verify.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
        verify.assert().code(2).stderr(contains(said.to_owned()));
    };
    refused(&[], empty.path(), "has no compose file");
    let dir = directory();
    project(dir.path(), "[verify]\np9 = 700\n");
    refused(&[], dir.path(), "dockwright.toml:2:");
    project(dir.path(), "[[verify.request]]\npath = \"/\"\n\n[[verify.request]]\npth = \"/\"\n");
    refused(&[], dir.path(), "dockwright.toml:4:");
    project(dir.path(), "[verify]\np99 = 700\n");
    refused(&["--set", "verify.p99=fast"], dir.path(), "no whole number");
    refused(&["--set", "tune.web.workers=2"], dir.path(), "nothing is planned");
    refused(&["--file", "other.yaml"], dir.path(), "there is no file other.yaml");
    refused(&["--only", "load", "--skip", "load"], dir.path(), "every step is skipped");
    refused(&["--junit", "no/such/directory.xml"], dir.path(), "--junit");
}

#[test]
fn thresholds_come_from_a_preset_too_and_can_be_locked() {
    let dir = directory();
    let preset = dir.path().join("team");
    fs::create_dir(&preset).unwrap();
    let text = "name = \"team\"\nversion = \"1.0.0\"\nextends = [\"fastapi-uvicorn\"]\n\n[locked]\n\"verify.p99\" = 500\n";
    fs::write(preset.join("preset.toml"), text).unwrap();
    let mut new = dockwright();
    new.current_dir(dir.path()).args(["new", "shop", "--yes", "--preset", "./team"]);
    new.args(["--set", "verify.p99=900"]);
    new.assert().code(2).stderr(contains("verify.p99").and(contains("900")));
}

#[test]
fn the_list_has_every_step_with_its_thresholds_and_their_reasons() {
    let output = dockwright().args(["verify", "--list"]).assert().success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    for word in ["build.change", "isolation.stores", "break.task", "data.backup", "verify.p99"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn the_schema_of_the_report_is_one() {
    let output = dockwright().args(["schema", "verify"]).assert().success();
    let schema: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(schema["properties"]["version"]["const"], 1);
    let steps = &schema["properties"]["steps"]["items"]["properties"];
    assert_eq!(steps["step"]["enum"].as_array().unwrap().len(), 8);
}
