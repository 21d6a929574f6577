//! Presets in git, from the outside: transports, credentials, processes at once.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use assert_fs::TempDir;
use serde_json::Value;

use crate::support::{directory, dockwright};
use crate::team::said;
use crate::update_git::git;

/// A repository with a preset in `web` and one in `base`, tagged `v1`.
fn hub() -> TempDir {
    let top = directory();
    let write = |path: &str, text: &str| {
        let path = top.path().join("presets").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("base/preset.toml", "name = \"base\"\nversion = \"1.0.0\"\n");
    write("web/preset.toml", "name = \"web\"\nversion = \"1.0.0\"\nextends = [\"../base\"]\n");
    let presets = top.path().join("presets");
    git(&presets, &["init", "--quiet"]);
    git(&presets, &["add", "."]);
    git(&presets, &["commit", "--quiet", "-m", "one"]);
    git(&presets, &["tag", "-a", "-m", "first", "v1"]);
    top
}

fn show(top: &TempDir, reference: &str, ssh: &str) -> Output {
    dockwright()
        .current_dir(top)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("DOCKWRIGHT_CACHE", top.path().join("cache"))
        .env("GIT_SSH_COMMAND", ssh)
        .args(["preset", "show", reference, "--format", "json"])
        .output()
        .unwrap()
}

#[test]
fn over_ssh_the_users_own_command_is_run_with_host_and_path() {
    let top = hub();
    let script: PathBuf = top.path().join("ssh.sh");
    let log = top.path().join("log");
    let text = format!(
        "#!/bin/sh\necho \"$@\" >> '{}'\nfor last; do :; done\neval \"exec $last\"\n",
        log.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let path = top.path().join("presets");
    let reference = format!("git+ssh://git@git.example.com{}#v1:web", path.display());
    let output = show(&top, &reference, &script.display().to_string());
    assert!(output.status.success(), "{}", said(&output));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let layers = shown["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 2, "{shown:#}");
    // What is extended by a relative path comes from the same commit.
    assert_eq!(layers[0]["commit"], layers[1]["commit"]);
    assert_eq!(layers[0]["commit"].as_str().unwrap().len(), 40);
    let asked = fs::read_to_string(log).unwrap();
    assert!(asked.contains("git@git.example.com"), "{asked}");
    assert!(asked.contains("git-upload-pack"), "{asked}");
}

#[test]
fn credentials_in_an_address_are_refused_everywhere_and_repeated_nowhere() {
    let top = hub();
    let secret = "git+https://user:s3cret@git.example.com/x.git#v1";
    let output = show(&top, secret, "false");
    assert_eq!(output.status.code(), Some(2));
    let text = said(&output);
    assert!(!text.contains("s3cret") && text.contains("credential"), "{text}");
    fs::create_dir(top.path().join("shop")).unwrap();
    let table = "preset = { git = \"https://user:s3cret@git.example.com/x.git\", rev = \"v1\" }\n";
    fs::write(top.path().join("shop/dockwright.toml"), table).unwrap();
    let output = dockwright().current_dir(&top).args(["plan", "shop"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = said(&output);
    assert!(!text.contains("s3cret") && text.contains("dockwright.toml:1:"), "{text}");
}

#[test]
fn a_reference_that_leads_out_of_the_repository_is_refused() {
    let top = hub();
    let presets = top.path().join("presets");
    for out in ["../..", "/etc", "~/x", "..\\\\..\\\\x", "C:/x"] {
        let text = format!("name = \"web\"\nversion = \"1.0.0\"\nextends = [\"{out}/y\"]\n");
        fs::write(presets.join("web/preset.toml"), text).unwrap();
        git(&presets, &["commit", "--quiet", "-a", "-m", "out"]);
        git(&presets, &["branch", "--force", "out"]);
        let reference = format!("git+file://{}#out:web", presets.display());
        let output = show(&top, &reference, "false");
        assert_eq!(output.status.code(), Some(2), "{out}: {}", said(&output));
    }
}

#[test]
fn processes_that_fetch_from_one_address_at_once_all_get_it() {
    let top = hub();
    let reference = format!("git+file://{}#v1:web", top.path().join("presets").display());
    let children: Vec<_> = (0..6)
        .map(|_| {
            Command::new(env!("CARGO_BIN_EXE_dockwright"))
                .current_dir(&top)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("DOCKWRIGHT_CACHE", top.path().join("cache"))
                .args(["preset", "show", &reference])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
}

#[test]
fn a_preset_that_extends_one_in_git_is_tested() {
    let top = hub();
    let presets = top.path().join("presets");
    let text = format!(
        "name = \"own\"\nversion = \"1.0.0\"\n\
         extends = [{{ git = \"file://{}\", rev = \"v1\", path = \"web\" }}]\n",
        presets.display()
    );
    fs::create_dir(top.path().join("own")).unwrap();
    fs::write(top.path().join("own/preset.toml"), text).unwrap();
    let output = dockwright()
        .current_dir(&top)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("DOCKWRIGHT_CACHE", top.path().join("cache"))
        .args(["preset", "test", "own"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
}
