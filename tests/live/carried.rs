//! A repository whose compose file runs already: after `dockwright init` everything in it goes
//! on, and what was in its database still is.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::docker::docker;
use crate::support::stack::Stack;
use crate::support::wait;

/// PostgreSQL as it was packed before version 18: its data in `/var/lib/postgresql/data`, which is
/// the volume. Its tag says 17, its server is the one that the engine's images have.
const POSTGRES: &str = "postgres:17-dockwright-live";
const POSTGRES_DOCKERFILE: &str = "\
FROM postgres:18-trixie AS new
RUN sed -i 's|/proc/self/mountinfo|/dev/null|' /usr/local/bin/docker-entrypoint.sh \\
    && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data
FROM scratch
COPY --from=new / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/18/bin \\
    LANG=en_US.utf8 PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
ENTRYPOINT [\"docker-entrypoint.sh\"]
STOPSIGNAL SIGINT
CMD [\"postgres\"]
";

const COMPOSE: &str = "\
services:
  api:
    build: .
    environment:
      DATABASE_URL: postgresql://shop:an-old%20word@database:5432/shop
      REDIS_URL: redis://kv:6379/0
      CATCHER: http://catcher:1025/
    ports: ['127.0.0.1:@PORT@:5000']
    volumes: ['.:/code', 'uploads:/code/uploads']
    depends_on: [database, kv, catcher]
    restart: always
  database:
    image: postgres:17-dockwright-live
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: an-old word
      POSTGRES_DB: shop
    volumes: ['rows:/var/lib/postgresql/data']
  kv:
    image: redis:8-trixie
    command: redis-server --save 60 1
    volumes: ['kv:/data']
  # Catches what is sent.
  catcher:
    build: ./catcher
volumes:
  rows:
  kv:
  uploads:
";

const DOCKERFILE: &str = "\
FROM python:3.14-slim-trixie
WORKDIR /code
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
CMD uvicorn main:app --host 0.0.0.0 --port 5000
";

const MAIN: &str = "\
import os
import socket
import urllib.request

import psycopg
import redis
from fastapi import FastAPI

app = FastAPI()


@app.get('/rows')
def rows():
    with psycopg.connect(os.environ['DATABASE_URL']) as connection:
        return connection.execute('select count(*), sum(n) from kept').fetchone()


@app.get('/kept')
def kept():
    return redis.from_url(os.environ['REDIS_URL']).get('kept')


@app.get('/names')
def names():
    return [bool(socket.gethostbyname(name)) for name in ('database', 'kv', 'catcher', 'api')]


@app.get('/caught')
def caught():
    return urllib.request.urlopen(os.environ['CATCHER']).status
";

const FILES: [(&str, &str); 6] = [
    ("docker-compose.yml", COMPOSE),
    ("Dockerfile", DOCKERFILE),
    ("main.py", MAIN),
    ("requirements.txt", "fastapi\nuvicorn\npsycopg[binary]\nredis\n"),
    (".python-version", "3.14\n"),
    (
        "catcher/Dockerfile",
        "FROM python:3.14-slim-trixie\nCMD [\"python\", \"-m\", \"http.server\", \"1025\"]\n",
    ),
];

#[test]
fn what_a_compose_file_ran_goes_on_with_its_data() {
    let stack = Stack::of_repository("carried", &FILES);
    make_postgres();
    stack.up();
    fill(&stack);
    answers_as_before(&stack);
    let before = volumes(&stack);

    let said = stack.init(&["--rewrite"]);
    assert!(!stack.path("compose.yaml").exists(), "it would silently win: {said}");
    stack.up();
    answers_as_before(&stack);
    assert_eq!(volumes(&stack), before, "no volume is left behind, and none is new");

    let database = stack.container("database");
    assert_eq!(database.fact("/Config/User"), "999:999");
    assert_eq!(database.fact("/HostConfig/CapDrop/0"), "ALL");
    assert_eq!(database.fact("/HostConfig/ReadonlyRootfs"), true);
    assert!(database.published().is_empty());
    assert_eq!(stack.container("api").fact("/Config/User"), "10001:10001");
    assert!(stack.container("catcher").is_running());

    stack.compose(&["down"]);
    stack.up();
    answers_as_before(&stack);
    stack.compose(&["down", "--rmi", "local"]);
}

/// The stand-in for an older image, made from the one that is there.
fn make_postgres() {
    let mut build = Command::new("docker")
        .args(["build", "--quiet", "--tag", POSTGRES, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("docker starts");
    let mut input = build.stdin.take().expect("piped");
    input.write_all(POSTGRES_DOCKERFILE.as_bytes()).expect("docker reads");
    drop(input);
    assert!(build.wait().expect("it ends").success(), "{POSTGRES} was not built");
}

fn fill(stack: &Stack) {
    let sql = "create table kept as select n from generate_series(1, 1000) n";
    wait::until("the old database to take rows", Duration::from_secs(60), || {
        let psql = ["exec", "--no-TTY", "database", "psql", "-U", "shop", "-d", "shop", "-c", sql];
        let done = stack.try_compose(&psql, Duration::from_secs(30));
        done.status.success().then_some(())
    });
    stack.exec("kv", &["redis-cli", "set", "kept", "yes"]);
    stack.exec("kv", &["redis-cli", "save"]);
}

#[track_caller]
fn answers_as_before(stack: &Stack) {
    wait::until("the application to answer", Duration::from_secs(60), || {
        stack.try_request(&crate::support::http::Request::get("/names")).ok()
    });
    assert_eq!(stack.get("/rows").expect(200).text(), "[1000,500500]");
    assert_eq!(stack.get("/kept").expect(200).text(), "\"yes\"");
    assert_eq!(stack.get("/names").expect(200).text(), "[true,true,true,true]");
    assert_eq!(stack.get("/caught").expect(200).text(), "200");
}

fn volumes(stack: &Stack) -> String {
    let label = format!("label=com.docker.compose.project={}", stack.name);
    docker(&["volume", "ls", "--quiet", "--filter", &label])
}
