//! Repositories that say the usual things in another place or spelling: what worked
//! is read there as well, and goes on.

use assert_fs::TempDir;
use dockwright::source::compose::{Document, Service};

use crate::init::{init, read, report, tree, write};
use crate::support::dockwright;

const FASTAPI: &str =
    "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef h(): return {}\n";
const FLASK: &str =
    "from flask import Flask\napp = Flask(__name__)\n@app.get('/health')\ndef h(): return ''\n";
const IMAGE: &str =
    "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\n";

fn of(files: &[(&str, &str)]) -> TempDir {
    let directory = crate::support::directory();
    files.iter().for_each(|(path, text)| write(&directory, path, text));
    directory
}

/// A FastAPI service with files of its own.
fn fastapi(files: &[(&str, &str)]) -> TempDir {
    let directory =
        of(&[("main.py", FASTAPI), ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n")]);
    files.iter().for_each(|(path, text)| write(&directory, path, text));
    directory
}

/// A Flask service served by gunicorn, with files of its own.
fn flask(files: &[(&str, &str)]) -> TempDir {
    let directory =
        of(&[("wsgi.py", FLASK), ("requirements.txt", "flask==3.0.3\ngunicorn==22.0.0\n")]);
    files.iter().for_each(|(path, text)| write(&directory, path, text));
    directory
}

/// A Django project with these settings, behind those that it needs.
fn django(settings: &str, files: &[(&str, &str)]) -> TempDir {
    let base = "import os\nfrom pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\nSECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nINSTALLED_APPS = ['django.contrib.staticfiles']\nROOT_URLCONF = 'site_.urls'\n";
    let directory = of(&[
        (
            "manage.py",
            "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n",
        ),
        ("site_/__init__.py", ""),
        ("site_/settings.py", &format!("{base}{settings}")),
        ("site_/urls.py", "urlpatterns = []\n"),
        (
            "site_/asgi.py",
            "import os\nfrom django.core.asgi import get_asgi_application\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\napplication = get_asgi_application()\n",
        ),
        ("requirements.txt", "Django==5.2.8\ngunicorn==23.0.0\nuvicorn==0.30.0\n"),
    ]);
    files.iter().for_each(|(path, text)| write(&directory, path, text));
    directory
}

fn service(directory: &TempDir, file: &str, name: &str) -> Service {
    let services = Document::read(&read(directory, file)).unwrap().services();
    services.into_iter().find(|own| own.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn notes(report: &serde_json::Value) -> String {
    report["notes"].to_string()
}

#[test]
fn a_one_shot_that_another_service_is_made_of_restarts_by_one_word() {
    let directory = fastapi(&[
        ("Dockerfile", &format!("{IMAGE}CMD uvicorn main:app --host 0.0.0.0\n")),
        (
            "compose.yaml",
            "services:\n  app: &app\n    build: .\n    image: notes\n    ports: ['8000:8000']\n  report:\n    <<: *app\n    profiles: [jobs]\n    ports: !reset []\n    command: python -m report\n",
        ),
    ]);
    init(&directory, &["--rewrite"]).success();
    let text = read(&directory, "compose.yaml");
    let own = text.split("\n  report:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    assert_eq!(own.matches("restart:").count(), 1, "{own}");
}

#[test]
fn a_command_stands_in_place_of_the_arguments_of_an_entry_point() {
    for (entry, service) in [
        (
            "ENTRYPOINT [\"gunicorn\", \"wsgi:app\", \"--bind\", \"0.0.0.0:8000\"]\nCMD [\"-w\", \"1\"]\n",
            "    command: [--workers, '3', --threads, '4']\n",
        ),
        (
            "ENTRYPOINT [\"gunicorn\", \"wsgi:app\"]\nCMD [\"-w\", \"1\"]\n",
            "    command: -w 3 --threads=4\n",
        ),
        (
            "CMD [\"gunicorn\", \"wsgi:app\", \"-w\", \"1\"]\n",
            "    entrypoint: [gunicorn, 'wsgi:app']\n    command: [-w, '3', --threads, '4']\n",
        ),
    ] {
        let directory = flask(&[
            ("Dockerfile", &format!("{IMAGE}{entry}")),
            (
                "docker-compose.yml",
                &format!("services:\n  web:\n    build: .\n    ports: ['80:8000']\n{service}"),
            ),
        ]);
        init(&directory, &["--rewrite"]).success();
        let written = read(&directory, "gunicorn.conf.py");
        assert!(written.contains("or 3)") && written.contains("threads = 4"), "{entry}: {written}");
    }
}

#[test]
fn options_in_variables_are_options() {
    let uvicorn = format!("{IMAGE}CMD [\"uvicorn\", \"main:app\"]\n");
    let compose = "services:\n  api:\n    build: .\n    environment: [UVICORN_PORT=7000, UVICORN_HOST=0.0.0.0]\n    labels: [traefik.http.services.api.loadbalancer.server.port=7000]\n  traefik: {image: 'traefik:v3', ports: ['80:80']}\n";
    let directory = fastapi(&[("Dockerfile", &uvicorn), ("docker-compose.yml", compose)]);
    init(&directory, &["--rewrite"]).success();
    let written = read(&directory, "Dockerfile");
    assert!(written.contains("\"--port\", \"7000\""), "{written}");
    let arguments =
        "ENV GUNICORN_CMD_ARGS=\"--bind 0.0.0.0:8080 --threads 6\"\nCMD exec gunicorn wsgi:app\n";
    let directory = flask(&[
        ("Dockerfile", &format!("{IMAGE}{arguments}")),
        ("docker-compose.yml", "services:\n  web: {build: .}\n"),
    ]);
    init(&directory, &["--rewrite"]).success();
    let written = read(&directory, "gunicorn.conf.py");
    assert!(written.contains(":8080\"") && written.contains("threads = 6"), "{written}");
}

/// A proxy that goes on passes to the port that it always did.
#[test]
fn the_port_that_others_know_stays() {
    let start = "#!/bin/sh\nset -e\nexec uvicorn main:app --host 0.0.0.0 --port 5000\n";
    let compose = "services:\n  api: {build: .}\n  proxy:\n    image: nginx:1.27\n    ports: ['80:80', '443:443']\n    volumes: ['./site.conf:/etc/nginx/conf.d/default.conf:ro']\n    depends_on: [api]\n";
    let directory = fastapi(&[
        ("Dockerfile", &format!("{IMAGE}CMD [\"./start.sh\"]\n")),
        ("start.sh", start),
        ("site.conf", "server { listen 443 ssl; location / { proxy_pass http://api:5000; } }\n"),
        ("docker-compose.yml", compose),
    ]);
    init(&directory, &["--rewrite"]).success();
    let written = read(&directory, "Dockerfile");
    assert!(written.contains("\"--port\", \"5000\""), "{written}");
}

#[test]
fn what_was_carried_on_is_there_after_a_second_run() {
    let directory = django(
        "STATIC_URL = 'static/'\nSTATIC_ROOT = BASE_DIR / 'static'\n",
        &[
            (
                "deploy/app.Dockerfile",
                "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"deploy/start.sh\"]\n",
            ),
            (
                "deploy/start.sh",
                "#!/bin/sh\nset -e\npython manage.py migrate\npython manage.py update_index --remove\nexec gunicorn site_.asgi -k uvicorn.workers.UvicornWorker -b :8000\n",
            ),
            (
                "deploy/docker-compose.prod.yml",
                "services:\n  web:\n    build: {context: .., dockerfile: deploy/app.Dockerfile}\n    ports: ['80:8000']\n",
            ),
        ],
    );
    init(&directory, &["--rewrite"]).success();
    let written = read(&directory, "deploy/docker-compose.prod.yml");
    assert!(written.contains("update_index --remove"), "{written}");
    let before = tree(directory.path());
    init(&directory, &["--rewrite"]).success();
    assert!(tree(directory.path()) == before, "a second run changes something");
}

/// A step that the start did not depend on does not keep the application from starting.
#[test]
fn a_step_may_fail_where_it_might_before() {
    for (script, expected) in [
        ("set -e\npython load.py || true\n", "(python load.py || true)"),
        ("set -e\npython load.py || :\n", "(python load.py || true)"),
        ("python load.py\n", "(python load.py || true)"),
        ("set -eu\npython load.py\n", "python load.py"),
        ("python load.py && \\\n", "python load.py"),
    ] {
        let text = format!("#!/bin/sh\n{script}exec uvicorn main:app --host 0.0.0.0 --port 8000\n");
        let directory = fastapi(&[
            ("Dockerfile", &format!("{IMAGE}CMD [\"sh\", \"start.sh\"]\n")),
            ("start.sh", &text),
            ("load.py", "print(1)\n"),
            ("docker-compose.yml", "services:\n  api: {build: ., ports: ['8000:8000']}\n"),
        ]);
        init(&directory, &["--rewrite"]).success();
        let once = service(&directory, "docker-compose.yml", "migrate").command();
        assert_eq!(once.contains("|| true"), expected.contains("|| true"), "{script}: {once}");
        assert!(
            once.contains(expected.trim_start_matches('(').split(" ||").next().unwrap()),
            "{once}"
        );
    }
}

#[test]
fn extras_that_an_argument_or_a_requirement_names_are_installed() {
    let project = "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"fastapi\"]\n[project.optional-dependencies]\nzebra = [\"uvicorn\", \"asyncpg\"]\n[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n";
    let image = "FROM python:3.12-slim\nARG EXTRAS=dev\nWORKDIR /srv\nCOPY . .\nRUN pip install \".[${EXTRAS}]\"\nCMD uvicorn main:app --host 0.0.0.0\n";
    for (args, is_asked) in [("{EXTRAS: zebra}", true), ("[EXTRAS=zebra]", true), ("{}", false)] {
        let compose = format!(
            "services:\n  api:\n    build: {{context: ., args: {args}}}\n    ports: ['8000:8000']\n"
        );
        let directory = of(&[
            ("main.py", FASTAPI),
            ("pyproject.toml", project),
            ("Dockerfile", image),
            ("compose.yaml", &compose),
        ]);
        init(&directory, &["--rewrite"]).success();
        let written = read(&directory, "Dockerfile");
        assert_eq!(written.contains("--extra zebra"), is_asked, "{args}: {written}");
    }
    let setup = "[metadata]\nname = shop\nversion = 1\n[options]\npy_modules = wsgi\ninstall_requires =\n    flask\n[options.extras_require]\nprod =\n    gunicorn\n    psycopg2-binary\n";
    let directory = of(&[
        ("wsgi.py", &format!("import os\nURL = os.environ['DATABASE_URL']\n{FLASK}")),
        ("setup.cfg", setup),
        ("setup.py", "from setuptools import setup\nsetup()\n"),
        ("requirements.txt", "-e .[prod]\n"),
    ]);
    let report = report(&directory, &[]);
    assert!(!report["checklist"].to_string().contains("gunicorn is not among"), "{report:#}");
    let web = service(&directory, "compose.yaml", "web");
    assert!(web.needs().contains(&"db".to_owned()), "{:?}", web.needs());
}

#[test]
fn a_server_that_an_extra_of_a_framework_brings_is_there() {
    for (requirement, is_there) in
        [("fastapi[standard]==0.115.0", true), ("fastapi[all]", true), ("fastapi", false)]
    {
        let directory =
            of(&[("main.py", FASTAPI), ("requirements.txt", &format!("{requirement}\n"))]);
        let report = report(&directory, &["--dry-run"]);
        let is_missed = report.to_string().contains("uvicorn is not among");
        assert_eq!(is_missed, !is_there, "{requirement}");
    }
}

#[test]
fn who_migrates_waits_for_a_mariadb_of_before_its_own_script() {
    let directory = django(
        "import environ\nDATABASES = {'default': environ.Env().db('DB_URL')}\n",
        &[
            (
                "requirements.txt",
                "Django==5.2.8\ngunicorn==23.0.0\nuvicorn==0.30.0\ndjango-environ\nmysqlclient==2.2.4\n",
            ),
            (
                "Dockerfile",
                &format!(
                    "{IMAGE}CMD gunicorn site_.asgi -k uvicorn.workers.UvicornWorker -b :8000\n"
                ),
            ),
            (
                "docker-compose.yml",
                "services:\n  web:\n    build: .\n    ports: ['80:8000']\n    environment: {DB_URL: 'mysql://shop:shop@store/shop'}\n    depends_on: [store]\n  store:\n    image: mariadb:10.6\n    environment: {MARIADB_DATABASE: shop, MARIADB_USER: shop, MARIADB_PASSWORD: shop, MARIADB_ROOT_PASSWORD: root}\n",
            ),
        ],
    );
    init(&directory, &["--rewrite"]).success();
    let written = read(&directory, "docker-compose.yml");
    assert!(written.contains("mysqladmin"), "{written}");
    let migrate = service(&directory, "docker-compose.yml", "migrate");
    let waits = migrate.item.get("depends_on").and_then(|own| own.get("store"));
    let condition = waits.and_then(|own| own.get("condition")?.scalar());
    assert_eq!(condition.as_deref(), Some("service_healthy"), "{written}");
}

/// A file that an env file is made of by the way leads to the same edits afterwards.
#[test]
fn a_second_improvement_changes_nothing_where_an_env_file_was_made() {
    let directory = fastapi(&[
        (
            "Dockerfile",
            &format!(
                "{IMAGE}ENV PYTHONUNBUFFERED=1\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n"
            ),
        ),
        (".env.sample", "POSTGRES_USER=api\nPOSTGRES_DB=api\nPOSTGRES_PASSWORD=api\n"),
        (
            "docker-compose.yml",
            "services:\n  api:\n    build: .\n    env_file: .env\n    ports: ['8000:8000']\n    depends_on: [db]\n  db:\n    image: postgres:16\n    env_file: [.env]\n",
        ),
    ]);
    init(&directory, &["--adopt"]).success();
    let before = tree(directory.path());
    init(&directory, &["--adopt"]).success();
    assert!(tree(directory.path()) == before, "{}", read(&directory, "docker-compose.yml"));
}

/// What nobody reads is not asked for.
#[test]
fn an_address_that_the_code_has_no_variable_for_is_not_asked_for() {
    let directory = django(
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql', 'HOST': 'db.example.org', 'NAME': 'shop'}}\n",
        &[("requirements.txt", "Django==5.2.8\nuvicorn==0.30.0\nmysqlclient==2.2.4\n")],
    );
    let report = report(&directory, &[]);
    assert!(!read(&directory, "compose.yaml").contains("DATABASE_URL"), "{report:#}");
    assert!(notes(&report).contains("none is asked for"), "{report:#}");
}

#[test]
fn django_with_a_module_for_asgi_alone_is_an_application() {
    let directory = django("", &[]);
    init(&directory, &[]).success();
    assert!(read(&directory, "dockwright.toml").contains("app = \"site_.asgi:application\""));
}

#[test]
fn files_beside_flasks_module_are_kept() {
    let directory = flask(&[(
        "wsgi.py",
        &format!(
            "import os\nfrom flask import request\n{FLASK}UPLOADS = os.path.join(app.root_path, 'uploads')\nos.makedirs(UPLOADS, exist_ok=True)\n@app.post('/f')\ndef f():\n    request.files['f'].save(os.path.join(UPLOADS, 'x'))\n"
        ),
    )]);
    init(&directory, &[]).success();
    let web = service(&directory, "compose.yaml", "web");
    let targets: Vec<String> = web.mounts().into_iter().map(|own| own.target).collect();
    assert_eq!(targets, ["/app/uploads"]);
}

/// The page that a front end's build makes comes along with its files.
#[test]
fn templates_that_a_front_end_makes_are_in_the_image() {
    let directory = django(
        "FRONT = BASE_DIR.parent / 'client' / 'build'\nTEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'DIRS': [FRONT]}]\nSTATICFILES_DIRS = [FRONT / 'static']\nSTATIC_URL = 'static/'\nSTATIC_ROOT = BASE_DIR / 'all'\n",
        &[],
    );
    let moved = crate::support::directory();
    for (path, bytes) in tree(directory.path()) {
        write(&moved, &format!("server/{path}"), &String::from_utf8(bytes).unwrap());
    }
    write(
        &moved,
        "client/package.json",
        "{\"name\":\"c\",\"scripts\":{\"build\":\"react-scripts build\"}}",
    );
    init(&moved, &[]).success();
    let path =
        if moved.path().join("Dockerfile").exists() { "Dockerfile" } else { "server/Dockerfile" };
    let written = read(&moved, path);
    assert!(written.contains("/app/client/build /app/client/build\n"), "{written}");
}

#[test]
fn a_file_that_says_what_runs_elsewhere_is_not_replaced() {
    let common = "services:\n  base:\n    build: .\n    environment: {TOKEN: x}\n";
    for compose in [
        "services:\n  api:\n    extends: {file: common.yml, service: base}\n    command: uvicorn main:app\n    ports: ['8000:8000']\n",
        "include: [common.yml]\nservices:\n  cache: {image: 'redis:7'}\n",
    ] {
        let directory = fastapi(&[
            ("Dockerfile", IMAGE),
            ("common.yml", common),
            ("docker-compose.yml", compose),
        ]);
        let before = tree(directory.path());
        let refused = init(&directory, &["--rewrite"]).code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.contains("docker-compose.yml:") && said.contains("--adopt"), "{said}");
        assert!(tree(directory.path()) == before);
        init(&directory, &["--adopt"]).success();
    }
}

#[test]
fn an_update_of_improved_files_changes_nothing() {
    let directory = django(
        "SECRET_KEY = os.environ['KEY']\n",
        &[
            (
                "deploy/Dockerfile",
                &format!(
                    "{IMAGE}CMD gunicorn site_.asgi -k uvicorn.workers.UvicornWorker -b :8000\n"
                ),
            ),
            (
                "deploy/docker-compose.prod.yml",
                "services:\n  web:\n    build: {context: .., dockerfile: deploy/Dockerfile}\n    environment: {KEY: abc}\n    ports: ['80:8000']\n",
            ),
        ],
    );
    init(&directory, &["--adopt"]).success();
    let before = tree(directory.path());
    dockwright().current_dir(&directory).arg("update").assert().success();
    assert!(tree(directory.path()) == before, "{}", read(&directory, ".dockwright/lock.toml"));
}

#[test]
fn what_is_said_is_so() {
    // A proxy that stays reads a volume into which nothing collects any more.
    let directory = django(
        "STATIC_URL = 'static/'\nSTATIC_ROOT = BASE_DIR / 'all'\n",
        &[
            (
                "Dockerfile",
                &format!(
                    "{IMAGE}CMD gunicorn site_.asgi -k uvicorn.workers.UvicornWorker -b :8000\n"
                ),
            ),
            (
                "docker-compose.yml",
                "services:\n  web:\n    build: .\n    volumes: ['static:/srv/all']\n  edge:\n    image: nginx:1.27\n    ports: ['80:80', '443:443']\n    volumes: ['static:/static:ro']\n    depends_on: [web]\nvolumes: {static: }\n",
            ),
        ],
    );
    assert!(notes(&report(&directory, &["--rewrite"])).contains("edge reads the static files"));
    // One Redis that evicts, since its command says so.
    for (command, is_kept) in
        [("redis-server --maxmemory-policy allkeys-lru", false), ("redis-server", true)]
    {
        let directory = flask(&[
            (
                "wsgi.py",
                &format!(
                    "import os\nfrom flask_caching import Cache\n{FLASK}app.config['CACHE_TYPE'] = 'RedisCache'\napp.config['CACHE_REDIS_URL'] = os.environ['CACHE_URL']\ncache = Cache(app)\n"
                ),
            ),
            (
                "tasks.py",
                "import os\nfrom celery import Celery\ncelery = Celery('t', broker=os.environ['BROKER_URL'])\n",
            ),
            (
                "requirements.txt",
                "flask==3.0.3\ngunicorn==22.0.0\nflask-caching\nredis\ncelery==5.4.0\n",
            ),
            ("Dockerfile", &format!("{IMAGE}CMD gunicorn wsgi:app -b :8000\n")),
            (
                "docker-compose.yml",
                &format!(
                    "services:\n  web:\n    build: .\n    ports: ['80:8000']\n    environment: {{CACHE_URL: 'redis://redis/0', BROKER_URL: 'redis://redis/0'}}\n  worker:\n    build: .\n    command: celery -A tasks worker\n    environment: {{BROKER_URL: 'redis://redis/0'}}\n  redis:\n    image: redis:7\n    command: {command}\n"
                ),
            ),
        ]);
        let notes = notes(&report(&directory, &["--rewrite"]));
        assert!(notes.contains("both cache and broker"), "{notes}");
        assert_eq!(notes.contains("never evicts"), is_kept, "{command}: {notes}");
    }
    // The image stays, and starts what it started.
    let directory = flask(&[
        ("requirements.txt", "flask==3.0.3\nwaitress==3.0.0\n"),
        (
            "Dockerfile",
            &format!("{IMAGE}CMD [\"waitress-serve\", \"--port=7070\", \"wsgi:app\"]\n"),
        ),
    ]);
    let notes = notes(&report(&directory, &["--adopt"]));
    assert!(!notes.contains("takes its place") && !notes.contains("other Dockerfiles"), "{notes}");
}
