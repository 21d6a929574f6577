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

/// Each file but the smallest is larger than a block.
#[test]
fn a_file_that_cannot_be_written_leaves_the_tree_as_it_was() {
    let directory = repository();
    crate::init::write(&directory, "Dockerfile", "FROM python:3.9\n");
    let before = crate::init::tree(directory.path());
    let run = "trap '' XFSZ; ulimit -f 1; exec \"$0\" init --yes --rewrite \"$1\"";
    let output = Command::new("sh")
        .args(["-c", run, env!("CARGO_BIN_EXE_dockwright")])
        .arg(directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot write"), "{said}");
    assert!(crate::init::tree(directory.path()) == before);
}

#[test]
fn a_service_in_a_directory_that_is_there_is_whole_or_not_there_after_a_kill() {
    use std::time::{Duration, Instant};
    let service = || {
        let directory = crate::support::directory();
        std::fs::create_dir(directory.path().join(".git")).unwrap();
        directory
    };
    let run = |directory: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dockwright"));
        command.args(["new", "--yes", "--set", "project.name=shop"]).arg(directory);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let done = service();
    let started = Instant::now();
    assert!(run(done.path()).wait().unwrap().success());
    let whole = started.elapsed();
    let paths = |root: &Path| -> Vec<String> {
        crate::init::tree(root).into_iter().map(|(path, _)| path).collect()
    };
    let new = paths(done.path());
    for part in 0..12_u32 {
        let directory = service();
        let mut child = run(directory.path());
        std::thread::sleep(whole * part / 10 + Duration::from_micros(1));
        let _ = child.kill();
        child.wait().unwrap();
        let again = run(directory.path()).wait().unwrap();
        // The next run finds the directory empty, or with the whole service.
        assert!(again.success() || again.code() == Some(2));
        assert!(paths(directory.path()) == new, "part {part}");
    }
}

/// Stopped nearer and nearer to the moment at which the files appear.
#[test]
fn an_update_that_is_stopped_leaves_the_tree_wholly_old_or_wholly_new() {
    let run = |directory: &Path, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dockwright"));
        command.args(arguments).arg(directory).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let fresh = || {
        let directory = repository();
        let arguments = ["init", "--yes", "--set", "project.name=shop"];
        assert!(run(directory.path(), &arguments).wait().unwrap().success());
        // No two have the same secrets.
        std::fs::write(directory.path().join(".env"), "").unwrap();
        directory
    };
    let update = ["update", "--yes", "--set", "deploy.memory=8GiB", "--set", "deploy.cpus=4"];
    let (old, done) = (crate::init::tree(fresh().path()), fresh());
    let started = std::time::Instant::now();
    assert!(run(done.path(), &update).wait().unwrap().success());
    let (whole, new) = (started.elapsed(), crate::init::tree(done.path()));
    assert!(new != old);
    for signal in ["-INT", "-KILL"] {
        let (mut outcomes, mut delay, mut step) = ([0, 0], whole * 8, whole * 4);
        for _ in 0..12 {
            let directory = fresh();
            let mut child = run(directory.path(), &update);
            std::thread::sleep(delay);
            let id = child.id().to_string();
            // It may be over already.
            let _ = Command::new("kill").args([signal, &id]).stderr(Stdio::null()).status();
            child.wait().unwrap();
            if signal == "-KILL" {
                assert!(run(directory.path(), &["update", "--dry-run"]).wait().unwrap().success());
            }
            let left = crate::init::tree(directory.path());
            assert!(left == old || left == new, "{signal} after {delay:?}");
            outcomes[usize::from(left == new)] += 1;
            delay = if left == new { delay.saturating_sub(step) } else { delay + step };
            step = (step / 2).max(whole / 50);
        }
        assert!(outcomes.iter().all(|count| *count > 0), "{signal}: {outcomes:?}");
    }
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
