//! Presets and answers that would reach further than they look: chains without
//! an end, logins, pipes, characters that nobody sees.

use std::fs;

use crate::support::{directory, dockwright};
use crate::team::{Team, said};

fn refused(arguments: &[&str], dir: &std::path::Path) -> String {
    let output = dockwright().current_dir(dir).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}\n{}", said(&output));
    said(&output)
}

#[test]
fn a_chain_of_extends_has_an_end() {
    let dir = directory();
    for number in 0..2001 {
        let base = match number {
            2000 => "fastapi-uvicorn".to_owned(),
            _ => format!("../p{}", number + 1),
        };
        let text = format!("name = \"p{number}\"\nversion = \"1.0.0\"\nextends = [\"{base}\"]\n");
        let path = dir.path().join(format!("p{number}"));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("preset.toml"), text).unwrap();
    }
    let text = refused(&["plan", "--preset", "./p0"], dir.path());
    assert!(text.contains("more than 32 deep"), "{text}");
    dockwright().current_dir(&dir).args(["plan", "--preset", "./p1990"]).assert().success();
}

#[test]
fn a_registry_or_an_image_with_a_login_is_refused_without_showing_it() {
    let dir = directory();
    for value in [
        "images.registry=https://me:secret@reg.test/x",
        "images.registry=me:secret@reg.test/x",
        "images.postgres=me:secret@reg.test/postgres:18",
    ] {
        let text =
            refused(&["new", "x", "--preset", "django-nginx", "--set", value, "--yes"], dir.path());
        assert!(text.contains("login"), "{text}");
        assert!(!dir.path().join("x").exists());
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_preset_is_refused_and_not_waited_for() {
    for path in ["team/templates/x.tera", "team/preset.toml"] {
        let team = Team::new("extends = [\"fastapi-uvicorn\"]\n");
        let target = team.top.path().join(path);
        let _ = fs::remove_file(&target);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&target).status().unwrap();
        assert!(made.success());
        refused(&["plan", "--preset", "./team"], team.top.path());
    }
}

#[test]
fn control_characters_of_a_preset_never_reach_the_terminal() {
    for body in [
        "description = \"a\\u001b[31mred\"\nextends = [\"fastapi-uvicorn\"]\n",
        "extends = [\"fastapi-uvicorn\"]\n[[rule]]\nkey = \"web.workers\"\nmax = 1\nid = \"x\"\nmessage = \"\\u0007\"\n",
        "extends = [\"fastapi-uvicorn\"]\n[files.\"a\\u009bb\"]\noff = true\n",
    ] {
        let team = Team::new(body);
        let text = refused(&["plan", "--preset", "./team"], team.top.path());
        assert!(text.contains("control characters"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{text:?}");
    }
}

#[test]
fn names_that_look_the_same_are_refused() {
    for name in [
        "Dockerfile\\u200b",
        "e\\u0301.md",
        "dockerfile",
        "compo\\u017fe.yaml",
        "\\uff23ompose.yaml",
        "\\u0441ompose.yaml",
        "requ\\u0130rements-dev.in",
    ] {
        let team = Team::new(&format!(
            "extends = [\"fastapi-uvicorn\"]\n[files.\"{name}\"]\ntemplate = \"a.tera\"\n"
        ));
        fs::create_dir_all(team.top.path().join("team/templates")).unwrap();
        fs::write(team.top.path().join("team/templates/a.tera"), "x\n").unwrap();
        refused(&["new", "x", "--preset", "./team", "--yes"], team.top.path());
    }
}

/// A pipe that nobody writes to would be waited for without end.
#[cfg(unix)]
#[test]
fn nothing_waits_for_a_pipe_and_each_is_named() {
    let team = Team::with_shop("extends = [\"django-nginx\"]\n");
    for name in [
        "Dockerfile",
        "compose.yaml",
        ".env",
        ".dockerignore",
        ".gitignore",
        "core/.gitignore",
        "gunicorn.conf.py",
        "dockwright.toml",
        ".dockwright/lock.toml",
    ] {
        let path = team.shop().join(name);
        let before = fs::read(&path).ok();
        let _ = fs::remove_file(&path);
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        for command in ["check", "check --policy ./team", "update", "init", "audit", "detect"] {
            let (command, more) = command.split_once(' ').unwrap_or((command, ""));
            let mut arguments = vec![command, "shop"];
            arguments.extend(more.split_whitespace());
            arguments.extend((command == "init").then_some("--yes"));
            let output = dockwright()
                .current_dir(&team.top)
                .args(arguments)
                .timeout(std::time::Duration::from_secs(60))
                .output()
                .unwrap();
            assert!(output.status.code().is_some(), "{command} waits for {name}");
            let text = said(&output);
            let is_written = matches!(command, "check" | "update") && before.is_some();
            let is_said = text.contains("ordinary file") || text.contains("plain file");
            assert!(!is_written || is_said, "{command}, {name}: {text}");
        }
        fs::remove_file(&path).unwrap();
        if let Some(bytes) = before {
            fs::write(&path, bytes).unwrap();
        }
    }
}

#[test]
fn gitignore_cannot_be_left_out_while_secrets_are_written() {
    let dir = directory();
    let arguments =
        ["new", "x", "--preset", "django-nginx", "--set", "files..gitignore=off", "--yes"];
    let text = refused(&arguments, dir.path());
    assert!(text.contains(".env"), "{text}");
    let both = [&arguments[..], &["--set", "files..env=off"]].concat();
    dockwright().current_dir(&dir).args(both).assert().success();
}
