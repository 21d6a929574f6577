//! Where code writes, caches and receives, and what is built beside it: what
//! `init` makes of each kind.

use assert_fs::TempDir;

use crate::init::{init, read, report, write};
use crate::support::directory;

const FLASK: &str = "flask==3.1.0\ngunicorn==23.0.0\n";
const FASTAPI: &str = "fastapi==0.121.0\nuvicorn==0.38.0\n";

fn repository(files: &[(&str, &str)]) -> TempDir {
    let directory = directory();
    for (path, text) in files {
        write(&directory, path, text);
    }
    directory
}

/// The instruction that makes what the code writes to.
fn made(dockerfile: &str) -> String {
    let lines = dockerfile.lines().skip_while(|line| !line.starts_with("RUN install --directory"));
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// One case: files, and what has to stand in the Dockerfile's step, in the compose
/// file and in `dockwright.toml`; a `!` before it says that it must not.
struct Case<'a> {
    about: &'a str,
    files: &'a [(&'a str, &'a str)],
    made: &'a [&'a str],
    compose: &'a [&'a str],
    writable: &'a str,
}

fn holds(text: &str, parts: &[&str], about: &str) {
    for part in parts {
        match part.strip_prefix('!') {
            Some(part) => assert!(!text.contains(part), "{about}: {part} in\n{text}"),
            None => assert!(text.contains(part), "{about}: no {part} in\n{text}"),
        }
    }
}

#[test]
fn what_the_code_writes_has_its_place() {
    let flask = |body: &str| format!("from flask import Flask\napp = Flask(__name__)\n{body}\n");
    let instance = flask(
        "from flask_sqlalchemy import SQLAlchemy\napp.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///todo.db'\ndb = SQLAlchemy(app)",
    );
    let below = flask(
        "from flask_sqlalchemy import SQLAlchemy\nimport os\napp.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///' + os.path.join(app.instance_path, 'shop.db')\nos.makedirs(app.instance_path, exist_ok=True)\ndb = SQLAlchemy(app)",
    );
    let with_sqlalchemy = format!("{FLASK}flask-sqlalchemy==3.1.1\n");
    let outside = flask(
        "import logging, os\nlogging.basicConfig(handlers=[logging.FileHandler('/var/log/shop/app.log')])\nos.makedirs('/data/exports', exist_ok=True)\napp.config['UPLOAD_FOLDER'] = '/var/www/media'",
    );
    let counter = flask("def count():\n    open('counter.txt', 'w').write('1')");
    let shipped = flask(
        "def save():\n    open('data/cities.json', 'w').write('[]')\n    open('data/seen.csv', 'a').write('x')",
    );
    for case in [
        Case {
            about: "Flask-SQLAlchemy 3 keeps relative files below instance/",
            files: &[("requirements.txt", &with_sqlalchemy), ("app.py", &instance)],
            made: &["--owner=10001 --group=10001 /app &&", "/app/instance", "!ln --symbolic"],
            compose: &["instance:/app/instance"],
            writable: "[\"instance\"]",
        },
        Case {
            about: "so does a path made from app.instance_path",
            files: &[("requirements.txt", &with_sqlalchemy), ("app.py", &below)],
            made: &["/app/instance"],
            compose: &["instance:/app/instance"],
            writable: "[\"instance\"]",
        },
        Case {
            about: "absolute paths",
            files: &[("requirements.txt", FLASK), ("app.py", &outside)],
            made: &["/var/log/shop", "/data/exports", "/var/www/media", "chown --recursive"],
            compose: &[
                "data-exports:/data/exports",
                "var-www-media:/var/www/media",
                "!/var/log/shop",
            ],
            writable: "[\"/data/exports\", \"/var/log/shop:tmpfs\", \"/var/www/media\"]",
        },
        Case {
            about: "a file is no directory",
            files: &[("requirements.txt", FLASK), ("app.py", &counter)],
            made: &["ln --symbolic --force /data/counter.txt /app/counter.txt"],
            compose: &["data:/data"],
            writable: "[\"counter.txt\"]",
        },
        Case {
            about: "what the repository ships is no output, and no volume hides it",
            files: &[("requirements.txt", FLASK), ("app.py", &shipped), ("data/cities.json", "[]")],
            made: &["ln --symbolic --force /data/seen.csv /app/data/seen.csv", "!cities"],
            compose: &["data:/data", "!/app/data"],
            writable: "[\"data/seen.csv\"]",
        },
    ] {
        let directory = repository(case.files);
        init(&directory, &[]).success();
        holds(&made(&read(&directory, "Dockerfile")), case.made, case.about);
        holds(&read(&directory, "compose.yaml"), case.compose, case.about);
        let document = read(&directory, "dockwright.toml");
        holds(&document, &[&format!("writable = {}", case.writable)], case.about);
    }
}

#[test]
fn code_that_may_write_beside_itself_owns_the_directories_down_to_where_it_runs() {
    let files = [
        ("backend/requirements.txt", FASTAPI),
        ("backend/main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
        ("requirements.txt", "-r backend/requirements.txt\n"),
    ];
    let root = ["--set", "project.build-context=.", "--set", "project.root=backend"];
    let directory = repository(&files);
    init(&directory, &root).success();
    let own = "RUN install --directory --owner=10001 --group=10001 /app /app/backend\n";
    assert!(read(&directory, "Dockerfile").contains(own));
    let strict = repository(&files);
    init(&strict, &[&root[..], &["--set", "deploy.hardening=strict"]].concat()).success();
    assert!(!read(&strict, "Dockerfile").contains("--owner"), "read-only: nothing to own");
}

#[test]
fn tables_that_only_main_makes_are_named_with_the_lines_to_add() {
    let app = "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\napp = Flask(__name__)\napp.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///todo.db'\ndb = SQLAlchemy(app)\n";
    let main = "if __name__ == '__main__':\n    with app.app_context():\n        db.create_all()\n    app.run()\n";
    let requirements = format!("{FLASK}flask-sqlalchemy==3.1.1\n");
    let said = |text: &str, more: &[(&str, &str)]| {
        let files = [("requirements.txt", requirements.as_str()), ("app.py", text)];
        let directory = repository(&[&files, more].concat());
        let report = report(&directory, &["--dry-run"]);
        let lacks = report["readiness"].as_array().unwrap().clone();
        let lack = lacks.into_iter().find(|lack| lack["kind"] == "tables-not-made");
        (lack, report["notes"].to_string())
    };
    let served = [("Procfile", "web: gunicorn app:app\n")];
    let named = |text: &str| said(text, &served).0;
    let lack = named(&format!("{app}{main}")).unwrap();
    assert_eq!(lack["add"][0], "with app.app_context():");
    assert_eq!(lack["add"][1], "    db.create_all()");
    assert_eq!(lack["line"], 5);
    let made = format!("{app}with app.app_context():\n    db.create_all()\n{main}");
    assert!(named(&made).is_none(), "they are made");
    // What `python app.py` did is a step of its own, and no lack.
    let (lack, notes) = said(&format!("{app}{main}"), &[]);
    assert!(lack.is_none(), "{lack:?}");
    assert!(notes.contains("what app.py:7 does"), "{notes}");
    assert!(notes.contains("migrate does once before the start"), "{notes}");
    let dockerfile = "FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"app.py\"]\n";
    let directory = repository(&[
        ("requirements.txt", "flask==3.1.2\nflask-sqlalchemy==3.1.1\n"),
        ("app.py", &format!("{app}{main}")),
        ("Dockerfile", dockerfile),
    ]);
    let report = report(&directory, &["--adopt"]);
    let lacks = report["readiness"].to_string();
    for kind in ["tables-not-made", "server-missing", "the compose file gives it one"] {
        assert!(!lacks.contains(kind), "the image starts it its own way: {lacks}");
    }
    for ours in ["no lock pins", "the image installs"] {
        assert!(!report["notes"].to_string().contains(ours), "{}", report["notes"]);
    }
}

#[test]
fn where_uploads_wait_follows_from_how_large_they_may_be() {
    let app = |limit: &str| {
        format!(
            "from fastapi import FastAPI, UploadFile\napp = FastAPI()\n{limit}\n@app.post('/up')\nasync def up(file: UploadFile): ...\n"
        )
    };
    for (limit, memory) in [
        ("MAX_FILE_SIZE_MB = 500", false),
        ("MAX_FILE_SIZE_MB = 5", true),
        // Nothing limits them.
        ("", false),
    ] {
        let text = app(limit);
        let files = [("requirements.txt", FASTAPI), ("main.py", text.as_str())];
        let directory = repository(&files);
        init(&directory, &[]).success();
        let compose = read(&directory, "compose.yaml");
        assert_eq!(compose.contains("/tmp:size="), memory, "{limit}: {compose}");
        assert!(!compose.contains(":/tmp\n"), "{limit}: the container's own disk");
        let strict = repository(&files);
        init(&strict, &["--set", "deploy.hardening=strict"]).success();
        let compose = read(&strict, "compose.yaml");
        assert_eq!(compose.contains("- web-tmp:/tmp\n"), !memory, "{limit}: {compose}");
        // The proxy says no before anything waits, and keeps nothing in memory either.
        let proxied = repository(&files);
        init(&proxied, &["--set", "stack.proxy=nginx"]).success();
        let (conf, compose) = (read(&proxied, "nginx/nginx.conf"), read(&proxied, "compose.yaml"));
        let (size, waits) = match limit {
            "MAX_FILE_SIZE_MB = 500" => ("client_max_body_size 501m;", "- nginx-tmp:/tmp\n"),
            "MAX_FILE_SIZE_MB = 5" => ("client_max_body_size 6m;", "- /tmp:size="),
            _ => ("client_max_body_size 10m;", "- /tmp:size="),
        };
        assert!(conf.contains(size), "{limit}: {conf}");
        assert!(compose.contains(waits), "{limit}: {compose}");
    }
}

#[test]
fn an_image_that_stays_keeps_the_disk_it_had_and_volumes_where_its_user_may_write() {
    let main = "import os\nfrom fastapi import FastAPI, UploadFile\napp = FastAPI()\nos.makedirs('media', exist_ok=True)\nos.makedirs('exports', exist_ok=True)\n@app.post('/up')\nasync def up(file: UploadFile): ...\n";
    let dockerfile = "FROM python:3.13-slim\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nRUN useradd app && mkdir -p /srv/media && chown -R app /srv/media\nUSER app\nEXPOSE 8000\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]\n";
    let directory =
        repository(&[("requirements.txt", FASTAPI), ("main.py", main), ("Dockerfile", dockerfile)]);
    let report = report(&directory, &["--adopt"]);
    let compose = read(&directory, "compose.yaml");
    assert!(compose.contains("media:/srv/media"), "{compose}");
    assert!(!compose.contains("/tmp"), "{compose}");
    assert!(!compose.contains("/srv/exports"), "{compose}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("install --directory --owner=app /srv/exports"), "{notes}");
}

#[test]
fn models_that_are_fetched_by_name_have_a_volume_and_no_cuda() {
    let fetch = "from fastapi import FastAPI\nfrom sentence_transformers import SentenceTransformer\napp = FastAPI()\nmodel = SentenceTransformer('all-MiniLM-L6-v2')\n";
    let words = "import nltk, tiktoken\nfrom flask import Flask\nnltk.download('punkt')\nencoding = tiktoken.get_encoding('cl100k_base')\napp = Flask(__name__)\n";
    let local = "from fastapi import FastAPI\nfrom sentence_transformers import SentenceTransformer\napp = FastAPI()\nmodel = SentenceTransformer('./weights')\n";
    let transformers = format!("{FASTAPI}sentence-transformers==5.1.0\n");
    let language = format!("{FLASK}nltk==3.9.1\ntiktoken==0.9.0\n");
    for (main, requirements, image, volume, torch) in [
        (
            fetch,
            &transformers,
            &["HF_HOME=/cache/huggingface", "XDG_CACHE_HOME=/cache\n"][..],
            true,
            true,
        ),
        (
            words,
            &language,
            &[
                "NLTK_DATA=/cache/nltk",
                "TIKTOKEN_CACHE_DIR=/cache/tiktoken",
                "--mode=1777 /cache /cache/nltk",
            ],
            true,
            false,
        ),
        (local, &transformers, &["HF_HOME=/tmp/huggingface"], false, true),
    ] {
        let directory = repository(&[
            ("requirements.txt", requirements),
            ("main.py", main),
            ("weights/config.json", "{}"),
        ]);
        let strict = ["--set", "deploy.hardening=strict"];
        let report = report(&directory, &strict);
        let dockerfile = read(&directory, "Dockerfile");
        holds(&dockerfile, image, main);
        assert_eq!(dockerfile.contains("--torch-backend=cpu"), torch, "{main}");
        let compose = read(&directory, "compose.yaml");
        assert_eq!(compose.contains("- hub-cache:/cache\n"), volume, "{main}: {compose}");
        let said = report["notes"].to_string();
        assert_eq!(said.contains("hub-cache"), volume, "{said}");
        assert_eq!(said.contains("index of CPU builds"), torch, "{said}");
    }
}

const PACKAGE: &str = r#"{"scripts": {"build": "vite build"}, "dependencies": {"vite": "5"}, "engines": {"node": ">=22"}}"#;

#[test]
fn a_front_end_that_the_code_serves_is_a_stage_of_its_own() {
    let mono = "import os\nfrom fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles\napp = FastAPI()\napp.mount('/', StaticFiles(directory=os.path.join(os.path.dirname(__file__), '../../frontend/dist'), html=True))\n";
    let flask = "from flask import Flask\napp = Flask(__name__, static_folder='static/app')\n";
    for (files, stage, served) in [
        (
            vec![
                ("backend/requirements.txt", FASTAPI),
                ("backend/app/__init__.py", ""),
                ("backend/app/main.py", mono),
                ("frontend/package.json", PACKAGE),
                ("frontend/package-lock.json", "{}"),
                ("frontend/.env.production", "VITE_API=/api\n"),
            ],
            &[
                "FROM node:24-slim AS frontend\n",
                "WORKDIR /app/frontend\n",
                "COPY frontend/package.json frontend/package-lock.json frontend/.env.production ./\n",
                "    npm ci\n",
                "RUN npm run build\n",
            ][..],
            "/app/frontend/dist",
        ),
        (
            vec![
                ("requirements.txt", FLASK),
                ("app.py", flask),
                ("ui/package.json", PACKAGE),
                ("ui/pnpm-lock.yaml", ""),
                ("ui/.nvmrc", "v20.11.0\n"),
                ("ui/vite.config.ts", "export default { build: { outDir: '../static/app' } }\n"),
            ],
            &[
                "FROM node:20-slim AS frontend\n",
                "pnpm install --frozen-lockfile\n",
                "RUN pnpm run build\n",
            ],
            "/app/static/app",
        ),
    ] {
        let directory = repository(&files);
        init(&directory, &[]).success();
        let dockerfile = read(&directory, "Dockerfile");
        holds(&dockerfile, stage, served);
        let copied = format!("COPY --from=frontend {served} {served}\n");
        let file = dockwright::source::dockerfile::Dockerfile::read(&dockerfile);
        let stages: Vec<&str> =
            file.stages.iter().filter_map(|stage| stage.name.as_deref()).collect();
        let at = |name: &str| stages.iter().position(|stage| *stage == name);
        assert!(at("frontend") < at("code"), "{stages:?}");
        assert!(dockerfile.contains(&copied), "{dockerfile}");
        assert!(read(&directory, "compose.dev.yaml").contains(&format!("- {served}  #")));
        assert!(read(&directory, "compose.yaml").contains("context: .\n"));
        let ignored = read(&directory, ".dockerignore");
        assert_eq!(
            ignored.contains("!frontend/.env.production"),
            files.iter().any(|(path, _)| path.ends_with(".env.production")),
            "{ignored}"
        );
    }
}

#[test]
fn stages_of_the_old_dockerfile_in_other_languages_are_kept_in_a_rewrite() {
    let dockerfile = "FROM node:20-alpine AS assets\nWORKDIR /web\nCOPY web/package.json .\nRUN npm install\nCOPY web .\nRUN npm run styles\n\nFROM golang:1.25 AS tool\nRUN go install example.com/tool@v1\n\nFROM python:3.13-slim\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nCOPY --from=assets /web/out ./public/css\nCOPY --from=tool /go/bin/tool /usr/local/bin/\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
    let main = "from fastapi import FastAPI\napp = FastAPI()\n";
    let directory = repository(&[
        ("requirements.txt", FASTAPI),
        ("main.py", main),
        ("web/package.json", r#"{"scripts": {"styles": "sass ."}}"#),
        ("Dockerfile", dockerfile),
    ]);
    let report = report(&directory, &["--rewrite"]);
    let written = read(&directory, "Dockerfile");
    let parts = [
        "FROM node:20-alpine AS assets\nWORKDIR /web\nCOPY web/package.json .\n",
        "FROM golang:1.25 AS tool\n",
        "COPY . /app\nCOPY --from=assets /web/out /app/public/css\n",
        "COPY --from=tool /go/bin/tool /usr/local/bin/\n",
    ];
    holds(&written, &parts, "kept");
    let file = dockwright::source::dockerfile::Dockerfile::read(&written);
    assert!(file.faults.is_empty(), "{:?}", file.faults);
    assert!(report["notes"].to_string().contains("assets, tool"), "{}", report["notes"]);
    assert_eq!(report["doubts"].to_string().matches("would be missing").count(), 0);
}

#[test]
fn the_static_step_finds_its_directories_and_no_old_volume_hides_what_it_brings() {
    let settings = "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\nSECRET_KEY = 'x'\nROOT_URLCONF = 'shop.urls'\nSTATIC_URL = '/static/'\nSTATIC_ROOT = BASE_DIR / 'staticfiles'\nSTORAGES = {'staticfiles': {'BACKEND': 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage'}}\nSTORAGES = {'staticfiles': {'BACKEND': 'django.contrib.staticfiles.storage.StaticFilesStorage'}}\nLOGGING = {'version': 1, 'handlers': {'file': {'class': 'logging.FileHandler', 'filename': '/var/log/shop/app.log'}}}\n";
    let manage = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n";
    let wsgi = "import os\nfrom django.core.wsgi import get_wsgi_application\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napplication = get_wsgi_application()\n";
    let compose = "services:\n  web:\n    build: .\n    command: gunicorn shop.wsgi:application --bind 0.0.0.0:8000\n    ports: ['8000:8000']\n    volumes: [static:/code/staticfiles]\nvolumes:\n  static: {}\n";
    let directory = repository(&[
        ("requirements.txt", "django==5.2\ngunicorn==23.0.0\n"),
        ("manage.py", manage),
        ("shop/__init__.py", ""),
        ("shop/settings.py", settings),
        ("shop/urls.py", "urlpatterns = []\n"),
        ("shop/wsgi.py", wsgi),
        (
            "Dockerfile",
            "FROM python:3.13-slim\nWORKDIR /code\nCOPY . .\nRUN pip install -r requirements.txt\n",
        ),
        ("docker-compose.yml", compose),
    ]);
    let report = report(&directory, &["--rewrite"]);
    let dockerfile = read(&directory, "Dockerfile");
    let step = "RUN install --directory /var/log/shop && \\\n";
    assert!(dockerfile.contains(step), "made before the settings open it: {dockerfile}");
    assert!(!dockerfile.contains("staticfiles.json"), "that storage makes none: {dockerfile}");
    let compose = read(&directory, "docker-compose.yml");
    assert!(!compose.contains("/app/staticfiles"), "{compose}");
    assert!(report["notes"].to_string().contains("nothing is mounted over"), "{report:#}");
}

#[test]
fn what_is_served_and_made_by_nobody_is_a_gap_and_the_exit_says_so() {
    let main = "from fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles\napp = FastAPI()\napp.mount('/', StaticFiles(directory='static'))\n";
    let files = [("requirements.txt", FASTAPI), ("main.py", main), ("ui/package.json", PACKAGE)];
    let directory = repository(&files);
    let output = init(&directory, &[]).code(1);
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(said.contains("the code serves static, which the repository does not hold"), "{said}");
    assert!(directory.path().join("Dockerfile").is_file(), "and the rest is written");
    // What the code makes itself is no gap.
    let making = main.replace(
        "app = FastAPI()",
        "import os\nos.makedirs('static', exist_ok=True)\napp = FastAPI()",
    );
    let own = repository(&[files[0], ("main.py", &making), files[2]]);
    init(&own, &[]).success();
    // Built and committed, there is none.
    write(&directory, "static/index.html", "");
    init(&directory, &[]).success();
}
