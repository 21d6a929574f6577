//! The five presets, from `dockwright new` to an answer.

use crate::support::stack::Stack;
use crate::{hardening, work};

#[test]
fn fastapi_on_uvicorn_with_postgres_and_a_cache() {
    let stack = Stack::of("fastapi-uvicorn")
        .set("stack.database", "postgres")
        .set("stack.cache", "redis")
        .start();
    work::is_ready(&stack, &["database", "cache"]);
    work::writes_and_reads_a_row(&stack);
    work::writes_and_reads_the_cache(&stack);
    hardening::holds(&stack, "web");
}

#[test]
fn fastapi_on_gunicorn_with_postgres() {
    let stack = Stack::of("fastapi-gunicorn").set("stack.database", "postgres").start();
    work::is_ready(&stack, &["database"]);
    work::writes_and_reads_a_row(&stack);
    hardening::holds(&stack, "web");
}

#[test]
fn django_behind_nginx() {
    let stack = Stack::of("django-nginx").start();
    work::is_ready(&stack, &["database"]);
    work::writes_and_reads_a_row(&stack);
    work::serves_the_admin_with_its_styles(&stack);
    hardening::holds(&stack, "nginx");
}

#[test]
fn a_model_server_on_onnxruntime() {
    let stack = Stack::of("ml-server").start();
    work::is_ready(&stack, &["model"]);
    work::predicts(&stack);
    hardening::holds(&stack, "web");
}

#[test]
fn celery_with_postgres_and_redis() {
    let stack = Stack::of("celery-postgres-redis").start();
    work::is_ready(&stack, &["database", "broker"]);
    work::writes_and_reads_a_row(&stack);
    work::runs_a_task(&stack);
    hardening::holds(&stack, "web");
}
