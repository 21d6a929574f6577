//! What services reserve, share and send goes on, and what an image that stays does at its
//! next start is said: each row is a repository.

use crate::goes_on::{FASTAPI, Written, django, fastapi};
use crate::init::read;

const DOCKERFILE: &str = "FROM python:3.12-slim\nWORKDIR /code\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";

/// A service with tasks of Celery, of which this compose file is replaced.
fn rewritten_with_tasks(compose: &str) -> Written {
    let files = [
        ("main.py", FASTAPI),
        (
            "tasks.py",
            "from celery import Celery\n\napp = Celery('shop', broker='redis://redis:6379/0')\n",
        ),
        ("requirements.txt", "fastapi==0.121.0\nuvicorn==0.38.0\ncelery==5.5.3\nredis==5.2.1\n"),
        ("Dockerfile", DOCKERFILE),
        ("docker-compose.yml", compose),
    ];
    Written::of(&files, &["--rewrite", "--set", "deploy.memory=8GiB"])
}

#[test]
fn reserved_devices_stay_with_their_service() {
    let devices = "[{driver: nvidia, count: 1, capabilities: [gpu]}]";
    let deploy = format!("deploy: {{resources: {{reservations: {{devices: {devices}}}}}}}");
    let compose =
        format!("services:\n  api:\n    build: .\n    ports: ['8000:8000']\n    {deploy}\n");
    let files = fastapi(&[("Dockerfile", DOCKERFILE), ("docker-compose.yml", &compose)]);
    let own = Written::of(&files, &["--rewrite"]);
    own.has("docker-compose.yml", &["reservations: memory:", "devices:", "driver: nvidia"]);
    assert!(!own.said.contains("what needs a GPU has none"), "{}", own.said);
    // A worker's own, in the block form; the web service gets none.
    let compose = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n  worker:\n    build: .\n    command: celery -A tasks worker\n    deploy:\n      resources:\n        limits:\n          memory: 1G\n        reservations:\n          devices:\n            - driver: nvidia\n              device_ids: ['0']\n              capabilities: [gpu]\n  redis:\n    image: redis:7\n";
    let own = rewritten_with_tasks(compose);
    let text = read(&own.directory, "docker-compose.yml");
    assert_eq!(text.matches("device_ids").count(), 1, "{text}");
}

#[test]
fn a_mount_that_another_image_writes_is_data() {
    let compose = |other: &str| {
        format!(
            "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n    volumes: ['./pages:/code/pages']\n  other:\n    image: {other}\n"
        )
    };
    for (other, stays) in [
        ("acme/editor:2\n    volumes: ['./pages:/srv']", true),
        ("acme/editor:2\n    volumes:\n      - {type: bind, source: ./pages, target: /srv}", true),
        ("acme/editor:2\n    volumes: ['./pages:/srv:ro']", false),
        ("nginx:1.25\n    volumes: ['./pages:/srv']", false),
        ("acme/editor:2", false),
    ] {
        let compose = compose(other);
        let files = fastapi(&[
            ("Dockerfile", DOCKERFILE),
            ("pages/__init__.py", ""),
            ("pages/home.py", "TITLE = 'x'\n"),
            ("docker-compose.yml", &compose),
        ]);
        let own = Written::of(&files, &["--rewrite"]);
        let text = read(&own.directory, "docker-compose.yml");
        assert_eq!(text.contains("./pages:/app/pages"), stays, "{other}\n{text}");
    }
}

#[test]
fn headers_of_a_proxy_have_the_value_that_they_had() {
    let conf = "server {\n    listen 80;\n    add_header X-Frame-Options \"SAMEORIGIN\" always;\n    add_header X-Content-Type-Options nosniff;\n    location / {\n        proxy_pass http://web:8000;\n    }\n}\n";
    let above = format!("add_header X-Shop yes;\nadd_header Referrer-Policy no-referrer;\n{conf}");
    let compose = "services:\n  web:\n    build: .\n    command: gunicorn shop.wsgi --bind 0.0.0.0:8000\n    environment: {SECRET_KEY: a, DB_HOST: db, DB_PASSWORD: x}\n    expose: [8000]\n  nginx:\n    image: nginx:1.25\n    ports: ['80:80']\n    depends_on: [web]\n    volumes: ['./site.conf:/etc/nginx/conf.d/default.conf:ro']\n  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: x}\n";
    for conf in [conf, &above] {
        let files = django(&[
            ("Dockerfile", DOCKERFILE),
            ("site.conf", conf),
            ("docker-compose.yml", compose),
        ]);
        let own = Written::of(&files, &["--rewrite", "--set", "deploy.memory=8GiB"]);
        own.has("nginx/nginx.conf", &["$frame_options { \"\" \"SAMEORIGIN\"; }"]);
        own.lacks("nginx/nginx.conf", &["add_header X-Frame-Options \"SAMEORIGIN\""]);
        let text = read(&own.directory, "nginx/nginx.conf");
        assert_eq!(text.matches("add_header X-Content-Type-Options").count(), 1, "{text}");
    }
    let files = django(&[
        ("Dockerfile", DOCKERFILE),
        ("site.conf", &above),
        ("docker-compose.yml", compose),
    ]);
    let own = Written::of(&files, &["--rewrite", "--set", "deploy.memory=8GiB"]);
    // Where ours add theirs: from above the server it would not be sent.
    own.has(
        "nginx/nginx.conf",
        &[
            "$referrer_policy { \"\" \"no-referrer\"; }",
            "add_header X-Request-ID $answered_id always;",
        ],
    );
    let text = read(&own.directory, "nginx/nginx.conf");
    let shop = text.find("add_header X-Shop yes;").expect("it goes on");
    assert!(shop > text.rfind("server {").unwrap(), "{text}");
}

#[test]
fn a_second_worker_is_merged_where_nothing_of_it_is_lost() {
    let own = |procfile: &str| {
        let files = [
            ("main.py", FASTAPI),
            (
                "tasks.py",
                "from celery import Celery\n\napp = Celery('shop', broker='redis://redis:6379/0')\n",
            ),
            (
                "requirements.txt",
                "fastapi==0.121.0\nuvicorn==0.38.0\ncelery==5.5.3\nredis==5.2.1\n",
            ),
            ("Procfile", procfile),
        ];
        Written::of(&files, &[])
    };
    let web = "web: uvicorn main:app\nworker: celery -A tasks worker -Q default -c 2\n";
    let merged = own(&format!("{web}mailer: celery -A tasks worker -Q mail -c 1 -n mail@%h\n"));
    merged.has("compose.yaml", &["--queues=default,mail "]);
    assert!(!merged.said.contains("! celery -A tasks worker -Q mail"), "{}", merged.said);
    assert!(!merged.said.contains("is not carried on: one service of workers"), "{}", merged.said);
    let lost = own(&format!("{web}mailer: celery -A tasks worker -Q mail -P threads\n"));
    lost.says(&["without its -P threads: add one for this where that matters"]);
    // In a compose file it is a service of its own, and keeps its command whole.
    let compose = "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n  worker:\n    build: .\n    command: celery -A tasks worker -Q default\n  mailer:\n    build: .\n    command: celery -A tasks worker -Q mail -P threads --concurrency=9 -n mail@%h\n  redis:\n    image: redis:7\n";
    let own = rewritten_with_tasks(compose);
    own.has(
        "docker-compose.yml",
        &["celery -A tasks worker -Q mail -P threads --concurrency=9 -n mail@%h"],
    );
}

#[test]
fn what_is_fetched_again_is_not_backed_up() {
    let main = format!(
        "from transformers import pipeline\n{FASTAPI}\nmodel = pipeline('fill-mask', model='acme/small')\nopen('data/x.bin', 'wb')\n"
    );
    let files = [
        ("main.py", main.as_str()),
        ("requirements.txt", "fastapi==0.121.0\nuvicorn==0.38.0\ntransformers==4.57.1\n"),
    ];
    let own = Written::of(&files, &["--set", "deploy.memory=16GiB"]);
    own.has("compose.yaml", &["hub-cache:/cache"]);
    own.lacks("DEPLOY.md", &["tar -C /cache"]);
    own.has("DEPLOY.md", &["tar -C /app/data"]);
}

#[test]
fn an_image_that_stays_is_told_what_its_next_start_does() {
    let main = "from apscheduler.schedulers.asyncio import AsyncIOScheduler\nfrom fastapi import FastAPI\nsched = AsyncIOScheduler()\napp = FastAPI(on_startup=[sched.start])\n@app.get('/health')\ndef h(): ...\n";
    let dockerfile = "FROM python:3.12-slim\nWORKDIR /code\nCOPY . .\nRUN pip install gunicorn -r requirements.txt\nCMD [\"gunicorn\", \"main:app\", \"-k\", \"uvicorn.workers.UvicornWorker\", \"-w\", \"4\", \"-b\", \"0.0.0.0:8000\"]\n";
    let compose = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n  migrate:\n    build: .\n    command: alembic upgrade head\n";
    let files = [
        ("main.py", main),
        (
            "requirements.txt",
            "fastapi==0.121.0\nuvicorn==0.38.0\napscheduler==3.11.1\nalembic==1.17.1\n",
        ),
        ("Dockerfile", dockerfile),
        ("docker-compose.yml", compose),
    ];
    let own = Written::of(&files, &["--adopt"]);
    own.says(&[
        "4 workers, and main.py keeps state in the memory of one (XF129)",
        "migrate ends and nothing waits for its end: `up --wait` exits 1 with everything running (CO146)",
        "Next: docker compose up --build --detach",
    ]);
    assert!(!own.said.contains("the image installs gunicorn"), "{}", own.said);
    let waits = compose.replace(
        "    ports",
        "    depends_on: {migrate: {condition: service_completed_successfully}}\n    ports",
    );
    let files = [files[0], files[1], files[2], ("docker-compose.yml", waits.as_str())];
    Written::of(&files, &["--adopt"]).says(&["Next: docker compose up --build --wait"]);
}

#[test]
fn memory_that_gives_no_limit_is_said_to_give_none() {
    let files = [
        (
            "app.py",
            "from flask import Flask\n\napp = Flask(__name__)\n\nif __name__ == '__main__':\n    app.run(host='0.0.0.0')\n",
        ),
        ("requirements.txt", "Flask==3.1.2\n"),
        (
            "Dockerfile",
            "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"app.py\"]\n",
        ),
        ("docker-compose.yml", "services:\n  web:\n    build: .\n    ports: ['5000:5000']\n"),
    ];
    let own = Written::of(&files, &["--adopt"]);
    let update = |set: &[&str]| {
        let mut command = crate::support::dockwright();
        let assert = command.current_dir(&own.directory).arg("update").args(set).assert();
        let output = assert.success();
        let said = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let said = update(&["--set", "deploy.memory=8GiB"]);
    let why = "web has no memory limit; the plan gives none: it is not known how many processes web starts";
    assert!(said.contains(why), "{said}");
    assert!(!update(&[]).contains("gives none"));
}

#[test]
fn models_that_the_build_fetched_are_fetched_still() {
    let dockerfile = "FROM python:3.12-slim\nWORKDIR /code\nRUN mkdir -p /models && wget -q -O /models/small.onnx https://models.example.com/small.onnx?v=2\nRUN curl -fsSL https://models.example.com/w/large.pth --output weights/large.pth\nRUN wget https://models.example.com/tool.tar.gz && tar xf tool.tar.gz\nRUN curl -H 'X-Token: a' -o /models/own.bin https://models.example.com/own.bin\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
    let own = Written::of(&fastapi(&[("Dockerfile", dockerfile)]), &["--rewrite"]);
    own.has(
        "Dockerfile",
        &[
            "ADD --chmod=0444 https://models.example.com/small.onnx?v=2 /models/small.onnx",
            "ADD --chmod=0444 https://models.example.com/w/large.pth /app/weights/large.pth",
        ],
    );
    own.lacks("Dockerfile", &["tool.tar.gz", "own.bin"]);
    own.says(&["! RUN `wget https://models.example.com/tool.tar.gz`"]);
    assert!(!own.said.contains("! RUN `wget -q -O /models/small.onnx"), "{}", own.said);
}
