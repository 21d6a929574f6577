//! What has been written is still there afterwards.

use serde_json::json;

use crate::support::stack::Stack;
use crate::work;

#[test]
fn rows_survive_down_and_up() {
    let stack = Stack::of("fastapi-gunicorn").set("stack.database", "postgres").start();
    let id = work::writes_a_row(&stack, "kept");
    stack.compose(&["down"]);
    assert!(stack.containers().is_empty());
    stack.up();
    work::reads_the_row(&stack, id, "kept");
}

#[test]
fn rows_queued_tasks_and_results_survive_their_servers() {
    let stack = Stack::of("celery-postgres-redis").start();
    let row = work::writes_a_row(&stack, "kept");
    let done = work::queues_a_task(&stack, 1, 2);
    work::gets_the_result(&stack, &done, &json!(3));

    stack.compose(&["stop", "worker"]);
    let waiting = work::queues_a_task(&stack, 40, 2);
    stack.compose(&["restart", "redis"]);
    work::recovers(&stack);
    let task = stack.get(&format!("/tasks/{waiting}")).expect(200).json();
    assert_eq!(task["state"], "PENDING", "nobody can have run it");
    stack.compose(&["start", "worker"]);
    work::gets_the_result(&stack, &waiting, &json!(42));

    stack.compose(&["stop", "worker"]);
    let waiting = work::queues_a_task(&stack, 40, 3);
    stack.compose(&["down"]);
    stack.up();
    work::gets_the_result(&stack, &waiting, &json!(43));
    work::gets_the_result(&stack, &done, &json!(3));
    work::reads_the_row(&stack, row, "kept");
}
