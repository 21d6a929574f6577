//! What a preset cannot do: leave the repository, read beside itself, run.

use std::fs;
use std::path::Path;

use super::{LARGE, SMALL, commit_all, git};
use crate::team::{Team, said};

#[cfg(unix)]
#[test]
fn a_symbolic_link_in_a_preset_is_not_followed() {
    for (link, target) in [
        ("team/templates/Dockerfile.tera", "secret"),
        ("team/templates", "elsewhere"),
        ("team/preset.toml", "secret"),
    ] {
        let team = Team::new(SMALL);
        let top = team.top.path();
        fs::write(top.join("secret"), format!("name = \"acme\"\nversion = \"1.0.0\"\n{SMALL}"))
            .unwrap();
        fs::create_dir(top.join("elsewhere")).unwrap();
        if link.ends_with(".tera") {
            fs::create_dir(top.join("team/templates")).unwrap();
        }
        let _ = fs::remove_file(top.join(link));
        std::os::unix::fs::symlink(top.join(target), top.join(link)).unwrap();
        let output = team.run(&["new", "shop", "--preset", "./team", "--yes"], 2);
        assert!(said(&output).contains("symbolic link"), "{link}: {}", said(&output));
    }
}

#[cfg(unix)]
#[test]
fn an_update_writes_through_no_symbolic_link() {
    let team =
        Team::with_shop("extends = [\"django-nginx\"]\n[defaults]\ndeploy.memory = \"2GiB\"\n");
    let outside = team.top.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let link = |path: &str, target: &Path| {
        let path = team.shop().join(path);
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        std::os::unix::fs::symlink(target, path).unwrap();
    };
    fs::copy(team.shop().join("compose.yaml"), outside.join("compose.yaml")).unwrap();
    fs::copy(team.shop().join("nginx/nginx.conf"), outside.join("nginx.conf")).unwrap();
    link("compose.yaml", &outside.join("compose.yaml"));
    link("nginx", &outside);
    let before = crate::team::tree(&outside);
    team.release(
        "2.0.0",
        "extends = [\"django-nginx\"]\n[defaults]\ndeploy.memory = \"8GiB\"\ndeploy.domain = \"x.example.com\"\n",
    );
    let report = team.update(&[], 0);
    assert!(report.contains("compose.yaml is not updated: it is a symlink"), "{report}");
    assert_eq!(crate::team::tree(&outside), before);
}

#[cfg(unix)]
#[test]
fn bookkeeping_does_not_lead_out_of_the_repository() {
    let team = Team::with_shop(SMALL);
    team.release("2.0.0", LARGE);
    let outside = team.top.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("notes"), "theirs\n").unwrap();

    // A lock that names a file outside.
    let lock = team.read(".dockwright/lock.toml");
    let hash = "0".repeat(64);
    let entry = format!(
        "\n[[file]]\npath = \"../outside/notes\"\nownership = \"merge\"\nmode = \"0644\"\n\
         state = \"clean\"\nbase = \"{hash}\"\n"
    );
    team.write(".dockwright/lock.toml", &format!("{lock}{entry}"));
    let said = team.update(&[], 2);
    assert!(said.contains("`../outside/notes` leaves the repository"), "{said}");
    team.write(".dockwright/lock.toml", &lock);

    // Bookkeeping that is elsewhere.
    fs::rename(team.shop().join(".dockwright"), outside.join("kept")).unwrap();
    std::os::unix::fs::symlink("../outside/kept", team.shop().join(".dockwright")).unwrap();
    let before = crate::team::tree(&outside);
    let said = team.update(&[], 2);
    assert!(said.contains("nothing is written through one"), "{said}");
    assert_eq!(crate::team::tree(&outside), before);
}

/// A preset is data: hooks of git do not run either, so where it comes from
/// needs no trust.
#[test]
fn nothing_of_a_preset_or_a_repository_is_run() {
    let team = Team::new(SMALL);
    let source = team.top.path().join("team");
    let canary = team.top.path().join("canary");
    let script = format!("#!/bin/sh\ntouch '{}'\n", canary.display());
    let hook = |path: std::path::PathBuf| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &script).unwrap();
        executable(&path);
    };
    for name in ["hooks/post_gen_project.sh", "tasks.py", "templates/../hooks/pre.py"] {
        hook(source.join(name));
    }
    commit_all(&source, "one");
    git(&source, &["tag", "v1.0.0"]);
    team.release("2.0.0", LARGE);
    commit_all(&source, "two");
    git(&source, &["tag", "v2.0.0"]);
    let url = format!("git+file://{}", source.display());
    team.run(&["new", "shop", "--preset", &format!("{url}#v1.0.0"), "--yes"], 0);
    commit_all(&team.shop(), "shop");
    for name in ["post-checkout", "post-merge", "pre-commit", "reference-transaction"] {
        hook(team.shop().join(".git/hooks").join(name));
        hook(source.join(".git/hooks").join(name));
    }
    git(&team.shop(), &["config", "core.fsmonitor", ".git/hooks/pre-commit"]);
    team.write("app/__init__.py", &format!("open({:?}, 'w')\n", canary.display().to_string()));
    team.update(&["--preset", &format!("{url}#v2.0.0")], 0);
    assert!(!canary.exists());

    let team = Team::new(&format!("{SMALL}[hooks]\npost = \"touch canary\"\n"));
    let output = team.run(&["new", "shop", "--preset", "./team", "--yes"], 2);
    assert!(said(&output).contains("hooks"), "{}", said(&output));
}

#[cfg(unix)]
fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
fn executable(_: &Path) {}

#[test]
fn a_preset_of_git_cannot_name_a_directory_above_itself() {
    let team = Team::new("extends = [\"../../outside\"]\n");
    let top = team.top.path().to_owned();
    commit_all(&top.join("team"), "one");
    git(&top.join("team"), &["tag", "v1"]);
    let url = format!("git+file://{}", top.join("team").display());
    for reference in ["#v1:../outside", "#v1:a/../../outside", "#v1"] {
        let reference = format!("{url}{reference}");
        team.run(&["new", "shop", "--preset", &reference, "--yes"], 2);
    }
}

#[test]
fn secrets_are_in_the_env_file_alone_and_an_update_leaves_it() {
    let team = Team::with_shop("extends = [\"celery-postgres-redis\"]\n");
    let env = team.read(".env");
    let secrets: Vec<&str> = env
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(_, value)| value.trim_matches(['"', '\'']))
        .filter(|value| value.len() >= 24 && !value.contains(['/', ' ']))
        .collect();
    assert!(!secrets.is_empty(), "{env}");
    team.release(
        "2.0.0",
        "extends = [\"celery-postgres-redis\"]\n[defaults]\ndeploy.memory = \"8GiB\"\n",
    );
    team.update(&[], 0);
    assert_eq!(team.read(".env"), env);
    for (name, bytes, _) in team.tree() {
        let text = String::from_utf8_lossy(&bytes);
        let found = secrets.iter().any(|secret| text.contains(*secret));
        assert_eq!(found, name == ".env", "{name}");
    }
    // A fresh clone has none, and needs none.
    fs::remove_file(team.shop().join(".env")).unwrap();
    assert!(team.update(&[], 0).contains("Up to date"));
    assert!(!team.shop().join(".env").exists());
}
