//! `dockwright preset`: what one says, making one, and testing one.

use std::fs;

use assert_fs::TempDir;
use serde_json::Value;

use crate::support::{directory, dockwright};
use crate::team::{said, tree};

fn run(top: &TempDir, arguments: &[&str], code: i32) -> String {
    let output = dockwright()
        .current_dir(top)
        .env("DOCKWRIGHT_CACHE", top.path().join("cache"))
        .arg("preset")
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", said(&output));
    said(&output)
}

fn json(top: &TempDir, arguments: &[&str], code: i32) -> Value {
    let output = dockwright()
        .current_dir(top)
        .env("DOCKWRIGHT_CACHE", top.path().join("cache"))
        .arg("preset")
        .args(arguments)
        .args(["--format", "json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn write(top: &TempDir, path: &str, text: &str) {
    let path = top.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(top: &TempDir, path: &str) -> String {
    fs::read_to_string(top.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A preset of two layers, `base` and `team`.
fn layers() -> TempDir {
    let top = directory();
    write(
        &top,
        "base/preset.toml",
        "name = \"base\"\nversion = \"1.0.0\"\nextends = [\"django-nginx\"]\n\
         [defaults]\ndeploy.memory = \"2GiB\"\n[floors]\npython = \"3.12\"\n",
    );
    write(
        &top,
        "team/preset.toml",
        "name = \"team\"\nversion = \"2.3.4\"\nextends = [\"../base\"]\n\
         [defaults]\ndeploy.memory = \"8GiB\"\n[locked]\nstack.proxy = \"nginx\"\n\
         [[rule]]\nkey = \"web.memory\"\nmax = \"4GiB\"\nmessage = \"small containers\"\n\
         warn-until = \"2099-01-01\"\n\
         [files.\"DEPLOY.md\"]\noff = true\n\
         [[migration]]\nbefore = \"2.0.0\"\nremove = \"deploy.domain\"\n",
    );
    top
}

#[test]
fn show_names_for_every_value_the_layer_that_says_it_and_what_it_stands_before() {
    let top = layers();
    let shown = json(&top, &["show", "./team"], 0);
    let names: Vec<&str> =
        shown["layers"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["django-nginx", "base", "team"]);
    let values = shown["values"].as_array().unwrap();
    let find = |key: &str| values.iter().find(|value| value["key"] == key).unwrap();
    let memory = find("deploy.memory");
    assert_eq!(memory["value"], "8GiB");
    assert_eq!(memory["layer"], "team 2.3.4");
    assert_eq!(memory["place"], "./team/preset.toml:5:17");
    assert_eq!(memory["shadows"][0]["value"], "2GiB");
    assert_eq!(memory["shadows"][0]["layer"], "base 1.0.0");
    assert_eq!(find("stack.proxy")["locked"], true);
    assert_eq!(find("stack.proxy")["shadows"][0]["layer"], "django-nginx");
    assert_eq!(shown["floors"][0]["subject"], "python");
    assert_eq!(shown["rules"][0]["warn_until"], "2099-01-01");
    assert_eq!(shown["rules"][0]["demands"], "at most 4GiB");
    assert_eq!(shown["files"][0]["off"], true);
    assert_eq!(shown["migrations"][0]["does"], "deploy.domain is removed");
}

#[test]
fn show_for_people_fits_eighty_columns_and_says_the_same() {
    let top = layers();
    let text = run(&top, &["show", "./team"], 0);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for word in ["8GiB", "2GiB (base 1.0.0)", "locked", "small containers", "DEPLOY.md"] {
        assert!(text.contains(word), "{word} is not in\n{text}");
    }
}

#[test]
fn list_names_the_preset_of_the_repository_it_runs_in() {
    let top = layers();
    let before = json(&top, &["list"], 0);
    assert_eq!(before["builtin"].as_array().unwrap().len(), 5);
    assert_eq!(before["repository"], Value::Null);
    write(&top, "dockwright.toml", "preset = \"./team\"\n");
    let own = &json(&top, &["list"], 0)["repository"];
    assert_eq!((&own["name"], &own["version"]), (&"team".into(), &"2.3.4".into()));
    assert!(run(&top, &["list"], 0).contains("this repository has team 2.3.4: ./team"));
}

#[test]
fn a_new_preset_passes_its_own_test_and_makes_a_service() {
    let top = directory();
    run(&top, &["new", "ours"], 0);
    let tested = run(&top, &["test", "ours"], 0);
    assert!(tested.contains("ours 0.1.0: ok, 1 case"), "{tested}");
    dockwright()
        .current_dir(&top)
        .args(["new", "shop", "--preset", "./ours", "--yes"])
        .assert()
        .success();
    let dockerfile = read(&top, "shop/Dockerfile");
    assert_eq!(dockerfile, read(&top, "ours/cases/web/files/Dockerfile"));
}

#[test]
fn a_new_preset_builds_on_what_it_is_told_and_is_called_what_it_is_told() {
    let top = layers();
    run(&top, &["new", "deep/ours", "--name", "shops", "--extends", "./team"], 0);
    let text = read(&top, "deep/ours/preset.toml");
    assert!(text.contains("name = \"shops\"\n"), "{text}");
    assert!(text.contains("extends = [\"../../team\"]\n"), "{text}");
    run(&top, &["test", "deep/ours"], 0);
    let refused = run(&top, &["new", "other", "--extends", "./nowhere"], 2);
    assert!(refused.contains("nowhere"), "{refused}");
    assert!(!top.path().join("other").exists());
}

#[test]
fn a_directory_that_is_not_empty_is_refused_and_left_alone() {
    let top = directory();
    write(&top, "ours/notes.md", "mine\n");
    let refused = run(&top, &["new", "ours"], 2);
    assert!(refused.contains("ours is not empty: it holds notes.md"), "{refused}");
    assert_eq!(tree(&top.path().join("ours")).len(), 1);
    fs::create_dir_all(top.path().join("empty/.git")).unwrap();
    run(&top, &["new", "empty"], 0);
    run(&top, &["test", "empty"], 0);
}

#[test]
fn a_change_of_the_preset_is_a_difference_until_it_is_accepted() {
    let top = directory();
    run(&top, &["new", "ours"], 0);
    let manifest = read(&top, "ours/preset.toml");
    write(
        &top,
        "ours/preset.toml",
        &format!("{manifest}\n[files.\"compose.dev.yaml\"]\noff = true\n")
            .replace("# deploy.cpus = 2", "deploy.cpus = 4")
            .replace("[files.\"deploy/smoke.sh\"]", "[files.\"deploy/probe.sh\"]"),
    );
    let before = tree(top.path());
    let report = json(&top, &["test", "ours"], 1);
    assert_eq!(tree(top.path()), before);
    let differences = report["presets"][0]["cases"][0]["differences"].as_array().unwrap();
    let what = |path: &str| {
        let path = format!("cases/web/files/{path}");
        let found = differences.iter().find(|difference| difference["path"] == *path);
        found.map(|difference| difference["what"].as_str().unwrap())
    };
    assert_eq!(what("compose.yaml"), Some("changed"), "{report:#}");
    assert_eq!(what("deploy/probe.sh"), Some("missing"), "{report:#}");
    assert_eq!(what("deploy/smoke.sh"), Some("surplus"), "{report:#}");
    let text = run(&top, &["test", "ours"], 1);
    assert!(text.contains("--- a/cases/web/files/compose.yaml"), "{text}");

    let refused = run(&top, &["test", "ours", "--review"], 2);
    assert!(refused.contains("--review --yes"), "{refused}");
    run(&top, &["test", "ours", "--review", "--yes"], 0);
    run(&top, &["test", "ours"], 0);
    assert!(!top.path().join("ours/cases/web/files/deploy/smoke.sh").exists());
    assert!(!top.path().join("ours/.dockwright").exists());
}

#[cfg(unix)]
#[test]
fn a_lost_executable_bit_is_a_difference_and_comes_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let top = directory();
    run(&top, &["new", "ours"], 0);
    let smoke = top.path().join("ours/cases/web/files/deploy/smoke.sh");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&smoke), 0o755);
    fs::set_permissions(&smoke, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        json(&top, &["test", "ours"], 1)["presets"][0]["cases"][0]["differences"][0]["what"],
        "mode"
    );
    run(&top, &["test", "ours", "--review", "--yes"], 0);
    assert_eq!(mode(&smoke), 0o755);
}

#[test]
fn a_preset_without_cases_is_tested_with_its_defaults_and_told_so() {
    let top = layers();
    let text = run(&top, &["test", "team"], 0);
    assert!(text.contains("no cases in cases/: only its defaults were tested"), "{text}");
    write(
        &top,
        "team/preset.toml",
        "name = \"team\"\nversion = \"1.0.0\"\n[defaults]\ndeploy.memory = \"8GiB\"\n\
         [[rule]]\nkey = \"deploy.memory\"\nmax = \"4GiB\"\nmessage = \"small machines\"\n",
    );
    let text = run(&top, &["test", "team"], 1);
    assert!(text.contains("small machines: deploy.memory is 8GiB, more than 4GiB"), "{text}");
}

#[test]
fn wrong_answers_of_a_case_are_said_with_their_place() {
    let top = layers();
    write(&top, "team/cases/web/answers.toml", "preset = \"x\"\n[stack]\nproxi = \"nginx\"\n");
    let text = run(&top, &["test", "team"], 2);
    assert!(text.contains("team/cases/web/answers.toml:1:10: a case names no preset"), "{text}");
    write(&top, "team/cases/web/answers.toml", "[stack]\nproxi = \"nginx\"\n");
    let text = run(&top, &["test", "team"], 1);
    assert!(text.contains("team/cases/web/answers.toml:2:9: unknown key `stack.proxi`"), "{text}");
    write(&top, "team/cases/web/expected/Dockerfile", "");
    let text = run(&top, &["test", "team"], 2);
    assert!(text.contains("this is no part of a case"), "{text}");
}

#[test]
fn a_case_may_expect_that_its_answers_are_refused() {
    let top = layers();
    write(&top, "team/cases/open/answers.toml", "[stack]\nproxy = \"none\"\n");
    write(&top, "team/cases/open/refused.txt", "");
    run(&top, &["test", "team"], 1);
    run(&top, &["test", "team", "--review", "--yes"], 0);
    let message = read(&top, "team/cases/open/refused.txt");
    assert!(message.contains("stack.proxy = none: it is locked to nginx"), "{message}");
    run(&top, &["test", "team"], 0);
    write(&top, "team/cases/open/answers.toml", "");
    let report = json(&top, &["test", "team"], 1);
    let differences = &report["presets"][0]["cases"][0]["differences"];
    assert!(
        differences.as_array().unwrap().iter().any(|d| d["path"] == "cases/open/refused.txt"),
        "{report:#}"
    );
}

#[test]
fn a_rule_on_a_file_is_held_against_what_is_rendered() {
    let top = directory();
    write(
        &top,
        "team/preset.toml",
        "name = \"team\"\nversion = \"1.0.0\"\n\
         [[rule]]\nfile = \"Dockerfile\"\nforbid = '^FROM python'\nmessage = \"ours only\"\n",
    );
    write(&top, "team/cases/web/answers.toml", "");
    run(&top, &["test", "team", "--review", "--yes"], 1);
    let text = run(&top, &["test", "team"], 1);
    assert!(text.contains("ours only: Dockerfile:"), "{text}");
}

#[test]
fn of_several_presets_each_is_tested_and_one_that_is_wrong_stops_no_other() {
    let top = layers();
    write(&top, "bad/preset.toml", "name = \"bad\"\nversion = \"1\"\n");
    let report = json(&top, &["test", "bad", "team", "missing"], 2);
    let results: Vec<&str> = report["presets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|preset| preset["result"].as_str().unwrap())
        .collect();
    assert_eq!(results, ["wrong", "ok", "wrong"]);
}

#[test]
fn a_template_that_nothing_uses_is_named_with_what_was_meant() {
    let top = layers();
    write(&top, "team/templates/Dockerfle.tera", "{% block labels %}{% endblock %}");
    let text = run(&top, &["test", "team"], 1);
    assert!(text.contains("templates/Dockerfle.tera: nothing uses this template"), "{text}");
    assert!(text.contains("did you mean `Dockerfile.tera`"), "{text}");
}
