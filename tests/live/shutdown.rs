//! SIGTERM of a worker: it finishes its task, or hands it back. What a stop does to requests is
//! `dockwright verify --only stop`'s to say.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::stack::Stack;
use crate::support::wait;
use crate::work;

/// A task as people write them; the skeleton's own are over at once.
const NAP: &str = r#"

@app.task
def nap(seconds: int) -> str:
    import time

    time.sleep(seconds)
    return "rested"
"#;

fn starts_a_nap(stack: &Stack, seconds: u32) -> String {
    let queue = format!("from app.tasks import nap; print(nap.delay({seconds}).id)");
    let id = stack.exec("web", &["python", "-c", &queue]);
    wait::until("the task to start", Duration::from_secs(15), || {
        (state(stack, &id) == "STARTED").then_some(())
    });
    id
}

fn state(stack: &Stack, id: &str) -> String {
    let task = stack.get(&format!("/tasks/{id}")).expect(200).json();
    task["state"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_worker_finishes_its_task_or_hands_it_back() {
    let soft = 8;
    let stack = Stack::of("celery-postgres-redis")
        .set("tune.worker.soft-shutdown-timeout", &soft.to_string())
        .create();
    stack.edit("app/tasks.py", |tasks| tasks + NAP);
    stack.up();

    let short = starts_a_nap(&stack, 5);
    stack.compose(&["stop", "worker"]);
    assert_eq!(stack.container("worker").exit_code(), 0);
    work::gets_the_result(&stack, &short, &json!("rested"));
    stack.compose(&["start", "worker"]);

    let long = starts_a_nap(&stack, 15);
    let called = Instant::now();
    stack.compose(&["stop", "worker"]);
    let took = called.elapsed().as_secs();
    assert!((soft..15).contains(&took), "it waits for the soft window and no longer: {took} s");
    assert_eq!(stack.container("worker").exit_code(), 0);
    assert_ne!(state(&stack, &long), "SUCCESS");
    stack.compose(&["start", "worker"]);
    wait::until("the task to be run again", Duration::from_secs(40), || {
        (state(&stack, &long) == "SUCCESS").then_some(())
    });
}
