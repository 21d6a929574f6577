//! What a preset's layers say of files: blocks that override those of the
//! built-in templates, templates of their own, and outputs.

use std::fs;

use assert_fs::TempDir;
use assert_fs::prelude::*;

use crate::support::{directory, dockwright};
use crate::team::Team;

/// A preset over `fastapi-uvicorn` with these files beside its manifest.
fn preset(directory: &TempDir, name: &str, extends: &str, manifest: &str, files: &[(&str, &str)]) {
    let text =
        format!("name = \"{name}\"\nversion = \"1.0.0\"\nextends = [\"{extends}\"]\n{manifest}");
    directory.child(format!("{name}/preset.toml")).write_str(&text).unwrap();
    for (path, text) in files {
        directory.child(format!("{name}/templates/{path}")).write_str(text).unwrap();
    }
}

fn team(manifest: &str, files: &[(&str, &str)]) -> TempDir {
    let directory = directory();
    preset(&directory, "team", "fastapi-uvicorn", manifest, files);
    directory
}

fn new(directory: &TempDir, flags: &[&str]) -> assert_cmd::assert::Assert {
    dockwright()
        .current_dir(directory)
        .args(["new", "shop", "--preset", "./team", "--yes"])
        .args(flags)
        .assert()
}

/// What `new` says when it refuses; nothing is written.
fn refused(directory: &TempDir) -> String {
    let output = new(directory, &[]).code(2).get_output().clone();
    assert!(!directory.child("shop").exists());
    String::from_utf8(output.stderr).unwrap()
}

fn read(directory: &TempDir, path: &str) -> String {
    fs::read_to_string(directory.child("shop").child(path))
        .unwrap_or_else(|e| panic!("{path}: {e}"))
}

const LABELS: &str =
    "{% block labels %}{{ super() }}\nLABEL com.example.team=\"shops\"{% endblock labels %}\n";

#[test]
fn an_overlay_adds_to_a_block_and_the_rest_of_the_file_stays() {
    let directory = team("", &[("Dockerfile.tera", LABELS)]);
    new(&directory, &[]).success();
    let with = read(&directory, "Dockerfile");
    dockwright()
        .current_dir(&directory)
        .args(["new", "plain/shop", "--preset", "fastapi-uvicorn", "--yes"])
        .assert()
        .success();
    let without = fs::read_to_string(directory.child("plain/shop/Dockerfile")).unwrap();
    assert!(with.contains("\nLABEL com.example.team=\"shops\"\n"), "{with}");
    assert_eq!(
        with.replacen("LABEL com.example.team=\"shops\"\n", "", 1).lines().count(),
        without.lines().count()
    );
    assert!(without.lines().all(|line| with.contains(line)));
}

#[test]
fn a_later_layer_overrides_an_earlier_one_and_reaches_it_by_super() {
    let directory = directory();
    let block = |text: &str| format!("{{% block labels %}}\n{text}{{% endblock %}}\n");
    preset(
        &directory,
        "base",
        "fastapi-uvicorn",
        "",
        &[("Dockerfile.tera", &block("LABEL one=\"1\"\n{{ super() }}"))],
    );
    preset(
        &directory,
        "team",
        "../base",
        "",
        &[("Dockerfile.tera", &block("LABEL two=\"2\"{{ super() }}"))],
    );
    new(&directory, &[]).success();
    let text = read(&directory, "Dockerfile");
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
    assert!(at("LABEL two") < at("LABEL one"));
    assert!(at("LABEL one") < at("org.opencontainers.image"));
}

#[test]
fn line_ends_of_windows_in_an_overlay_reach_no_file() {
    let directory = team("", &[("Dockerfile.tera", &LABELS.replace('\n', "\r\n"))]);
    new(&directory, &[]).success();
    assert!(!read(&directory, "Dockerfile").contains('\r'));
}

#[test]
fn an_output_of_a_preset_is_rendered_with_mode_and_by_all_the_ways_templates_meet() {
    let manifest = r#"
[files."deploy/probe.sh"]
template = "probe.sh.tera"
mode = "0755"
ownership = "managed"
[files."deploy/logo.bin"]
template = "logo.bin"
[files."docs/worker.Dockerfile"]
template = "worker.tera"
"#;
    let directory = team(
        manifest,
        &[
            (
                "probe.sh.tera",
                "#!/bin/sh\n{% include \"head.tera\" %}\n{{ <shout word={project.name} /> }}\n",
            ),
            ("head.tera", "# {{ project.name }}"),
            (
                "words.tera",
                "{% component shout(word) %}echo {{ word | upper }}{% endcomponent shout %}",
            ),
            (
                "worker.tera",
                "{% extends \"Dockerfile.tera\" %}{% block labels %}\nLABEL worker=\"yes\"{% endblock %}",
            ),
        ],
    );
    directory.child("team/templates/logo.bin").write_binary(b"\x00\xff\r\n{{ x }}").unwrap();
    new(&directory, &[]).success();
    assert_eq!(read(&directory, "deploy/probe.sh"), "#!/bin/sh\n# shop\necho SHOP\n");
    assert!(read(&directory, "docs/worker.Dockerfile").contains("LABEL worker"));
    assert!(!read(&directory, "Dockerfile").contains("LABEL worker"));
    let logo = fs::read(directory.child("shop/deploy/logo.bin")).unwrap();
    assert_eq!(logo, b"\x00\xff\r\n{{ x }}");
    let lock = read(&directory, ".dockwright/lock.toml");
    assert!(
        lock.contains("path = \"deploy/probe.sh\"\nownership = \"managed\"\nmode = \"0755\""),
        "{lock}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode =
            |path| fs::metadata(directory.child("shop").child(path)).unwrap().permissions().mode();
        assert_eq!(mode("deploy/probe.sh") & 0o777, 0o755);
        assert_eq!(mode("deploy/logo.bin") & 0o111, 0);
    }
}

#[test]
fn a_template_of_a_lower_layer_is_overridden_by_its_blocks() {
    let directory = directory();
    let files = "[files.\"a.txt\"]\ntemplate = \"a.tera\"\n";
    preset(
        &directory,
        "base",
        "fastapi-uvicorn",
        files,
        &[("a.tera", "one\n{% block middle %}two{% endblock %}\nthree\n")],
    );
    preset(
        &directory,
        "team",
        "../base",
        "",
        &[("a.tera", "{% block middle %}{{ super() }} and more{% endblock %}")],
    );
    new(&directory, &[]).success();
    assert_eq!(read(&directory, "a.txt"), "one\ntwo and more\nthree\n");
}

#[test]
fn a_preset_leaves_out_replaces_and_rewrites_built_in_files_and_the_repository_has_the_last_word() {
    let manifest = r#"
[files."DEPLOY.md"]
off = true
[files."compose.dev.yaml"]
template = "dev.tera"
[files."nginx/nginx.conf"]
ownership = "managed"
[files."deploy/a.txt"]
template = "dev.tera"
"#;
    let directory = team(manifest, &[("dev.tera", "services: {}\n")]);
    new(&directory, &[]).success();
    assert!(!directory.child("shop/DEPLOY.md").exists());
    assert!(!directory.child("shop/nginx").exists());
    assert_eq!(read(&directory, "compose.dev.yaml"), "services: {}\n");
    fs::remove_dir_all(directory.child("shop")).unwrap();
    new(&directory, &["--set", "files.deploy/a.txt=off"]).success();
    assert!(!directory.child("shop/deploy").exists());
    fs::remove_dir_all(directory.child("shop")).unwrap();
    new(&directory, &["--only", "preset"]).success();
    assert!(directory.child("shop/deploy/a.txt").exists());
    assert!(!directory.child("shop/Dockerfile").exists());
}

#[test]
fn mistakes_in_an_overlay_are_named_with_layer_file_and_line() {
    for (text, wanted) in [
        (
            "{# #}\n\nLABEL a=b\n{% block labels %}{% endblock %}",
            &["templates/Dockerfile.tera:3:", "block"][..],
        ),
        ("\n{% extends \"Dockerfile.tera\" %}", &["templates/Dockerfile.tera:2:", "extends"]),
        (
            "{% block labels %}{% endblock %}\n{% block lables %}{% endblock %}",
            &["Dockerfile.tera:2:", "no block `lables`", "did you mean `labels`?"],
        ),
        (
            "{% block labels %}\n{{ nothing.here }}{% endblock %}",
            &["Dockerfile.tera:2:", "nothing"],
        ),
        ("{% block labels %}{% if %}{% endblock %}", &["Dockerfile.tera:1:25"]),
        (
            "{% block labels %}{% include \"/etc/passwd\" %}{% endblock %}",
            &["Dockerfile.tera:1:", "/etc/passwd"],
        ),
        (
            "{% block labels %}{{ get_env(name=\"HOME\") }}{% endblock %}",
            &["Dockerfile.tera:1:", "get_env"],
        ),
    ] {
        let error = refused(&team("", &[("Dockerfile.tera", text)]));
        for part in wanted.iter().chain(&["team 1.0.0, "]) {
            assert!(error.contains(part), "{text}: no {part:?} in {error}");
        }
    }
}

#[test]
fn a_name_that_nobody_gives_is_refused_inside_a_condition_too() {
    let text = "{% block labels %}\n{% if has.ngnix %}x{% endif %}{% endblock %}";
    let error = refused(&team("", &[("Dockerfile.tera", text)]));
    let wanted = "team 1.0.0, templates/Dockerfile.tera:2:7: `has.ngnix` is not defined\n  help: did you mean `has.nginx`?";
    assert!(error.contains(wanted), "{error}");
}

#[test]
fn templates_that_are_missing_or_almost_called_like_one_are_named() {
    let files = "[files.\"a.txt\"]\ntemplate = \"prob.sh.tera\"\n";
    let error = refused(&team(files, &[("probe.sh.tera", "x")]));
    assert!(
        error.contains("team 1.0.0, [files.\"a.txt\"]") && error.contains("`probe.sh.tera`?"),
        "{error}"
    );
    let error = refused(&team("", &[("dockerfile.tera", LABELS)]));
    assert!(
        error.contains("templates/dockerfile.tera") && error.contains("`Dockerfile.tera`"),
        "{error}"
    );
    let directory = team("", &[]);
    directory.child("team/templates/a.tera").write_binary(b"\xff").unwrap();
    assert!(refused(&directory).contains("not UTF-8"));
    let error = refused(&team("", &[("a.tera", &"x".repeat(300 << 10))]));
    assert!(error.contains("templates/a.tera") && error.contains("256 KiB"), "{error}");
}

#[test]
fn outputs_that_leave_the_repository_or_are_not_a_presets_are_refused() {
    for path in [
        "../a",
        "/etc/a",
        "a/../../b",
        "aux.txt",
        "a\\\\b",
        ".git/hooks/pre-commit",
        ".env",
        "deploy/.env",
        ".dockwright/lock.toml",
        "dockwright.toml",
        "dockerfile",
        "Dockerfile/a",
        "app",
    ] {
        let files = format!("[files.\"{path}\"]\ntemplate = \"a.tera\"\n");
        let error = refused(&team(&files, &[("a.tera", "x")]));
        assert!(error.contains("team"), "{path}: {error}");
        assert!(error.contains(path.split("\\\\").next().unwrap()), "{path}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn an_output_below_a_symlink_is_never_written() {
    let files = "[files.\"deploy/a.txt\"]\ntemplate = \"a.tera\"\n";
    let directory = team(files, &[("a.tera", "x")]);
    directory.child("outside").create_dir_all().unwrap();
    directory
        .child("shop/app/main.py")
        .write_str("from fastapi import FastAPI\napp = FastAPI()\n")
        .unwrap();
    directory.child("shop/requirements.txt").write_str("fastapi\nuvicorn\n").unwrap();
    std::os::unix::fs::symlink("../outside", directory.child("shop/deploy")).unwrap();
    let output = dockwright()
        .current_dir(&directory)
        .args(["init", "shop", "--preset", "./team", "--yes"])
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("symlink"), "{said}");
    assert_eq!(fs::read_dir(directory.child("outside")).unwrap().count(), 0);
}

#[test]
fn added_outputs_join_a_repository_and_lines_are_only_added_to_what_is_there() {
    let files = r#"
[files."deploy/notes.txt"]
template = "notes.tera"
ownership = "append"
[files."deploy/seed.md"]
template = "notes.tera"
ownership = "seed"
[files."deploy/own.md"]
template = "notes.tera"
"#;
    let directory = team(files, &[("notes.tera", "first\nsecond\n")]);
    directory
        .child("shop/app/main.py")
        .write_str("from fastapi import FastAPI\napp = FastAPI()\n")
        .unwrap();
    directory.child("shop/requirements.txt").write_str("fastapi\nuvicorn\n").unwrap();
    directory.child("shop/deploy/notes.txt").write_str("mine\r\nsecond\r\n").unwrap();
    directory.child("shop/deploy/own.md").write_str("mine\n").unwrap();
    let init = || {
        dockwright()
            .current_dir(&directory)
            .args(["init", "shop", "--preset", "./team", "--yes"])
            .assert()
            .success();
    };
    init();
    assert_eq!(read(&directory, "deploy/notes.txt"), "mine\r\nsecond\r\nfirst\r\n");
    assert_eq!(read(&directory, "deploy/seed.md"), "first\nsecond\n");
    assert_eq!(read(&directory, "deploy/own.md"), "mine\n");
    init();
    assert_eq!(read(&directory, "deploy/notes.txt"), "mine\r\nsecond\r\nfirst\r\n");
}

#[test]
fn an_update_brings_changes_of_added_outputs_and_of_overlays_and_keeps_edits() {
    let files = |more: &str| {
        format!(
            "[files.\"deploy/a.txt\"]\ntemplate = \"a.tera\"\n\
             [files.\"deploy/lines.txt\"]\ntemplate = \"lines.tera\"\nownership = \"append\"\n\
             [files.\"deploy/seed.txt\"]\ntemplate = \"a.tera\"\nownership = \"seed\"\n{more}"
        )
    };
    let directory = team(&files(""), &[("a.tera", "1\n2\n3\n4\n5\n"), ("lines.tera", "one\n")]);
    new(&directory, &[]).success();
    let a = directory.child("shop/deploy/a.txt");
    a.write_str("1\n2\n3\n4\nfive\n").unwrap();
    directory.child("shop/deploy/lines.txt").write_str("mine\none\n").unwrap();
    preset(
        &directory,
        "team",
        "fastapi-uvicorn",
        &files("[files.\"deploy/b.txt\"]\ntemplate = \"lines.tera\"\nmode = \"0755\"\n"),
        &[
            ("a.tera", "one\n2\n3\n4\n5\n"),
            ("lines.tera", "one\ntwo\n"),
            ("Dockerfile.tera", LABELS),
        ],
    );
    dockwright().current_dir(&directory).args(["update", "shop"]).assert().success();
    assert_eq!(read(&directory, "deploy/a.txt"), "one\n2\n3\n4\nfive\n");
    assert_eq!(read(&directory, "deploy/lines.txt"), "mine\none\ntwo\n");
    assert_eq!(read(&directory, "deploy/seed.txt"), "1\n2\n3\n4\n5\n");
    assert_eq!(read(&directory, "deploy/b.txt"), "one\ntwo\n");
    assert!(read(&directory, "Dockerfile").contains("LABEL com.example.team"));
}

/// The file, the layer with its template, and the line are named by every command, and
/// nothing is written; a template of another engine is not dockwright's to judge.
#[test]
fn what_a_layer_adds_has_to_be_what_its_name_says() {
    let body = |path: &str, template: &str| {
        format!("extends = [\"fastapi-uvicorn\"]\n[files.\"{path}\"]\ntemplate = \"{template}\"\n")
    };
    let is_line = |line: usize| [format!("line {line}"), format!(":{line}:")];
    let team = Team::with_shop("extends = [\"fastapi-uvicorn\"]\n");
    fs::create_dir_all(team.top.path().join("team/templates")).unwrap();
    let before = team.tree();
    for (path, text, line) in [
        ("k.yaml", "a: 1\nb: [\n", 2),
        ("k.py", "a = 1\ndef b(:\n", 2),
        ("k.toml", "a = 1\nb = = 2\n", 2),
        ("k.sh", "a\necho 'b\n", 2),
        ("k.json", "{\"a\": 1,\n \"b\" 2}\n", 2),
        ("nginx/k.conf", "server {\n  listen 80;\n", 1),
        ("k.Dockerfile", "FROM a\nRUNS b\n", 2),
    ] {
        // Rendered, and copied as it is.
        for template in ["k.tera", "k.txt"] {
            fs::write(team.top.path().join("team/templates").join(template), text).unwrap();
            team.release("1.1.0", &body(path, template));
            for (arguments, code) in [
                (&["preset", "test", "team"][..], 1),
                (&["preset", "impact", "./team", "shop"], 2),
                (&["update", "shop"], 2),
                (&["check", "shop", "--policy", "./team"], 1),
                (&["new", "other", "--preset", "./team", "--yes"], 2),
            ] {
                let output = crate::support::dockwright()
                    .current_dir(&team.top)
                    .args(arguments)
                    .output()
                    .unwrap();
                let said = crate::team::said(&output);
                let place = format!("acme 1.1.0, templates/{template}");
                assert!(said.contains(&place) && said.contains(path), "{arguments:?}: {said}");
                assert!(
                    is_line(line).iter().any(|line| said.contains(line)),
                    "{arguments:?}: {said}"
                );
                assert_eq!(output.status.code(), Some(code), "{arguments:?}: {path}: {said}");
            }
            fs::remove_file(team.top.path().join("team/templates").join(template)).unwrap();
        }
        assert!(team.tree() == before && !team.top.path().join("other").exists());
    }
    for (path, text) in [
        ("chart/k.yaml", "{{- if .Values.a }}\na: 1\n{{- end }}\n"),
        (".vscode/settings.json", "{\n  // why\n  \"a\": 1\n}\n"),
        ("k.txt", "{\n"),
    ] {
        fs::write(team.top.path().join("team/templates/k.txt"), text).unwrap();
        team.release("1.2.0", &body(path, "k.txt"));
        team.run(&["preset", "test", "team"], 0);
    }
}
