//! The five presets, from `dockwright new` to answers under load, on a machine with just enough
//! memory: a figure of the plan that is too small shows here.

use crate::support::stack::Stack;
use crate::{hardening, memory, work};

#[test]
fn fastapi_on_uvicorn_with_postgres_and_a_cache() {
    let stack = Stack::of("fastapi-uvicorn")
        .set("stack.database", "postgres")
        .set("stack.cache", "redis")
        .in_the_least_memory()
        .start();
    work::is_ready(&stack, &["database", "cache"]);
    work::writes_and_reads_a_row(&stack);
    work::writes_and_reads_the_cache(&stack);
    hardening::holds(&stack, "web");
    memory::stays_within_its_limits_under_load(&stack);
}

#[test]
fn fastapi_on_gunicorn_with_postgres() {
    let stack = Stack::of("fastapi-gunicorn")
        .set("stack.database", "postgres")
        .in_the_least_memory()
        .start();
    work::is_ready(&stack, &["database"]);
    work::writes_and_reads_a_row(&stack);
    hardening::holds(&stack, "web");
    memory::stays_within_its_limits_under_load(&stack);
}

#[test]
fn django_behind_nginx() {
    let stack = Stack::of("django-nginx").in_the_least_memory().start();
    work::is_ready(&stack, &["database"]);
    work::writes_and_reads_a_row(&stack);
    work::serves_the_admin_with_its_styles(&stack);
    hardening::holds(&stack, "nginx");
    memory::stays_within_its_limits_under_load(&stack);
}

#[test]
fn a_model_server_on_onnxruntime() {
    let stack = Stack::of("ml-server").in_the_least_memory().start();
    work::is_ready(&stack, &["model"]);
    work::predicts(&stack);
    hardening::holds(&stack, "web");
    memory::stays_within_its_limits_under_load(&stack);
}

#[test]
fn celery_with_postgres_and_redis() {
    let stack = Stack::of("celery-postgres-redis").in_the_least_memory().start();
    work::is_ready(&stack, &["database", "broker"]);
    work::writes_and_reads_a_row(&stack);
    work::runs_a_task(&stack);
    hardening::holds(&stack, "web");
    memory::stays_within_its_limits_under_load(&stack);
}
