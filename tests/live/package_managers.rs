//! A lock file of each package manager's own, made on the host and installed in the image.

use std::path::PathBuf;

use crate::support::stack::Stack;
use crate::work;

/// Where `tests/live/tools.sh` has put the package managers.
fn tools() -> PathBuf {
    let Some(directory) = std::env::var_os("DOCKWRIGHT_LIVE_TOOLS") else {
        panic!("the package managers are missing: run tests/live/run.sh, which installs them");
    };
    directory.into()
}

#[track_caller]
fn installs_from(manager: &str, lock: &str) {
    let stack = Stack::of("fastapi-uvicorn")
        .set("project.package-manager", manager)
        .set("stack.database", "postgres")
        .with_tools(tools())
        .create();
    assert!(stack.path(lock).is_file(), "{lock} is missing");
    stack.up();
    work::is_ready(&stack, &["database"]);
    work::writes_and_reads_a_row(&stack);
    // Exactly what was locked: neither the tool itself nor what the tests need.
    let installed = stack.exec("web", &["python", "-c", INSTALLED]);
    let installed: Vec<&str> = installed.lines().collect();
    assert!(installed.contains(&"fastapi"), "{installed:?}");
    for other in ["pytest", "ruff", "mypy", manager] {
        assert!(!installed.contains(&other), "{other} is among {installed:?}");
    }
}

const INSTALLED: &str = "
from importlib.metadata import distributions
print('\\n'.join(sorted(found.metadata['Name'].lower() for found in distributions(path=['/opt/venv/lib/python3.14/site-packages']))))
";

#[test]
fn uv() {
    installs_from("uv", "uv.lock");
}

#[test]
fn poetry() {
    installs_from("poetry", "poetry.lock");
}

#[test]
fn pdm() {
    installs_from("pdm", "pdm.lock");
}

#[test]
fn pipenv() {
    installs_from("pipenv", "Pipfile.lock");
}
