//! Each lack on a small repository, and its absence on a ready one.

use assert_fs::TempDir;
use assert_fs::prelude::*;

use super::*;
use crate::detect::fact::{Evidence, Fact};
use crate::detect::facts::{InProcess, Interface, Static};

fn known<T>(value: T) -> Fact<T> {
    Fact::known(value, Evidence::file("x"))
}

fn lacks(files: &[(&str, &str)], change: impl Fn(&mut Facts)) -> Vec<Lack> {
    let directory = TempDir::new().unwrap();
    for (path, text) in files {
        directory.child(path).write_str(text).unwrap();
    }
    let tree = Tree::read(directory.path()).unwrap();
    let mut facts = Facts { root: known(".".into()), ..Facts::default() };
    change(&mut facts);
    find(&tree, &facts)
}

fn kinds(lacks: &[Lack]) -> Vec<&str> {
    lacks.iter().map(|lack| lack.kind.as_str()).collect()
}

fn fastapi(facts: &mut Facts) {
    facts.framework = known("fastapi".into());
    facts.interface = known(Interface::Asgi);
    facts.app = known("main:app".into());
    facts.package_manager = known("pip".into());
    facts.dependency_files = known(vec!["requirements.txt".into()]);
    facts.packages = vec!["fastapi".into(), "uvicorn".into()];
}

#[test]
fn a_missing_health_route_comes_with_its_lines_and_a_present_one_with_none() {
    let files = [("main.py", "from fastapi import FastAPI\napi = FastAPI()\n")];
    let found = lacks(&files, |facts| {
        fastapi(facts);
        facts.app = known("main:api".into());
    });
    assert_eq!(kinds(&found), ["health-route"]);
    assert_eq!((found[0].path.as_str(), found[0].line), ("main.py", 0));
    assert_eq!(found[0].add[0], "@api.get(\"/health\")");
    let found = lacks(&files, |facts| {
        fastapi(facts);
        facts.health = known("/healthz".into());
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_health_route_is_in_the_frameworks_own_way() {
    for (framework, class, first) in [
        ("starlette", "Starlette", "from starlette.responses import PlainTextResponse"),
        ("litestar", "Litestar", "from litestar import get"),
    ] {
        let text = format!("from {framework} import {class}\nsite = {class}()\n");
        let files = [("main.py", text.as_str()), ("requirements.txt", framework)];
        let found = lacks(&files, |facts| {
            fastapi(facts);
            facts.framework = known(framework.into());
            facts.app = known("main:site".into());
            facts.packages = vec![framework.into()];
        });
        assert!(kinds(&found).contains(&"server-missing"), "{found:?}");
        let health = found.iter().find(|lack| lack.kind == "health-route").unwrap();
        assert_eq!(health.add[0], first);
        let calls = |line: &&String| line.starts_with("site.");
        assert_eq!(health.add.iter().filter(calls).count(), 1, "{:?}", health.add);
    }
}

#[test]
fn in_a_factory_the_route_goes_before_the_return_with_its_indentation() {
    let text =
        "from flask import Flask\n\ndef build():\n    site = Flask(__name__)\n    return site\n";
    let found = lacks(&[("web/__init__.py", text)], |facts| {
        facts.framework = known("flask".into());
        facts.app = known("web:build".into());
    });
    assert_eq!(found[0].line, 4);
    assert_eq!(found[0].add[0], "    @site.get(\"/health\")");
}

#[test]
fn a_missing_server_is_a_safe_line_only_where_no_hashes_are() {
    let missing = |text: &str| {
        let found = lacks(&[("main.py", "FastAPI"), ("requirements.txt", text)], |facts| {
            fastapi(facts);
            facts.packages = vec!["fastapi".into()];
        });
        found.into_iter().find(|lack| lack.kind == "server-missing").unwrap()
    };
    let plain = missing("fastapi==0.115.0\n");
    assert!(plain.safe && plain.add[0].starts_with("uvicorn=="), "{plain:?}");
    let hashed = missing("fastapi==0.115.0 --hash=sha256:00\n");
    assert!(!hashed.safe && hashed.add.is_empty());
}

#[test]
fn django_settings_are_followed_to_the_file_that_says_it() {
    let files = [
        ("shop/conf/live.py", "from .common import *\nDEBUG = False\n"),
        (
            "shop/conf/common.py",
            "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent\nALLOWED_HOSTS = [\"shop.test\"]\nROOT_URLCONF = \"shop.urls\"\nSECRET_KEY = \"0123456789abcdef\"\n",
        ),
        ("shop/conf/__init__.py", ""),
        ("shop/urls.py", "urlpatterns = []\n"),
    ];
    let found = lacks(&files, |facts| {
        facts.framework = known("django".into());
        facts.settings = known("shop.conf.live".into());
    });
    assert_eq!(
        kinds(&found),
        ["health-route", "allowed-hosts", "static-root", "secret-in-settings"]
    );
    assert_eq!(found[0].path, "shop/urls.py");
    assert_eq!((found[1].path.as_str(), found[1].line), ("shop/conf/common.py", 3));
    assert_eq!(found[1].add[0], "import os");
    assert_eq!(found[2].add, ["STATIC_ROOT = BASE_DIR / \"staticfiles\""]);
}

#[test]
fn settings_from_the_environment_lack_nothing() {
    let text = "import os\nfrom environ import Env\nenv = Env()\nALLOWED_HOSTS = env.list(\"HOSTS\")\nSECRET_KEY = os.environ[\"SECRET_KEY\"]\n";
    let found = lacks(&[("site/settings.py", text)], |facts| {
        facts.framework = known("django".into());
        facts.settings = known("site.settings".into());
        facts.health = known("/health".into());
        facts.static_files = known(Static {
            collectstatic: true,
            uncollected: String::new(),
            committed: false,
            whitenoise: false,
            manifest: false,
            compressed: false,
            root: None,
            url: None,
        });
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn state_that_a_second_worker_would_not_share_is_named_with_its_line() {
    let text = "from fastapi import FastAPI\nimport joblib\n\nmodel = joblib.load(\"m.joblib\")\napp = FastAPI()\n";
    let found = lacks(&[("main.py", text)], |facts| {
        fastapi(facts);
        facts.health = known("/health".into());
        let states = [(InProcess::Scheduler, 7), (InProcess::Sessions, 8)];
        facts.in_process =
            states.map(|(state, line)| (state, Evidence::line("main.py", line, "x"))).into();
    });
    let places: Vec<(&str, usize)> =
        found.iter().map(|lack| (lack.kind.as_str(), lack.line)).collect();
    assert_eq!(places, [("model-at-import", 4), ("in-process-state", 7)]);
}

#[test]
fn a_health_route_goes_to_the_application_inside_of_what_is_wrapped_around_it() {
    for (wrapped, inner, line) in [
        ("app = socketio.ASGIApp(sio, api)", Some("api"), 5),
        ("app = socketio.ASGIApp(sio, other_asgi_app=api)", Some("api"), 5),
        ("app = socketio.ASGIApp(sio)", None, 5),
        ("app = api", Some("app"), 0),
    ] {
        let text = format!(
            "import socketio\nfrom fastapi import FastAPI\napi = FastAPI()\nsio = socketio.AsyncServer(async_mode=\"asgi\")\n\n{wrapped}\n"
        );
        let found = lacks(&[("main.py", &text)], fastapi);
        let lack = found.iter().find(|lack| lack.kind == "health-route").unwrap();
        let decorator = lack.add.first().map(|line| line.trim_start_matches('@'));
        let object = decorator.and_then(|line| line.split('.').next());
        assert_eq!((object, lack.line), (inner, line), "{wrapped}");
    }
}
