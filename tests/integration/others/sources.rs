//! Where presets come from: tags that are gone, no network, other directories.

use std::fs;

use super::{LARGE, SMALL, commit_all, git};
use crate::team::Team;

/// A preset in git with two tags and a repository made from the first.
fn tagged() -> (Team, String) {
    let team = Team::new(SMALL);
    let source = team.top.path().join("team");
    commit_all(&source, "one");
    git(&source, &["tag", "v1.0.0"]);
    team.release("2.0.0", LARGE);
    commit_all(&source, "two");
    git(&source, &["tag", "v2.0.0"]);
    let url = format!("git+file://{}", source.display());
    team.run(&["new", "shop", "--preset", &format!("{url}#v1.0.0"), "--yes"], 0);
    (team, url)
}

#[test]
fn an_update_needs_nothing_of_the_old_version() {
    let (team, url) = tagged();
    team.edit("compose.yaml", "networks:\n  edge: {}", "networks:\n  edge:\n    x-note: mine");
    // Neither the tag nor its commit, nor what this machine had fetched.
    let source = team.top.path().join("team");
    git(&source, &["tag", "--delete", "v1.0.0"]);
    git(&source, &["checkout", "--quiet", "--orphan", "again"]);
    git(&source, &["commit", "--quiet", "--message", "again"]);
    git(&source, &["tag", "--force", "v2.0.0"]);
    git(&source, &["branch", "--delete", "--force", "main"]);
    fs::remove_dir_all(team.top.path().join("cache")).unwrap();
    team.update(&["--preset", &format!("{url}#v2.0.0")], 0);
    let compose = team.read("compose.yaml");
    assert!(compose.contains("3680M") && compose.contains("x-note: mine"), "{compose}");
}

#[test]
fn a_clone_works_where_the_preset_cannot_be_had() {
    let (team, _) = tagged();
    fs::remove_dir_all(team.top.path().join("team")).unwrap();
    fs::remove_dir_all(team.top.path().join("cache")).unwrap();
    commit_all(&team.shop(), "shop");
    git(team.top.path(), &["clone", "--quiet", "shop", "clone"]);
    team.run(&["update", "clone"], 0);
    team.run(&["update", "clone", "--set", "tune.web.memory=3680MiB"], 0);
    let compose = fs::read_to_string(team.top.path().join("clone/compose.yaml")).unwrap();
    assert!(compose.contains("3680M"));
    // Asking for what cannot be had says so, and leaves everything.
    team.run(&["update", "clone", "--fetch"], 3);
}

#[test]
fn a_tag_that_was_moved_changes_nothing_until_it_is_fetched() {
    let (team, _) = tagged();
    git(&team.top.path().join("team"), &["tag", "--force", "v1.0.0", "v2.0.0"]);
    fs::remove_dir_all(team.top.path().join("cache")).unwrap();
    let before = team.tree();
    assert!(team.update(&[], 0).contains("Up to date"));
    assert_eq!(team.tree(), before);
    let said = team.update(&["--fetch"], 0);
    assert!(said.contains("acme 1.0.0 → 2.0.0"), "{said}");
}

#[test]
fn a_relative_preset_is_found_from_every_directory() {
    let team = Team::new("extends = [\"../base\"]\n");
    let base = team.top.path().join("base");
    fs::create_dir(&base).unwrap();
    let text = |memory: &str| {
        format!(
            "name = \"base\"\nversion = \"1.0.0\"\nextends = [\"fastapi-gunicorn\"]\n[defaults]\ntune.web.memory = \"{memory}\"\n"
        )
    };
    fs::write(base.join("preset.toml"), text("1792MiB")).unwrap();
    fs::create_dir(team.top.path().join("apps")).unwrap();
    team.run(&["new", "apps/shop", "--preset", "./team", "--yes"], 0);
    let shop = team.top.path().join("apps/shop");
    let intent = fs::read_to_string(shop.join("dockwright.toml")).unwrap();
    assert!(intent.contains("preset = \"../../team\""), "{intent}");
    fs::write(base.join("preset.toml"), text("3680MiB")).unwrap();
    let output = crate::support::dockwright()
        .current_dir(shop.join("app"))
        .args(["update", ".."])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", crate::team::said(&output));
    assert!(fs::read_to_string(shop.join("compose.yaml")).unwrap().contains("3680M"));
}

#[test]
fn presets_that_extend_each_other_are_refused_by_name() {
    let team = Team::new("extends = [\"../base\"]\n");
    let base = team.top.path().join("base");
    fs::create_dir(&base).unwrap();
    let text = "name = \"base\"\nversion = \"1.0.0\"\nextends = [\"../team\"]\n";
    fs::write(base.join("preset.toml"), text).unwrap();
    let output = team.run(&["new", "shop", "--preset", "./team", "--yes"], 2);
    let said = crate::team::said(&output);
    assert!(said.contains("circle: acme → base → acme"), "{said}");
}
