use assert_fs::TempDir;
use assert_fs::prelude::*;

use super::role::*;
use crate::detect::tree::Tree;
use crate::schema::Role;
use crate::source::compose::Document;

const PYTHON: &str = "FROM python:3.12-slim\nRUN pip install -r requirements.txt\n";

fn sorted(compose: &str, files: &[(&str, &str)]) -> Roles {
    sorted_for(compose, files, None)
}

fn sorted_for(compose: &str, files: &[(&str, &str)], context: Option<&str>) -> Roles {
    let directory = TempDir::new().unwrap();
    for (path, text) in files {
        directory.child(path).write_str(text).unwrap();
    }
    let tree = Tree::read(directory.path()).unwrap();
    sort(&tree, &Document::read(compose).unwrap(), ".", context)
}

fn named(roles: &Roles) -> Vec<(Role, &str)> {
    roles.by_role.iter().map(|(role, name)| (*role, name.as_str())).collect()
}

#[test]
fn each_process_of_one_image_has_its_role() {
    let roles = sorted(
        "
x-code: &code
  build: .
  env_file: .env
services:
  postgres:
    image: postgres:15-alpine
  queue:
    image: redis:7
  api:
    <<: *code
    command: gunicorn shop.wsgi
    ports: ['80:8000']
    depends_on: [postgres]
  jobs:
    <<: *code
    command: celery -A shop worker
  clock:
    <<: *code
    command: celery -A shop beat
  upgrade:
    <<: *code
    command: python manage.py migrate
  flower:
    <<: *code
    command: celery -A shop flower
  mail:
    image: axllent/mailpit
",
        &[("Dockerfile", PYTHON)],
    );
    assert_eq!(
        named(&roles),
        [
            (Role::Web, "api"),
            (Role::Migrate, "upgrade"),
            (Role::Worker, "jobs"),
            (Role::Beat, "clock"),
            (Role::Db, "postgres"),
            (Role::Redis, "queue"),
        ]
    );
    assert_eq!(roles.own, ["api", "jobs", "clock", "upgrade", "flower"]);
}

#[test]
fn a_frontend_and_a_database_built_here_are_told_from_the_application() {
    let roles = sorted(
        "
services:
  frontend:
    build: ./ui
    ports: ['3000:3000']
  store:
    build: {context: ./pg}
    environment: {POSTGRES_DB: x}
  backend:
    build: ./service
    ports: ['8000:8000']
  gateway:
    build: ./gateway
    ports: ['80:80']
    depends_on: [backend]
",
        &[
            ("ui/Dockerfile", "FROM node:22\nRUN apk add python3\n"),
            ("ui/package.json", "{}"),
            (
                "pg/Dockerfile",
                "FROM --platform=linux/amd64 postgis/postgis:16-3.4 AS x\nCOPY a b\n",
            ),
            ("service/Dockerfile", PYTHON),
            ("gateway/Dockerfile", "FROM nginx:1.25\nCOPY default.conf /etc/nginx/conf.d/\n"),
        ],
    );
    assert_eq!(
        named(&roles),
        [(Role::Web, "backend"), (Role::Nginx, "gateway"), (Role::Db, "store")]
    );
    assert_eq!(roles.own, ["backend"]);
}

#[test]
fn an_nginx_that_serves_a_frontend_or_ends_tls_is_no_plain_proxy() {
    let compose = |proxy: &str| {
        format!(
            "services:\n  web:\n    build: .\n    command: uvicorn a:b\n  front:\n{proxy}    depends_on: [web]\n"
        )
    };
    let files = [
        ("Dockerfile", PYTHON),
        (
            "ui/Dockerfile",
            "FROM node:22 AS b\nRUN npm run build\nFROM nginx\nCOPY --from=b /a /b\n",
        ),
    ];
    for proxy in [
        "    build: ./ui\n    ports: ['80:80']\n",
        "    image: nginx:1.27\n    ports: ['80:80', '443:443']\n",
        "    image: caddy:2\n    ports: ['80:80']\n",
    ] {
        let roles = sorted(&compose(proxy), &files);
        assert_eq!(named(&roles), [(Role::Web, "web")], "{proxy}");
    }
}

#[test]
fn a_script_tells_what_its_service_does() {
    let roles = sorted(
        "
services:
  site:
    build: .
    command: /start
  tasks:
    build: .
    command: ./bin/tasks.sh
",
        &[
            ("Dockerfile", "FROM python:3.12\nCOPY deploy/start /start\n"),
            ("deploy/start", "#!/bin/sh\n# not celery worker\nexec gunicorn a.wsgi\n"),
            ("bin/tasks.sh", "exec celery -A a worker\n"),
        ],
    );
    assert_eq!(named(&roles), [(Role::Web, "site"), (Role::Worker, "tasks")]);
}

#[test]
fn without_a_command_the_dockerfile_tells() {
    let dockerfile = format!("{PYTHON}CMD [\"hypercorn\", \"a:b\"]\n");
    let roles = sorted(
        "services:\n  tests:\n    build: .\n    command: pytest\n  x1:\n    build: .\n",
        &[("Dockerfile", &dockerfile)],
    );
    assert_eq!(named(&roles), [(Role::Web, "x1")]);
}

#[test]
fn of_two_stores_of_a_kind_the_one_the_application_names_counts() {
    let roles = sorted(
        "
services:
  warehouse: {image: 'postgres:16'}
  main: {image: 'postgres:16'}
  redis-cache: {image: redis}
  redis-jobs: {image: redis}
  web:
    build: .
    ports: ['8000:8000']
    environment:
      DATABASE_URL: postgres://me@main:5432/x
      CELERY_BROKER_URL: redis://redis-jobs:6379/0
",
        &[("Dockerfile", PYTHON)],
    );
    assert_eq!(
        named(&roles),
        [
            (Role::Web, "web"),
            (Role::Db, "main"),
            (Role::Redis, "redis-jobs"),
            (Role::Cache, "redis-cache"),
        ]
    );
}

#[test]
fn of_two_applications_of_equal_rank_the_build_context_decides() {
    let compose = "services:\n  one:\n    build: ./a\n    ports: ['1:1']\n  two:\n    build: ./b\n    ports: ['2:2']\n";
    let files = [("a/Dockerfile", PYTHON), ("b/Dockerfile", PYTHON)];
    assert_eq!(sorted_for(compose, &files, Some("b")).by_role[&Role::Web], "two");
    let roles = sorted(compose, &files);
    assert_eq!(roles.web_candidates, ["one", "two"]);
    assert_eq!(roles.own, ["one"]);
}

#[test]
fn a_host_is_named_whole() {
    assert!(names_host("postgres://a:b@db:5432/x", "db"));
    assert!(names_host("db", "db"));
    assert!(!names_host("postgres://a@mydb/x", "db"));
    assert!(!names_host("db.example.com", "db"));
}

#[test]
fn a_runner_of_tasks_does_not_make_each_service_a_worker() {
    let roles = sorted(
        "
services:
  web:
    build: {context: ., target: run}
    ports: ['8000:8000']
  bundle:
    build: {context: ., target: bundle}
    command: ./task build
",
        &[
            ("Dockerfile", "FROM node:22 AS bundle\nFROM python:3.13 AS run\nCMD gunicorn a\n"),
            ("task", "build() { yarn; }\nworker() { celery -A a worker; }\n"),
        ],
    );
    assert_eq!(named(&roles), [(Role::Web, "web")]);
    assert_eq!(roles.own, ["web"]);
}

#[test]
fn a_command_over_several_lines_that_migrates_first_still_serves() {
    let dockerfile = format!("{PYTHON}CMD alembic upgrade head && \\\n    uvicorn --host 0 a:b\n");
    let roles = sorted("services:\n  it:\n    build: .\n", &[("Dockerfile", &dockerfile)]);
    assert_eq!(named(&roles), [(Role::Web, "it")]);
}

#[test]
fn a_published_image_of_the_application_is_known_by_what_it_is_told() {
    let roles = sorted(
        "
services:
  core:
    image: registry.example.com/shop:1
    environment: {DJANGO_SETTINGS_MODULE: shop.settings}
    ports: ['80:8000']
  tasks:
    image: registry.example.com/shop:1
    entrypoint: [/opt/tasks.sh]
    environment: {DJANGO_SETTINGS_MODULE: shop.settings}
  metrics:
    image: prom/prometheus
    ports: ['9090:9090']
",
        &[("tools/tasks.sh", "exec celery -A shop worker\n")],
    );
    assert_eq!(named(&roles), [(Role::Web, "core"), (Role::Worker, "tasks")]);
}
