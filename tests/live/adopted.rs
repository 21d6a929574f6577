//! Code that was there before: small repositories of each package manager,
//! taken over by `dockwright init`, built, started and asked.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::docker;
use crate::support::stack::Stack;

/// An application that answers with the packages it sees, so that a test
/// knows what was installed.
const FASTAPI: &str = r#"
from importlib.metadata import distributions

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def packages() -> list[str]:
    return sorted({found.metadata["Name"].lower() for found in distributions()})
"#;

const FLASK_FACTORY: &str = r#"
from importlib.metadata import distributions

from flask import Flask, jsonify


def create_app():
    app = Flask(__name__)

    @app.get("/")
    def packages():
        return jsonify(sorted({found.metadata["Name"].lower() for found in distributions()}))

    return app
"#;

/// Makes a lock by the tool that owns it.
fn lock(directory: &Path, command: &[&str]) {
    let Some(tools) = std::env::var_os("DOCKWRIGHT_LIVE_TOOLS") else {
        panic!("the package managers are missing: run tests/live/run.sh, which installs them");
    };
    let mut lock = Command::new(Path::new(&tools).join(command[0]));
    lock.args(&command[1..]).current_dir(directory);
    docker::run(&mut lock, Duration::from_secs(150)).expect_success();
}

fn nothing(_: &Path) {}

/// Starts it, asks it, stops it; its packages are those that are locked.
#[track_caller]
fn works(stack: &Stack, has: &[&str], lacks: &[&str]) {
    stack.up();
    let web = stack.container("web");
    assert_eq!(web.fact("/State/Health/Status"), "healthy");
    let answer = stack.get("/").expect(200).json();
    let packages: Vec<&str> =
        answer.as_array().expect("a list").iter().filter_map(serde_json::Value::as_str).collect();
    for name in has {
        assert!(packages.contains(name), "{name} is not in {packages:?}");
    }
    for name in lacks {
        assert!(!packages.contains(name), "{name} is in {packages:?}");
    }
    stack.compose(&["stop"]);
}

#[test]
fn uv_with_a_src_layout() {
    let project = r#"
[project]
name = "depot"
version = "1.0"
requires-python = ">=3.14,<3.15"
dependencies = ["fastapi", "uvicorn"]
[dependency-groups]
dev = ["iniconfig"]
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.hatch.build.targets.wheel]
packages = ["src/depot"]
"#;
    let stack = Stack::adopted(
        "uv",
        &[
            ("pyproject.toml", project),
            ("src/depot/__init__.py", ""),
            ("src/depot/web.py", FASTAPI),
        ],
        |directory| lock(directory, &["uv", "lock"]),
        &[],
    );
    works(&stack, &["fastapi", "depot"], &["iniconfig", "uv"]);
}

#[test]
fn poetry_with_a_flask_factory_and_no_server() {
    let project = r#"
[project]
name = "ledger"
version = "1.0"
requires-python = ">=3.14,<3.15"
dependencies = ["flask"]
[tool.poetry]
packages = [{ include = "ledger" }]
[tool.poetry.group.dev.dependencies]
iniconfig = "*"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"#;
    let stack = Stack::adopted(
        "poetry",
        &[("pyproject.toml", project), ("ledger/__init__.py", FLASK_FACTORY)],
        |directory| lock(directory, &["poetry", "lock", "--no-interaction"]),
        &[],
    );
    works(&stack, &["flask", "gunicorn", "ledger"], &["iniconfig", "poetry"]);
}

#[test]
fn pdm() {
    let project = r#"
[project]
name = "canteen"
version = "1.0"
requires-python = "==3.14.*"
dependencies = ["fastapi", "uvicorn"]
[dependency-groups]
test = ["iniconfig"]
[tool.pdm]
distribution = false
"#;
    let stack = Stack::adopted(
        "pdm",
        &[("pyproject.toml", project), ("canteen/__init__.py", ""), ("canteen/main.py", FASTAPI)],
        |directory| lock(directory, &["pdm", "lock", "--no-cross-platform"]),
        &[],
    );
    works(&stack, &["fastapi"], &["iniconfig", "pdm"]);
}

#[test]
fn pipenv() {
    let pipfile = r#"
[packages]
flask = "*"
[dev-packages]
iniconfig = "*"
[requires]
python_version = "3.14"
"#;
    let app = format!("{FLASK_FACTORY}\n\napp = create_app()\n");
    let stack = Stack::adopted(
        "pipenv",
        &[("Pipfile", pipfile), ("app.py", &app)],
        |directory| lock(directory, &["pipenv", "lock"]),
        &[],
    );
    works(&stack, &["flask", "gunicorn"], &["iniconfig", "pipenv"]);
}

#[test]
fn pip_with_a_directory_of_requirements_and_django_below() {
    let settings = r#"
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
DEBUG = os.environ.get("DJANGO_DEBUG", "True") == "True"
ALLOWED_HOSTS = os.environ.get("DJANGO_HOSTS", "").split(",")
ROOT_URLCONF = "atlas.urls"
WSGI_APPLICATION = "atlas.wsgi.application"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("DB_NAME", "atlas"),
        "USER": os.environ.get("DB_USER", "atlas"),
        "PASSWORD": os.environ.get("DB_PASSWORD", ""),
        "HOST": os.environ.get("DB_HOST", "localhost"),
        "PORT": os.environ.get("DB_PORT", "5432"),
    }
}
STATIC_URL = "/assets/"
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [BASE_DIR / "files"]
MEDIA_ROOT = BASE_DIR / "media"
"#;
    let urls = r#"
from importlib.metadata import distributions
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.urls import path


def packages(request):
    User.objects.count()
    names = sorted({found.metadata["Name"].lower() for found in distributions()})
    return JsonResponse(names, safe=False)


def upload(request):
    file = Path(settings.MEDIA_ROOT) / "note.txt"
    if request.method == "GET" and request.GET.get("text"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(request.GET["text"])
    return HttpResponse(file.read_text())


urlpatterns = [path("", packages), path("note", upload)]
"#;
    let manage = r#"
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atlas.settings")
execute_from_command_line(sys.argv)
"#;
    let wsgi = r#"
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atlas.settings")
application = get_wsgi_application()
"#;
    let stack = Stack::adopted(
        "pip",
        &[
            ("requirements/base.txt", "django\npsycopg[binary]\n"),
            ("requirements/production.txt", "-r base.txt\ngunicorn\n"),
            ("requirements/dev.txt", "-r base.txt\niniconfig\n"),
            ("runtime.txt", "python-3.14.0\n"),
            ("server/manage.py", manage),
            ("server/atlas/__init__.py", ""),
            ("server/atlas/settings.py", settings),
            ("server/atlas/urls.py", urls),
            ("server/atlas/wsgi.py", wsgi),
            ("server/files/site.css", "body { color: black }\n"),
        ],
        nothing,
        &["--preset", "django-nginx"],
    );
    stack.up();
    let style = stack.get("/assets/site.css").expect(200);
    assert_eq!(style.text(), "body { color: black }\n");
    // What was uploaded outlives the container.
    stack.get("/note?text=kept").expect(200);
    stack.compose(&["up", "--detach", "--wait", "--force-recreate", "web", "nginx"]);
    assert_eq!(stack.get("/note").text(), "kept");
    works(&stack, &["django", "gunicorn"], &["iniconfig"]);
}

#[test]
fn setup_py_with_its_data_in_sqlite() {
    let setup = r#"
from setuptools import find_packages, setup

setup(
    name="guestbook",
    version="1.0",
    python_requires=">=3.14",
    packages=find_packages(),
    install_requires=["flask", "sqlalchemy"],
    extras_require={"dev": ["iniconfig"]},
)
"#;
    let app = r#"
from importlib.metadata import distributions

from flask import Flask, jsonify
from sqlalchemy import create_engine, text

engine = create_engine("sqlite:///guests.db")
app = Flask(__name__)


@app.get("/")
def packages():
    return jsonify(sorted({found.metadata["Name"].lower() for found in distributions()}))


@app.get("/sign")
def sign():
    with engine.begin() as connection:
        connection.execute(text("create table if not exists guests (name text)"))
        connection.execute(text("insert into guests values ('x')"))
        return jsonify(connection.execute(text("select count(*) from guests")).scalar())
"#;
    let stack = Stack::adopted(
        "setuptools",
        &[("setup.py", setup), ("guestbook/__init__.py", ""), ("guestbook/app.py", app)],
        nothing,
        &["--set", "project.writable=guests.db"],
    );
    stack.up();
    assert_eq!(stack.get("/sign").text(), "1\n");
    stack.compose(&["up", "--detach", "--wait", "--force-recreate", "web"]);
    assert_eq!(stack.get("/sign").text(), "2\n");
    works(&stack, &["flask", "gunicorn", "guestbook"], &["iniconfig"]);
}

#[test]
fn a_pyproject_without_a_lock() {
    let project = r#"
[project]
name = "orrery"
version = "1.0"
requires-python = ">=3.14"
dependencies = ["fastapi"]
[project.optional-dependencies]
dev = ["iniconfig"]
"#;
    let stack = Stack::adopted(
        "pyproject",
        &[("pyproject.toml", project), ("main.py", FASTAPI)],
        nothing,
        &[],
    );
    works(&stack, &["fastapi", "uvicorn"], &["iniconfig"]);
}
