//! Faults are planted, and `dockwright verify` finds each.

use std::fs;

use crate::support::stack::{Blueprint, Stack};
use crate::verified::Verified;

/// Plants a fault in a written stack, and sees the check that is there for it fail.
#[track_caller]
fn finds(check: &str, blueprint: Blueprint, plant: impl FnOnce(&Stack)) {
    let stack = blueprint.create();
    plant(&stack);
    let step = check.split('.').next().unwrap_or_default();
    Verified::of(&stack, &["--only", step]).finds(check);
}

fn uvicorn() -> Blueprint {
    Stack::of("fastapi-uvicorn").set("stack.database", "postgres")
}

/// Adds lines to a service of the compose file, at its top.
fn add(stack: &Stack, service: &str, lines: &str) {
    let head = format!("\n  {service}:\n");
    stack.edit("compose.yaml", |text| text.replacen(&head, &format!("{head}{lines}"), 1));
}

#[test]
fn a_health_check_that_cannot_pass() {
    finds("start.healthy", uvicorn().set("verify.healthy", "20"), |stack| {
        let test = "    healthcheck:\n      test: [CMD, python, -c, \"raise SystemExit('never')\"]\n      interval: 1s\n      retries: 2\n";
        add(stack, "web", test);
    });
}

#[test]
fn a_health_check_that_cannot_fail() {
    finds("start.probe", uvicorn(), |stack| {
        add(
            stack,
            "web",
            "    healthcheck:\n      test: [CMD, python, -c, \"\"]\n      interval: 1s\n",
        );
    });
}

#[test]
fn root() {
    finds("isolation.user", uvicorn(), |stack| {
        stack.edit("compose.yaml", |text| text.replace("user: \"10001:10001\"", "user: \"0:0\""));
    });
}

#[test]
fn a_missing_exec() {
    finds("stop.exit", Stack::of("django-nginx"), |stack| {
        stack.edit("entrypoint.sh", |text| text.replace("exec \"$@\"", "\"$@\""));
    });
}

#[test]
fn a_broker_that_evicts() {
    finds("break.eviction", Stack::of("celery-postgres-redis"), |stack| {
        stack.edit("compose.yaml", |text| text.replace("noeviction", "allkeys-lru"));
    });
}

#[test]
fn a_grace_period_shorter_than_the_graceful_time_out() {
    finds("stop.grace", Stack::of("fastapi-gunicorn"), |stack| {
        stack.edit("compose.yaml", |text| {
            text.replace("stop_grace_period: 40s", "stop_grace_period: 5s")
        });
    });
}

#[test]
fn a_migration_in_every_replica() {
    finds("break.migrations", Stack::of("django-nginx"), |stack| {
        stack.edit("entrypoint.sh", |text| {
            text.replace("exec \"$@\"", "python manage.py migrate --no-input\nexec \"$@\"")
        });
    });
}

#[test]
fn a_published_database() {
    finds("isolation.stores", uvicorn(), |stack| add(stack, "db", "    ports: [\"5432:5432\"]\n"));
}

#[test]
fn a_secret_in_an_argument() {
    finds("isolation.secrets", uvicorn(), |stack| {
        stack.edit("Dockerfile", |text| {
            let last = text.rfind("\nUSER ").expect("a user");
            let (before, after) = text.split_at(last);
            let before = before.replace("# check=error=true\n", "");
            format!("{before}\nARG API_TOKEN\nRUN test -n \"$API_TOKEN\"{after}")
        });
        stack.edit("compose.yaml", |text| {
            text.replacen(
                "      target: runtime\n",
                "      target: runtime\n      args:\n        API_TOKEN: correct-horse-battery-9f3a\n",
                1,
            )
        });
    });
}

#[test]
fn a_readiness_that_ignores_the_database() {
    finds("break.database-stop", uvicorn(), |stack| {
        fs::write(stack.path("app/always.py"), ALWAYS).expect("a file");
        stack.edit("Dockerfile", |text| text.replace("app.main:app", "app.always:app"));
    });
}

/// Readiness that says yes whatever happens, in front of the application.
const ALWAYS: &str = r#"
from app.main import app as real


async def app(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/ready":
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"status": "ready", "checks": {}}'})
        return
    await real(scope, receive, send)
"#;

#[test]
fn tests_in_the_image() {
    finds("build.clean", uvicorn(), |stack| {
        stack.edit(".dockerignore", |text| {
            text.lines()
                .filter(|line| !line.contains("tests"))
                .map(|line| format!("{line}\n"))
                .collect()
        });
    });
}

#[test]
fn one_worker_that_hangs() {
    let blueprint = Stack::of("fastapi-gunicorn")
        .set("stack.framework", "flask")
        .set("stack.server", "gunicorn")
        .set("tune.web.workers", "1")
        .set("tune.web.threads", "1");
    finds("load.hang", blueprint, |_| {});
}

#[test]
fn a_memory_limit_below_what_the_processes_take() {
    let stack = uvicorn().set("verify.healthy", "60").create();
    stack.edit("compose.yaml", |text| {
        let start = text.find("\n  web:").expect("the application");
        let (before, web) = text.split_at(start);
        let memory = web.find("memory: ").expect("its limit");
        let end = memory + web[memory..].find('\n').expect("a line");
        format!("{before}{}memory: 64M{}", &web[..memory], &web[end..]).replacen(
            "reservations:\n          memory: ",
            "reservations:\n          memory: 1M # ",
            1,
        )
    });
    let verified = Verified::of(&stack, &["--only", "start,load"]);
    verified.finds_any(&["start.healthy", "start.restarts", "start.memory", "load.memory"]);
}

#[test]
fn a_volume_that_hides_what_the_image_brings() {
    finds("start.mounts", Stack::of("django-nginx"), |stack| {
        stack.edit("compose.yaml", |text| {
            text.replacen(
                "      - media:/app/media\n",
                "      - media:/app/media\n      - code:/app/core\n",
                1,
            )
            .replace("\nvolumes:\n", "\nvolumes:\n  code: {}\n")
        });
    });
}
