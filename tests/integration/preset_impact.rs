//! `dockwright preset impact`: what a version would do, before it is released.

use std::fs;

use serde_json::Value;

use crate::team::{Team, tree};

const FIRST: &str = "extends = [\"fastapi-gunicorn\"]\n[defaults]\ntune.web.memory = \"1792MiB\"\n";
const SECOND: &str = "extends = [\"fastapi-gunicorn\"]\n[defaults]\ntune.web.memory = \"2692MiB\"\n\
    [locked]\nstack.cache = \"none\"\n\
    [[rule]]\nkey = \"web.workers\"\nmax = 12\nmessage = \"few workers\"\n";

fn impact(team: &Team, dirs: &[&str], code: i32) -> Value {
    let arguments: Vec<&str> = ["preset", "impact", "./team"]
        .iter()
        .chain(dirs)
        .chain(&["--format", "json"])
        .copied()
        .collect();
    serde_json::from_slice(&team.run(&arguments, code).stdout).unwrap()
}

fn result<'a>(report: &'a Value, directory: &str) -> &'a Value {
    let repositories = report["repositories"].as_array().unwrap();
    repositories.iter().find(|one| one["directory"] == directory).unwrap()
}

#[test]
fn each_repository_is_judged_by_what_the_version_would_do_and_nothing_is_written() {
    let team = Team::new(FIRST);
    for name in ["clean", "merged", "conflict", "cached", "pinned", "broken"] {
        team.run(&["new", name, "--preset", "./team", "--yes"], 0);
    }
    fs::create_dir(team.top.path().join("foreign")).unwrap();
    let edit = |path: &str, from: &str, to: &str| {
        let path = team.top.path().join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    let append = |path: &str, more: &str| {
        let path = team.top.path().join(path);
        fs::write(&path, fs::read_to_string(&path).unwrap() + more).unwrap();
    };
    let compose = fs::read_to_string(team.top.path().join("clean/compose.yaml")).unwrap();
    let limit = compose.lines().find(|line| line.contains("mem_limit") || line.contains("memory:"));
    let limit = limit.expect("a memory limit").to_owned();
    append("merged/compose.yaml", "\nx-ours: 1\n");
    edit("conflict/compose.yaml", &limit, &format!("{limit}0"));
    append("cached/dockwright.toml", "[stack]\ncache = \"redis\"\n");
    append("pinned/dockwright.toml", "[tune.web]\nworkers = 13\n[deploy]\nmemory = \"16GiB\"\n");
    append("broken/dockwright.toml", "[stack\n");
    team.release("2.0.0", SECOND);
    let before = tree(team.top.path());
    let dirs = ["clean", "merged", "conflict", "cached", "pinned", "broken", "foreign", "nowhere"];
    let report = impact(&team, &dirs, 2);
    assert_eq!(tree(team.top.path()), before);
    let words: Vec<&str> =
        dirs.iter().map(|dir| result(&report, dir)["result"].as_str().unwrap()).collect();
    assert_eq!(
        words,
        ["clean", "merged", "conflict", "policy", "policy", "failed", "not dockwright's", "failed"],
        "{report:#}"
    );
    let locked = &result(&report, "cached")["breaches"][0];
    assert_eq!(locked["key"], "stack.cache");
    assert_eq!(locked["layer"], "acme 2.0.0");
    assert!(locked["said"].as_str().unwrap().contains("dockwright.toml:"), "{locked}");
    let rule = &result(&report, "pinned")["breaches"][0];
    assert_eq!(rule["key"], "web.workers");
    let files = result(&report, "conflict")["files"].as_array().unwrap();
    assert!(files.iter().any(|f| f["path"] == "compose.yaml" && f["what"] == "conflict"));
}

#[test]
fn a_version_that_every_repository_takes_is_fine_and_one_that_one_cannot_is_not() {
    let team = Team::with_shop(FIRST);
    team.release("2.0.0", SECOND);
    let report = impact(&team, &["shop"], 0);
    assert_eq!(result(&report, "shop")["result"], "clean");
    team.write("dockwright.toml", &(team.read("dockwright.toml") + "[stack]\ncache = \"redis\"\n"));
    let output = team.run(&["preset", "impact", "./team", "shop"], 1);
    let text = crate::team::said(&output);
    assert!(text.contains("stack.cache = redis: it is locked to none (acme 2.0.0)"), "{text}");
}

#[test]
fn a_rule_that_only_warns_yet_is_told_before_its_day() {
    let team = Team::with_shop("extends = [\"fastapi-gunicorn\"]\n");
    team.release(
        "2.0.0",
        "extends = [\"fastapi-gunicorn\"]\n[[rule]]\nkey = \"web.memory\"\nmax = \"64MiB\"\nmessage = \"too large\"\nwarn-until = \"2999-12-31\"\n",
    );
    let report = impact(&team, &["shop"], 0);
    assert_eq!(result(&report, "shop")["breaches"][0]["warn_until"], "2999-12-31");
    let output = team.run(&["preset", "impact", "./team", "shop"], 0);
    let text = crate::team::said(&output);
    assert!(text.contains("warns until 2999-12-31: too large"), "{text}");
}
