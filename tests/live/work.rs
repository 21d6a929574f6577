//! A stack's own work, as a client sees it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::stack::Stack;
use crate::support::wait;

/// A queued task of no length is done within this.
const TASK_LIMIT: Duration = Duration::from_secs(20);

/// It answers, and has everything it needs: exactly these dependencies are looked at.
#[track_caller]
pub fn is_ready(stack: &Stack, dependencies: &[&str]) {
    assert_eq!(stack.get("/health").expect(200).json()["status"], "alive");
    let answer = stack.get("/ready").expect(200).json();
    assert_eq!(answer["status"], "ready");
    let checks: serde_json::Map<String, Value> =
        dependencies.iter().map(|name| ((*name).to_owned(), json!("ok"))).collect();
    assert_eq!(answer["checks"], Value::Object(checks));
}

/// Writes a row; its id.
#[track_caller]
pub fn writes_a_row(stack: &Stack, name: &str) -> i64 {
    let written = stack.post("/items", &json!({"name": name})).expect(201).json();
    assert_eq!(written["name"], name);
    written["id"].as_i64().expect("a row has a number")
}

/// Reads it back, from the database and from a cache that may be in front of it.
#[track_caller]
pub fn reads_the_row(stack: &Stack, id: i64, name: &str) {
    for _ in 0..2 {
        let read = stack.get(&format!("/items/{id}")).expect(200).json();
        assert_eq!(read, json!({"id": id, "name": name}));
    }
}

#[track_caller]
pub fn writes_and_reads_a_row(stack: &Stack) {
    let id = writes_a_row(stack, "a row");
    reads_the_row(stack, id, "a row");
    let all = stack.get("/items").expect(200).json();
    assert!(all.as_array().is_some_and(|rows| rows.contains(&json!({"id": id, "name": "a row"}))));
    stack.get("/items/1000000").expect(404);
}

/// Queues a task; its id.
#[track_caller]
pub fn queues_a_task(stack: &Stack, a: i64, b: i64) -> String {
    let queued = stack.post("/tasks", &json!({"a": a, "b": b})).expect(202).json();
    queued["id"].as_str().expect("a task has an id").to_owned()
}

/// Waits for a task's result.
#[track_caller]
pub fn gets_the_result(stack: &Stack, id: &str, result: &Value) {
    let task = wait::until("the task's result", TASK_LIMIT, || {
        let task = stack.get(&format!("/tasks/{id}")).expect(200).json();
        ["SUCCESS", "FAILURE"].iter().any(|state| task["state"] == *state).then_some(task)
    });
    assert_eq!((&task["state"], &task["result"]), (&json!("SUCCESS"), result));
}

#[track_caller]
pub fn runs_a_task(stack: &Stack) {
    let id = queues_a_task(stack, 40, 2);
    gets_the_result(stack, &id, &json!(42));
}

/// Predicts for rows of the sample model's four features, and refuses what is no such row.
#[track_caller]
pub fn predicts(stack: &Stack) {
    let ready = stack.get("/ready").expect(200).json();
    assert_eq!((&ready["model_loaded"], &ready["device"]), (&json!(true), &json!("cpu")));

    let rows = json!({"features": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]});
    let answer = stack.post("/predict", &rows).expect(200).json();
    let predictions = answer["predictions"].as_array().expect("a list of predictions");
    assert_eq!(predictions.len(), 2, "{answer}");
    assert!(predictions.iter().all(Value::is_number), "{answer}");
    assert_ne!(predictions[0], predictions[1], "two different rows");

    stack.post("/predict", &json!({"features": [[5.1, 3.5, 1.4]]})).expect(422);
    stack.post("/predict", &json!({"features": []})).expect(422);
}

/// The admin's login page names a style sheet with a hash in its name, which browsers may keep.
#[track_caller]
pub fn serves_the_admin_with_its_styles(stack: &Stack) {
    let page = stack.get("/admin/login/").expect(200).text();
    let sheets: Vec<&str> = page
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| link.ends_with(".css"))
        .collect();
    let sheet =
        sheets.iter().find(|link| link.contains("/admin/css/base.")).expect("a style sheet");
    let hash = sheet.trim_end_matches(".css").rsplit('.').next().unwrap_or_default();
    assert!(hash.len() == 12 && hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{sheet}");

    for sheet in sheets {
        let answer = stack.get(sheet).expect(200);
        assert_eq!(
            answer.header("content-type").map(|kind| kind.split(';').next()),
            Some(Some("text/css"))
        );
        let cached = answer.header("cache-control").unwrap_or_default();
        assert!(
            cached.contains("immutable") && cached.contains("max-age=31536000"),
            "{sheet}: {cached}"
        );
        assert!(!answer.text().is_empty(), "{sheet}");
    }
    stack.get("/static/admin/css/no-such-file.css").expect(404);
}
