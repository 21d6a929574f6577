//! What old commands, images and proxies did goes on where ours take their place:
//! each row is a repository, and what has to stand in what is written.

use assert_fs::TempDir;

use crate::init::{init, read, write};
use crate::support::{directory, dockwright};

pub const FASTAPI: &str = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/health\")\ndef health():\n    return {}\n";
const WSGI: &str = "import os\nfrom django.core.wsgi import get_wsgi_application\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\napplication = get_wsgi_application()\n";
const MANAGE: &str = "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n";
pub const SETTINGS: &str = "from pathlib import Path\nimport os\nBASE_DIR = Path(__file__).resolve().parent.parent\nSECRET_KEY = os.environ['SECRET_KEY']\nALLOWED_HOSTS = os.environ.get('ALLOWED_HOSTS', '').split(',')\nINSTALLED_APPS = ['django.contrib.staticfiles']\nMIDDLEWARE = []\nROOT_URLCONF = 'shop.urls'\nWSGI_APPLICATION = 'shop.wsgi.application'\nSTATIC_URL = 'static/'\nSTATIC_ROOT = BASE_DIR / 'staticfiles'\nDATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ['DB_HOST'], 'NAME': 'shop', 'USER': 'shop', 'PASSWORD': os.environ['DB_PASSWORD']}}\n";
const CELERY: &str =
    "from celery import Celery\n\napp = Celery('shop', broker='redis://redis:6379/0')\n";

/// A Django project with more files.
pub fn django<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let base = [
        ("manage.py", MANAGE),
        ("requirements.txt", "Django==5.2.8\ngunicorn==23.0.0\npsycopg[binary]==3.2.12\n"),
        ("shop/__init__.py", ""),
        ("shop/settings.py", SETTINGS),
        ("shop/wsgi.py", WSGI),
        ("shop/urls.py", "urlpatterns = []\n"),
    ];
    base.into_iter().chain(more.iter().copied()).collect()
}

/// A FastAPI service with more files.
pub fn fastapi<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let base = [("main.py", FASTAPI), ("requirements.txt", "fastapi==0.121.0\nuvicorn==0.38.0\n")];
    base.into_iter().chain(more.iter().copied()).collect()
}

/// What is written in a repository, and what is said of it.
pub struct Written {
    pub directory: TempDir,
    pub said: String,
}

impl Written {
    pub fn of(files: &[(&str, &str)], flags: &[&str]) -> Self {
        let directory = directory();
        for (path, text) in files {
            write(&directory, path, text);
        }
        let assert = init(&directory, flags).success();
        let output = assert.get_output();
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        // Lines are wrapped to a terminal's width.
        let said = String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ");
        Self { directory, said }
    }

    /// A file without its line breaks.
    #[track_caller]
    pub fn has(&self, path: &str, parts: &[&str]) {
        let text = read(&self.directory, path);
        let bare = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(bare.contains(part), "{path} lacks {part}:\n{text}\n{}", self.said);
        }
    }

    #[track_caller]
    pub fn lacks(&self, path: &str, parts: &[&str]) {
        let text = read(&self.directory, path);
        for part in parts {
            assert!(!text.contains(part), "{path} has {part}:\n{text}");
        }
    }

    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.said.contains(part), "{part} is not said: {}", self.said);
        }
    }
}

#[test]
fn options_of_a_server_are_numbers_are_written_again_or_are_named() {
    let dockerfile = "FROM python:3.12-slim\nWORKDIR /code\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n\
        CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8080\", \"--forwarded-allow-ips\", \"*\", \"--root-path\", \"/api\", \"--timeout-keep-alive\", \"120\", \"--limit-max-requests\", \"5000\", \"--log-config\", \"conf/log.yaml\", \"--ssl-keyfile-password\", \"$SECRET\"]\n";
    let own = Written::of(
        &fastapi(&[("Dockerfile", dockerfile), ("conf/log.yaml", "version: 1\n")]),
        &["--rewrite"],
    );
    own.has(
        "Dockerfile",
        &[
            "\"--port\", \"8080\"",
            "\"--timeout-keep-alive\", \"120\"",
            "\"--root-path\", \"/api\"",
            "\"--limit-max-requests\", \"5000\"",
            "\"--forwarded-allow-ips\", \"*\"",
            "\"--log-config\", \"conf/log.yaml\"",
            "EXPOSE 8080",
        ],
    );
    own.says(&["! --ssl-keyfile-password $SECRET (line 6) dropped"]);
    // Another layout: a Procfile, and gunicorn.
    let procfile = "release: python manage.py migrate && python manage.py loaddata first\n\
        web: gunicorn shop.wsgi --workers 1 --threads 16 --timeout 600 --preload --log-file -\n";
    let own = Written::of(&django(&[("Procfile", procfile)]), &[]);
    own.has("gunicorn.conf.py", &["or 1)", "threads = 16", "timeout = 600"]);
    own.has("Dockerfile", &["\"shop.wsgi:application\", \\ \"--preload\"]"]);
    own.has(
        "compose.yaml",
        &["python manage.py migrate --no-input && python manage.py loaddata first"],
    );
    // And a unit of systemd, whose server is another.
    let unit = "[Service]\nWorkingDirectory=/srv/shop\nExecStart=/srv/venv/bin/hypercorn main:app --bind 0.0.0.0:9000 --workers 3 --root-path /shop --quic-bind :1\n";
    let own = Written::of(&fastapi(&[("deploy/shop.service", unit)]), &[]);
    own.has("Dockerfile", &["\"--root-path\", \"/shop\""]);
    own.has("dockwright.toml", &["workers = 3"]);
    own.says(&["--quic-bind` is not carried on: an option of hypercorn"]);
}

#[test]
fn numbers_that_a_smaller_machine_cannot_hold_are_said_and_not_taken() {
    let files = fastapi(&[("Procfile", "web: uvicorn main:app --workers 64 --root-path /x\n")]);
    let own = Written::of(&files, &["--set", "deploy.memory=1GiB"]);
    own.says(&["Procfile:1 says --workers 64, which is not taken"]);
    own.lacks("dockwright.toml", &["workers"]);
    own.has("Dockerfile", &["\"--root-path\", \"/x\""]);
}

#[test]
fn workers_keep_their_queues_pool_and_name() {
    let requirements = "fastapi==0.121.0\nuvicorn==0.38.0\ncelery==5.5.3\nredis==5.2.1\n";
    let compose = "services:\n  web:\n    build: .\n    command: uvicorn main:app --host 0.0.0.0\n    ports: ['8000:8000']\n  \
        worker:\n    build: .\n    command: celery -A tasks worker -Q mail,slow -P threads --concurrency=20 -n mail@%h --loglevel=warning\n  \
        beat:\n    build: .\n    command: celery -A tasks beat -S tasks:Scheduler -l debug\n  redis:\n    image: redis:7\n";
    let files = [
        ("main.py", FASTAPI),
        ("tasks.py", CELERY),
        ("requirements.txt", requirements),
        (
            "Dockerfile",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n",
        ),
        ("docker-compose.yml", compose),
    ];
    let own = Written::of(&files, &["--rewrite"]);
    own.has(
        "docker-compose.yml",
        &[
            "-Q mail,slow",
            "-P threads",
            "--concurrency=20",
            "--hostname=mail@%h",
            "--loglevel=warning",
            "--destination=\"mail@$$HOSTNAME\"",
            "--scheduler=tasks:Scheduler",
            "-l debug",
        ],
    );
    own.lacks(
        "docker-compose.yml",
        &["--max-tasks-per-child", "--loglevel=info", "--concurrency=2\n"],
    );
    // Another layout: a Procfile whose processes are those of a pool.
    let procfile = "web: uvicorn main:app\nworker: celery -A tasks worker --queues=mail -c 3 --max-tasks-per-child=50 -E\n";
    let files = [
        ("main.py", FASTAPI),
        ("tasks.py", CELERY),
        ("requirements.txt", requirements),
        ("Procfile", procfile),
    ];
    let own = Written::of(&files, &["--set", "deploy.memory=8GiB"]);
    own.has(
        "compose.yaml",
        &["--queues=mail", "--concurrency=3", "--max-tasks-per-child=50", "-E"],
    );
    // One service of workers takes the queues of two that were started apart.
    let procfile = "web: uvicorn main:app\nworker: celery -A tasks worker -Q default -c 2\nmailer: celery --app=tasks worker --queues default,mail -P threads\n";
    let files = [
        ("main.py", FASTAPI),
        ("tasks.py", CELERY),
        ("requirements.txt", requirements),
        ("Procfile", procfile),
    ];
    let own = Written::of(&files, &[]);
    own.has("compose.yaml", &["--queues=default,mail "]);
    own.says(&["which takes default,mail as well"]);
}

#[test]
fn options_that_the_code_gives_its_server_go_on() {
    let main = "import os\nimport uvicorn\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/health')\ndef health(): ...\n\n\n";
    let run = "uvicorn.run('api.main:app', host='0.0.0.0', port=9000, reload=True, root_path='/svc', timeout_keep_alive=75, proxy_headers=True, ws_max_size=1048576, forwarded_allow_ips=os.getenv('PROXIES'))";
    let requirements = "fastapi==0.121.2\nuvicorn==0.38.0\n";
    let block = format!("{main}if __name__ == '__main__':\n    {run}\n");
    let function =
        format!("{main}def serve():\n    {run}\n\n\nif __name__ == '__main__':\n    serve()\n");
    for text in [&block, &function] {
        let files = [
            ("src/api/__init__.py", ""),
            ("src/api/main.py", text.as_str()),
            ("requirements.txt", requirements),
        ];
        let own = Written::of(&files, &[]);
        own.has(
            "Dockerfile",
            &[
                "\"--root-path\", \"/svc\"",
                "\"--ws-max-size\", \"1048576\"",
                "\"--timeout-keep-alive\", \"75\"",
                "\"--proxy-headers\"",
            ],
        );
        own.lacks("Dockerfile", &["--reload", "PROXIES"]);
        own.says(&["--forwarded-allow-ips $(os.getenv('PROXIES'))` is not carried on"]);
    }
}

#[test]
fn a_one_shot_that_does_more_than_migrate_keeps_its_command() {
    let dockerfile = "FROM python:3.12-slim\nWORKDIR /srv/shop\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
    let compose = |command: &str| {
        format!(
            "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n    depends_on:\n      setup: {{condition: service_completed_successfully}}\n  \
             setup:\n    build: .\n    command: {command}\n  jobs:\n    build: .\n    command: python /srv/shop/jobs.py --all\n  db:\n    image: postgres:16\n    environment: {{POSTGRES_PASSWORD: x}}\n"
        )
    };
    for (command, kept) in [
        (
            "sh -c \"alembic upgrade head && python seed.py\"",
            "alembic upgrade head && python seed.py",
        ),
        ("bash /srv/shop/prestart.sh", "/app/prestart.sh"),
    ] {
        let text = compose(command);
        let files = fastapi(&[
            ("Dockerfile", dockerfile),
            ("docker-compose.yml", &text),
            ("alembic.ini", "[alembic]\nscript_location = migrations\n"),
            ("migrations/env.py", "from alembic import context\n"),
            ("seed.py", "print('x')\n"),
            ("jobs.py", "print('x')\n"),
            ("prestart.sh", "#!/bin/sh\nalembic upgrade head\npython load.py --all\n"),
        ]);
        let own = Written::of(&files, &["--rewrite"]);
        own.has("docker-compose.yml", &[kept, "python /app/jobs.py --all restart: \"no\""]);
    }
}

#[test]
fn steps_of_an_entry_script_run_once_or_while_the_image_is_built() {
    let entry = "#!/bin/sh\nset -e\nuntil nc -z db 5432; do sleep 1; done\npython manage.py migrate\npython manage.py compilemessages -l de\npython manage.py collectstatic --no-input\npython manage.py loaddata first\nexec \"$@\"\n";
    let dockerfile = "FROM python:3.12-slim\nENV SITE=north SHOP_TOKEN=abc\nWORKDIR /code\nCOPY . .\nCOPY tools/loop.py /opt/loop.py\nRUN pip install -r requirements.txt\nRUN python manage.py makesitemap\nEXPOSE 9000\nENTRYPOINT [\"/code/entrypoint.sh\"]\nCMD [\"gunicorn\", \"-c\", \"gunicorn.conf.py\", \"shop.wsgi\"]\n";
    let conf = "import logging\n\nbind = '0.0.0.0:9000'\nworkers = 3\nmax_requests = 77\n\n\ndef post_fork(server, worker):\n    logging.info('forked')\n";
    let compose = "services:\n  web:\n    build: .\n    environment: {SECRET_KEY: a, DB_HOST: db, DB_PASSWORD: x}\n    ports: ['9000:9000']\n  loop:\n    build: .\n    command: python /opt/loop.py\n    restart: always\n  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: x}\n";
    let files = django(&[
        ("Dockerfile", dockerfile),
        ("entrypoint.sh", entry),
        ("gunicorn.conf.py", conf),
        ("tools/loop.py", "print('x')\n"),
        ("docker-compose.yml", compose),
    ]);
    let own = Written::of(&files, &["--rewrite", "--set", "deploy.memory=8GiB"]);
    own.has(
        "docker-compose.yml",
        &[
            "python manage.py migrate --no-input && python manage.py loaddata first",
            "restart: always",
        ],
    );
    own.has(
        "Dockerfile",
        &[
            "RUN django-admin compilemessages -l de",
            "gettext",
            "ENV SITE=north",
            "COPY --chmod=0555 tools/loop.py /opt/loop.py",
            "EXPOSE 9000",
        ],
    );
    own.lacks("Dockerfile", &["SHOP_TOKEN"]);
    own.has(
        "gunicorn.conf.py",
        &["or 3)", "max_requests = 77", "def post_fork(server, worker):", "import logging"],
    );
    // Nothing is detected again, and nothing is lost by it.
    let before = crate::init::tree(own.directory.path());
    dockwright().current_dir(&own.directory).arg("update").assert().success();
    assert_eq!(crate::init::tree(own.directory.path()), before);
    own.says(&["! SHOP_TOKEN=…", "! RUN `python manage.py makesitemap` (line 7) dropped"]);
}

#[test]
fn steps_of_the_images_entry_script_go_on_where_the_service_has_a_command_of_its_own() {
    let entry = "#!/bin/sh\nset -e\nif [ \"$1\" = gunicorn ]; then\n  python manage.py migrate\nfi\npython manage.py compilemessages\npython manage.py loaddata first\nexec \"$@\"\n";
    let dockerfile = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nENTRYPOINT [\"/app/entrypoint.sh\"]\nCMD [\"gunicorn\", \"shop.wsgi\", \"--bind\", \"0.0.0.0:8000\"]\n";
    let compose = "services:\n  web:\n    build: .\n    command: gunicorn shop.wsgi --bind 0.0.0.0:8000 --timeout 300\n    environment: {SECRET_KEY: a, DB_HOST: db, DB_PASSWORD: x}\n    expose: [8000]\n  nginx:\n    image: nginx:1.25\n    ports: ['80:80']\n    depends_on: [web]\n    volumes: ['./site.conf:/etc/nginx/conf.d/default.conf:ro']\n  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: x}\n";
    let conf = "server {\n    listen 80;\n    location / {\n        proxy_pass http://web:8000;\n        proxy_read_timeout 300;\n    }\n}\n";
    let files = django(&[
        ("Dockerfile", dockerfile),
        ("entrypoint.sh", entry),
        ("docker-compose.yml", compose),
        ("site.conf", conf),
    ]);
    let own = Written::of(&files, &["--rewrite", "--set", "deploy.memory=8GiB"]);
    own.has("Dockerfile", &["RUN django-admin compilemessages", "gettext"]);
    own.has("docker-compose.yml", &["migrate --no-input && python manage.py loaddata first"]);
    let lost = "compilemessages` (line 6) dropped";
    assert!(!own.said.contains(lost), "{}", own.said);
    // Both waited as long as each other, and do so still.
    own.has("gunicorn.conf.py", &["timeout = 300"]);
    own.has("nginx/nginx.conf", &["proxy_read_timeout 300s;"]);
}

#[test]
fn what_the_code_keeps_below_its_home_directory_is_on_a_volume() {
    let main = "import os\nfrom pathlib import Path\n\nfrom fastapi import FastAPI\n\nCACHE = Path(os.environ.get('X_CACHE', os.path.expanduser('~/.cache/x')))\nTABLE = CACHE / 'tables' / 'a.bin'\napp = FastAPI()\n\n\n@app.get('/table')\ndef table():\n    TABLE.parent.mkdir(parents=True, exist_ok=True)\n";
    let files = [("main.py", main), ("requirements.txt", "fastapi==0.121.0\nuvicorn==0.38.0\n")];
    let own = Written::of(&files, &[]);
    own.has("compose.yaml", &["home-app:/home/app"]);
    own.has("Dockerfile", &["ENV HOME=/home/app", "10001:10001 /home/app"]);
    let plain = Written::of(&fastapi(&[]), &[]);
    plain.has("Dockerfile", &["ENV HOME=/tmp"]);
}

#[test]
fn an_extra_that_is_still_installed_is_not_called_dropped() {
    let project = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['fastapi', 'uvicorn']\n\n[project.optional-dependencies]\nsheets = ['xlsxwriter']\n";
    let dockerfile = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install '.[sheets]'\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
    let files = [("main.py", FASTAPI), ("pyproject.toml", project), ("Dockerfile", dockerfile)];
    let own = Written::of(&files, &["--rewrite"]);
    own.has("Dockerfile", &["--extra sheets"]);
    assert!(!own.said.contains("extra sheets"), "{}", own.said);
}

#[test]
fn what_a_script_does_before_it_serves_is_run_once() {
    let app = "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\n\napp = Flask(__name__)\ndb = SQLAlchemy(app)\n\n\ndef init_db():\n    db.create_all()\n\n\nif __name__ == '__main__':\n    with app.app_context():\n        db.create_all()\n    watch(app)\n    app.run(host='0.0.0.0')\n";
    let files = [
        ("app.py", app),
        ("requirements.txt", "Flask==3.1.2\nFlask-SQLAlchemy==3.1.1\ngunicorn==23.0.0\n"),
    ];
    let own = Written::of(&files, &[]);
    own.has(
        "compose.yaml",
        &["from app import app, db", "with app.app_context():", "db.create_all()"],
    );
    own.says(&["app.py:15: `watch(app)` is not carried on"]);
    // Another layout: a function called from another file, in an image that runs it.
    let run = "from shop import create_app, init_db\n\napp = create_app()\n\n\ndef main():\n    init_db()\n    app.run()\n\n\nif __name__ == '__main__':\n    main()\n";
    let package = "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n\n\ndef init_db():\n    pass\n";
    let files = [
        ("run.py", run),
        ("shop/__init__.py", package),
        ("requirements.txt", "Flask==3.1.2\ngunicorn==23.0.0\n"),
        (
            "Dockerfile",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"run.py\"]\n",
        ),
    ];
    let own = Written::of(&files, &["--rewrite"]);
    own.has("compose.yaml", &["from run import init_db", "init_db()"]);
}

#[test]
fn locations_sizes_and_time_outs_of_a_proxy_go_on() {
    let conf = "upstream shop {\n    server web:8000;\n}\nserver {\n    listen 80;\n    client_max_body_size 20M;\n    add_header X-Shop yes;\n    location / {\n        proxy_pass http://shop;\n        proxy_set_header Host $host;\n        proxy_set_header X-Script-Name /shop;\n        proxy_read_timeout 300;\n    }\n    location /static/ {\n        alias /code/staticfiles/;\n    }\n    location /media/ {\n        alias /code/media/;\n    }\n    location /ws/ {\n        proxy_pass http://shop;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"upgrade\";\n    }\n    location /mail/ {\n        proxy_pass http://mail:8025/;\n    }\n}\n";
    let dockerfile =
        "FROM python:3.12-slim\nWORKDIR /code\nCOPY . .\nRUN pip install -r requirements.txt\n";
    let mounted = "    image: nginx:1.25\n    volumes:\n      - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro\n      - static:/code/staticfiles\n      - media:/code/media\n";
    let built = "    build: ./nginx\n    volumes:\n      - static:/code/staticfiles\n      - media:/code/media\n";
    for nginx in [mounted, built] {
        let compose = format!(
            "services:\n  web:\n    build: .\n    command: gunicorn shop.wsgi --bind 0.0.0.0:8000\n    environment: {{SECRET_KEY: a, DB_HOST: db, DB_PASSWORD: x}}\n    volumes: ['static:/code/staticfiles', 'media:/code/media']\n    expose: [8000]\n  \
             mail:\n    image: axllent/mailpit:v1.20\n  nginx:\n{nginx}    ports: ['80:80']\n    depends_on: [web]\n  db:\n    image: postgres:16\n    environment: {{POSTGRES_PASSWORD: x}}\nvolumes: {{static: , media: }}\n"
        );
        let files = django(&[
            ("Dockerfile", dockerfile),
            ("nginx/site.conf", conf),
            (
                "nginx/Dockerfile",
                "FROM nginx:1.25\nCOPY site.conf /etc/nginx/conf.d/default.conf\n",
            ),
            ("docker-compose.yml", &compose),
        ]);
        let own = Written::of(&files, &["--rewrite", "--set", "deploy.memory=8GiB"]);
        own.has(
            "nginx/nginx.conf",
            &[
                "client_max_body_size 20m;",
                "proxy_read_timeout 300s;",
                "add_header X-Shop yes;",
                "proxy_set_header X-Script-Name /shop;",
                "location /media/ { alias /code/media/; }",
                "location /ws/ { proxy_pass http://application; proxy_set_header Upgrade $http_upgrade;",
                "location /mail/ { proxy_pass http://mail:8025/; }",
                "location /static/ { alias /srv/static/; }",
            ],
        );
        own.lacks("nginx/nginx.conf", &["/code/staticfiles", "upstream shop", "listen 80;"]);
        own.has("docker-compose.yml", &["media:/code/media"]);
        own.lacks("docker-compose.yml", &["static:/code/staticfiles"]);
    }
}

#[test]
fn keys_of_a_service_go_on_as_keys_or_as_numbers() {
    let compose = "services:\n  api:\n    build: .\n    command: uvicorn main:app --host 0.0.0.0\n    ports: ['8000:8000']\n    shm_size: 256m\n    stop_grace_period: 1m30s\n    cap_add: [SYS_PTRACE]\n    logging: {driver: syslog}\n    oom_score_adj: -500\n    userns_mode: host\n    extra_hosts: ['host.docker.internal:host-gateway']\n    deploy: {resources: {limits: {memory: 1G}}}\n  db:\n    image: postgres:16\n    command: postgres -c max_connections=120 -c wal_level=logical\n    environment: {POSTGRES_PASSWORD: x}\n";
    let files = fastapi(&[
        (
            "Dockerfile",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n",
        ),
        ("docker-compose.yml", compose),
        ("requirements.txt", "fastapi==0.121.0\nuvicorn==0.38.0\npsycopg[binary]==3.2.12\n"),
    ]);
    let own = Written::of(
        &files,
        &["--rewrite", "--set", "deploy.memory=8GiB", "--set", "stack.database=postgres"],
    );
    own.has(
        "docker-compose.yml",
        &[
            "shm_size: 256m",
            "stop_grace_period: 90s",
            "SYS_PTRACE",
            "driver: syslog",
            "oom_score_adj: -500",
            "userns_mode: host",
            "host.docker.internal:host-gateway",
            "memory: 1024M",
            "max_connections=120",
            "wal_level=logical",
        ],
    );
}
