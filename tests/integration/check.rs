//! `dockwright check`: whether a repository follows its preset.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::dockwright;
use crate::team::{Team, said, tree};

const BASIC: &str = "extends = [\"fastapi-gunicorn\"]\n";

impl Team {
    /// Runs `dockwright check shop` and gives everything it said.
    pub fn check(&self, flags: &[&str], code: i32) -> String {
        let arguments: Vec<&str> = ["check", "shop"].iter().chain(flags).copied().collect();
        said(&self.run(&arguments, code))
    }

    /// The JSON report of the repository.
    pub fn checked(&self, flags: &[&str], code: i32) -> Value {
        let arguments: Vec<&str> =
            ["check", "shop", "--format", "json"].iter().chain(flags).copied().collect();
        let output = self.run(&arguments, code);
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["repositories"][0].take()
    }
}

/// `rule path:line` of each finding of a kind.
pub fn found(report: &Value, kind: &str) -> Vec<String> {
    let findings = report[kind].as_array().unwrap_or_else(|| panic!("no {kind}: {report:#}"));
    let text = |finding: &Value| {
        let place = match (finding["path"].as_str(), finding["line"].as_u64()) {
            (Some(path), Some(line)) => format!("{path}:{line}"),
            (Some(path), None) => path.to_owned(),
            _ => String::new(),
        };
        format!("{} {place}", finding["rule"].as_str().unwrap())
    };
    findings.iter().map(text).collect()
}

/// Everything but what is asked for is empty.
fn is_only(report: &Value, kinds: &[&str]) {
    for kind in
        ["drift", "conflicts", "policy", "outdated", "waived", "kept", "customised", "notes"]
    {
        let empty = report[kind].as_array().unwrap().is_empty();
        assert_eq!(empty, !kinds.contains(&kind), "{kind}: {report:#}");
    }
}

fn managed(path: &str) -> String {
    format!("{BASIC}[files.\"{path}\"]\nownership = \"managed\"\n")
}

/// The line of the first line that holds a text.
pub fn line_of(team: &Team, path: &str, text: &str) -> u64 {
    let whole = team.read(path);
    let line = whole.lines().position(|line| line.contains(text));
    line.unwrap_or_else(|| panic!("{path} has no `{text}`")) as u64 + 1
}

#[test]
fn a_repository_as_it_was_written_follows_and_nothing_is_touched() {
    let team = Team::with_shop(BASIC);
    let before = team.tree();
    let text = team.check(&[], 0);
    assert_eq!(text.trim(), "shop follows acme 1.0.0");
    let inside = dockwright().current_dir(team.shop()).arg("check").output().unwrap();
    assert_eq!(said(&inside).trim(), "shop follows acme 1.0.0", "named from inside as well");
    let report = team.checked(&[], 0);
    is_only(&report, &[]);
    assert_eq!(report["result"], "follows");
    assert_eq!(report["preset"]["layers"][1]["version"], "1.0.0");
    assert_eq!(team.tree(), before);
}

#[test]
fn edits_of_merged_files_are_customised_and_no_drift() {
    let team = Team::with_shop(BASIC);
    team.edit("Dockerfile", "AS runtime\n", "AS runtime\n# ours\n");
    let report = team.checked(&["--fail-on", "drift,conflict,policy,outdated"], 0);
    is_only(&report, &["customised"]);
    assert_eq!(report["customised"][0]["path"], "Dockerfile");
}

#[test]
fn a_managed_file_that_was_edited_or_removed_is_drift_with_its_first_line() {
    let team = Team::with_shop(&managed("gunicorn.conf.py"));
    let line = line_of(&team, "gunicorn.conf.py", "timeout =");
    team.edit("gunicorn.conf.py", "timeout =", "timeout = 1 +");
    let report = team.checked(&[], 1);
    is_only(&report, &["drift"]);
    assert_eq!(found(&report, "drift"), [format!("managed gunicorn.conf.py:{line}")]);

    fs::remove_file(team.shop().join("gunicorn.conf.py")).unwrap();
    let report = team.checked(&[], 1);
    assert_eq!(found(&report, "drift"), ["managed gunicorn.conf.py"]);
    assert!(report["drift"][0]["message"].as_str().unwrap().contains("missing"));

    // Updates that leave it out do not make it right.
    team.run(&["update", "shop"], 0);
    team.checked(&[], 1);
}

#[cfg(unix)]
#[test]
fn a_managed_file_that_became_a_link_or_lost_its_bit_is_drift() {
    use std::os::unix::fs::PermissionsExt as _;
    let team = Team::with_shop(
        "extends = [\"django-nginx\"]\n[files.\"entrypoint.sh\"]\nownership = \"managed\"\n",
    );
    let path = team.shop().join("entrypoint.sh");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(team.check(&[], 1).contains("no longer executable"));
    fs::rename(&path, team.shop().join("other.sh")).unwrap();
    std::os::unix::fs::symlink("other.sh", &path).unwrap();
    assert!(team.check(&[], 1).contains("symlink"));
}

#[test]
fn a_base_that_is_missing_or_not_what_its_name_says_is_drift() {
    let team = Team::with_shop(BASIC);
    let mut bases: Vec<_> = fs::read_dir(team.shop().join(".dockwright/base"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    bases.sort();
    fs::write(&bases[0], "x\n").unwrap();
    fs::remove_file(&bases[1]).unwrap();
    let report = team.checked(&[], 1);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let wanted = [0, 1].map(|at| format!("base .dockwright/base/{}", name(&bases[at])));
    assert_eq!(found(&report, "drift"), wanted);
    is_only(&report, &["drift"]);
}

fn kept(team: &Team) -> String {
    let layers: Vec<_> = fs::read_dir(team.shop().join(".dockwright/preset"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(layers.len(), 1);
    format!(".dockwright/preset/{}", layers[0])
}

#[test]
fn a_kept_layer_that_was_edited_is_drift_that_names_the_file() {
    let team = Team::with_shop("extends = [\"fastapi-gunicorn\"]\n[floors]\npython = \"3.14\"\n");
    let manifest = format!("{}/preset.toml", kept(&team));
    team.edit(&manifest, "3.14", "3.11");
    let report = team.checked(&[], 1);
    assert_eq!(found(&report, "drift"), [format!("preset {manifest}")]);
    // What cannot be judged does not pass, whatever fails.
    assert_eq!(found(&report, "policy").len(), 1);
    team.checked(&["--fail-on", "policy"], 1);
}

#[test]
fn a_kept_layer_that_was_edited_together_with_its_hash_is_drift() {
    let team = Team::with_shop("extends = [\"fastapi-gunicorn\"]\n[floors]\npython = \"3.14\"\n");
    let manifest = format!("{}/preset.toml", kept(&team));
    let hash = |text: &str| dockwright::digest::hash(text.as_bytes());
    let old = hash(&team.read(&manifest));
    team.edit(&manifest, "3.14", "3.11");
    let new = hash(&team.read(&manifest));
    team.edit(".dockwright/lock.toml", &old, &new);
    assert_eq!(found(&team.checked(&[], 1), "drift"), ["preset .dockwright/lock.toml"]);
}

#[test]
fn markers_in_a_file_are_conflicts_with_their_line_in_either_line_end() {
    let team = Team::with_shop(BASIC);
    let text = team.read("Dockerfile");
    let marked = format!("{text}<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
    let line = text.lines().count() + 1;
    for marked in [marked.clone(), marked.replace('\n', "\r\n")] {
        team.write("Dockerfile", &marked);
        let report = team.checked(&[], 1);
        assert_eq!(found(&report, "conflicts"), [format!("markers Dockerfile:{line}")]);
        assert!(report["outdated"].as_array().unwrap().is_empty(), "{report:#}");
    }
}

#[test]
fn an_update_that_is_open_is_a_conflict_until_it_is_resolved() {
    let team = Team::with_shop(&format!("{BASIC}[defaults]\ntune.web.keepalive = 5\n"));
    team.edit("gunicorn.conf.py", "keepalive = 5", "keepalive = 6");
    team.release("2.0.0", &format!("{BASIC}[defaults]\ntune.web.keepalive = 7\n"));
    team.update(&["--conflict", "markers"], 1);
    let line = line_of(&team, "gunicorn.conf.py", "<<<<<<<");
    let report = team.checked(&[], 1);
    assert_eq!(found(&report, "conflicts"), [format!("markers gunicorn.conf.py:{line}")]);
    // Taken out by hand: that is a resolution.
    let whole = team.read("gunicorn.conf.py");
    let mut inside = 0;
    let clean: Vec<&str> = whole
        .lines()
        .filter(|line| {
            inside = match line.get(..7) {
                Some("<<<<<<<") => 1,
                Some("|||||||") => 2,
                Some(">>>>>>>") => {
                    inside = 0;
                    return false;
                }
                _ => inside,
            };
            inside == 0 || (inside == 1 && !line.starts_with("<<<<<<<"))
        })
        .collect();
    team.write("gunicorn.conf.py", &format!("{}\n", clean.join("\n")));
    assert!(found(&team.checked(&[], 0), "conflicts").is_empty());
    team.update(&[], 0);
    assert!(found(&team.checked(&[], 0), "conflicts").is_empty());
}

#[test]
fn a_locked_key_that_was_changed_is_policy_with_its_line_and_its_layer() {
    let team = Team::with_shop(&format!("{BASIC}[locked]\ndeploy.hardening = \"strict\"\n"));
    let text = team.read("dockwright.toml");
    team.write("dockwright.toml", &format!("{text}\n[deploy]\nhardening = \"safe\"\n"));
    let line = line_of(&team, "dockwright.toml", "hardening");
    let report = team.checked(&[], 1);
    assert_eq!(found(&report, "policy"), [format!("deploy.hardening dockwright.toml:{line}")]);
    let finding = &report["policy"][0];
    assert_eq!(finding["layer"], "acme 1.0.0");
    assert!(finding["demand"].as_str().unwrap().contains("preset.toml:5:"), "{finding}");
    assert_eq!(finding["level"], "error");
    let text = team.check(&[], 1);
    assert!(text.contains(&format!("shop/dockwright.toml:{line}")), "{text}");
    assert!(text.contains("acme 1.0.0"), "{text}");
    assert!(text.contains("does not follow acme 1.0.0: 1 policy"), "{text}");
}

const LIMIT: &str = "extends = [\"fastapi-gunicorn\"]\n[[rule]]\nkey = \"web.workers\"\nmax = 1\n\
                     message = \"one worker is enough\"\n";

#[test]
fn floors_and_rules_on_answers_are_policy_by_their_ids() {
    let team = Team::with_shop(BASIC);
    let policy = "[floors]\npython = \"3.99\"\n[[rule]]\nkey = \"stack.cache\"\nequals = \"redis\"\n\
                  id = \"cached\"\nmessage = \"everything is cached\"\n";
    team.release("2.0.0", policy);
    let text = team.check(&["--policy", "team"], 2);
    assert!(text.contains("--policy: unknown preset `team`"), "{text}");
    let report = team.checked(&["--policy", "./team"], 1);
    let mut rules = found(&report, "policy");
    rules.retain(|found| found.ends_with("dockwright.toml"));
    assert_eq!(rules, ["cached dockwright.toml", "python dockwright.toml"]);
    assert!(report["policy"].to_string().contains("everything is cached: stack.cache is none"));
}

#[test]
fn until_its_day_a_rule_only_warns() {
    let team = Team::with_shop(BASIC);
    team.release("1.0.0", &format!("{LIMIT}warn-until = \"2999-01-01\"\n"));
    let pinned = format!("{}\n[tune.web]\nworkers = 2\n", team.read("dockwright.toml"));
    team.write("dockwright.toml", &pinned);
    let report = team.checked(&["--policy", "./team"], 0);
    let finding = &report["policy"][0];
    assert_eq!(
        (&finding["level"], &finding["warn_until"]),
        (&"warning".into(), &"2999-01-01".into())
    );
    team.release("1.0.0", &format!("{LIMIT}warn-until = \"2020-01-01\"\n"));
    let report = team.checked(&["--policy", "./team"], 1);
    assert_eq!(report["policy"][0]["level"], "error");
}

#[test]
fn a_waiver_lists_a_finding_as_waived_until_its_day() {
    let team = Team::with_shop(&format!("{BASIC}[locked]\ndeploy.hardening = \"strict\"\n"));
    let text = team.read("dockwright.toml");
    let text = format!("{text}\n[deploy]\nhardening = \"safe\"\n");
    let waived = |until: &str| {
        format!(
            "{text}\n[[waiver]]\nrule = \"deploy.hardening\"\nreason = \"legacy\"\nuntil = \"{until}\"\n"
        )
    };
    team.write("dockwright.toml", &waived("2999-01-01"));
    let report = team.checked(&[], 0);
    is_only(&report, &["waived"]);
    assert_eq!(report["waived"][0]["waiver"]["reason"], "legacy");
    assert!(team.check(&[], 0).contains("legacy"));
    // `update` and `plan` know the table.
    assert!(team.update(&[], 2).contains("locked"));

    team.write("dockwright.toml", &waived("2020-01-01"));
    let report = team.checked(&[], 1);
    assert_eq!(report["notes"][0]["level"], "warning");
    assert!(report["notes"][0]["message"].as_str().unwrap().contains("ended on 2020-01-01"));
    assert!(report["waived"].as_array().unwrap().is_empty());
}

#[test]
fn waivers_that_are_malformed_or_about_nothing_are_wrong_input() {
    let team = Team::with_shop(&format!("{BASIC}[locked]\ndeploy.hardening = \"strict\"\n"));
    let text = team.read("dockwright.toml");
    let line = text.lines().count() + 1;
    for (waiver, said) in [
        ("rule = \"deploy.hardening\"\nuntil = \"2027-01-01\"", "no `reason`"),
        (
            "rule = \"deploy.hardning\"\nreason = \"x\"\nuntil = \"2027-01-01\"",
            "did you mean `deploy.hardening`?",
        ),
    ] {
        team.write("dockwright.toml", &format!("{text}[[waiver]]\n{waiver}\n"));
        let told = team.check(&[], 2);
        assert!(told.contains(said), "{told}");
        assert!(told.contains(&format!("dockwright.toml:{line}:")), "{told}");
    }
}

#[test]
fn a_policy_from_outside_hears_no_waiver_and_the_own_one_is_judged_as_well() {
    let team = Team::with_shop(&format!("{BASIC}[locked]\ndeploy.hardening = \"strict\"\n"));
    let text = team.read("dockwright.toml");
    team.write(
        "dockwright.toml",
        &format!(
            "{text}\n[deploy]\nhardening = \"safe\"\n[[waiver]]\nrule = \"deploy.hardening\"\n\
             reason = \"x\"\nuntil = \"2999-01-01\"\n"
        ),
    );
    team.check(&[], 0);
    team.release("2.0.0", "[locked]\nstack.cache = \"redis\"\n");
    let report = team.checked(&["--policy", "./team"], 1);
    let rules: Vec<String> = found(&report, "policy");
    assert!(rules.iter().any(|rule| rule.starts_with("deploy.hardening ")), "{rules:?}");
    assert!(rules.iter().any(|rule| rule.starts_with("stack.cache ")), "{rules:?}");
    assert!(report["waived"].as_array().unwrap().is_empty());
}

#[test]
fn a_repository_cannot_loosen_its_own_lock_under_a_policy() {
    let body = format!("{BASIC}[locked]\ndeploy.hardening = \"strict\"\n");
    let team = Team::with_shop(&body);
    // The repository's own preset is rewritten, updated from, and followed.
    team.release("1.0.1", BASIC);
    let text = team.read("dockwright.toml");
    team.write("dockwright.toml", &format!("{text}\n[deploy]\nhardening = \"safe\"\n"));
    team.update(&[], 0);
    team.check(&[], 0);
    let outside = team.top.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let text = format!("name = \"acme\"\nversion = \"1.0.0\"\n{body}");
    fs::write(outside.join("preset.toml"), text).unwrap();
    let report = team.checked(&["--policy", "./outside"], 1);
    assert!(found(&report, "policy")[0].starts_with("deploy.hardening "), "{report:#}");
}

#[test]
fn what_an_update_would_write_is_outdated_and_only_warns() {
    let team = Team::with_shop(BASIC);
    let text = team.read("dockwright.toml");
    team.write("dockwright.toml", &format!("{text}\n[tune.web]\nkeepalive = 77\n"));
    let report = team.checked(&[], 0);
    is_only(&report, &["outdated"]);
    let files = found(&report, "outdated");
    assert!(files.contains(&"file gunicorn.conf.py".to_owned()), "{files:?}");
    assert_eq!(report["outdated"][0]["level"], "warning");
    let report = team.checked(&["--fail-on", "outdated"], 1);
    assert_eq!(report["outdated"][0]["level"], "error");
}

#[test]
fn a_preset_that_moved_on_is_outdated_with_both_versions() {
    let team = Team::with_shop(BASIC);
    team.release("1.1.0", &format!("{BASIC}[defaults]\ntune.web.keepalive = 77\n"));
    let report = team.checked(&[], 0);
    let messages: Vec<&str> = report["outdated"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["message"].as_str().unwrap())
        .collect();
    assert!(messages.contains(&"written from acme 1.0.0; 1.1.0 is there"), "{messages:?}");
    assert!(found(&report, "outdated").contains(&"file gunicorn.conf.py".to_owned()));
    // Edited without a new version: the same.
    team.release("1.0.0", &format!("{BASIC}[defaults]\ntune.web.keepalive = 77\n"));
    assert!(team.check(&[], 0).contains("was changed since"), "{}", team.check(&[], 0));
}

#[test]
fn a_newer_program_is_outdated() {
    let team = Team::with_shop(BASIC);
    let own = env!("CARGO_PKG_VERSION");
    team.edit(
        ".dockwright/lock.toml",
        &format!("dockwright = \"{own}\""),
        "dockwright = \"0.0.1\"",
    );
    let report = team.checked(&[], 0);
    assert_eq!(found(&report, "outdated"), ["dockwright .dockwright/lock.toml"]);
}

#[test]
fn what_fails_is_chosen() {
    let team = Team::with_shop(&managed("gunicorn.conf.py"));
    team.edit("gunicorn.conf.py", "timeout =", "timeout = 1 +");
    team.check(&["--fail-on", "policy,conflict"], 0);
    team.check(&["--fail-on", "none"], 0);
    team.check(&["--fail-on", "drift"], 1);
    assert_eq!(team.checked(&["--fail-on", "none"], 0)["drift"][0]["level"], "warning");
}

#[test]
fn without_the_preset_beside_it_a_clone_is_judged_by_what_it_keeps() {
    let team = Team::with_shop(&format!("{BASIC}[locked]\ndeploy.hardening = \"strict\"\n"));
    fs::remove_dir_all(team.top.path().join("team")).unwrap();
    is_only(&team.checked(&[], 0), &[]);
    let text = team.read("dockwright.toml");
    team.write("dockwright.toml", &format!("{text}\n[deploy]\nhardening = \"safe\"\n"));
    assert!(team.check(&[], 1).contains("deploy.hardening"));
}

#[test]
fn files_that_stay_out_are_listed() {
    let team = Team::with_shop(BASIC);
    fs::remove_file(team.shop().join("DEPLOY.md")).unwrap();
    let report = team.checked(&["--fail-on", "drift,conflict,policy,outdated"], 0);
    is_only(&report, &["kept"]);
    assert_eq!(report["kept"][0]["why"], "deleted by you");
    assert!(team.check(&[], 0).contains("DEPLOY.md"));
}

#[test]
fn many_repositories_are_one_table_and_the_worst_code_counts() {
    let team = Team::with_shop(&managed("gunicorn.conf.py"));
    team.run(&["new", "shop2", "--preset", "./team", "--yes"], 0);
    fs::create_dir(team.top.path().join("empty")).unwrap();
    team.edit("gunicorn.conf.py", "timeout =", "timeout = 1 +");
    let output = team.run(&["check", "empty", "shop", "shop2"], 2);
    let text = said(&output);
    for part in ["failed", "does not follow", "1 drift", "follows acme 1.0.0", "1 could not be"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let output = team.run(&["check", "shop", "shop2"], 1);
    assert!(said(&output).contains("of 2 repositories, 1"), "{}", said(&output));
    let output = team.run(&["check", "empty", "shop2", "--format", "json"], 2);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["code"], 2);
    assert!(report["repositories"][0]["error"].as_str().unwrap().contains("lock.toml"));
    let keys = |at: usize| -> Vec<String> {
        report["repositories"][at].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(0), keys(1), "a failed one has the same shape");
}

#[test]
fn the_shape_of_one_repository_is_that_of_many() {
    let team = Team::with_shop(BASIC);
    let output = team.run(&["check", "shop", "--format", "json"], 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys: Vec<&String> = report["repositories"][0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "code",
            "conflicts",
            "customised",
            "directory",
            "drift",
            "error",
            "kept",
            "manifests",
            "notes",
            "outdated",
            "pins",
            "policy",
            "preset",
            "result",
            "waived"
        ]
    );
    assert_eq!(tree(&team.shop()), team.tree());
}

#[test]
fn a_lock_in_which_two_updates_met_names_the_commands_that_settle_it() {
    let team = Team::with_shop(BASIC);
    let lock = team.read(".dockwright/lock.toml");
    let marked = format!("<<<<<<< HEAD\n{lock}=======\n{lock}>>>>>>> other\n");
    team.write(".dockwright/lock.toml", &marked);
    for command in ["check", "update"] {
        let output = team.run(&[command, "shop"], 2);
        let text = crate::team::said(&output);
        assert!(
            text.contains("git checkout --ours") && text.contains("dockwright update"),
            "{text}"
        );
    }
}
