//! Merging: exit codes, markers, what stays open, what is left behind.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

use super::{LARGE, SMALL, commit_all, git};
use crate::support::dockwright;
use crate::team::Team;

const HUGE: &str = "extends = [\"fastapi-gunicorn\"]\n[defaults]\ndeploy.memory = \"8GiB\"\ntune.web.memory = \"5528MiB\"\n";

/// A repository whose edit of `compose.yaml` conflicts with version 2.0.0.
fn conflicting() -> Team {
    let team = Team::with_shop(SMALL);
    team.edit("compose.yaml", "memory: 1792M", "memory: 999M");
    team.release("2.0.0", LARGE);
    team
}

/// The state of each file in the lock.
fn states(team: &Team) -> BTreeMap<String, String> {
    let lock: toml::Table = toml::from_str(&team.read(".dockwright/lock.toml")).unwrap();
    let word = |entry: &toml::Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let files = lock["file"].as_array().unwrap();
    files.iter().map(|entry| (word(entry, "path"), word(entry, "state"))).collect()
}

fn names(team: &Team) -> BTreeSet<String> {
    let own = |name: &String| !name.starts_with(".dockwright/");
    team.tree().into_iter().map(|(name, ..)| name).filter(own).collect()
}

#[test]
fn a_conflict_ends_with_1_however_it_is_asked_for() {
    let team = conflicting();
    for flags in [
        &["--dry-run"][..],
        &["--yes"],
        &["--format", "json"],
        &[],
        &["--conflict", "markers", "--dry-run"],
        &["--conflict", "markers"],
    ] {
        team.update(flags, 1);
    }
}

#[test]
fn committed_markers_are_never_up_to_date() {
    let team = conflicting();
    team.update(&["--conflict", "markers"], 1);
    commit_all(&team.shop(), "with markers");
    git(team.top.path(), &["clone", "--quiet", "shop", "clone"]);
    for dir in ["shop", "clone"] {
        let output = team.run(&["update", dir], 1);
        let said = crate::team::said(&output);
        assert!(said.contains("conflict markers are still in it"), "{said}");
        assert!(!said.contains("Up to date"), "{said}");
        let said = crate::team::said(&team.run(&["check", dir], 1));
        assert!(said.contains("compose.yaml"), "{said}");
    }
    // Nor where the preset brings something newer.
    team.release("3.0.0", HUGE);
    team.update(&[], 1);
}

#[test]
fn what_did_not_merge_is_open_file_by_file() {
    let team = conflicting();
    team.update(&["--conflict", "markers"], 1);
    let open: Vec<String> =
        states(&team).into_iter().filter(|(_, state)| state != "clean").map(|(p, _)| p).collect();
    assert_eq!(open, ["compose.yaml"]);

    team.release("3.0.0", HUGE);
    let marked = team.read("compose.yaml");
    team.update(&["--conflict", "markers"], 1);
    assert_eq!(team.read("compose.yaml"), marked, "markers are not merged into markers");
    assert!(team.read("DEPLOY.md").contains("5528 MiB"), "the other files went on");
    assert_eq!(states(&team)["compose.yaml"], "conflict");
}

#[test]
fn a_file_that_diverged_heals() {
    let team = conflicting();
    team.update(&["--conflict", "markers"], 1);
    let marked = team.read("compose.yaml");
    let (before, rest) = marked.split_once("<<<<<<<").unwrap();
    let (_, rest) = rest.split_once("=======\n").unwrap();
    let (new, after) = rest.split_once(">>>>>>>").unwrap();
    let after = after.split_once('\n').unwrap().1;
    team.write("compose.yaml", &format!("{before}{new}{after}"));
    team.update(&[], 0);
    assert!(states(&team).values().all(|state| state == "clean"), "{:?}", states(&team));

    team.release("3.0.0", HUGE);
    let said = team.update(&[], 0);
    assert!(said.contains("compose.yaml  updated"), "{said}");
    assert!(team.update(&[], 0).contains("Up to date"));
}

#[test]
fn no_file_is_left_beside_the_others() {
    let team = conflicting();
    let before = names(&team);
    team.update(&[], 1);
    assert_eq!(names(&team), before);
    team.update(&["--conflict", "markers"], 1);
    assert_eq!(names(&team), before);
    let inside: BTreeSet<String> = fs::read_dir(team.shop().join(".dockwright"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let known = BTreeSet::from(
        [".gitattributes", "base", "lock.toml", "preset", "schema.json"].map(String::from),
    );
    assert_eq!(inside, known);
}

/// As a checkout on Windows has them, those of `.dockwright` among them.
#[test]
fn a_checkout_with_crlf_is_no_conflict() {
    let team = Team::with_shop(SMALL);
    team.edit("compose.yaml", "networks:\n  edge: {}", "networks:\n  edge:\n    x-note: mine");
    for (name, bytes, _) in team.tree() {
        let text = String::from_utf8(bytes).unwrap();
        fs::write(team.shop().join(name), text.replace('\n', "\r\n")).unwrap();
    }
    assert!(team.update(&[], 0).contains("Up to date"));
    team.release("2.0.0", LARGE);
    team.update(&[], 0);
    for (name, number) in [("compose.yaml", "memory: 3680M"), ("DEPLOY.md", "3680 MiB")] {
        let text = team.read(name);
        assert!(text.contains(number), "{name} has the new number");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{name}");
    }
    assert!(team.read("compose.yaml").contains("x-note: mine\r\n"));
}

#[test]
fn what_both_sides_bumped_takes_the_higher_version() {
    let with = |image: &str| {
        format!(
            "extends = [\"django-nginx\"]\n[defaults]\nimages.postgres = \"postgres:{image}\"\n"
        )
    };
    let team = Team::with_shop(&with("17.2-trixie"));
    team.edit("compose.yaml", "postgres:17.2-trixie", "postgres:17.5-trixie");
    team.release("2.0.0", &with("17.4-trixie"));
    team.update(&[], 0);
    assert!(team.read("compose.yaml").contains("postgres:17.5-trixie"));
    team.release("3.0.0", &with("17.6-trixie"));
    team.update(&[], 0);
    assert!(team.read("compose.yaml").contains("postgres:17.6-trixie"));
}

#[test]
fn nothing_is_written_over_without_being_asked() {
    let team = Team::new(SMALL);
    fs::create_dir(team.shop()).unwrap();
    team.write("Dockerfile", "FROM scratch\n");
    team.run(&["new", "shop", "--preset", "./team", "--yes"], 2);
    assert_eq!(names(&team), BTreeSet::from(["Dockerfile".to_owned()]));
    assert_eq!(team.read("Dockerfile"), "FROM scratch\n");
}

/// With `--yes`, as with Enter at every question.
#[test]
fn answers_hold_no_default() {
    let team = Team::with_shop(SMALL);
    let intent: toml::Table = toml::from_str(&team.read("dockwright.toml")).unwrap();
    let keys: Vec<&str> = intent.keys().map(String::as_str).collect();
    assert_eq!(keys, ["preset", "project"], "the preset and the name alone");
    team.release("2.0.0", LARGE);
    team.update(&[], 0);
    assert!(team.read("compose.yaml").contains("3680M"));
    let shown = dockwright().current_dir(&team.top).args(["plan", "shop"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("3680 MiB"), "{shown}");
}
