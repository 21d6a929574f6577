//! What `init` refuses is said once, with the file's name and the right exit
//! code, and nothing is written.

use std::fs;

use assert_fs::TempDir;
use predicates::prelude::*;

use crate::init::{init, read, repository, tree, write};
use crate::support::{directory, dockwright};

/// Expects exit 2, nothing written, and every text on standard error.
fn refused(directory: &TempDir, flags: &[&str], texts: &[&str]) {
    let before = tree(directory.path());
    let mut assert = init(directory, flags).code(2);
    for text in texts {
        assert = assert.stderr(predicate::str::contains(*text));
    }
    assert!(tree(directory.path()) == before, "something was written");
}

#[test]
fn a_directory_that_is_missing_or_is_a_file() {
    let directory = repository();
    refused(&directory, &["elsewhere"], &["no directory elsewhere", "dockwright new elsewhere"]);
    refused(&directory, &["main.py"], &["main.py is no directory"]);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_done() {
    let directory = repository();
    let before = tree(directory.path());
    dockwright()
        .current_dir(&directory)
        .args(["init", "--set", "project.name=shop"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("--yes"));
    assert!(tree(directory.path()) == before);
}

#[test]
fn a_directory_named_env_is_worked_around() {
    let directory = repository();
    fs::create_dir(directory.path().join(".env")).unwrap();
    // Compose cannot read it: the values get another file, whose name is said.
    init(&directory, &[]).success().stdout(
        predicate::str::contains(".env is a directory").and(predicate::str::contains("--env-file")),
    );
    assert!(directory.path().join(".env").is_dir());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_symlink() {
    let directory = repository();
    let outside = self::directory();
    write(&outside, "Dockerfile", "FROM theirs\n");
    let link = directory.path().join("Dockerfile");
    std::os::unix::fs::symlink(outside.path().join("Dockerfile"), link).unwrap();
    refused(&directory, &["--rewrite"], &["`Dockerfile` is a symlink"]);
    init(&directory, &[]).success();
    assert_eq!(read(&outside, "Dockerfile"), "FROM theirs\n");
}

#[cfg(unix)]
#[test]
fn the_bookkeeping_is_not_written_through_a_symlink() {
    let directory = repository();
    let outside = self::directory();
    std::os::unix::fs::symlink(outside.path(), directory.path().join(".dockwright")).unwrap();
    refused(&directory, &[], &[".dockwright`, a symlink"]);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn a_broken_dockwright_toml_has_its_place() {
    let directory = repository();
    write(&directory, "dockwright.toml", "[deploy]\nmemory = \n");
    refused(&directory, &[], &["dockwright.toml:2:"]);
    write(&directory, "dockwright.toml", "[deploy]\nmemroy = \"1GiB\"\n");
    refused(&directory, &[], &["dockwright.toml:2:10", "deploy.memory"]);
}

#[test]
fn a_broken_lock_says_how_to_get_on() {
    let directory = repository();
    write(&directory, ".dockwright/lock.toml", "version = \n");
    refused(&directory, &[], &[".dockwright/lock.toml", "remove .dockwright"]);
    write(
        &directory,
        ".dockwright/lock.toml",
        "version = 9\ndockwright = \"9\"\npreset = []\n[sticky]\n",
    );
    refused(&directory, &[], &["version 9"]);
}

#[test]
fn lines_are_not_added_to_utf_16() {
    let directory = repository();
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain("A=1\r\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    fs::write(directory.path().join(".env"), utf16).unwrap();
    refused(&directory, &[], &["`.env` is UTF-16"]);
}

#[test]
fn bytes_that_are_no_utf_8_stay_what_they_are() {
    let directory = repository();
    fs::write(directory.path().join(".env"), b"NAME=caf\xE9\n").unwrap();
    init(&directory, &[]).success();
    let env = fs::read(directory.path().join(".env")).unwrap();
    assert!(env.starts_with(b"NAME=caf\xE9\n") && env.len() > 20);
}

#[test]
fn wrong_flags_come_together() {
    let directory = repository();
    refused(
        &directory,
        &["--set", "stack.databse=x", "--set", "deploy.cpus=many"],
        &["stack.database", "`many` is no number of CPUs"],
    );
}

#[test]
fn a_budget_that_is_too_small_is_refused() {
    let directory = repository();
    refused(&directory, &["--set", "deploy.memory=64MiB"], &["deploy.memory"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = repository();
    write(&directory, "Dockerfile", "FROM x\n");
    let path = directory.path().join("Dockerfile");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // the system's administrator can read everything
    }
    init(&directory, &[]).code(3).stderr(predicate::str::contains("Dockerfile"));
    assert!(!directory.path().join("dockwright.toml").exists());
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = repository();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(directory.path().join("probe"), "").is_ok() {
        return; // the system's administrator can write everywhere
    }
    init(&directory, &[]).code(3).stderr(predicate::str::contains("cannot write"));
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn an_empty_directory_is_for_new() {
    refused(&directory(), &[], &["no web application", "empty directory", "dockwright new"]);
}

#[test]
fn another_language_is_named() {
    let directory = directory();
    write(&directory, "go.mod", "module example.com/shop\n");
    write(&directory, "main.go", "package main\n\nfunc main() {}\n");
    refused(&directory, &[], &["no web application", "Go"]);
}

#[test]
fn a_command_line_tool_and_a_library_are_refused_politely() {
    let tool = directory();
    write(
        &tool,
        "pyproject.toml",
        "[project]\nname = \"cut\"\nversion = \"1\"\n[project.scripts]\ncut = \"cut:main\"\n",
    );
    write(&tool, "cut/__init__.py", "def main():\n    print('x')\n");
    refused(&tool, &[], &["this is a command-line tool", "--set project.app=MODULE:OBJECT"]);
    let library = directory();
    write(
        &library,
        "pyproject.toml",
        "[project]\nname = \"cut\"\nversion = \"1\"\n[build-system]\nrequires = [\"hatchling\"]\n",
    );
    write(&library, "src/cut/__init__.py", "def cut(text):\n    return text\n");
    refused(&library, &[], &["this is a library"]);
}

#[test]
fn two_applications_of_equal_rank_are_named_with_the_flag_that_chooses() {
    let directory = directory();
    for service in ["orders", "billing"] {
        write(
            &directory,
            &format!("{service}/main.py"),
            "from fastapi import FastAPI\n\napp = FastAPI()\n",
        );
        write(&directory, &format!("{service}/requirements.txt"), "fastapi\nuvicorn\n");
    }
    refused(
        &directory,
        &[],
        &[
            "several applications",
            "orders/main.py:3: app = FastAPI()",
            "billing/main.py:3",
            "--set project.root=orders",
            "--set project.root=billing",
        ],
    );
    init(&directory, &["--set", "project.root=billing"]).success();
    assert!(read(&directory, "dockwright.toml").contains("root = \"billing\""));
    // What was chosen is stored: nothing is ambiguous any more.
    init(&directory, &[]).success();
}

#[test]
fn a_python_that_no_image_is_published_for_is_not_replaced_unasked() {
    let directory = repository();
    write(&directory, "runtime.txt", "python-3.5.10\n");
    write(&directory, "requirements.txt", "bottle\n");
    let said = ["wants Python 3.5", "runtime.txt:1", "--set project.python=3.8"];
    refused(&directory, &[], &said);
    refused(&directory, &["--set", "project.python=3.5"], &["3.5"]);
    init(&directory, &["--set", "project.python=3.8"]).success();
    let dockerfile = read(&directory, "Dockerfile");
    assert!(dockerfile.contains("FROM python:3.8-slim-bookworm AS runtime"), "{dockerfile}");
    assert!(!dockerfile.contains("trixie"), "{dockerfile}");
    // What was chosen is stored.
    init(&directory, &[]).success();
}

#[test]
fn a_python_that_only_a_text_for_people_names_is_the_nearest_there_is() {
    let directory = repository();
    write(&directory, "README.md", "Written for Python 3.5.\n");
    write(&directory, "requirements.txt", "Django==1.10.8\n");
    init(&directory, &[]).success().stdout(predicate::str::contains("speaks of Python 3.5"));
    let dockerfile = read(&directory, "Dockerfile");
    assert!(dockerfile.contains("FROM python:3.6-"), "{dockerfile}");
}

#[test]
fn system_packages_have_the_names_of_the_images_release() {
    for (python, there, not) in
        [("3.8", "libmagic1 ", "t64"), ("3.12", "libmagic1t64 ", "libmagic1 ")]
    {
        let directory = repository();
        write(&directory, "requirements.txt", "fastapi==0.110.0\nuvicorn==0.30.0\npython-magic\n");
        init(&directory, &["--set", &format!("project.python={python}")]).success();
        let dockerfile = read(&directory, "Dockerfile");
        assert!(dockerfile.contains(there) && !dockerfile.contains(not), "{dockerfile}");
    }
}

#[test]
fn what_has_to_be_built_follows_from_the_python_that_was_chosen() {
    let directory = repository();
    write(&directory, "requirements.txt", "fastapi==0.110.0\nuvicorn==0.30.0\nlxml==4.9.1\n");
    init(&directory, &["--set", "project.python=3.10"]).success();
    assert!(!read(&directory, "Dockerfile").contains("libxml2-dev"));
    init(&directory, &["--set", "project.python=3.13"]).success();
    assert!(read(&directory, "Dockerfile").contains("libxml2-dev"));
}

#[test]
fn broken_files_that_are_not_needed_stop_nothing() {
    let directory = repository();
    write(&directory, "broken.py", "def x(:\n");
    write(&directory, "config.toml", "[x\n");
    fs::write(directory.path().join("latin.py"), b"# caf\xE9\nx = 1\n").unwrap();
    init(&directory, &[]).success();
}

#[test]
fn a_broken_compose_file_is_kept_and_named() {
    let directory = repository();
    write(&directory, "compose.yaml", "services: [\n");
    init(&directory, &[]).success();
    assert_eq!(read(&directory, "compose.yaml"), "services: [\n");
}

#[cfg(unix)]
#[test]
fn a_symlink_loop_stops_nothing() {
    let directory = repository();
    std::os::unix::fs::symlink(directory.path(), directory.path().join("loop")).unwrap();
    std::os::unix::fs::symlink("self", directory.path().join("self")).unwrap();
    init(&directory, &[]).success();
}
