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

/// A service that is not there yet is made beside its place.
#[test]
fn a_killed_run_leaves_no_secret_beside_its_target_and_the_next_removes_what_is_left() {
    use std::time::{Duration, Instant};
    let run = |directory: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dockwright"));
        command.args(["new", "shop", "--preset", "django-nginx", "--yes"]).current_dir(directory);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let beside = |directory: &Path| -> Vec<String> {
        let names = std::fs::read_dir(directory).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "shop").collect()
    };
    let started = Instant::now();
    assert!(run(crate::support::directory().path()).wait().unwrap().success());
    let whole = started.elapsed();
    let mut were_left = 0;
    for part in 0..40_u32 {
        let directory = crate::support::directory();
        let mut child = run(directory.path());
        // Nearly all of a run is before the files, which take a moment at its end.
        std::thread::sleep(whole * (20 + part) / 50 + Duration::from_micros(1));
        let _ = child.kill();
        child.wait().unwrap();
        let left = beside(directory.path());
        for (path, text) in crate::init::tree(directory.path()) {
            let is_kept = path == "shop/.env" || path.starts_with("shop/.dockwright-");
            let text = String::from_utf8_lossy(&text).into_owned();
            let holds =
                text.lines().any(|line| line.starts_with("POSTGRES_PASSWORD=") && line.len() > 30);
            assert!(is_kept || !holds, "part {part}: {path}");
        }
        let output = run(directory.path()).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(beside(directory.path()).is_empty(), "part {part}: {left:?}");
        assert_eq!(said.contains("was killed"), !left.is_empty(), "part {part}: {said}");
        were_left += left.len();
    }
    println!("{were_left} were left");
}

/// What only looks like it stays: it has another name, others may read it, or a run
/// is at work in it.
#[cfg(unix)]
#[test]
fn only_what_a_killed_run_left_is_removed() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = crate::support::directory();
    let make = |name: &str, mode: u32| {
        let path = directory.path().join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("compose.yaml"), "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let [left, open, busy, other] = [
        make(".dockwright-staged-aaaaaa", 0o700),
        make(".dockwright-staged-bbbbbb", 0o755),
        make(".dockwright-staged-cccccc", 0o700),
        make(".dockwright-backup", 0o700),
    ];
    let lock = std::fs::File::open(&busy).unwrap();
    lock.lock().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dockwright"));
    let output =
        command.args(["new", "shop", "--yes"]).current_dir(directory.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(".dockwright-staged-aaaaaa is removed"), "{said}");
    assert!(!left.exists() && open.exists() && busy.exists() && other.exists());
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
