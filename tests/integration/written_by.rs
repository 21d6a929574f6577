//! What `dockwright.toml` begins with: the schema that editors read it by, and
//! the version and the command that wrote it; and that no other file names them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{directory, dockwright};
use crate::team::{Team, said, tree};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const FILE: &str = "dockwright.toml";

fn run(directory: &Path, arguments: &[&str]) -> String {
    let output = dockwright().current_dir(directory).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// The line that says what wrote a repository.
fn line(repository: &Path) -> Option<String> {
    let text = fs::read_to_string(repository.join(FILE)).unwrap();
    let start = format!("# Written by dockwright {VERSION}: ");
    assert!(text.matches("Written by dockwright").count() < 2, "{text}");
    text.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
}

fn by_hand(repository: &Path, from: &str, to: &str) {
    let path = repository.join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn dockwright_toml_alone_names_the_version_and_the_command() {
    for preset in dockwright::preset::NAMES {
        let directory = directory();
        run(directory.path(), &["new", "shop", "--preset", preset, "--yes"]);
        let shop = directory.path().join("shop");
        let text = fs::read_to_string(shop.join(FILE)).unwrap();
        let wanted = format!(
            "#:schema .dockwright/schema.json\n\
             # Written by dockwright {VERSION}: dockwright new shop --preset {preset} --yes\n"
        );
        assert!(text.starts_with(&wanted), "{text}");
        for (path, bytes, _) in tree(&shop) {
            let text = String::from_utf8_lossy(&bytes);
            // The lock says it as a value; the service has a version of its own.
            let lock = text.lines().filter(|line| line.contains(VERSION)).collect::<Vec<_>>();
            match path.as_str() {
                FILE => {}
                ".dockwright/lock.toml" => {
                    assert_eq!(lock, [format!("dockwright = \"{VERSION}\"")], "{preset}");
                }
                _ => {
                    let names = [format!("dockwright {VERSION}"), "dockwright new".to_owned()];
                    let named = names.iter().find(|name| text.contains(*name));
                    assert_eq!(named, None, "{preset}: {path}");
                }
            }
        }
    }
}

#[test]
fn the_command_makes_the_same_service_again() {
    let directory = directory();
    let flags = ["--set", "deploy.memory=2GiB", "--set", "project.name=market", "--only", "image"];
    let new = [&["new", "shop"], &flags[..], &["--yes"]].concat();
    run(directory.path(), &new);
    let shop = directory.path().join("shop");
    let first = tree(&shop);
    let again = line(&shop).unwrap();
    let words: Vec<&str> = again.split(' ').collect();
    fs::remove_dir_all(&shop).unwrap();
    run(directory.path(), &words[1..]);
    assert_eq!(tree(&shop), first);
}

#[test]
fn an_update_renews_the_line_once_and_no_second_update_changes_it() {
    let team = Team::with_shop("extends = [\"fastapi-gunicorn\"]\n");
    let shop = team.shop();
    assert!(line(&shop).unwrap().starts_with("dockwright new shop --preset ./team"));
    let before = team.tree();
    assert!(team.update(&[], 0).contains("Up to date"));
    assert_eq!(team.tree(), before, "an update that changes nothing leaves the line alone");

    team.update(&["--set", "deploy.memory=8GiB"], 0);
    assert_eq!(line(&shop).as_deref(), Some("dockwright update"));
    let before = team.tree();
    team.update(&[], 0);
    team.run(&["check", "shop", "--fail-on", "outdated"], 0);
    assert_eq!(team.tree(), before);

    // Another version alone changes the line and the lock.
    by_hand(&shop, &format!("dockwright {VERSION}: "), "dockwright 0.0.1: ");
    team.edit(".dockwright/lock.toml", &format!("\"{VERSION}\""), "\"0.0.1\"");
    let text = team.update(&[], 0);
    assert!(text.contains("names what wrote it"), "{text}");
    assert_eq!(team.tree(), before);
}

#[test]
fn a_line_that_was_taken_out_stays_out_and_is_no_drift() {
    let team = Team::with_shop("extends = [\"fastapi-gunicorn\"]\n");
    let shop = team.shop();
    let first = line(&shop).unwrap();
    let head =
        format!("#:schema .dockwright/schema.json\n# Written by dockwright {VERSION}: {first}\n");
    by_hand(&shop, &head, "");
    let report = team.run(&["check", "shop", "--format", "json"], 0);
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["repositories"][0]["drift"], serde_json::json!([]));
    team.update(&["--set", "deploy.memory=8GiB"], 0);
    assert_eq!(line(&shop), None);
    assert!(!team.read(FILE).contains("#:schema"));
}

#[test]
fn two_branches_that_update_do_not_conflict_about_the_line() {
    let team = Team::with_shop("extends = [\"fastapi-gunicorn\"]\n");
    let shop = team.shop();
    let start = team.read(FILE);
    let mut sides = Vec::new();
    for set in ["project.port=9000", "deploy.memory=8GiB"] {
        team.update(&["--set", set], 0);
        sides.push(team.read(FILE));
        fs::remove_dir_all(&shop).unwrap();
        team.run(&["new", "shop", "--preset", "./team", "--yes"], 0);
        assert_eq!(team.read(FILE), start);
    }
    let files = [("one", &sides[0]), ("base", &start), ("other", &sides[1])];
    for (name, text) in files {
        fs::write(team.top.path().join(name), text).unwrap();
    }
    let mut git = Command::new("git");
    git.current_dir(team.top.path()).args(["merge-file", "-p", "one", "base", "other"]);
    let output = git.output().unwrap();
    let merged = String::from_utf8_lossy(&output.stdout);
    // The chosen values stand in tables of their own; only the header is of interest.
    assert!(merged.lines().take(5).all(|line| !line.starts_with("<<<<")), "{merged}");
    assert!(merged.contains(": dockwright update\n"), "{merged}");
}

#[test]
fn paths_of_this_machine_are_left_out() {
    let team = Team::new("extends = [\"fastapi-gunicorn\"]\n");
    let top = dockwright::source::path::canonical(team.top.path()).unwrap();
    let (preset, shop) = (top.join("team"), top.join("shop"));
    let arguments = ["new", shop.to_str().unwrap(), "--preset", preset.to_str().unwrap(), "--yes"];
    team.run(&arguments, 0);
    assert_eq!(line(&shop).as_deref(), Some("dockwright new shop --preset … --yes"));
    let text = fs::read_to_string(shop.join(FILE)).unwrap();
    assert!(!text.contains(top.to_str().unwrap()), "{text}");
}

#[test]
fn an_adopted_repository_names_init_above_what_a_person_wrote() {
    let directory = directory();
    let own = directory.path();
    fs::write(own.join("main.py"), "from fastapi import FastAPI\n\napp = FastAPI()\n").unwrap();
    fs::write(own.join("requirements.txt"), "fastapi==0.115.0\nuvicorn==0.32.0\n").unwrap();
    fs::write(own.join(FILE), "# ours\npreset = \"fastapi-uvicorn\"\n").unwrap();
    let dry = run(own, &["init", "--yes", "--dry-run"]);
    assert!(dry.contains("+# Written by dockwright"), "{dry}");
    run(own, &["init", "--yes", "--set", "project.name=shop"]);
    let wanted = "dockwright init --set project.name=shop --yes";
    assert_eq!(line(own).as_deref(), Some(wanted));
    let text = fs::read_to_string(own.join(FILE)).unwrap();
    assert!(text.lines().nth(2) == Some("# ours"), "{text}");
    assert!(own.join(".dockwright/schema.json").is_file());
    let before = tree(own);
    run(own, &["init", "--yes"]);
    assert_eq!(tree(own), before, "a second run changes nothing");
}

#[test]
fn the_version_for_programs() {
    let directory = directory();
    let text = run(directory.path(), &["--version", "--format", "json"]);
    let version: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(version["version"], VERSION);
    assert_eq!(run(directory.path(), &["--version"]), format!("dockwright {VERSION}\n"));
    assert_eq!(run(directory.path(), &["-V", "--format=json"]), text);
}
