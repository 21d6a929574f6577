//! What `--rewrite` says and writes is true: a published image whose Dockerfile is in the
//! repository, copies of what was built, settings of gunicorn's, services that go on, and
//! what is new.

use assert_fs::TempDir;
use serde_json::Value;

use crate::init::{init, read, report, write};
use crate::support::{directory, dockwright};

const WSGI: &str = "import os\nfrom django.core.wsgi import get_wsgi_application\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'desk.settings')\napplication = get_wsgi_application()\n";
const MANAGE: &str = "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'desk.settings')\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n";
const SETTINGS: &str = "from pathlib import Path\nimport os\nimport dj_database_url\nBASE_DIR = Path(__file__).resolve().parent.parent\nSECRET_KEY = os.environ['SECRET_KEY']\nALLOWED_HOSTS = os.environ.get('ALLOWED_HOSTS', '').split(',')\nINSTALLED_APPS = ['django.contrib.staticfiles']\nMIDDLEWARE = []\nROOT_URLCONF = 'desk.urls'\nWSGI_APPLICATION = 'desk.wsgi.application'\nSTATIC_URL = 'static/'\nSTATIC_ROOT = BASE_DIR / 'staticfiles'\nMEDIA_ROOT = BASE_DIR / 'media'\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'db.sqlite3'}}\nDATABASES['default'].update(dj_database_url.config(env='DATABASE_URL'))\nCELERY_BROKER_URL = os.environ['CELERY_BROKER_URL']\n";
const CELERY: &str = "import os\nfrom celery import Celery\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'desk.settings')\napp = Celery('desk')\napp.config_from_object('django.conf:settings', namespace='CELERY')\n";

/// A Django project in a directory of its own, whose services run a published image that
/// one of two Dockerfiles makes.
const PUBLISHED: [(&str, &str); 12] = [
    ("server/manage.py", MANAGE),
    ("server/desk/__init__.py", ""),
    ("server/desk/settings.py", SETTINGS),
    ("server/desk/wsgi.py", WSGI),
    ("server/desk/celery.py", CELERY),
    ("server/desk/urls.py", "urlpatterns = []\n"),
    (
        "server/requirements.txt",
        "Django==5.2.8\ngunicorn==23.0.0\ncelery==5.5.3\ndj-database-url==3.0.1\n",
    ),
    (
        "ops/start.sh",
        "#!/bin/sh\ncd /srv/desk\npython manage.py migrate\npython manage.py add_admin \\\n  --name \"$ADMIN\" \\\n  || true\nexec gunicorn --bind 0.0.0.0:8000 desk.wsgi\n",
    ),
    ("ops/flower.sh", "#!/bin/sh\ncd /srv/desk\nexec celery -A desk flower\n"),
    (
        "docker/Dockerfile.live",
        "ARG PYTHON=\"3.11.9-slim\"\nFROM python:${PYTHON} AS packages\nCOPY server/requirements.txt /tmp/requirements.txt\nRUN echo \"psycopg2-binary==2.9.9\" >> /tmp/requirements.txt && pip install --upgrade pip && pip install -r /tmp/requirements.txt\nFROM python:${PYTHON}\nWORKDIR /srv/desk\nCOPY --from=packages /usr/local /usr/local\nCOPY ops/ /opt/ops/\nCOPY server/ /srv/desk/\nENTRYPOINT [\"/opt/ops/start.sh\"]\n",
    ),
    ("docker/Dockerfile.heroku", "FROM desk/desk:nightly\nCMD [\"sh\", \"ops/start.sh\"]\n"),
    (
        "docker/docker-compose.live.yml",
        "services:\n  api:\n    image: desk/desk:api\n    environment:\n      DATABASE_URL: postgres://${PG_USER}:${PG_PASSWORD}@pg:5432/desk\n      CELERY_BROKER_URL: amqp://guest:guest@rabbit\n      ADMIN: ${ADMIN}\n      SECRET_KEY: ${SECRET_KEY}\n    ports: ['80:8000']\n    volumes: ['media:/srv/desk/media']\n    depends_on: [pg]\n  flower:\n    image: desk/desk:api\n    entrypoint: ['/opt/ops/flower.sh']\n    environment:\n      DATABASE_URL: postgres://${PG_USER}:${PG_PASSWORD}@pg:5432/desk\n      CELERY_BROKER_URL: amqp://guest:guest@rabbit\n      SECRET_KEY: ${SECRET_KEY}\n  rabbit:\n    image: rabbitmq:4.2-alpine\n    ports: ['5672:5672']\n  pg:\n    image: postgres:16-alpine\n    environment: {POSTGRES_USER: '${PG_USER}', POSTGRES_PASSWORD: '${PG_PASSWORD}', POSTGRES_DB: desk}\n    volumes: ['pg:/var/lib/postgresql/data']\nvolumes:\n  media:\n  pg:\n",
    ),
];

/// What a rewrite wrote, and what it said as JSON.
struct Written {
    directory: TempDir,
    said: Value,
}

impl Written {
    fn of(files: &[(&str, &str)]) -> Self {
        let directory = directory();
        for (path, text) in files {
            write(&directory, path, text);
        }
        let said = report(&directory, &["--rewrite"]);
        init(&directory, &["--rewrite"]).success();
        Self { directory, said }
    }

    #[track_caller]
    fn has(&self, path: &str, parts: &[&str]) {
        let text = read(&self.directory, path);
        let bare = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(bare.contains(part), "{path} lacks {part}:\n{text}\n{:#}", self.said["notes"]);
        }
    }

    #[track_caller]
    fn lacks(&self, path: &str, parts: &[&str]) {
        let text = read(&self.directory, path);
        for part in parts {
            assert!(!text.contains(part), "{path} has {part}:\n{text}");
        }
    }

    /// The fates of what has a name, each in words.
    fn fates(&self, path: &str, name: &str) -> Vec<String> {
        let all = self.said["fates"].as_array().unwrap().iter();
        let own = all.filter(|own| own["path"] == path && own["name"] == name);
        let word = |own: &Value, key: &str| own[key].as_str().unwrap_or_default().to_owned();
        own.map(|own| ["fate", "by", "reason", "weight"].map(|key| word(own, key)).join("|"))
            .collect()
    }

    fn notes(&self) -> String {
        self.said["notes"].to_string()
    }

    fn news(&self) -> Vec<&str> {
        self.said["new"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["what"].as_str().unwrap())
            .collect()
    }

    /// Errors that the audit finds in container files.
    fn errors(&self) -> Vec<String> {
        let output = dockwright()
            .current_dir(self.directory.path())
            .args(["audit", "--format", "json"])
            .output()
            .unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = said["paths"][0]["findings"].as_array().unwrap().iter();
        let errors = found.filter(|own| own["severity"] == "error");
        errors.map(|own| format!("{} {}", own["code"], own["message"])).collect()
    }
}

#[test]
fn a_published_image_goes_on_from_the_dockerfile_that_makes_it() {
    let own = Written::of(&PUBLISHED);
    own.has("Dockerfile", &["FROM python:3.11-slim", "'psycopg2-binary==2.9.9'"]);
    own.has("dockwright.toml", &["db = \"pg\"", "python = \"3.11\""]);
    own.lacks("dockwright.toml", &["database = \"none\""]);
    own.has("docker/docker-compose.live.yml", &["media:/app/server/media"]);
    own.lacks("docker/docker-compose.live.yml", &["/srv/desk/media"]);
    // What is started beside the code is there, and finds the code where it was.
    own.has(
        "Dockerfile",
        &["COPY --chmod=0555 ops /opt/ops", "ln --symbolic /app/server /srv/desk"],
    );
    own.has("docker/docker-compose.dev.yml", &["- ..:/app"]);
}

#[test]
fn a_step_that_may_fail_may_still() {
    let own = Written::of(&PUBLISHED);
    own.has(
        "docker/docker-compose.live.yml",
        &["{ python manage.py add_admin --name", "|| true; }"],
    );
}

#[test]
fn a_release_of_a_platform_is_none_of_a_compose_project() {
    let app = "{\"name\": \"desk\", \"scripts\": {\"postdeploy\": \"python server/manage.py add_demo\"}}\n";
    let files: Vec<(&str, &str)> = PUBLISHED
        .into_iter()
        .chain([("app.json", app), ("Procfile", "release: python server/manage.py add_demo\n")])
        .collect();
    Written::of(&files).lacks("docker/docker-compose.live.yml", &["add_demo"]);
}

#[test]
fn services_that_go_on_get_the_edits_that_adopt_makes() {
    let own = Written::of(&PUBLISHED);
    own.has("docker/docker-compose.live.yml", &["rabbitmq-diagnostics", "max-file"]);
    // Whether somebody outside needs the port is for a person to say.
    assert!(own.errors().iter().all(|own| own.contains("CO106")), "{:?}", own.errors());
    let before = &own.said["findings"]["before"];
    let after = &own.said["findings"]["after"];
    assert!(before["error"].as_u64() >= after["error"].as_u64(), "{before} {after}");
}

#[test]
fn an_image_that_nothing_here_makes_is_said_where_data_hangs_on_it() {
    let files: Vec<(&str, &str)> =
        PUBLISHED.into_iter().filter(|(path, _)| !path.contains("Dockerfile.live")).collect();
    let notes = Written::of(&files).notes();
    assert!(notes.contains("no Dockerfile here is known to make it"), "{notes}");
    assert!(notes.contains("/srv/desk/media"), "{notes}");
}

const FLASK: &str = "from flask import Flask\n\napp = Flask(__name__, static_folder='../public', static_url_path='')\n\n\n@app.get('/health')\ndef health():\n    return {}\n";
const ASSETS: [(&str, &str); 7] = [
    ("public/robots.txt", "User-agent: *\n"),
    ("shop/__init__.py", FLASK),
    ("requirements.txt", "flask==3.1.2\ngunicorn==23.0.0\nflask-static-digest==0.4.1\n"),
    ("assets/package.json", "{\"scripts\": {\"build\": \"esbuild app.js\"}}\n"),
    (
        "settings/gunicorn.py",
        "import os\n\nbind = f\"0.0.0.0:{os.getenv('PORT', '8000')}\"\ntimeout = int(os.getenv(\"WEB_TIMEOUT\", 120))\nthreads = int(os.getenv(\"MAX_THREADS\", 1))\naccess_log_format = \"%(h)s %(r)s\"\n",
    ),
    ("enter.sh", "#!/bin/sh\nset -e\ncp -r /public /app\nexec \"$@\"\n"),
    (
        "Dockerfile",
        "FROM node:24-trixie-slim AS assets\nWORKDIR /app/assets\nCOPY assets/ ./\nRUN npm run build && mkdir -p /app/public\nFROM python:3.13-slim\nWORKDIR /app\nENV FLASK_APP=shop\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY --from=assets /app/public /public\nCOPY . .\nRUN SECRET_KEY=dummy flask digest compile\nENTRYPOINT [\"/app/enter.sh\"]\nCMD [\"gunicorn\", \"-c\", \"python:settings.gunicorn\", \"shop:app\"]\n",
    ),
];

#[test]
fn what_a_start_copied_of_what_was_built_is_in_the_image() {
    let own = Written::of(&ASSETS);
    own.has(
        "Dockerfile",
        &[
            "COPY --from=assets /app/public /public",
            "RUN cp -r /public /app",
            "RUN SECRET_KEY=dummy flask digest compile",
        ],
    );
    let fates = own.fates("enter.sh", "cp");
    assert!(fates.iter().all(|own| own.starts_with("merged")), "{fates:?}");
    // Of what no stage of ours builds, it is lost.
    let files: Vec<(&str, &str)> = ASSETS
        .into_iter()
        .map(|(path, text)| match path {
            "enter.sh" => {
                (path, "#!/bin/sh\nset -e\ncp -r /made/elsewhere /app/public\nexec \"$@\"\n")
            }
            _ => (path, text),
        })
        .collect();
    let fates = Written::of(&files).fates("enter.sh", "cp");
    assert!(!fates.is_empty() && fates[0].starts_with("dropped"), "{fates:?}");
    assert!(fates[0].contains("/app/public is not there") && fates[0].ends_with("behaviour"));
}

#[test]
fn each_setting_of_a_gunicorn_module_has_its_fate() {
    let own = Written::of(&ASSETS);
    own.has("gunicorn.conf.py", &["timeout = 120", "threads = 1"]);
    for (name, gone) in [("timeout", "WEB_TIMEOUT"), ("threads", "MAX_THREADS")] {
        let fates = own.fates("settings/gunicorn.py", name);
        assert_eq!(fates.len(), 1, "{name}: {fates:?}");
        assert!(fates[0].contains(&format!("{gone} is read no longer")), "{fates:?}");
    }
    // What no option says goes on as it stands, at the end of ours.
    assert_eq!(own.fates("settings/gunicorn.py", "bind"), ["kept|||"]);
    let format = own.fates("settings/gunicorn.py", "access_log_format");
    assert_eq!(format.len(), 1, "{:#}", own.said["fates"]);
}

#[test]
fn what_is_new_is_said_where_it_applies() {
    let own = Written::of(&PUBLISHED);
    let news = own.news();
    let has = |part: &str| news.iter().any(|own| own.contains(part));
    assert!(
        has("memory limits: ") && has("max_requests") || has("requests, after which"),
        "{news:?}"
    );
    assert!(has("takes") && has("connections"), "{news:?}");
    assert!(!has("at every `up`"), "the old start migrated: {news:?}");
    let own = Written::of(&ASSETS);
    assert!(own.news().iter().all(|own| !own.contains("connections")), "{:?}", own.news());
}

#[test]
fn a_sample_for_development_turns_nothing_on() {
    let compose =
        "services:\n  web:\n    build: .\n    env_file: [.env]\n    ports: ['8000:8000']\n";
    let sample = "FLASK_DEBUG=true\nSECRET_KEY=change\n";
    let more = [("compose.yaml", compose), (".env.example", sample)];
    let files: Vec<(&str, &str)> = ASSETS.into_iter().chain(more).collect();
    let own = Written::of(&files);
    own.has(".env", &["FLASK_DEBUG=false"]);
}

#[test]
fn a_queue_that_a_service_runs_is_not_said_to_lack_a_worker() {
    const APP: &str = "from arq import create_pool\nfrom arq.connections import RedisSettings\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/health')\nasync def health():\n    await (await create_pool(RedisSettings(host='redis'))).enqueue_job('work')\n    return {}\n";
    let compose = "services:\n  web:\n    build: .\n    command: uvicorn shop.main:app --host 0.0.0.0 --port 8000\n    ports: ['8000:8000']\n    volumes: ['./src/.env:/code/.env']\n    depends_on: [redis]\n  worker:\n    build: .\n    command: arq shop.worker.Settings\n    depends_on: [redis]\n  redis:\n    image: redis:8-alpine\n";
    let own = Written::of(&[
        ("src/shop/__init__.py", ""),
        ("src/shop/main.py", APP),
        ("src/shop/worker.py", "class Settings:\n    functions = []\n"),
        ("requirements.txt", "fastapi==0.121.0\nuvicorn==0.38.0\narq==0.26.3\n"),
        (
            "Dockerfile",
            "FROM python:3.13-slim\nWORKDIR /code\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY src/shop /code/shop\nCMD [\"uvicorn\", \"shop.main:app\"]\n",
        ),
        ("docker-compose.yml", compose),
    ]);
    let notes = own.notes();
    assert!(!notes.contains("no worker is written"), "{notes}");
    assert!(!notes.contains("chown -R 10001:10001 ./src/.env"), "{notes}");
    own.has("docker-compose.yml", &["./src/.env:/app/src/.env"]);
    own.lacks("DEPLOY.md", &["llen celery"]);
}

#[test]
fn a_store_that_the_environment_names_is_on_a_network_with_what_migrates() {
    let compose = "services:\n  web:\n    build: .\n    command: gunicorn desk.wsgi -b 0.0.0.0:8000\n    environment: {SECRET_KEY: x, DATABASE_URL: 'sqlite:////tmp/x', CELERY_BROKER_URL: 'redis://redis:6379/0', CELERY_BACKEND: 'redis://redis:6379/0'}\n    ports: ['8000:8000']\n    depends_on: [redis]\n  celery:\n    build: .\n    command: celery -A desk worker\n    environment: {SECRET_KEY: x, CELERY_BROKER_URL: 'redis://redis:6379/0', CELERY_BACKEND: 'redis://redis:6379/0'}\n    depends_on: [redis]\n  redis:\n    image: redis:8-alpine\n";
    let files: Vec<(String, &str)> = PUBLISHED[..7]
        .iter()
        .map(|(path, text)| (path.trim_start_matches("server/").to_owned(), *text))
        .chain([
            ("Dockerfile".to_owned(), "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"),
            ("docker-compose.yml".to_owned(), compose),
        ])
        .collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let own = Written::of(&files);
    assert_eq!(own.errors(), Vec::<String>::new());
}

#[test]
fn a_developers_script_is_no_part_of_the_deployment() {
    let names = ["build", "test", "lint", "shell", "psql", "js"];
    let functions: Vec<String> = names
        .iter()
        .map(|name| format!("function {name} {{\n  docker compose run web {name}-it\n}}\n"))
        .collect();
    let script = format!("#!/bin/sh\n{}\n\"${{@:-build}}\"\n", functions.join("\n"));
    let compose = "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n  js:\n    build: {context: ., target: assets}\n    command: ../run js\n";
    let more = [("compose.yaml", compose), ("run", script.as_str())];
    let files: Vec<(&str, &str)> = ASSETS.into_iter().chain(more).collect();
    let own = Written::of(&files);
    let all = own.said["fates"].as_array().unwrap();
    assert!(
        all.iter()
            .all(|own| own["path"] != "run" || own["value"] != "docker compose run web lint-it")
    );
}
