//! The install follows what is there: what is locked, which Python is stated, which
//! extras were installed, and what a build reads. Each row is a repository, and what
//! its files must say.

use std::process::Command;

use assert_fs::TempDir;

use crate::init::{init, read, write};
use crate::support;

const FASTAPI_CODE: &str = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef health():\n    return {}\n";
const FASTAPI: (&str, &str) = ("main.py", FASTAPI_CODE);
const FLASK_CODE: &str = "from flask import Flask\napp = Flask(__name__)\n@app.get('/health')\ndef health():\n    return ''\n";
const FLASK: (&str, &str) = ("app.py", FLASK_CODE);
const GUNICORN: &str = "--set=stack.server=gunicorn-uvicorn";

fn repository(files: &[(&str, &str)]) -> TempDir {
    let directory = support::directory();
    files.iter().for_each(|(path, text)| write(&directory, path, text));
    directory
}

struct Row {
    files: &'static [(&'static str, &'static str)],
    flags: &'static [&'static str],
    /// A file, and what stands in it.
    says: &'static [(&'static str, &'static str)],
    /// A file, and what does not.
    silent: &'static [(&'static str, &'static str)],
}

#[track_caller]
fn holds(rows: &[Row]) {
    for row in rows {
        let directory = repository(row.files);
        let output = init(&directory, row.flags).get_output().clone();
        let log = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{:?}\n{}",
            row.files,
            String::from_utf8_lossy(&output.stderr)
        );
        let text = |path: &str| match path {
            "report" => log.split_whitespace().collect::<Vec<_>>().join(" "),
            path => read(&directory, path),
        };
        for (path, wanted) in row.says {
            assert!(text(path).contains(wanted), "no {wanted} in {path}\n{}", text(path));
        }
        for (path, unwanted) in row.silent {
            assert!(!text(path).contains(unwanted), "{unwanted} in {path}\n{}", text(path));
        }
    }
}

#[test]
fn what_is_added_never_raises_what_is_installed_and_fits_its_release() {
    holds(&[
        Row {
            files: &[
                FASTAPI,
                ("requirements.txt", "fastapi==0.88.0\nuvicorn==0.20.0\ngunicorn==20.1.0\n"),
            ],
            flags: &[GUNICORN],
            says: &[("gunicorn.conf.py", "\"uvicorn.workers.UvicornWorker\"")],
            silent: &[("Dockerfile", "uvicorn-worker"), ("gunicorn.conf.py", "uvicorn_worker")],
        },
        Row {
            files: &[FASTAPI, ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.6\n")],
            flags: &[GUNICORN],
            says: &[
                ("gunicorn.conf.py", "\"uvicorn_worker.UvicornWorker\""),
                ("Dockerfile", "--format=freeze > /tmp/installed.txt"),
                ("Dockerfile", "--constraint /tmp/installed.txt 'gunicorn<="),
                ("report", "in a version that fits what is installed"),
            ],
            silent: &[("Dockerfile", "'uvicorn<=")],
        },
        Row {
            files: &[
                FLASK,
                ("requirements.txt", "Flask==2.1.3\nFlask-Migrate==3.1.0\ngunicorn\n"),
                ("migrations/env.py", "from alembic import context\n"),
                ("migrations/alembic.ini", "[alembic]\n"),
            ],
            flags: &["--set=stack.migrations=flask-migrate"],
            says: &[("compose.yaml", "FLASK_APP=app:app")],
            silent: &[("compose.yaml", "--app")],
        },
    ]);
}

#[test]
fn an_install_that_installs_nothing_fails() {
    let manifest =
        "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n";
    for files in [
        &[FASTAPI, ("requirements.txt", "fastapi\nuvicorn\n")][..],
        &[FASTAPI, ("pyproject.toml", manifest)],
        &[FASTAPI, ("environment.yml", "dependencies:\n  - fastapi>=0.110\n  - uvicorn\n")],
        &[
            FASTAPI,
            (
                "setup.py",
                "from setuptools import setup\nsetup(install_requires=['fastapi', 'uvicorn'])\n",
            ),
        ],
    ] {
        let directory = repository(files);
        init(&directory, &[]).success();
        assert!(read(&directory, "Dockerfile").contains("nothing was installed"), "{files:?}");
    }
}

#[test]
fn groups_alone_extras_and_groups_are_installed() {
    const EXTRA: &str = "[project]\nname = \"orders\"\nversion = \"1\"\ndependencies = [\"fastapi\"]\n[project.optional-dependencies]\nprod = [\"uvicorn==0.29.0\"]\nother = [\"x\"]\n";
    const POETRY: &str = "[tool.poetry]\nname = \"orders\"\n[tool.poetry.dependencies]\npython = \"^3.12\"\nfastapi = \"*\"\n[tool.poetry.group.server.dependencies]\nuvicorn = \"*\"\n[tool.poetry.group.dev.dependencies]\npytest = \"*\"\n";
    holds(&[
        Row {
            files: &[
                FASTAPI,
                (
                    "pyproject.toml",
                    "[dependency-groups]\nmain = [\"fastapi\", \"uvicorn\"]\ndev = [\"pytest\"]\n",
                ),
            ],
            flags: &[],
            says: &[(
                "Dockerfile",
                "uv pip install --index-strategy=unsafe-best-match --group main &&",
            )],
            silent: &[("Dockerfile", "--requirement"), ("Dockerfile", "--group dev")],
        },
        Row {
            files: &[
                FASTAPI,
                ("pyproject.toml", EXTRA),
                (
                    "Dockerfile",
                    "FROM python:3.12-slim\nCOPY . .\nRUN pip install '.[prod]'\nCMD [\"uvicorn\", \"main:app\"]\n",
                ),
            ],
            flags: &["--rewrite"],
            says: &[("Dockerfile", "--requirement pyproject.toml --extra prod &&")],
            silent: &[("Dockerfile", "--constraint"), ("Dockerfile", "--extra other")],
        },
        // Another image's extras may exclude these.
        Row {
            files: &[
                FASTAPI,
                ("pyproject.toml", EXTRA),
                (
                    "Dockerfile",
                    "FROM python:3.12-slim\nCOPY . .\nRUN pip install '.[prod]'\nCMD [\"uvicorn\", \"main:app\"]\n",
                ),
                (
                    "Dockerfile.gpu",
                    "FROM python:3.12-slim\nCOPY . .\nRUN pip install '.[other]'\nCMD [\"uvicorn\", \"main:app\"]\n",
                ),
            ],
            flags: &["--rewrite"],
            says: &[("Dockerfile", "--extra prod &&")],
            silent: &[("Dockerfile", "--extra other")],
        },
        // The same in continuous integration's place: a platform's own file.
        Row {
            files: &[
                FASTAPI,
                ("pyproject.toml", EXTRA),
                ("build.sh", "pip install -e '.[prod]'\n"),
            ],
            flags: &[],
            says: &[("Dockerfile", "--extra prod &&")],
            silent: &[],
        },
        Row {
            files: &[FASTAPI, ("pyproject.toml", POETRY), ("poetry.lock", "package = []\n")],
            flags: &[],
            says: &[("Dockerfile", "--only main --only server --output")],
            silent: &[("Dockerfile", "--only dev")],
        },
    ]);
}

#[test]
fn a_project_whose_own_build_cannot_work_is_left_out_and_that_is_said() {
    const SETUP: &str = "from setuptools import setup\nfrom shop import __version__\nsetup(name='shop', version=__version__, packages=['shop'], install_requires=['flask==3.0.0', 'gunicorn>=21'])\n";
    const SHOP: &str = "from flask import Flask\n__version__ = '1'\napp = Flask(__name__)\n";
    const HATCH: &str = "[project]\nname = \"orders-api\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";
    holds(&[
        Row {
            files: &[("setup.py", SETUP), ("shop/__init__.py", SHOP)],
            flags: &[],
            says: &[
                ("Dockerfile", "flask==3.0.0"),
                ("Dockerfile", "'gunicorn>=21'"),
                (
                    "report",
                    "setup.py imports shop, which needs flask before it is installed (setup.py:2)",
                ),
            ],
            silent: &[("Dockerfile", "uv pip install .")],
        },
        // What it imports may need nothing.
        Row {
            files: &[
                (
                    "setup.py",
                    "from setuptools import setup\nfrom shop.version import V\nsetup(name='shop', version=V, packages=['shop'], install_requires=['flask', 'gunicorn'])\n",
                ),
                ("shop/__init__.py", ""),
                ("shop/version.py", "V = '1'\n"),
                ("app.py", FLASK_CODE),
            ],
            flags: &["--set=project.app=app:app"],
            says: &[("Dockerfile", "uv pip install .")],
            silent: &[("report", "cannot be installed")],
        },
        Row {
            files: &[FASTAPI, ("pyproject.toml", HATCH)],
            flags: &[],
            says: &[("report", "there is no package orders_api for hatchling to build")],
            silent: &[("Dockerfile", "--no-deps .")],
        },
        Row {
            files: &[
                ("orders_api/__init__.py", ""),
                ("orders_api/main.py", FASTAPI_CODE),
                ("pyproject.toml", HATCH),
            ],
            flags: &[],
            says: &[("Dockerfile", "--no-deps .")],
            silent: &[("report", "cannot be installed")],
        },
    ]);
}

#[test]
fn setuptools_does_not_take_the_proxy_for_a_package() {
    const AUTO: &str = "[project]\nname = \"orders\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n";
    const CODE: (&str, &str) = ("orders/main.py", FASTAPI_CODE);
    holds(&[
        Row {
            files: &[CODE, ("orders/__init__.py", ""), ("pyproject.toml", AUTO)],
            flags: &["--set=stack.proxy=nginx"],
            says: &[
                ("Dockerfile", "rm -r /app/nginx/nginx.conf && rmdir"),
                ("Dockerfile", "--no-deps ."),
            ],
            silent: &[],
        },
        Row {
            files: &[
                CODE,
                ("orders/__init__.py", ""),
                ("assets/a.css", ""),
                ("pyproject.toml", AUTO),
            ],
            flags: &[],
            says: &[("report", "cannot tell the package among them (assets, orders)")],
            silent: &[("Dockerfile", "--no-deps .")],
        },
    ]);
}

#[test]
fn a_stated_python_is_the_image_s_or_a_refusal_that_names_the_bound() {
    for (path, text) in [
        (
            "pyproject.toml",
            "[project]\nname = \"x\"\nversion = \"1\"\nrequires-python = \">=3.15\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n",
        ),
        (".python-version", "3.15\n"),
        (
            "pyproject.toml",
            "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"^3.15\"\nfastapi = \"*\"\nuvicorn = \"*\"\n",
        ),
    ] {
        let directory =
            repository(&[FASTAPI, ("requirements.txt", "fastapi\nuvicorn\n"), (path, text)]);
        let output = init(&directory, &["--set=project.package-manager=pip"]).code(2);
        let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(said.contains(path) && said.contains("3.15"), "{said}");
        // An image that stays has the Python that it has.
        write(
            &directory,
            "Dockerfile",
            "FROM python:3.15-slim\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n",
        );
        init(&directory, &["--adopt"]).success();
    }
    const EXACT: &str = "[project]\nname = \"x\"\nversion = \"1\"\nrequires-python = \"==3.14.0\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n";
    holds(&[
        Row {
            files: &[FASTAPI, ("pyproject.toml", EXACT)],
            flags: &[],
            says: &[
                ("Dockerfile", "FROM python:3.14.0-slim-bookworm AS runtime"),
                ("report", "Python 3.14.0 alone"),
            ],
            silent: &[],
        },
        Row {
            files: &[
                FASTAPI,
                (
                    "pyproject.toml",
                    "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"3.11.7\"\nfastapi = \"*\"\nuvicorn = \"*\"\n",
                ),
                ("poetry.lock", "package = []\n"),
            ],
            flags: &[],
            says: &[("Dockerfile", "FROM python:3.11.7-slim-bookworm AS runtime")],
            silent: &[],
        },
        // Markers on every line are a statement, a full version in them as well.
        Row {
            files: &[
                FASTAPI,
                (
                    "requirements.txt",
                    "fastapi==0.110.0 ; python_version >= \"3.10\" and python_version < \"3.12\"\nuvicorn==0.29.0 ; python_version < \"3.12\"\n",
                ),
            ],
            flags: &[],
            says: &[("Dockerfile", "FROM python:3.11-slim")],
            silent: &[],
        },
        Row {
            files: &[
                FASTAPI,
                (
                    "requirements.txt",
                    "fastapi==0.110.0 ; python_full_version == \"3.12.3\"\nuvicorn==0.29.0 ; python_full_version == \"3.12.3\"\n",
                ),
            ],
            flags: &[],
            says: &[("Dockerfile", "FROM python:3.12.3-slim-bookworm AS runtime")],
            silent: &[("Dockerfile", "--constraint")],
        },
        Row {
            files: &[
                FASTAPI,
                (
                    "requirements.txt",
                    "fastapi==0.110.0\nuvicorn==0.29.0 ; python_version < \"3.12\"\n",
                ),
            ],
            flags: &[],
            says: &[("Dockerfile", "FROM python:3.12-slim")],
            silent: &[],
        },
        // A range that ends with a minor version means all of it.
        Row {
            files: &[
                FASTAPI,
                (
                    "pyproject.toml",
                    "[project]\nname = \"x\"\nversion = \"1\"\nrequires-python = \">=3.9,<=3.11\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n",
                ),
            ],
            flags: &[],
            says: &[("Dockerfile", "FROM python:3.11-slim")],
            silent: &[],
        },
        // One that has ended is kept, with a warning.
        Row {
            files: &[
                FLASK,
                ("requirements.txt", "flask==2.0.3\ngunicorn==20.1.0\n"),
                ("runtime.txt", "python-3.6.15\n"),
            ],
            flags: &[],
            says: &[
                ("Dockerfile", "FROM python:3.6-slim-bullseye AS runtime"),
                ("report", "Python 3.6 (runtime.txt) gets no security fixes"),
            ],
            silent: &[("Dockerfile", "UV_COMPILE_BYTECODE")],
        },
        // conda's builds are not those of an index.
        Row {
            files: &[
                FASTAPI,
                (
                    "environment.yml",
                    "dependencies:\n  - python=3.12\n  - fastapi\n  - uvicorn\n  - numpy=1.21\n",
                ),
            ],
            flags: &[],
            says: &[("Dockerfile", "FROM python:3.12-slim")],
            silent: &[],
        },
    ]);
}

fn git(directory: &TempDir, date: &str, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"])
        .args(arguments)
        .env("GIT_COMMITTER_DATE", date)
        .current_dir(directory)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("git is there");
    assert!(status.success(), "{arguments:?}");
}

/// A repository whose one commit has this date.
fn committed(date: &str, files: &[(&str, &str)]) -> TempDir {
    let directory = repository(files);
    git(&directory, date, &["init", "--quiet"]);
    git(&directory, date, &["add", "--all"]);
    git(&directory, date, &["commit", "--quiet", "--message", "first"]);
    directory
}

#[test]
fn direct_pins_bring_along_what_was_there_when_they_were_written() {
    const MAY: &str = "2024-05-01T12:00:00+02:00";
    let pins = ("requirements.txt", "fastapi==0.110.0\nuvicorn==0.29.0\n");
    let directory = committed(MAY, &[FASTAPI, pins]);
    // Another file's commit says nothing of the pins.
    write(&directory, "README.md", "x\n");
    git(&directory, "2025-05-01T12:00:00+02:00", &["add", "--all"]);
    git(&directory, "2025-05-01T12:00:00+02:00", &["commit", "--quiet", "--message", "second"]);
    init(&directory, &[]).success();
    let dockerfile = read(&directory, "Dockerfile");
    assert!(dockerfile.contains("--exclude-newer=2024-05-01T10:00:00Z"), "{dockerfile}");
    assert!(read(&directory, "dockwright.toml").contains("packages-until = \"2024-05-01"));
    for (date, files, flags) in [
        // Ranges ask for what is new; hashes and compiled files pin everything.
        (MAY, [FASTAPI, ("requirements.txt", "fastapi>=0.110\nuvicorn\n")], &[][..]),
        (
            MAY,
            [
                FASTAPI,
                (
                    "requirements.txt",
                    "# This file is autogenerated by pip-compile\nfastapi==0.110.0\nuvicorn==0.29.0\n",
                ),
            ],
            &[],
        ),
        (
            MAY,
            [
                FASTAPI,
                (
                    "requirements.txt",
                    "--index-url https://packages.example.com/simple\nfastapi==0.110.0\nuvicorn==0.29.0\n",
                ),
            ],
            &[],
        ),
        // Python 3.12 was not there yet.
        ("2022-05-01T12:00:00Z", [FASTAPI, pins], &[]),
        (MAY, [FASTAPI, pins], &["--set=project.packages-until="]),
        (MAY, [FASTAPI, pins], &["--set=network.index=https://packages.example.com/simple"]),
    ] {
        let directory = committed(date, &files);
        init(&directory, flags).success();
        assert!(!read(&directory, "Dockerfile").contains("--exclude-newer"), "{files:?} {flags:?}");
    }
    // A pin that is not committed may be newer than the commit.
    let directory = committed(MAY, &[FASTAPI, pins]);
    write(&directory, "requirements.txt", "fastapi==0.116.0\nuvicorn==0.29.0\n");
    init(&directory, &[]).success();
    assert!(!read(&directory, "Dockerfile").contains("--exclude-newer"));
    // Nor is there any history outside of git.
    let directory = repository(&[FASTAPI, pins]);
    init(&directory, &[]).success();
    assert!(!read(&directory, "Dockerfile").contains("--exclude-newer"));
}

#[test]
fn packages_fetched_over_ssh_get_a_client_and_an_agent() {
    const UV: &str = "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"fastapi\", \"uvicorn\", \"sdk\"]\n[tool.uv.sources]\nsdk = { git = \"ssh://git@git.example.com/acme/sdk\" }\n";
    const POETRY: &str = "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"^3.12\"\nfastapi = \"*\"\nuvicorn = \"*\"\nsdk = { git = \"git@git.example.com:acme/sdk.git\" }\n";
    for manifest in [
        (
            "requirements.txt",
            "fastapi\nuvicorn\ngit+ssh://git@git.example.com/acme/sdk.git@v1#egg=sdk\n",
        ),
        ("pyproject.toml", UV),
        ("pyproject.toml", POETRY),
    ] {
        holds(&[Row {
            files: Box::leak(Box::new([FASTAPI, manifest])),
            flags: &[],
            says: &[
                ("Dockerfile", "openssh-client"),
                ("Dockerfile", "--mount=type=ssh"),
                ("Dockerfile", "GIT_SSH_COMMAND"),
                ("compose.yaml", "ssh: [default]"),
                ("report", "sdk is fetched over SSH"),
            ],
            silent: &[],
        }]);
    }
    holds(&[Row {
        files: &[
            FASTAPI,
            (
                "requirements.txt",
                "fastapi\nuvicorn\ngit+https://git.example.com/acme/sdk.git#egg=sdk\n",
            ),
        ],
        flags: &[],
        says: &[("Dockerfile", "        git && \\")],
        silent: &[("Dockerfile", "ssh"), ("compose.yaml", "ssh")],
    }]);
}

#[test]
fn what_the_build_of_the_project_reads_is_in_the_build_context() {
    const HATCH: &str = "[project]\nname = \"orders\"\nversion = \"1\"\nreadme = \"README.md\"\nlicense = { file = \"LICENCE\" }\ndependencies = [\"fastapi\", \"uvicorn\"]\n[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n[tool.hatch.build.targets.wheel]\npackages = [\"orders\"]\n";
    const SETUPTOOLS: &str = "[project]\nname = \"orders\"\ndynamic = [\"version\", \"readme\"]\ndependencies = [\"fastapi\", \"uvicorn\"]\n[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[tool.setuptools]\npackages = [\"orders\"]\n[tool.setuptools.dynamic]\nversion = { file = \"docs/VERSION.txt\" }\nreadme = { file = [\"docs/README.md\"] }\n";
    const CODE: (&str, &str) = ("orders/main.py", FASTAPI_CODE);
    holds(&[
        Row {
            files: &[
                CODE,
                ("orders/__init__.py", ""),
                ("README.md", "x"),
                ("LICENCE", "x"),
                (".dockerignore", "*.md\nLICENCE\n"),
                ("pyproject.toml", HATCH),
            ],
            flags: &[],
            says: &[(".dockerignore", "!README.md"), (".dockerignore", "!LICENCE")],
            silent: &[],
        },
        Row {
            files: &[
                CODE,
                ("orders/__init__.py", ""),
                ("docs/README.md", "x"),
                ("docs/VERSION.txt", "1"),
                (".dockerignore", "docs\n"),
                ("pyproject.toml", SETUPTOOLS),
            ],
            flags: &[],
            says: &[(".dockerignore", "!docs/README.md"), (".dockerignore", "!docs/VERSION.txt")],
            silent: &[],
        },
    ]);
}

#[test]
fn a_version_that_git_would_say_is_set_for_the_project_alone() {
    const SCM: &str = "[project]\nname = \"Orders.api\"\ndynamic = [\"version\"]\ndependencies = [\"fastapi\", \"uvicorn\"]\n[build-system]\nrequires = [\"setuptools>=64\", \"setuptools-scm\"]\nbuild-backend = \"setuptools.build_meta\"\n[tool.setuptools]\npy-modules = [\"main\"]\n";
    holds(&[
        Row {
            files: &[FASTAPI, ("pyproject.toml", SCM)],
            flags: &[],
            says: &[(
                "Dockerfile",
                "    SETUPTOOLS_SCM_PRETEND_VERSION_FOR_ORDERS_API=0.0.0 uv pip install --no-deps .",
            )],
            silent: &[("Dockerfile", "ENV PDM_BUILD"), ("Dockerfile", "PRETEND_VERSION=")],
        },
        Row {
            files: &[FASTAPI, ("requirements.txt", "fastapi\nuvicorn\n")],
            flags: &[],
            says: &[],
            silent: &[("Dockerfile", "SCM"), ("Dockerfile", "BYPASS")],
        },
    ]);
}

#[test]
fn groups_and_extras_that_the_old_files_asked_for_are_installed() {
    const PDM: &str = "[project]\nname = 'x'\nversion = '1'\nrequires-python = '>=3.12'\ndependencies = ['fastapi']\n[project.optional-dependencies]\nsheets = ['xlsxwriter']\n[tool.pdm.dev-dependencies]\nprod = ['uvicorn']\nlint = ['ruff']\n";
    const GROUPS: &str = "[project]\nname = 'x'\nversion = '1'\nrequires-python = '>=3.12'\ndependencies = ['fastapi']\n[project.optional-dependencies]\nsheets = ['xlsxwriter']\nmail = ['aiosmtplib']\n[dependency-groups]\nserve = ['uvicorn']\ndev = ['ruff']\n";
    const LOCK: &str =
        "[metadata]\ngroups = ['default']\nlock_version = '4.5.0'\ncontent_hash = 'sha256:x'\n";
    holds(&[
        Row {
            files: &[
                FASTAPI,
                ("pyproject.toml", PDM),
                ("pdm.lock", LOCK),
                (
                    "Dockerfile",
                    "FROM python:3.12\nRUN pdm install -G prod --no-editable\nCMD uvicorn main:app\n",
                ),
            ],
            flags: &["--rewrite"],
            says: &[("Dockerfile", "pdm install --check --group prod --no-editable --no-self")],
            silent: &[
                ("Dockerfile", "--prod"),
                ("Dockerfile", "lint"),
                ("report", "are not installed"),
            ],
        },
        Row {
            files: &[
                FASTAPI,
                ("pyproject.toml", PDM),
                ("pdm.lock", LOCK),
                (
                    "Dockerfile",
                    "FROM python:3.12\nRUN pdm sync --prod -Gsheets\nCMD uvicorn main:app\n",
                ),
            ],
            flags: &["--rewrite"],
            says: &[("Dockerfile", "pdm install --check --prod --group sheets --no-editable")],
            silent: &[("Dockerfile", "--group prod")],
        },
        Row {
            files: &[
                FASTAPI,
                ("pyproject.toml", GROUPS),
                ("uv.lock", "version = 1\n"),
                (
                    "Dockerfile",
                    "FROM python:3.12\nRUN uv sync --frozen --all-extras --group serve\nCMD uvicorn main:app\n",
                ),
            ],
            flags: &["--rewrite"],
            says: &[("Dockerfile", "--extra sheets --extra mail --group serve")],
            silent: &[("Dockerfile", "--group dev")],
        },
        Row {
            files: &[
                FASTAPI,
                ("pyproject.toml", GROUPS),
                (
                    "Dockerfile",
                    "FROM python:3.12\nRUN uv pip install --system -r pyproject.toml --extra mail --group=serve\nCMD uvicorn main:app\n",
                ),
            ],
            flags: &["--rewrite"],
            says: &[("Dockerfile", "--requirement pyproject.toml --extra mail --group serve")],
            silent: &[("Dockerfile", "--extra sheets")],
        },
    ]);
}

#[test]
fn what_old_packages_expect_is_resolved_with_what_nothing_locks() {
    holds(&[
        Row {
            files: &[
                FLASK,
                ("requirements.txt", "flask==2.0.3\nwerkzeug==2.0.3\ngunicorn==20.1.0\n"),
            ],
            flags: &["--set", "project.python=3.11"],
            says: &[
                ("Dockerfile", "--requirement requirements.txt 'setuptools<="),
                ("report", " is installed with the project's packages"),
            ],
            silent: &[("Dockerfile", "installed.txt")],
        },
        Row {
            files: &[FLASK, ("requirements.txt", "flask==3.1.2\ngunicorn==23.0.0\n")],
            flags: &["--set", "project.python=3.13"],
            says: &[],
            silent: &[("Dockerfile", "setuptools<=")],
        },
    ]);
}

#[test]
fn a_front_end_of_bun_has_a_stage_and_values_of_its_old_one_go_on() {
    const SERVES: &str = "from fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles\napp = FastAPI()\napp.mount('/', StaticFiles(directory='web/dist', html=True))\n";
    const PACKAGE: &str = "{\"scripts\": {\"build\": \"vite build\"}}";
    holds(&[
        Row {
            files: &[
                ("main.py", SERVES),
                ("requirements.txt", "fastapi\nuvicorn\n"),
                ("web/package.json", PACKAGE),
                ("web/bun.lock", "{}"),
            ],
            flags: &[],
            says: &[
                ("Dockerfile", "npm install --global bun@1 && bun install --frozen-lockfile"),
                ("Dockerfile", "COPY web/package.json web/bun.lock ./"),
                ("Dockerfile", "RUN bun run build"),
                ("Dockerfile", "target=/root/.bun/install/cache"),
            ],
            silent: &[("report", "The image lacks them")],
        },
        Row {
            files: &[
                ("main.py", SERVES),
                ("requirements.txt", "fastapi\nuvicorn\n"),
                (
                    "web/package.json",
                    "{\"packageManager\": \"bun@1.2.3\", \"scripts\": {\"build\": \"vite build\"}}",
                ),
            ],
            flags: &[],
            says: &[("Dockerfile", "npm install --global bun@1.2.3 && bun install")],
            silent: &[],
        },
        Row {
            files: &[
                ("main.py", SERVES),
                ("requirements.txt", "fastapi\nuvicorn\n"),
                ("web/package.json", PACKAGE),
                ("web/package-lock.json", "{}"),
                (
                    "Dockerfile",
                    "ARG REGION=eu\nFROM node:22 AS web\nARG VITE_API_URL=/api\nARG REGION\nENV NODE_ENV=production VITE_TITLE=Shop\nENV VITE_API_URL=$VITE_API_URL\nCOPY web .\nRUN npm ci && npm run build\nFROM python:3.12-slim\nCOPY . .\nCOPY --from=web /dist web/dist\nRUN pip install -r requirements.txt\nCMD uvicorn main:app\n",
                ),
                (
                    "docker-compose.yml",
                    "services:\n  api:\n    build:\n      context: .\n      args:\n        VITE_API_URL: https://shop.example.com/api\n        BUILD_USER: me\n    ports: ['8000:8000']\n",
                ),
            ],
            flags: &["--rewrite"],
            says: &[
                (
                    "Dockerfile",
                    "ARG VITE_API_URL=/api\nARG REGION=eu\nENV VITE_TITLE=Shop\nENV VITE_API_URL=$VITE_API_URL\n\nRUN npm run build",
                ),
                (
                    "docker-compose.yml",
                    "      args:\n        VITE_API_URL: \"https://shop.example.com/api\"",
                ),
            ],
            silent: &[("docker-compose.yml", "BUILD_USER")],
        },
        Row {
            files: &[
                FASTAPI,
                ("requirements.txt", "fastapi\nuvicorn\n"),
                (
                    "Dockerfile",
                    "FROM node:22 AS web\nARG REACT_APP_URL\nCOPY web .\nRUN npm ci && npm run build\nFROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nCOPY --from=web /dist public\nRUN pip install -r requirements.txt\nCMD uvicorn main:app\n",
                ),
                (
                    "docker-compose.yml",
                    "services:\n  api:\n    build: {context: ., args: ['REACT_APP_URL=${PUBLIC_URL:-/}']}\n    ports: ['8000:8000']\n",
                ),
            ],
            flags: &["--rewrite"],
            says: &[
                ("Dockerfile", "ARG REACT_APP_URL\n"),
                ("docker-compose.yml", "REACT_APP_URL: \"${PUBLIC_URL:-/}\""),
            ],
            silent: &[],
        },
    ]);
}
