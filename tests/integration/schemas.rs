//! `dockwright schema`: names that stay, and what editors find in the files
//! that are written. Whether reports are what their schemas say, `tests/lint/schemas.sh`
//! holds by a validator.

use std::fs;

use serde_json::Value;

use crate::support::{directory, dockwright};
use crate::team::said;

/// A contract: names are added, and none is renamed or goes.
const NAMES: [&str; 18] = [
    "config",
    "preset",
    "new",
    "init",
    "detect",
    "plan",
    "plan-explain",
    "update",
    "check",
    "audit",
    "audit-fix",
    "verify",
    "verify-arm",
    "preset-list",
    "preset-show",
    "preset-test",
    "preset-impact",
    "version",
];

fn printed(arguments: &[&str]) -> String {
    let output = dockwright().args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_name_is_listed_and_prints_a_schema_that_names_itself() {
    let list = printed(&["schema"]);
    let listed: Vec<&str> =
        list.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed, NAMES, "{list}");
    for name in NAMES {
        let schema: Value = serde_json::from_str(&printed(&["schema", name])).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert_eq!(schema["$id"], format!("urn:dockwright:schema:{name}:1"));
    }
}

#[test]
fn a_repository_and_a_preset_have_the_schema_that_their_first_line_names() {
    let directory = directory();
    for arguments in [&["new", "shop", "--yes"][..], &["preset", "new", "team"]] {
        dockwright().current_dir(&directory).args(arguments).assert().success();
    }
    for (file, name) in [("shop/dockwright.toml", "config"), ("team/preset.toml", "preset")] {
        let path = directory.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        let schema = text.lines().next().unwrap().strip_prefix("#:schema ").unwrap();
        let schema = fs::read_to_string(path.with_file_name(schema)).unwrap();
        assert_eq!(schema, printed(&["schema", name]), "{file}");
    }
    // It is for editors alone: without it everything works, and an update brings it back.
    let schema = directory.path().join("shop/.dockwright/schema.json");
    fs::remove_file(&schema).unwrap();
    dockwright().current_dir(&directory).args(["check", "shop"]).assert().success();
    dockwright().current_dir(&directory).args(["update", "shop"]).assert().success();
    assert!(schema.is_file());
    // No repository gets the schema of a preset's own file.
    let new = ["new", "store", "--preset", "./team", "--yes"];
    dockwright().current_dir(&directory).args(new).assert().success();
    let all = crate::team::tree(&directory.path().join("store"));
    assert!(all.iter().all(|(path, ..)| !path.ends_with("preset.schema.json")));
}
