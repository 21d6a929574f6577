//! What starts: each layout a repository may have, made up here.

use assert_fs::prelude::*;
use dockwright::detect::startup::{self, Startup};
use dockwright::detect::tree::Tree;
use dockwright::detect::{Wishes, commands};

use crate::support::directory;

const FASTAPI: &str = "from fastapi import FastAPI\n";
const FLASK: &str = "from flask import Flask\n";
const MANAGE: &str = "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'SETTINGS')\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n";
const WSGI: &str = "import os\nfrom django.core.wsgi import get_wsgi_application\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'SETTINGS')\napplication = get_wsgi_application()\n";
const ASGI: &str =
    "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n";

fn found_with(files: &[(&str, &str)], wishes: &Wishes) -> Startup {
    let directory = directory();
    for (path, text) in files {
        directory.child(path).write_str(text).unwrap();
    }
    let tree = Tree::read(directory.path()).unwrap();
    startup::find(&tree, &commands::find(&tree), wishes)
}

fn found(files: &[(&str, &str)]) -> Startup {
    found_with(files, &Wishes::default())
}

/// `root app`, a factory with parentheses.
fn start(files: &[(&str, &str)]) -> String {
    let found = found(files);
    let app = found.app.value().map_or("none", String::as_str);
    let call = if found.factory.value() == Some(&true) { "()" } else { "" };
    format!("{} {app}{call}", found.root.value().map_or("none", String::as_str))
}

fn fastapi(rest: &str) -> String {
    format!("{FASTAPI}{rest}")
}

fn flask(rest: &str) -> String {
    format!("{FLASK}{rest}")
}

fn with_settings(text: &str, settings: &str) -> String {
    text.replace("SETTINGS", settings)
}

#[test]
fn main_at_the_root_and_in_a_package() {
    let app = fastapi("app = FastAPI()\n");
    assert_eq!(start(&[("main.py", &app), ("requirements.txt", "fastapi")]), ". main:app");
    let files = [("app/main.py", app.as_str()), ("app/__init__.py", ""), ("pyproject.toml", "")];
    assert_eq!(start(&files), ". app.main:app");
}

#[test]
fn starlette_and_litestar_are_known_by_their_classes_wherever_they_are_made() {
    for (framework, import) in [
        ("starlette", "from starlette.applications import Starlette as Made\n"),
        ("litestar", "from litestar import Litestar as Made\n"),
    ] {
        let plain = format!("{import}site = Made([])\n");
        let files = [("shop/web.py", plain.as_str()), ("shop/__init__.py", "")];
        assert_eq!(start(&files), ". shop.web:site");
        assert_eq!(found(&files).framework.value().unwrap(), framework);
        let factory = format!("{import}def create_app() -> Made:\n    return Made([])\n");
        assert_eq!(start(&[("main.py", &factory)]), ". main:create_app()");
    }
}

#[test]
fn what_litestars_own_command_starts_is_the_application() {
    let app = "from litestar import Litestar\napp = Litestar([])\nother = Litestar([])\n";
    let files = |dockerfile: &'static str| [("web.py", app), ("Dockerfile", dockerfile)];
    let flag = "FROM python:3.14\nCMD [\"litestar\", \"--app\", \"web:other\", \"run\"]\n";
    assert_eq!(start(&files(flag)), ". web:other");
    let variable = "FROM python:3.14\nENV LITESTAR_APP=web:other\nCMD [\"litestar\", \"run\"]\n";
    assert_eq!(start(&files(variable)), ". web:other");
}

#[test]
fn a_source_directory_is_an_import_root_or_a_package_as_its_imports_say() {
    let root = fastapi("from stock.api import r\napp = FastAPI()\n");
    let files = [
        ("src/stock/main.py", root.as_str()),
        ("src/stock/api.py", "r = 1"),
        ("src/stock/__init__.py", ""),
        ("pyproject.toml", ""),
    ];
    assert_eq!(start(&files), "src stock.main:app");
    let package = fastapi("from src.stock import r\napp = FastAPI()\n");
    let files =
        [("src/main.py", package.as_str()), ("src/stock.py", "r = 1"), ("pyproject.toml", "")];
    assert_eq!(start(&files), ". src.main:app");
}

#[test]
fn a_backend_below_the_top_of_a_monorepo_is_the_root() {
    let app = fastapi("from core.config import x\napp = FastAPI()\n");
    let files = [
        ("backend/main.py", app.as_str()),
        ("backend/core/config.py", "x = 1"),
        ("backend/core/__init__.py", ""),
        ("frontend/package.json", "{}"),
        ("package.json", "{}"),
    ];
    assert_eq!(start(&files), "backend main:app");
}

#[test]
fn a_member_of_a_workspace_is_started_from_its_own_sources() {
    let app =
        fastapi("from shared_models import M\nfrom shopapi.routes import r\napp = FastAPI()\n");
    let files = [
        ("pyproject.toml", "[tool.uv.workspace]\nmembers = ['packages/*']\n"),
        ("uv.lock", ""),
        ("packages/shopapi/pyproject.toml", "[project]\nname = 'shopapi'"),
        ("packages/shopapi/src/shopapi/__init__.py", ""),
        ("packages/shopapi/src/shopapi/main.py", app.as_str()),
        ("packages/shopapi/src/shopapi/routes.py", "r = 1"),
        ("packages/models/pyproject.toml", "[project]\nname = 'shared-models'"),
        ("packages/models/src/shared_models/__init__.py", "M = 1"),
    ];
    assert_eq!(start(&files), "packages/shopapi/src shopapi.main:app");
}

#[test]
fn a_factory_counts_where_it_can_be_called() {
    let factory =
        fastapi("def build(debug=False) -> FastAPI:\n    api = FastAPI()\n    return api\n");
    assert_eq!(start(&[("main.py", &factory)]), ". main:build()");
    let needs = flask("def create_app(settings):\n    app = Flask(__name__)\n    return app\n");
    let wsgi = "from shop.web import create_app\napp = create_app('production')\n";
    let files = [("shop/__init__.py", ""), ("shop/web.py", needs.as_str()), ("wsgi.py", wsgi)];
    assert_eq!(start(&files), ". wsgi:app");
    assert_eq!(start(&[("shop/web.py", &needs)]), "none none");
}

#[test]
fn an_object_made_by_a_function_elsewhere_is_followed() {
    let builder = fastapi("def get_application():\n    return FastAPI()\n");
    let files = [
        ("service/core/server.py", builder.as_str()),
        ("service/core/__init__.py", ""),
        ("service/__init__.py", ""),
        (
            "service/main.py",
            "from service.core.server import get_application\napp = get_application()\n",
        ),
    ];
    assert_eq!(start(&files), ". service.main:app");
}

#[test]
fn an_application_may_have_any_name() {
    assert_eq!(start(&[("run.py", &fastapi("api: FastAPI = FastAPI()\n"))]), ". run:api");
    assert_eq!(start(&[("web.py", &flask("server = Flask(__name__)\n"))]), ". web:server");
}

#[test]
fn a_subclass_and_an_attribute_of_a_builder_are_applications() {
    let class = fastapi("class Shop(FastAPI):\n    pass\nshop = Shop()\n");
    assert_eq!(start(&[("main.py", &class)]), ". main:shop");
    let builder = fastapi(
        "class Builder:\n    def __init__(self):\n        self.app = FastAPI()\nb = Builder()\napp = b.app\n",
    );
    assert_eq!(start(&[("main.py", &builder)]), ". main:app");
}

#[test]
fn a_wrapped_application_is_the_application() {
    let text = fastapi(
        "import socketio\nsio = socketio.AsyncServer()\napi = FastAPI()\nasgi = socketio.ASGIApp(sio, api)\n",
    );
    let found = found(&[("main.py", text.as_str()), ("Procfile", "web: uvicorn main:asgi\n")]);
    assert_eq!(found.app.value().unwrap(), "main:asgi");
    assert_eq!(found.framework.value().unwrap(), "fastapi");
    let same = fastapi("from x import Middle\napp = FastAPI()\napp = Middle(app)\n");
    assert_eq!(start(&[("main.py", &same)]), ". main:app");
}

#[test]
fn a_re_export_is_one_application_with_its_definition() {
    let files = [
        ("shop/__init__.py", "from .application import app\n"),
        ("shop/application.py", &*fastapi("app = FastAPI()\n")),
    ];
    assert_eq!(start(&files), ". shop.application:app");
    let started = [files[0], files[1], ("Procfile", "web: uvicorn shop:app\n")];
    assert_eq!(start(&started), ". shop:app");
}

#[test]
fn a_mounted_application_is_not_the_application() {
    let files = [
        ("admin.py", &*fastapi("app = FastAPI()\n")),
        (
            "zebra.py",
            &*fastapi(
                "from admin import app as panel\nroot = FastAPI()\nroot.mount('/admin', panel)\n",
            ),
        ),
    ];
    assert_eq!(start(&files), ". zebra:root");
}

#[test]
fn a_function_named_app_is_no_object() {
    let text = "def app():\n    return 1\n";
    assert_eq!(start(&[("app.py", text), ("web.py", &fastapi("api = FastAPI()\n"))]), ". web:api");
}

#[test]
fn flask_starts_from_wsgi_a_factory_or_a_package() {
    let factory = flask("def create_app():\n    return Flask(__name__)\n");
    let package = [("shop/__init__.py", factory.as_str())];
    assert_eq!(start(&package), ". shop:create_app()");
    let manage = "from shop import create_app\napp = create_app()\n";
    let files = [package[0], ("manage.py", manage), ("wsgi.py", manage)];
    assert_eq!(start(&files), ". wsgi:app");
    let env = [package[0], ("tools/env.py", manage)];
    assert_eq!(start(&env), ". shop:create_app()");
}

#[test]
fn flask_with_a_manage_py_is_not_django() {
    let manage =
        flask("from flask_script import Manager\napp = Flask(__name__)\nmanager = Manager(app)\n");
    let found = found(&[("manage.py", manage.as_str())]);
    assert_eq!(found.framework.value().unwrap(), "flask");
    assert_eq!(found.app.value().unwrap(), "manage:app");
}

#[test]
fn django_with_a_main_py_and_the_word_fastapi_is_django() {
    let found = found(&[
        ("manage.py", &*with_settings(MANAGE, "shop.settings")),
        ("shop/settings.py", "INSTALLED_APPS = []\nWSGI_APPLICATION = 'shop.wsgi.application'\n"),
        ("shop/wsgi.py", &*with_settings(WSGI, "shop.settings")),
        ("main.py", "# one day: FastAPI()\nfastapi = 'fastapi'\n"),
    ]);
    assert_eq!(found.framework.value().unwrap(), "django");
    assert_eq!(found.app.value().unwrap(), "shop.wsgi:application");
}

#[test]
fn django_below_the_top_without_wsgi_application_and_with_a_config_package() {
    let found = found(&[
        ("server/manage.py", &*with_settings(MANAGE, "config.settings")),
        ("server/config/settings.py", "INSTALLED_APPS = []\n"),
        ("server/config/wsgi.py", &*with_settings(WSGI, "config.settings")),
        ("server/config/asgi.py", ASGI),
    ]);
    assert_eq!(found.root.value().unwrap(), "server");
    assert_eq!(found.app.value().unwrap(), "config.wsgi:application");
    assert_eq!(found.settings.value().unwrap(), "config.settings");
    assert_eq!(format!("{:?}", found.interface.value().unwrap()), "Wsgi");
}

#[test]
fn split_settings_give_productions() {
    let common = [
        ("manage.py", with_settings(MANAGE, "conf.settings.local")),
        ("conf/settings/base.py", "INSTALLED_APPS = []\n".to_owned()),
        ("conf/settings/local.py", "from .base import *\n".to_owned()),
        ("conf/settings/prod.py", "from .base import *\n".to_owned()),
        ("conf/wsgi.py", with_settings(WSGI, "conf.settings.local")),
    ];
    let files: Vec<(&str, &str)> =
        common.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(found(&files).settings.value().unwrap(), "conf.settings.prod");
    let mut told = files.clone();
    told.push(("conf/settings/staging.py", "from .base import *\n"));
    told.push(("compose.yaml", "services:\n  web:\n    image: x\n    command: gunicorn conf.wsgi\n    environment:\n      DJANGO_SETTINGS_MODULE: conf.settings.staging\n"));
    assert_eq!(found(&told).settings.value().unwrap(), "conf.settings.staging");
}

#[test]
fn a_settings_package_that_takes_developments_gives_way_to_production() {
    let found = found(&[
        ("manage.py", &*with_settings(MANAGE, "board.settings")),
        ("board/settings/__init__.py", "from .dev import *\n"),
        ("board/settings/common.py", "INSTALLED_APPS = []\n"),
        ("board/settings/dev.py", "from .common import *\n"),
        ("board/settings/live.py", "from .common import *\n"),
        ("board/wsgi.py", &*with_settings(WSGI, "board.settings")),
    ]);
    assert_eq!(found.settings.value().unwrap(), "board.settings.live");
}

#[test]
fn a_top_level_project_wins_over_a_helper_below_it() {
    let found = found(&[
        ("manage.py", &*with_settings(MANAGE, "photos.settings")),
        ("photos/settings.py", "INSTALLED_APPS = []\n"),
        ("photos/wsgi.py", &*with_settings(WSGI, "photos.settings")),
        (
            "similarity/main.py",
            &*flask("app = Flask(__name__)\nif __name__ == '__main__':\n    app.run()\n"),
        ),
    ]);
    assert_eq!(found.app.value().unwrap(), "photos.wsgi:application");
}

#[test]
fn a_project_without_default_settings_still_has_production_ones() {
    let manage = "import sys\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n";
    let found = found(&[
        ("manage.py", manage),
        ("site_conf/settings_common.py", "INSTALLED_APPS = []\n"),
        ("site_conf/settings_dev.py", "from .settings_common import *\n"),
        ("site_conf/settings_production.py", "from .settings_common import *\n"),
        (
            "site_conf/wsgi.py",
            "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        ),
    ]);
    assert_eq!(found.settings.value().unwrap(), "site_conf.settings_production");
}

#[test]
fn channels_make_django_asgi_and_an_asgi_module_alone_does_not() {
    let with = |apps: &str| {
        let settings = format!(
            "INSTALLED_APPS = [{apps}]\nWSGI_APPLICATION = 'chat.wsgi.application'\nASGI_APPLICATION = 'chat.asgi.application'\n"
        );
        let found = found(&[
            ("manage.py", &*with_settings(MANAGE, "chat.settings")),
            ("chat/settings.py", settings.as_str()),
            ("chat/wsgi.py", &*with_settings(WSGI, "chat.settings")),
            ("chat/asgi.py", ASGI),
        ]);
        found.app.value().unwrap().clone()
    };
    assert_eq!(with("'channels'"), "chat.asgi:application");
    assert_eq!(with("'chat'"), "chat.wsgi:application");
}

#[test]
fn a_start_command_comes_from_the_code_and_not_from_the_projects_name() {
    let files = [
        ("pyproject.toml", "[project]\nname = 'sandcastle'\n"),
        ("sandcastle/__init__.py", ""),
        ("sandcastle/http/serve.py", &*fastapi("application = FastAPI()\n")),
        ("sandcastle/http/__init__.py", ""),
    ];
    assert_eq!(start(&files), ". sandcastle.http.serve:application");
}

#[test]
fn what_a_deployment_file_starts_wins_over_better_names() {
    let app = fastapi("app = FastAPI()\n");
    let files = [
        ("main.py", app.as_str()),
        ("ops/portal.py", app.as_str()),
        (
            "Dockerfile",
            "FROM python\nWORKDIR /srv\nCOPY . .\nCMD [\"uvicorn\", \"ops.portal:app\"]\n",
        ),
    ];
    assert_eq!(start(&files), ". ops.portal:app");
}

#[test]
fn a_release_line_is_never_the_start() {
    let app = fastapi("app = FastAPI()\n");
    let files = [
        ("main.py", app.as_str()),
        ("seed.py", app.as_str()),
        ("Procfile", "release: python seed.py\nweb: uvicorn main:app\n"),
    ];
    assert_eq!(start(&files), ". main:app");
}

#[test]
fn a_command_that_names_nothing_is_no_evidence() {
    let app = fastapi("from api.deps import x\napp = FastAPI()\n");
    let files = [
        ("api/main.py", app.as_str()),
        ("api/deps.py", "x = 1"),
        ("api/__init__.py", ""),
        ("Dockerfile", "FROM python\nWORKDIR /code\nCOPY ./api /code\nCMD uvicorn main:app\n"),
        ("Procfile", "web: gunicorn gone.wsgi\n"),
    ];
    assert_eq!(start(&files), ". api.main:app");
}

#[test]
fn scripts_of_an_image_are_followed_to_the_server_they_run() {
    let app = fastapi("app = FastAPI()\n");
    let files = [
        ("svc/code/web.py", app.as_str()),
        ("svc/code/other.py", app.as_str()),
        (
            "svc/docker/Dockerfile",
            "FROM python AS base\nENV APP=/opt/app\nWORKDIR $APP\nCOPY svc/code .\nCOPY svc/docker/boot.sh /boot.sh\nENTRYPOINT [\"/boot.sh\"]\n",
        ),
        (
            "svc/docker/boot.sh",
            "#!/bin/sh\nset -e\nsleep 3 && alembic upgrade head\nexec poetry run uvicorn web:app --port ${PORT:-80}\n",
        ),
    ];
    assert_eq!(start(&files), "svc/code web:app");
}

#[test]
fn two_applications_of_equal_rank_are_both_named() {
    let app = fastapi("app = FastAPI()\n");
    let found = found(&[
        ("billing/main.py", app.as_str()),
        ("billing/requirements.txt", "fastapi"),
        ("orders/main.py", app.as_str()),
        ("orders/requirements.txt", "fastapi"),
    ]);
    let roots: Vec<&str> = found.root.candidates().iter().map(|(root, _)| root.as_str()).collect();
    assert_eq!(roots, ["billing", "orders"]);
    assert_eq!(found.app.value().unwrap(), "main:app");
    assert!(found.instead.is_none());
}

#[test]
fn a_wish_decides() {
    let app = fastapi("app = FastAPI()\n");
    let files = [
        ("billing/main.py", app.as_str()),
        ("billing/requirements.txt", "fastapi"),
        ("orders/main.py", app.as_str()),
        ("orders/requirements.txt", "fastapi"),
    ];
    let root = Wishes { root: Some("orders".into()), ..Wishes::default() };
    assert_eq!(found_with(&files, &root).root.value().unwrap(), "orders");
    let app = Wishes { app: Some("billing.main:app".into()), ..Wishes::default() };
    let found = found_with(&files, &app);
    assert_eq!(found.root.value().unwrap(), ".");
    assert_eq!(found.app.value().unwrap(), "billing.main:app");
}

#[test]
fn what_is_no_web_application_is_named() {
    let tool = "[project]\nname='t'\n[project.scripts]\nt = 't.cli:main'\n";
    for (files, instead) in [
        (vec![("pyproject.toml", tool), ("t/cli.py", "def main(): pass")], "a command-line tool"),
        (vec![("setup.py", "setup()"), ("t/core.py", "x = 1")], "a library"),
        (vec![("README.md", "hello")], "a repository without Python code"),
        (vec![], "an empty directory"),
        (vec![("go.mod", "module x"), ("main.go", "")], "a Go repository without Python code"),
    ] {
        let found = found(&files);
        assert_eq!(found.instead.as_deref(), Some(instead));
        assert!(found.app.value().is_none());
    }
}

#[test]
fn broken_python_never_panics_and_what_can_be_read_counts() {
    for broken in [
        "def (:\n",
        "app = FastAPI(\n",
        "from . import\nfrom .... import app\napp = app\n",
        "app = app()\napp = wrap(app)\n",
        "class A(A): pass\napp = A()\n",
        "def f(): return f()\napp = f()\n",
        "from main import *\nfrom main import app\n",
        "\u{0}\u{feff}é = FastAPI()\n",
        "app.mount()\nMount(\nuvicorn.run()\nos.environ.setdefault('DJANGO_SETTINGS_MODULE')\n",
        "INSTALLED_APPS += \nDATABASES = {\n",
        "if x:\n  app = FastAPI()\n else:\n\tapp = 1\n",
        "match x:\n  case FastAPI(: pass\n",
    ] {
        let text = format!("{FASTAPI}{broken}");
        let _ = found(&[("main.py", text.as_str()), ("manage.py", broken), ("wsgi.py", broken)]);
    }
    let text = fastapi("app = FastAPI()\ndef broken(:\n    pass\n");
    assert_eq!(start(&[("main.py", &text)]), ". main:app");
}
