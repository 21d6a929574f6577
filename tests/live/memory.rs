//! Load for `measure.rs`: what a stack's processes take. That no container comes near its limit is
//! `dockwright verify --only load`'s to say.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::http::Request;
use crate::support::load::{self, Load};
use crate::support::stack::Stack;
use crate::support::usage::{Usage, Watch};

const CLIENTS: usize = 32;

/// What clients of this stack ask for, as far as it offers it.
pub fn requests(stack: &Stack) -> Vec<Request> {
    let ready = stack.get("/ready").json();
    let has: BTreeSet<&str> = ready["checks"]
        .as_object()
        .into_iter()
        .flat_map(|checks| checks.keys().map(String::as_str))
        .collect();
    let mut requests = vec![Request::get("/health"), Request::get("/ready")];
    if has.contains("database") {
        let written = stack.post("/items", &json!({"name": "under load"})).expect(201).json();
        requests.extend([
            Request::post("/items", &json!({"name": "one of many"})),
            Request::get("/items"),
            Request::get(format!("/items/{}", written["id"])),
        ]);
    }
    if has.contains("broker") {
        let task = stack.post("/tasks", &json!({"a": 1, "b": 2})).expect(202).json();
        requests.push(Request::post("/tasks", &json!({"a": 1, "b": 2})));
        requests.push(Request::get(format!("/tasks/{}", task["id"].as_str().unwrap_or_default())));
    }
    if has.contains("model") {
        requests.push(prediction(1));
        requests.push(prediction(1000));
    }
    if stack.get("/admin/login/").status == 200 {
        requests.push(Request::get("/admin/login/"));
    }
    requests
}

/// A request for this many rows.
pub fn prediction(rows: usize) -> Request {
    let rows: Vec<Value> =
        (0..rows).map(|row| json!([5.1, 3.5, row as f64 / 250.0, 0.2])).collect();
    Request::post("/predict", &json!({"features": rows}))
}

/// Loads a stack for so long; the most memory it took. Every request has to be answered.
#[track_caller]
pub fn load(stack: &Stack, seconds: u64) -> Usage {
    let requests = requests(stack);
    let watch = Watch::start(stack.containers());
    let load = Load::start(stack.port, CLIENTS, &requests);
    thread::sleep(Duration::from_secs(seconds));
    let outcomes = load.finish();
    let usage = watch.finish();
    let fine = |outcome: &load::Outcome| {
        outcome.result.as_ref().is_ok_and(|response| response.status < 400)
    };
    let failed: Vec<_> = outcomes.into_iter().filter(|outcome| !fine(outcome)).collect();
    assert!(failed.is_empty(), "{}", load::summary(&failed));
    usage
}
