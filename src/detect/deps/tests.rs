//! Behaviour over whole small repositories.

use assert_fs::TempDir;
use assert_fs::prelude::*;

use super::Dependencies;
use crate::detect::tree::Tree;

fn tree(files: &[(&str, &str)]) -> (TempDir, Tree) {
    let directory = TempDir::new().unwrap();
    for (path, text) in files {
        directory.child(path).write_str(text).unwrap();
    }
    let tree = Tree::read(directory.path()).unwrap();
    (directory, tree)
}

fn of(root: &str, files: &[(&str, &str)]) -> Dependencies {
    Dependencies::of(&tree(files).1, root)
}

fn manager(found: &Dependencies) -> &str {
    found.manager.value().map_or("", String::as_str)
}

fn names(found: &Dependencies) -> Vec<&str> {
    found.declared.iter().map(|one| one.name.as_str()).collect()
}

const PROJECT: &str = "[project]\nname = \"shop\"\nrequires-python = \">=3.11\"\ndependencies = [\"Flask[async]>=3\", \"redis\"]\n[build-system]\nrequires = [\"x\"]\n";

const POETRY_LOCK: &str = "\
[[package]]
name = \"flask\"
version = \"3.0.3\"
python-versions = \">=3.8\"
files = [{file = \"flask-3.0.3-py3-none-any.whl\", hash = \"sha256:0\"}]

[package.dependencies]
Werkzeug = \">=3\"
asgiref = {version = \">=3.2\", optional = true, markers = \"extra == \\\"async\\\"\"}
colorama = {version = \"*\", markers = \"platform_system == \\\"Windows\\\"\"}

[package.extras]
async = [\"asgiref (>=3.2)\"]

[[package]]
name = \"werkzeug\"
version = \"3.0.3\"

[[package]]
name = \"asgiref\"
version = \"3.8.1\"

[[package]]
name = \"colorama\"
version = \"0.4.6\"

[[package]]
name = \"redis\"
version = \"5.0.7\"

[[package]]
name = \"pytest\"
version = \"8.2.2\"

[package.dependencies]
psycopg2 = \"*\"

[[package]]
name = \"psycopg2\"
version = \"2.9.9\"
";

#[test]
fn standard_dependencies_beside_a_poetry_lock_are_read() {
    let found = of(".", &[("pyproject.toml", PROJECT), ("poetry.lock", POETRY_LOCK)]);
    assert_eq!(manager(&found), "poetry");
    assert_eq!(found.files, ["poetry.lock", "pyproject.toml"]);
    assert_eq!(names(&found), ["flask", "redis"]);
    assert_eq!(found.get("flask").unwrap().extras, ["async"]);
    assert!(found.doubts.is_empty(), "{:?}", found.doubts);
}

#[test]
fn only_what_production_reaches_in_a_poetry_lock_is_installed() {
    let found = of(".", &[("pyproject.toml", PROJECT), ("poetry.lock", POETRY_LOCK)]);
    let locked: Vec<&str> = found.locked.keys().map(String::as_str).collect();
    assert_eq!(locked, ["asgiref", "flask", "redis", "werkzeug"]);
}

#[test]
fn poetry_s_own_table_is_read_without_groups_and_options() {
    let text = "[tool.poetry]\nname = \"shop\"\n[tool.poetry.dependencies]\npython = \"^3.10,<3.13\"\nDjango = \"^5.0\"\nuvicorn = {version = \"~0.30\", extras = [\"standard\"]}\npsycopg2 = {version = \"*\", optional = true}\nlib = {git = \"https://host/lib.git\"}\n[tool.poetry.group.dev.dependencies]\npytest = \"*\"\n[tool.poetry.dev-dependencies]\nblack = \"*\"\n";
    let found = of(".", &[("pyproject.toml", text)]);
    assert_eq!(manager(&found), "poetry");
    assert_eq!(names(&found), ["django", "uvicorn", "lib"]);
    assert_eq!(found.get("django").unwrap().specifiers.as_ref().unwrap().to_string(), ">=5.0, <6");
    assert_eq!(found.get("uvicorn").unwrap().evidence.line, 6);
    assert_eq!(found.requires_python.unwrap().0, "^3.10,<3.13");
    assert_eq!(found.version_control, ["lib"]);
}

const WORKSPACE_LOCK: &str = "\
version = 1
requires-python = \">=3.12\"

[manifest]
members = [\"site\", \"common\"]

[[package]]
name = \"site\"
version = \"0.1.0\"
source = { editable = \"services/site\" }
dependencies = [
    { name = \"common\" },
    { name = \"uvicorn\", extra = [\"standard\"] },
    { name = \"pywin32\", marker = \"sys_platform == 'win32'\" },
]

[package.dev-dependencies]
dev = [{ name = \"pytest\" }]

[[package]]
name = \"common\"
version = \"0.1.0\"
source = { editable = \"libs/common\" }
dependencies = [{ name = \"redis\" }]

[[package]]
name = \"uvicorn\"
version = \"0.30.1\"
source = { registry = \"https://host/simple\" }
wheels = [{ url = \"https://host/uvicorn-0.30.1-py3-none-any.whl\", hash = \"sha256:0\" }]

[package.optional-dependencies]
standard = [{ name = \"uvloop\" }]

[[package]]
name = \"uvloop\"
version = \"0.19.0\"
source = { registry = \"https://host/simple\" }
wheels = [{ url = \"https://host/uvloop-0.19.0-cp312-cp312-manylinux_2_17_x86_64.whl\" }]

[[package]]
name = \"redis\"
version = \"5.0.7\"
source = { git = \"https://host/redis?rev=1#1\" }

[[package]]
name = \"pytest\"
version = \"8.2.2\"
source = { registry = \"https://host/simple\" }

[[package]]
name = \"pywin32\"
version = \"306\"
source = { registry = \"https://host/simple\" }
";

#[test]
fn a_member_of_a_uv_workspace_takes_the_lock_at_the_top() {
    let member = "[project]\nname = \"site\"\ndependencies = [\"common\", \"uvicorn[standard]\"]\n[tool.uv.sources]\ncommon = { workspace = true }\n";
    let files = [
        ("pyproject.toml", "[tool.uv.workspace]\nmembers = [\"services/*\", \"libs/*\"]\n"),
        ("uv.lock", WORKSPACE_LOCK),
        ("services/site/pyproject.toml", member),
        ("services/site/main.py", ""),
        (
            "libs/common/pyproject.toml",
            "[project]\nname = \"common\"\ndependencies = [\"redis\"]\n",
        ),
    ];
    let found = of("services/site", &files);
    assert_eq!(manager(&found), "uv");
    assert_eq!(found.member.as_deref(), Some("site"));
    assert_eq!(
        found.files,
        ["uv.lock", "pyproject.toml", "services/site/pyproject.toml", "libs/common/pyproject.toml"]
    );
    assert_eq!(found.paths, ["libs/common"]);
    let locked: Vec<&str> = found.locked.keys().map(String::as_str).collect();
    assert_eq!(locked, ["redis", "uvicorn", "uvloop"]);
    assert_eq!(found.version_control, ["redis"]);
    assert!(found.wheels["uvloop"].fits(12) && !found.wheels["uvloop"].fits(13));
}

#[test]
fn a_directory_that_the_lock_above_does_not_know_has_its_own_dependencies() {
    let files = [
        ("pyproject.toml", "[project]\nname = \"common\"\n"),
        ("uv.lock", WORKSPACE_LOCK),
        ("tools/admin/requirements.txt", "bottle\n"),
    ];
    let found = of("tools/admin", &files);
    assert_eq!((manager(&found), names(&found)), ("pip", vec!["bottle"]));
}

#[test]
fn pdm_and_pipenv_locks_are_read_without_development() {
    let lock = "[[package]]\nname = \"flask\"\nversion = \"3.0.3\"\ndependencies = [\"Werkzeug>=3\"]\n[[package]]\nname = \"Werkzeug\"\nversion = \"3.0.3\"\nrequires_python = \">=3.8\"\n[[package]]\nname = \"redis\"\nversion = \"5.0.7\"\n[[package]]\nname = \"pytest\"\nversion = \"8.2.2\"\n";
    let found = of(".", &[("pyproject.toml", PROJECT), ("pdm.lock", lock)]);
    assert_eq!(manager(&found), "pdm");
    assert_eq!(found.locked.keys().collect::<Vec<_>>(), ["flask", "redis", "werkzeug"]);

    let pipfile = "[packages]\nFlask = \"*\"\ncelery = {extras = [\"redis\"], version = \"~=5.4\"}\n[dev-packages]\npytest = \"*\"\n[requires]\npython_version = \"3.11\"\n";
    let lock = r#"{"default": {"flask": {"version": "==3.0.3"}, "kombu": {"version": "==5.3.7"}, "tzdata": {"version": "==2024.1", "markers": "sys_platform == 'win32'"}}, "develop": {"pytest": {"version": "==8.2.2"}}}"#;
    let found = of(".", &[("Pipfile", pipfile), ("Pipfile.lock", lock)]);
    assert_eq!(
        (manager(&found), names(&found)),
        ("pipenv", vec!["celery", "flask"].into_iter().rev().collect())
    );
    assert_eq!(found.locked.keys().collect::<Vec<_>>(), ["flask", "kombu"]);
    assert_eq!(found.python[0].text, "3.11");
}

#[test]
fn two_locks_that_nothing_decides_between_are_ambiguous_and_a_dockerfile_decides() {
    let locks = [("pyproject.toml", PROJECT), ("poetry.lock", POETRY_LOCK), ("pdm.lock", "")];
    let found = of(".", &locks);
    let candidates: Vec<&str> =
        found.manager.candidates().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(candidates, ["poetry", "pdm"]);
    let dockerfile = ("Dockerfile", "FROM python:3.12\nRUN pip install pdm && pdm sync --prod\n");
    let found = of(".", &[locks.as_slice(), &[dockerfile]].concat());
    assert_eq!(manager(&found), "pdm");
    assert_eq!(found.manager.evidence()[1].place(), "Dockerfile:2");
}

#[test]
fn a_wish_decides_whatever_is_there() {
    let files =
        [("pyproject.toml", PROJECT), ("poetry.lock", POETRY_LOCK), ("requirements.txt", "flask")];
    let found = Dependencies::with_manager(&tree(&files).1, ".", Some("pip"));
    assert_eq!((manager(&found), names(&found)), ("pip", vec!["flask"]));
}

#[test]
fn a_lock_beats_requirements_unless_what_is_deployed_installs_those() {
    let files = [
        ("pyproject.toml", PROJECT),
        ("poetry.lock", POETRY_LOCK),
        ("requirements.txt", "flask\ngunicorn\n"),
    ];
    assert_eq!(manager(&of(".", &files)), "poetry");
    let dockerfile = ("Dockerfile", "FROM python:3.12\nRUN pip install -r requirements.txt\n");
    assert_eq!(manager(&of(".", &[files.as_slice(), &[dockerfile]].concat())), "pip");
    let both = (
        "Dockerfile",
        "FROM a\nRUN poetry export -o requirements.txt\nFROM b\nRUN pip install -r requirements.txt\n",
    );
    assert_eq!(manager(&of(".", &[files.as_slice(), &[both]].concat())), "poetry");
}

#[test]
fn installing_the_directory_itself_does_not_set_its_lock_aside() {
    let files = [
        ("pyproject.toml", PROJECT),
        ("poetry.lock", POETRY_LOCK),
        ("Dockerfile", "FROM python:3.12\nRUN pip install -e .\n"),
    ];
    let both = [
        files[0],
        ("uv.lock", "[[package]]\nname = \"shop\"\nsource = { virtual = \".\" }\n"),
        files[2],
    ];
    assert_eq!(manager(&of(".", &both)), "uv");
    assert_eq!(manager(&of(".", &files)), "poetry");
}

#[test]
fn requirements_exported_from_the_lock_are_no_disagreement() {
    let files = [
        ("pyproject.toml", PROJECT),
        ("uv.lock", "[[package]]\nname = \"shop\"\nsource = { virtual = \".\" }\n"),
        (
            "requirements.txt",
            "# This file was autogenerated by uv via the following command:\n#    uv export -o requirements.txt\nflask==3.0.3\n",
        ),
        ("Dockerfile", "FROM python:3.12\nRUN pip install -r requirements.txt\n"),
    ];
    assert_eq!(manager(&of(".", &files)), "uv");
}

#[test]
fn a_lock_that_only_stays_from_earlier_days_gives_way_to_what_all_instructions_say() {
    let lock = ("Pipfile.lock", r#"{"default": {}}"#);
    let pipfile = ("Pipfile", "[packages]\nflask = \"*\"\n");
    let requirements = ("requirements.txt", "flask\nredis\n");
    let readme = ("README.md", "    pip install -r requirements.txt\n");
    assert_eq!(manager(&of(".", &[lock, pipfile, requirements, readme])), "pip");
    assert_eq!(manager(&of(".", &[lock, pipfile, requirements])), "pipenv");
    let other = ("Makefile", "run:\n\tpipenv run python app.py\n");
    assert_eq!(manager(&of(".", &[lock, pipfile, requirements, readme, other])), "pipenv");
}

#[test]
fn a_pyproject_that_only_configures_tools_decides_nothing() {
    let tools = ("pyproject.toml", "[tool.ruff]\nline-length = 100\n");
    assert_eq!(manager(&of(".", &[tools, ("requirements.txt", "flask")])), "pip");
    assert!(!of(".", &[tools]).manager.is_known());
}

#[test]
fn other_ways_to_declare_have_their_names() {
    let setup = "from setuptools import setup\nsetup(install_requires=['flask'])\n";
    assert_eq!(manager(&of(".", &[("setup.py", setup)])), "setuptools");
    assert_eq!(manager(&of(".", &[("pyproject.toml", PROJECT)])), "pyproject");
    let environment = "name: base\ndependencies:\n  - python=3.11\n  - conda-forge::flask>=3\n  - pip:\n    - redis[hiredis]==5.0.7\n";
    let found = of(".", &[("environment.yml", environment)]);
    assert_eq!((manager(&found), names(&found)), ("conda", vec!["flask", "redis"]));
    assert_eq!(found.python[0].text, "==3.11.*");
    let groups = "[dependency-groups]\nmain = [\"flask\"]\ndev = [\"pytest\"]\n";
    assert_eq!(names(&of(".", &[("pyproject.toml", groups)])), ["flask"]);
}

#[test]
fn development_files_never_drive_production() {
    let files = [
        ("requirements/base.txt", "flask\n"),
        ("requirements/dev.txt", "-r base.txt\npsycopg2\n"),
        ("requirements/test.txt", "mysqlclient\n"),
    ];
    assert_eq!(names(&of(".", &files)), ["flask"]);
    let text = "[project]\nname = \"x\"\ndependencies = [\"flask\"]\n[project.optional-dependencies]\ndev = [\"psycopg2\"]\nprod = [\"gunicorn\"]\n[dependency-groups]\ntest = [\"mysqlclient\"]\n";
    let dockerfile = ("Dockerfile", "FROM python:3.12\nRUN pip install '.[prod]'\n");
    assert_eq!(names(&of(".", &[("pyproject.toml", text), dockerfile])), ["flask", "gunicorn"]);
}

#[test]
fn an_environment_inside_the_repository_is_no_dependency() {
    let files = [
        ("requirements.txt", "Django==5.0.6\n"),
        ("myenv/pyvenv.cfg", ""),
        ("myenv/lib/python3.12/requirements.txt", "mysqlclient\n"),
        ("venv/lib/python3.12/site-packages/psycopg2/setup.py", "setup(install_requires=['x'])"),
    ];
    let found = of(".", &files);
    assert_eq!(names(&found), ["django"]);
    assert!(!found.installs("mysqlclient") && !found.installs("psycopg2"));
}

#[test]
fn misspelt_files_are_named() {
    let found = of(".", &[("requirments.txt", "flask\n")]);
    assert!(found.doubts.iter().any(|doubt| doubt.message.contains("requirments.txt")));
    assert!(found.doubts[0].help.contains("git mv requirments.txt requirements.txt"));
}

#[test]
fn utf_16_requirements_are_read() {
    let directory = TempDir::new().unwrap();
    let text: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain("Flask==3.0.3\r\nredis\r\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    directory.child("requirements.txt").write_binary(&text).unwrap();
    let found = Dependencies::of(&Tree::read(directory.path()).unwrap(), ".");
    assert_eq!(names(&found), ["flask", "redis"]);
}

#[test]
fn broken_files_become_doubts_that_name_the_line() {
    for (path, text, place) in [
        ("pyproject.toml", "[project]\nname = \n", "pyproject.toml:2"),
        ("Pipfile", "[packages]\nflask == 1\n", "Pipfile:2"),
        ("environment.yml", "dependencies:\n  - a\n - b: [\n", "environment.yml:"),
    ] {
        let found = of(".", &[(path, text)]);
        assert!(!found.manager.is_known(), "{path}");
        assert!(
            found.doubts.iter().any(|doubt| doubt.message.contains(place)),
            "{:?}",
            found.doubts
        );
    }
    let found = of(".", &[("pyproject.toml", PROJECT), ("poetry.lock", "[[package]]\nname =\n")]);
    assert_eq!(manager(&found), "poetry");
    assert!(found.doubts[0].message.contains("poetry.lock:2"));
}

#[test]
fn dependencies_below_the_root_s_neighbour_are_found_by_the_dockerfile() {
    let files = [
        ("src/main.py", ""),
        ("deploy/requirements.txt", "flask\n"),
        (
            "Dockerfile",
            "FROM python:3.12\nCOPY deploy/requirements.txt /r.txt\nRUN pip install -r /r.txt\n",
        ),
    ];
    let found = of("src", &files);
    assert_eq!(found.files, ["deploy/requirements.txt"]);
}

#[test]
fn a_lock_that_lacks_a_declared_package_is_out_of_date() {
    let newer = PROJECT.replace("\"redis\"", "\"redis\", \"httpx\"");
    let found = of(".", &[("pyproject.toml", &newer), ("poetry.lock", POETRY_LOCK)]);
    assert!(found.doubts[0].message.contains("httpx"));
}
