//! Two runs in one repository: the second waits and says so.

#![cfg(unix)]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::init::{read, repository};

/// A run that waits, as its first line on standard error says.
fn waiting(directory: &Path, arguments: &[&str]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dockwright"))
        .args(arguments)
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary is there");
    let mut line = String::new();
    let errors = child.stderr.as_mut().expect("a pipe");
    BufReader::new(errors).read_line(&mut line).expect("a line");
    assert_eq!(line, format!("waiting for another dockwright in {}\n", directory.display()));
    child
}

#[test]
fn the_second_run_waits_and_then_does_its_work() {
    let directory = repository();
    let first = File::open(directory.path()).unwrap();
    first.lock().unwrap();
    let mut second = waiting(directory.path(), &["init", "--yes"]);
    assert!(second.try_wait().unwrap().is_none());
    assert!(!directory.path().join("Dockerfile").exists());
    drop(first);
    assert!(second.wait().unwrap().success());
    assert!(read(&directory, "Dockerfile").contains("FROM"));
}

#[test]
fn an_interrupt_ends_the_wait() {
    let directory = repository();
    let first = File::open(directory.path()).unwrap();
    first.lock().unwrap();
    let mut second = waiting(directory.path(), &["init", "--yes"]);
    let id = second.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(second.wait().unwrap().code(), Some(130));
    assert!(!directory.path().join("Dockerfile").exists());
}

#[test]
fn of_two_that_make_a_service_in_the_same_directory_one_is_refused() {
    let directory = crate::support::directory();
    std::fs::create_dir(directory.path().join(".git")).unwrap();
    let first = File::open(directory.path()).unwrap();
    first.lock().unwrap();
    let mut second = waiting(directory.path(), &["new", "--yes"]);
    std::fs::write(directory.path().join("main.py"), "").unwrap();
    drop(first);
    assert_eq!(second.wait().unwrap().code(), Some(2));
    assert!(!directory.path().join("Dockerfile").exists());
}

#[test]
fn runs_at_once_end_with_one_whole_result() {
    let directory = repository();
    let children: Vec<Child> = (0..4)
        .map(|_| {
            Command::new(env!("CARGO_BIN_EXE_dockwright"))
                .args(["init", "--yes"])
                .arg(directory.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the binary is there")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let left = std::fs::read_dir(directory.path()).unwrap();
    let left = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(".dockwright-")
    });
    assert_eq!(left.count(), 0);
}
