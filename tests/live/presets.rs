//! The five presets, from `dockwright new` to answers under load, on a machine with just enough
//! memory: a figure of the plan that is too small shows here.

use crate::support::stack::{Blueprint, Stack};
use crate::verified::Verified;
use crate::work;

/// Nobody may do more than planned, and under load no container passes 80 % of its limit.
const JUDGED: &[&str] = &[
    "--only",
    "start,isolation,load",
    "--set",
    "verify.memory-load=80",
    // Several tests share this machine: what else load says is another test's.
    "--set",
    "verify.workers=100",
    "--set",
    "verify.p99=60000",
];

/// CPUs and memory of machines from small to usual.
const MACHINES: &[(&str, &str)] = &[("0.5", "1GiB"), ("1", "2GiB"), ("2", "4GiB")];

/// On each machine: limits as planned, and under load none comes near its own.
#[track_caller]
fn fits_every_machine(blueprint: impl Fn() -> Blueprint) {
    for (cpus, memory) in MACHINES {
        let stack = blueprint().set("deploy.cpus", cpus).set("deploy.memory", memory).create();
        Verified::of(&stack, JUDGED).holds();
    }
}

fn fastapi_on_uvicorn() -> Blueprint {
    Stack::of("fastapi-uvicorn").set("stack.database", "postgres").set("stack.cache", "redis")
}

fn fastapi_on_gunicorn() -> Blueprint {
    Stack::of("fastapi-gunicorn").set("stack.database", "postgres")
}

#[test]
fn fastapi_on_uvicorn_fits_every_machine() {
    fits_every_machine(fastapi_on_uvicorn);
}

#[test]
fn fastapi_on_gunicorn_fits_every_machine() {
    fits_every_machine(fastapi_on_gunicorn);
}

#[test]
fn django_fits_every_machine() {
    fits_every_machine(|| Stack::of("django-nginx"));
}

#[test]
fn a_model_server_fits_every_machine() {
    fits_every_machine(|| Stack::of("ml-server"));
}

#[test]
fn celery_fits_every_machine() {
    fits_every_machine(|| Stack::of("celery-postgres-redis"));
}

#[test]
fn fastapi_on_uvicorn_with_postgres_and_a_cache() {
    let stack = fastapi_on_uvicorn().in_the_least_memory().start();
    work::is_ready(&stack, &["database", "cache"]);
    work::writes_and_reads_a_row(&stack);
    stack.stop();
    Verified::of(&stack, JUDGED).holds();
}

#[test]
fn fastapi_on_gunicorn_with_postgres() {
    let stack = fastapi_on_gunicorn().in_the_least_memory().start();
    work::is_ready(&stack, &["database"]);
    work::writes_and_reads_a_row(&stack);
    stack.stop();
    Verified::of(&stack, JUDGED).holds();
}

#[test]
fn django_behind_nginx() {
    let stack = Stack::of("django-nginx").in_the_least_memory().start();
    work::is_ready(&stack, &["database"]);
    work::writes_and_reads_a_row(&stack);
    work::serves_the_admin_with_its_styles(&stack);
    stack.stop();
    Verified::of(&stack, JUDGED).holds();
}

#[test]
fn a_model_server_on_onnxruntime() {
    let stack = Stack::of("ml-server").in_the_least_memory().start();
    work::is_ready(&stack, &["model"]);
    work::predicts(&stack);
    stack.stop();
    Verified::of(&stack, JUDGED).holds();
}

#[test]
fn celery_with_postgres_and_redis() {
    let stack = Stack::of("celery-postgres-redis").in_the_least_memory().start();
    work::is_ready(&stack, &["database", "broker"]);
    work::writes_and_reads_a_row(&stack);
    work::runs_a_task(&stack);
    stack.stop();
    Verified::of(&stack, JUDGED).holds();
}
