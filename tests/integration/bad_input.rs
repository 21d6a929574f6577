//! What is wrong with an input is said once, clearly, with the right exit
//! code, and nothing is written.

use std::fs;

use assert_fs::TempDir;
use predicates::prelude::*;

use crate::support::{directory, dockwright};

/// Runs `new shop` with these flags; expects exit 2, nothing written, and
/// every text on standard error.
fn refused(flags: &[&str], texts: &[&str]) {
    let directory = directory();
    let mut assert = dockwright()
        .current_dir(&directory)
        .args(["new", "shop", "--yes"])
        .args(flags)
        .assert()
        .code(2);
    for text in texts {
        assert = assert.stderr(predicate::str::contains(*text));
    }
    assert_empty(&directory);
}

fn assert_empty(directory: &TempDir) {
    let left: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_unknown_preset_names_the_nearest() {
    refused(
        &["--preset", "djngo-nginx"],
        &["unknown preset `djngo-nginx`", "did you mean `django-nginx`?"],
    );
}

#[test]
fn an_unknown_key_names_the_nearest() {
    refused(
        &["--set", "stack.databse=postgres"],
        &["unknown key `stack.databse`", "`stack.database`"],
    );
}

#[test]
fn a_wrong_type_says_what_was_expected() {
    refused(&["--set", "deploy.memory=lots"], &["--set deploy.memory=lots", "512MiB"]);
    refused(&["--set", "project.python=3.9"], &["3.11", "3.14"]);
    refused(&["--set", "stack.beat=maybe"], &["neither true nor false"]);
    refused(&["--set", "project.port=70000"], &["from 1 to 65535"]);
}

#[test]
fn a_flag_without_a_value_is_refused() {
    refused(&["--set", "stack.cache"], &["--set stack.cache", "KEY=VALUE"]);
}

#[test]
fn all_problems_of_the_flags_come_together() {
    refused(
        &["--set", "stack.cache=memcached", "--set", "deploy.cpus=many", "--set", "nothing=1"],
        &["memcached", "`many` is no number of CPUs", "unknown key `nothing`"],
    );
}

#[test]
fn an_impossible_combination_says_what_mends_it() {
    refused(
        &["--set", "stack.server=gunicorn"],
        &["FastAPI is an ASGI framework", "stack.server=gunicorn-uvicorn"],
    );
    refused(
        &["--set", "stack.framework=flask"],
        &["Flask is a WSGI framework", "--set stack.server=gunicorn"],
    );
    refused(&["--set", "stack.beat=true"], &["there is no worker", "stack.worker=celery"]);
    refused(&["--set", "stack.broker=redis"], &["queues tasks that nobody runs"]);
    refused(
        &["--preset", "django-nginx", "--set", "stack.database=none"],
        &["Django's admin", "--set stack.database=postgres"],
    );
}

#[test]
fn torch_from_a_lock_that_cannot_name_the_cpu_build_is_refused() {
    refused(
        &[
            "--preset",
            "ml-server",
            "--set",
            "model.runtime=torch",
            "--set",
            "project.package-manager=uv",
        ],
        &["CUDA", "--set project.package-manager=pip"],
    );
}

#[test]
fn a_budget_that_is_too_small_says_what_is_missing() {
    refused(
        &["--preset", "celery-postgres-redis", "--set", "deploy.memory=1000MiB"],
        &[
            "deploy.memory",
            "missing",
            "web ",
            "db 192 MiB",
            "the smallest budget that fits",
            "leave out beat",
        ],
    );
    refused(
        &["--preset", "django-nginx", "--set", "deploy.budget=task", "--set", "deploy.cpus=0.1"],
        &["deploy.cpus", "the smallest budget that fits: --set deploy.cpus="],
    );
}

#[test]
fn a_pin_that_breaks_an_invariant_is_refused() {
    refused(&["--set", "tune.web.workers=90"], &["deploy.memory", "pin fewer workers"]);
    refused(
        &[
            "--preset",
            "django-nginx",
            "--set",
            "tune.web.request-timeout=90",
            "--set",
            "tune.web.gunicorn-timeout=60",
        ],
        &["web.request-timeout = 90 s is not below web.gunicorn-timeout = 60 s"],
    );
    refused(
        &["--preset", "django-nginx", "--set", "tune.db.max-connections=4"],
        &["db.max-connections"],
    );
    refused(
        &["--preset", "celery-postgres-redis", "--set", "tune.worker.visibility-timeout=3600"],
        &["worker.time-limit = 3600 s is not below worker.visibility-timeout = 3600 s"],
    );
}

#[test]
fn a_pin_of_a_number_the_stack_does_not_have_is_refused() {
    refused(
        &["--set", "tune.nginx.worker-processes=2"],
        &["tune.nginx.worker-processes", "no such number"],
    );
}

#[test]
fn a_name_that_is_no_service_name_is_refused_with_one_that_would_do() {
    let directory = directory();
    dockwright()
        .current_dir(&directory)
        .args(["new", "My Shop", "--yes"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("`my-shop` would do"))
        .stderr(predicate::str::contains("project.name"));
    assert_empty(&directory);
}

#[test]
fn a_domain_with_a_scheme_is_refused() {
    refused(
        &["--set", "deploy.domain=https://shop.example.com"],
        &["without scheme, port or path"],
    );
}

#[test]
fn a_policy_for_a_file_that_is_not_there_is_refused() {
    refused(&["--set", "files.Dockerfle=off"], &["no such file", "did you mean `Dockerfile`?"]);
    refused(&["--set", "files.../etc/passwd=off"], &["leaves the repository"]);
}

#[test]
fn two_services_of_one_name_are_refused() {
    refused(
        &["--preset", "django-nginx", "--set", "services.db=web"],
        &["services.web", "services.db", "both `web`"],
    );
}

#[test]
fn a_target_that_is_not_empty_is_refused_and_left_alone() {
    let directory = directory();
    fs::create_dir(directory.path().join("shop")).unwrap();
    fs::write(directory.path().join("shop/main.py"), "x = 1\n").unwrap();
    dockwright()
        .current_dir(&directory)
        .args(["new", "shop", "--yes"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("shop is not empty: it holds main.py"));
    assert_eq!(fs::read_dir(directory.path().join("shop")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}

#[test]
fn a_target_that_is_a_file_is_refused() {
    let directory = directory();
    fs::write(directory.path().join("shop"), "mine").unwrap();
    dockwright().current_dir(&directory).args(["new", "shop", "--yes"]).assert().code(2);
    assert_eq!(fs::read_to_string(directory.path().join("shop")).unwrap(), "mine");
}

#[test]
fn a_path_that_cannot_be_written_exits_3() {
    let directory = directory();
    fs::write(directory.path().join("file"), "").unwrap();
    dockwright()
        .current_dir(&directory)
        .args(["new", "file/shop", "--yes"])
        .assert()
        .code(3)
        .stderr(predicate::str::contains("cannot"));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let directory = directory();
    dockwright()
        .current_dir(&directory)
        .args(["new", "shop"])
        .write_stdin("")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("--yes").and(predicate::str::contains("--preset")));
    assert_empty(&directory);
}

#[test]
fn a_missing_package_manager_exits_3_with_the_command_to_run() {
    let directory = directory();
    dockwright()
        .current_dir(&directory)
        .env("PATH", "")
        .args(["new", "shop", "--yes", "--set", "project.package-manager=uv"])
        .assert()
        .code(3)
        .stderr(
            predicate::str::contains("uv.lock").and(predicate::str::contains("pip install uv")),
        );
    assert_empty(&directory);
}

#[test]
fn all_problems_of_a_file_come_together_with_line_and_column() {
    let directory = directory();
    fs::write(
        directory.path().join("dockwright.toml"),
        "preset = \"django-nginx\"\n[stack]\ndatabse = \"postgres\"\n[deploy]\nmemory = \"big\"\n",
    )
    .unwrap();
    dockwright()
        .current_dir(&directory)
        .arg("plan")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("dockwright.toml:3:"))
        .stderr(predicate::str::contains("dockwright.toml:5:"));
}

#[test]
fn broken_toml_is_named_with_its_place() {
    let directory = directory();
    fs::write(directory.path().join("dockwright.toml"), "[stack\n").unwrap();
    dockwright()
        .current_dir(&directory)
        .arg("plan")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("dockwright.toml:1:"));
}

#[test]
fn a_file_that_is_not_utf8_is_named() {
    let directory = directory();
    fs::write(directory.path().join("dockwright.toml"), [0xff, 0xfe, 0x00]).unwrap();
    dockwright()
        .current_dir(&directory)
        .arg("plan")
        .assert()
        .code(2)
        .stderr(predicate::str::contains("dockwright.toml: the file is not UTF-8"));
}

/// A small file system of its own: the disk is really full.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_exits_3_and_leaves_nothing() {
    use std::process::Command;
    let directory = directory();
    let mount =
        |arguments: &[&str]| Command::new("mount").args(arguments).arg(directory.path()).output();
    let mounted = mount(&["-t", "tmpfs", "-o", "size=64k", "tmpfs"]);
    if !mounted.is_ok_and(|output| output.status.success()) {
        // Only root may mount; the same code path is covered by the path
        // that cannot be written.
        eprintln!("not root: a full disk cannot be made here");
        return;
    }
    let output = dockwright()
        .current_dir(&directory)
        .args(["new", "shop", "--yes", "--preset", "celery-postgres-redis"])
        .output()
        .unwrap();
    let left = fs::read_dir(&directory).unwrap().count();
    let unmounted = Command::new("umount").arg(directory.path()).status().unwrap();
    assert!(unmounted.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("No space left"), "{said}");
    assert_eq!(left, 0);
}
