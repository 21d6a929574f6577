//! Reports of `dockwright check` for machines, clones, and what it never does.

use std::fs;
use std::path::Path;
use std::process::Command;

use dockwright::source::path::canonical;
use serde_json::Value;

use crate::check::{found, line_of};
use crate::support::dockwright;
use crate::team::{Team, said};

const LOCKED: &str = "extends = [\"fastapi-gunicorn\"]\n[locked]\ndeploy.hardening = \"strict\"\n";

fn with_root(team: &Team) -> u64 {
    let text = team.read("Dockerfile");
    let last = text.rfind("USER 10001:10001").unwrap();
    team.write("Dockerfile", &format!("{}USER root{}", &text[..last], &text[last + 16..]));
    line_of(team, "Dockerfile", "USER root")
}

fn sarif(team: &Team, code: i32) -> Value {
    let output = team.run(&["check", "shop", "--format", "sarif"], code);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn sarif_has_rules_results_places_and_fingerprints() {
    let team = Team::with_shop(LOCKED);
    let line = with_root(&team);
    let report = sarif(&team, 1);
    assert_eq!(report["version"], "2.1.0");
    assert!(report["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let run = &report["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "dockwright");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let ids: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    for result in results {
        assert!(ids.contains(&result["ruleId"].as_str().unwrap()));
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(!place["artifactLocation"]["uri"].as_str().unwrap().starts_with('/'));
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
    }
    assert_eq!(results[0]["ruleId"], "policy/deploy.hardening");
    assert_eq!(results[0]["level"], "error");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "shop/Dockerfile");
    assert_eq!(place["region"]["startLine"], line);

    // The same finding on another line keeps its fingerprint.
    let print = |report: &Value| {
        report["runs"][0]["results"][0]["partialFingerprints"]["dockwright/v2"].clone()
    };
    let before = print(&report);
    team.write("Dockerfile", &format!("# one line more\n{}", team.read("Dockerfile")));
    assert!(before.is_string());
    assert_eq!(print(&sarif(&team, 1)), before);

    // A waived one is suppressed, with its reason.
    let text = team.read("dockwright.toml");
    let waiver =
        "[[waiver]]\nrule = \"deploy.hardening\"\nreason = \"why\"\nuntil = \"2999-01-01\"\n";
    team.write("dockwright.toml", &format!("{text}{waiver}"));
    let report = sarif(&team, 0);
    let suppressed = &report["runs"][0]["results"][0]["suppressions"][0];
    assert!(suppressed["justification"].as_str().unwrap().contains("why"));
}

#[test]
fn annotations_are_escaped_and_seen_from_where_the_command_runs() {
    let team = Team::with_shop("extends = [\"fastapi-gunicorn\"]\n");
    team.release(
        "9.0.0",
        "[[rule]]\nfile = \"Dockerfile\"\nforbid = '^USER root'\nid = \"a:b,c\"\n\
         message = \"50%, no: root\\nat all\"\n",
    );
    let line = with_root(&team);
    let output = team.run(&["check", "shop", "--policy", "./team", "--format", "github"], 1);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let wanted = format!(
        "::error file=shop/Dockerfile,line={line},title=policy%3A a%3Ab%2Cc::50%25, no: root%0Aat all (acme 9.0.0)"
    );
    assert!(text.lines().any(|line| line == wanted), "{text}");
    let output = dockwright()
        .current_dir(team.shop())
        .args(["check", "--policy", "../team", "--format", "github"])
        .output()
        .unwrap();
    assert!(said(&output).contains(&format!("file=Dockerfile,line={line}")), "{}", said(&output));
    // An absolute directory is seen from here as well.
    let shop = canonical(&team.shop()).unwrap();
    let output = dockwright()
        .current_dir(canonical(team.top.path()).unwrap())
        .arg("check")
        .arg(&shop)
        .args(["--policy", "./team", "--format", "github"])
        .output()
        .unwrap();
    assert!(said(&output).contains("file=shop/Dockerfile"), "{}", said(&output));
}

#[test]
fn what_only_warns_is_a_warning_in_every_format() {
    let team = Team::with_shop(LOCKED);
    with_root(&team);
    let output = team.run(&["check", "shop", "--fail-on", "none", "--format", "github"], 0);
    assert!(said(&output).starts_with("::warning file=shop/Dockerfile"), "{}", said(&output));
    let output = team.run(&["check", "shop", "--fail-on", "none", "--format", "gitlab"], 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report[0]["severity"], "minor", "{report}");
    assert_eq!(report[0]["location"]["path"], "shop/Dockerfile", "{report}");
}

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@t.test"];
    let output =
        Command::new("git").current_dir(directory).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
}

#[test]
fn a_fresh_clone_says_the_same_also_one_with_crlf_line_ends() {
    let body = format!("{LOCKED}[files.\"gunicorn.conf.py\"]\nownership = \"managed\"\n");
    let team = Team::with_shop(&body);
    let shop = team.shop();
    git(&shop, &["init", "--quiet"]);
    git(&shop, &["add", "."]);
    git(&shop, &["commit", "--quiet", "-m", "one"]);
    // The preset is not beside the clone.
    let clones = team.top.path().join("clones");
    fs::create_dir(&clones).unwrap();
    for (name, ends) in [("lf", "false"), ("crlf", "true")] {
        let from = shop.to_str().unwrap();
        git(&clones, &["-c", &format!("core.autocrlf={ends}"), "clone", "--quiet", from, name]);
    }
    let text = fs::read_to_string(clones.join("crlf/gunicorn.conf.py")).unwrap();
    assert!(text.contains("\r\n"), "the clone really has CRLF");
    let kept = fs::read_dir(clones.join("crlf/.dockwright/preset")).unwrap().count();
    assert_eq!(kept, 1);
    let output = team.run(&["check", "clones/lf", "clones/crlf", "--format", "json"], 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for repository in report["repositories"].as_array().unwrap() {
        for kind in ["drift", "conflicts", "policy", "outdated", "kept", "customised", "notes"] {
            assert!(repository[kind].as_array().unwrap().is_empty(), "{kind}: {repository:#}");
        }
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_and_a_read_only_repository_is_checked() {
    use std::os::unix::fs::PermissionsExt as _;
    let team = Team::with_shop(LOCKED);
    let before = team.tree();
    let directories = || {
        let mut found = vec![team.shop()];
        let mut at = 0;
        while at < found.len() {
            let entries = fs::read_dir(&found[at]).unwrap().map(|entry| entry.unwrap().path());
            let inside: Vec<_> = entries.filter(|path| path.is_dir()).collect();
            found.extend(inside);
            at += 1;
        }
        found
    };
    let set = |mode: u32| {
        for directory in directories() {
            fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set(0o555);
    let text = team.check(&[], 0);
    set(0o755);
    assert!(text.contains("follows"), "{text}");
    assert_eq!(team.tree(), before);
}

/// A preset in git, and a repository that follows its first tag.
fn in_git() -> Team {
    let team = Team::new(LOCKED);
    let presets = team.top.path().join("presets");
    fs::rename(team.top.path().join("team"), &presets).unwrap();
    git(&presets, &["init", "--quiet"]);
    git(&presets, &["add", "."]);
    git(&presets, &["commit", "--quiet", "-m", "one"]);
    git(&presets, &["tag", "v1.0.0"]);
    let reference = format!("git+file://{}#v1.0.0", presets.display());
    team.run(&["new", "shop", "--preset", &reference, "--yes"], 0);
    team
}

#[test]
fn no_git_process_is_started_without_fetch_and_one_for_each_address_with_it() {
    let team = in_git();
    team.run(&["new", "shop2", "--preset", &reference(&team), "--yes"], 0);
    let tools = team.top.path().join("tools");
    fs::create_dir(&tools).unwrap();
    let log = team.top.path().join("log");
    let real = which_git();
    let script = format!("#!/bin/sh\necho \"$@\" >> '{}'\nexec '{real}' \"$@\"\n", log.display());
    fs::write(tools.join("git"), script).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(tools.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let check = |flags: &[&str]| {
        dockwright()
            .current_dir(&team.top)
            .env("PATH", &tools)
            .env("DOCKWRIGHT_CACHE", team.top.path().join("nowhere"))
            .args(["check", "shop", "shop2"])
            .args(flags)
            .output()
            .unwrap()
    };
    let output = check(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!log.exists(), "{}", fs::read_to_string(&log).unwrap());

    let presets = team.top.path().join("presets");
    git(&presets, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
    git(&presets, &["tag", "v1.1.0"]);
    git(&presets, &["tag", "v2.0.0-rc.1"]);
    let output = check(&["--fetch", "--format", "json"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 1);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for repository in report["repositories"].as_array().unwrap() {
        let message = repository["outdated"][0]["message"].as_str().unwrap();
        assert!(message.contains("v1.1.0 is tagged"), "{message}");
    }

    // Who cannot be asked is told, and fails nothing.
    fs::rename(&presets, team.top.path().join("gone")).unwrap();
    let report = team.checked(&["--fetch"], 0);
    assert_eq!(found(&report, "notes"), ["fetch .dockwright/lock.toml"]);
}

#[test]
fn a_revision_that_names_another_commit_by_now_is_outdated_and_a_branch_may_be_ahead_of_tags() {
    let team = in_git();
    let presets = team.top.path().join("presets");
    let branch = format!("git+file://{}#main", presets.display());
    git(&presets, &["branch", "-M", "main"]);
    team.run(&["new", "shop2", "--preset", &branch, "--yes"], 0);
    let check = |code: i32| -> Value {
        let output = team
            .run(&["check", "shop2", "--fetch", "--format", "json", "--fail-on", "outdated"], code);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    check(0);
    fs::write(
        presets.join("preset.toml"),
        format!("name = \"acme\"\nversion = \"1.2.0\"\n{LOCKED}"),
    )
    .unwrap();
    git(&presets, &["commit", "--quiet", "-a", "-m", "two"]);
    let report = check(1);
    let message = report["repositories"][0]["outdated"][0]["message"].as_str().unwrap();
    assert!(message.contains("(main), which names commit"), "{message}");
    // A tag that was moved as well, with a message of its own.
    git(&presets, &["tag", "--force", "-a", "-m", "moved", "v1.0.0"]);
    let report = team.checked(&["--fetch"], 0);
    assert!(report["outdated"][0]["message"].as_str().unwrap().contains("which names commit"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let team = Team::with_shop(LOCKED);
    let left = team.shop().join(".dockwright-staging-1");
    fs::create_dir(&left).unwrap();
    fs::set_permissions(&left, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(left.join("journal.json"), "[]").unwrap();
    let report = team.checked(&[], 0);
    assert_eq!(found(&report, "notes"), ["interrupted .dockwright/lock.toml"]);
    assert_eq!(report["notes"][0]["level"], "warning");
}

fn reference(team: &Team) -> String {
    format!("git+file://{}#v1.0.0", team.top.path().join("presets").display())
}

fn which_git() -> String {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|at| at.join("git")).find(|git| git.exists());
    found.unwrap().display().to_string()
}

#[test]
fn a_preset_in_git_is_judged_from_what_the_repository_keeps() {
    let team = in_git();
    with_root(&team);
    fs::remove_dir_all(team.top.path().join("presets")).unwrap();
    fs::remove_dir_all(team.top.path().join("cache")).unwrap();
    let report = team.checked(&[], 1);
    assert_eq!(report["policy"][0]["rule"], "deploy.hardening");
    // Another revision in dockwright.toml, and no update since.
    team.edit("dockwright.toml", "#v1.0.0", "#v2.0.0");
    let report = team.checked(&[], 1);
    assert_eq!(report["outdated"][0]["path"], "dockwright.toml");
    assert_eq!(report["policy"][0]["rule"], "deploy.hardening", "still judged");
    // Without what it kept, nothing could be judged: that is no pass.
    fs::remove_dir_all(team.shop().join(".dockwright/preset")).unwrap();
    let report = team.checked(&["--fail-on", "policy"], 1);
    assert!(report["policy"][0]["message"].as_str().unwrap().contains("could be judged"));
    assert_eq!(report["drift"].as_array().unwrap().len(), 1);
}
