use assert_fs::TempDir;
use assert_fs::prelude::*;

use super::*;

fn python(files: &[(&str, &str)]) -> (Python, Vec<Doubt>) {
    let directory = TempDir::new().unwrap();
    for (path, text) in files {
        directory.child(path).write_str(text).unwrap();
    }
    let tree = Tree::read(directory.path()).unwrap();
    let (fact, doubts) = find(&tree, &Dependencies::of(&tree, "."));
    (fact.value().cloned().unwrap(), doubts)
}

fn version(files: &[(&str, &str)]) -> (String, String) {
    let (python, _) = python(files);
    (python.version, python.source)
}

fn pair(version: &str, source: &str) -> (String, String) {
    (version.into(), source.into())
}

const PROJECT: &str =
    "[project]\nname = \"x\"\nrequires-python = \">=3.10,<3.14\"\ndependencies = [\"flask\"]\n";

#[test]
fn statements_count_in_their_order() {
    let project = ("pyproject.toml", PROJECT);
    let runtime = ("runtime.txt", "python-3.11.9\n");
    let tools = (".tool-versions", "nodejs 20\npython 3.12.3\n");
    let file = (".python-version", "3.13\n");
    assert_eq!(version(&[project]), pair("3.13", "requires-python"));
    assert_eq!(version(&[project, runtime]), pair("3.11", "runtime.txt"));
    assert_eq!(version(&[project, runtime, tools]), pair("3.12", ".tool-versions"));
    assert_eq!(version(&[project, runtime, tools, file]), pair("3.13", ".python-version"));
    let mise = ("mise.toml", "[tools]\nnode = \"20\"\npython = \"3.12\"\n");
    assert_eq!(version(&[project, mise]), pair("3.12", "mise.toml"));
    let pipfile =
        ("Pipfile", "[packages]\nflask = \"*\"\n[requires]\npython_full_version = \"3.11.4\"\n");
    assert_eq!(version(&[pipfile]), pair("3.11", "Pipfile"));
}

#[test]
fn statements_that_contradict_each_other_are_named() {
    let (python, doubts) = python(&[("pyproject.toml", PROJECT), (".python-version", "3.9\n")]);
    assert_eq!(python.version, "3.9");
    assert!(doubts.iter().any(|doubt| doubt.message.contains(".python-version:1")));
}

#[test]
fn pins_limit_a_range_to_what_they_have_wheels_for() {
    let text = "[project]\nname = \"x\"\nrequires-python = \">=3.9\"\ndependencies = [\"numpy==1.26.4\"]\n";
    assert_eq!(version(&[("pyproject.toml", text)]), pair("3.12", "requires-python"));
}

#[test]
fn a_package_that_is_locked_once_for_each_python_refuses_none() {
    let project = "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \">=3.10,<4.0\"\nnumpy = \"*\"\n";
    let lock = "[[package]]\nname = \"numpy\"\nversion = \"2.2.6\"\npython-versions = \">=3.10\"\n\n[[package]]\nname = \"numpy\"\nversion = \"2.4.1\"\npython-versions = \">=3.11\"\n\n[metadata]\nlock-version = \"2.0\"\npython-versions = \">=3.10,<4.0\"\n";
    let image = ("Dockerfile.prod", "ARG PYTHON=\"3.10-slim\"\nFROM python:${PYTHON}\n");
    let files = [("pyproject.toml", project), ("poetry.lock", lock), image];
    assert_eq!(version(&files), pair("3.10", "requires-python"));
}

#[test]
fn a_lock_s_own_files_and_ranges_limit_it_as_well() {
    let project = "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"^3.9\"\nspecial = \"*\"\n";
    let lock = "[[package]]\nname = \"special\"\nversion = \"1.0\"\npython-versions = \">=3.8\"\nfiles = [{file = \"special-1.0-cp310-cp310-manylinux_2_17_x86_64.whl\"}, {file = \"special-1.0-cp311-cp311-manylinux_2_17_x86_64.whl\"}]\n";
    let files = [("pyproject.toml", project), ("poetry.lock", lock)];
    assert_eq!(version(&files), pair("3.11", "requires-python"));
    let bounded = lock.replace(">=3.8", ">=3.8,<3.11");
    assert_eq!(version(&[files[0], ("poetry.lock", &bounded)]), pair("3.10", "requires-python"));
}

#[test]
fn a_stated_version_that_cannot_install_the_pins_gives_way() {
    let (python, doubts) =
        python(&[("runtime.txt", "python-3.13.1"), ("requirements.txt", "flask\nnumpy==1.21.6\n")]);
    assert_eq!((python.version.as_str(), python.source.as_str()), ("3.10", "pinned packages"));
    assert!(
        doubts[0].message.contains("runtime.txt:1") && doubts[0].message.contains("numpy 1.21.6")
    );
}

#[test]
fn pins_alone_decide_where_nothing_is_stated() {
    for (pins, expected) in [
        ("Django==1.9.13\n", "3.6"),
        ("pandas==1.3.5\n", "3.10"),
        ("psycopg2-binary==2.9.6\n", "3.11"),
        ("celery==5.2.7\n", "3.10"),
        ("Django==3.2.20\n", "3.10"),
    ] {
        let (found, _) = python(&[("requirements.txt", pins)]);
        assert_eq!(
            (found.version.as_str(), found.source.as_str()),
            (expected, "pinned packages"),
            "{pins}"
        );
    }
}

#[test]
fn nothing_stated_and_nothing_pinned_is_the_default() {
    assert_eq!(version(&[("requirements.txt", "bottle\n")]), pair("3.12", "default"));
}

#[test]
fn what_it_is_deployed_or_tested_with_decides_within_what_is_stated() {
    let open =
        "[project]\nname = \"x\"\nrequires-python = \">=3.9\"\ndependencies = [\"bottle\"]\n";
    let image = ("Dockerfile", "ARG PY=3.11\nFROM python:${PY}-slim AS build\n");
    assert_eq!(version(&[("pyproject.toml", open), image]), pair("3.11", "requires-python"));
    let matrix = (
        ".github/workflows/ci.yml",
        "jobs:\n  test:\n    strategy:\n      matrix:\n        python-version: [\"3.10\", \"3.11\", \"3.13\"]\n    steps:\n      - uses: actions/setup-python@v5\n",
    );
    assert_eq!(
        version(&[("requirements.txt", "bottle"), matrix]),
        pair("3.13", "continuous integration")
    );
    assert_eq!(
        version(&[("requirements.txt", "bottle"), matrix, image]),
        pair("3.11", "Dockerfile")
    );
}

#[test]
fn an_image_that_cannot_install_the_pins_loses() {
    let image = ("Dockerfile", "FROM python:3.13-slim\n");
    let (found, doubts) = python(&[("requirements.txt", "pandas==1.3.5\n"), image]);
    assert_eq!(found.version, "3.10");
    assert!(doubts[0].message.contains("Dockerfile:1"), "{doubts:?}");
}

#[test]
fn an_ended_version_is_kept_with_a_doubt() {
    let (found, doubts) =
        python(&[(".python-version", "3.8.18\n"), ("requirements.txt", "bottle\n")]);
    assert_eq!(found.version, "3.8");
    assert!(doubts[0].message.contains("2024-10"));
}

#[test]
fn an_old_readme_does_not_hold_a_project_that_runs_on_newer_versions_back() {
    let readme = ("README.md", "Written for Python 3.6.\n");
    assert_eq!(version(&[("requirements.txt", "bottle\n"), readme]), pair("3.12", "default"));
    assert_eq!(version(&[("requirements.txt", "Django==1.10.8\n"), readme]), pair("3.6", "README"));
}
