//! SIGTERM: what is in flight is finished, and every process ends with exit code 0.
//!
//! In flight is a request whose connection was open and whose head had been sent before
//! `docker compose stop` was called. It has to be answered completely, with its usual status.
//! A request that was sent later may find nobody there any more: refused, or closed without a
//! byte of an answer, which tells a client that it can send it again. No answer may be an error
//! or break off in the middle, whenever it was asked for.
//!
//! The proof does not rest on luck: some requests send half of their body, and the other half only
//! seconds after the stop has been seen to take effect, since new requests go unanswered.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::memory;
use crate::support::docker;
use crate::support::http::{Connection, Failure, Request, Response};
use crate::support::load::{self, Load, Outcome, PATIENCE};
use crate::support::stack::Stack;
use crate::support::wait;
use crate::work;

/// Requests that are in the middle of their body when the stop comes.
const HALF_SENT: usize = 2;
const CLIENTS: usize = 6;
/// Load before the stop.
const BEFORE: Duration = Duration::from_secs(3);
const STOP_SEEN_WITHIN: Duration = Duration::from_secs(15);
/// How long the other half of a body is still kept back then.
const KEPT_BACK: Duration = Duration::from_secs(3);

#[test]
fn uvicorn_finishes_what_it_has_begun() {
    let stack = Stack::of("fastapi-uvicorn")
        .set("stack.database", "postgres")
        .set("stack.cache", "redis")
        .start();
    let row = Request::post("/items", &json!({"name": "half sent"}));
    finishes_what_it_has_begun(&stack, &["stop", "web"], &row, 201);
    stops_cleanly(&stack);
}

#[test]
fn uvicorn_with_several_processes_finishes_what_it_has_begun() {
    let stack = Stack::of("ml-server").set("tune.web.workers", "2").start();
    finishes_what_it_has_begun(&stack, &["stop", "web"], &memory::prediction(400), 200);
    stops_cleanly(&stack);
}

#[test]
fn gunicorn_with_uvicorn_workers_finishes_what_it_has_begun() {
    let stack = Stack::of("fastapi-gunicorn")
        .set("stack.database", "postgres")
        .set("tune.web.workers", "2")
        .start();
    let row = Request::post("/items", &json!({"name": "half sent"}));
    finishes_what_it_has_begun(&stack, &["stop", "web"], &row, 201);
    stops_cleanly(&stack);
}

#[test]
fn gunicorn_with_threads_finishes_what_it_has_begun() {
    let stack = Stack::of("fastapi-gunicorn")
        .set("stack.framework", "flask")
        .set("stack.server", "gunicorn")
        .set("stack.database", "postgres")
        .start();
    let row = Request::post("/items", &json!({"name": "half sent"}));
    finishes_what_it_has_begun(&stack, &["stop", "web"], &row, 201);
    stops_cleanly(&stack);
}

/// nginx holds a request back until it has all of it, so here the whole stack is stopped: nginx
/// first, then, when it has its last answer, the application.
#[test]
fn nginx_and_django_finish_what_they_have_begun() {
    let stack = Stack::of("django-nginx").start();
    let row = Request::post("/items", &json!({"name": "half sent"}));
    finishes_what_it_has_begun(&stack, &["stop"], &row, 201);
    stops_cleanly(&stack);
}

/// Stops (a part of) the stack under load.
#[track_caller]
fn finishes_what_it_has_begun(stack: &Stack, stop: &[&str], request: &Request, status: u16) {
    let requests = memory::requests(stack);
    let load = Load::start(stack.port, CLIENTS, &requests);
    thread::sleep(BEFORE);
    let middle = request.body.len() / 2;
    let half_sent: Vec<Connection> = (0..HALF_SENT)
        .map(|_| half_send(stack, request, middle).expect("the service is there"))
        .collect();
    // Long enough for the server to have read it.
    thread::sleep(Duration::from_millis(300));

    let called = Instant::now();
    let mut command = stack.compose_command(stop);
    let stopping = thread::spawn(move || {
        docker::run(&mut command, Duration::from_secs(120)).expect_success();
        Instant::now()
    });
    wait::until("the stop to take effect", STOP_SEEN_WITHIN, || {
        stack.try_request(&Request::get("/health")).err()
    });
    thread::sleep(KEPT_BACK);
    let answers: Vec<Result<Response, Failure>> = half_sent
        .into_iter()
        .map(|connection| finish(connection, &request.body[middle..]))
        .collect();
    let stopped = stopping.join().expect("compose stops what it started");
    let outcomes = load.finish();

    for answer in answers {
        match answer {
            Ok(response) => drop(response.expect(status)),
            Err(failure) => panic!("a request that was half sent before the stop: {failure}"),
        }
    }
    let (before, after): (Vec<Outcome>, Vec<Outcome>) =
        outcomes.into_iter().partition(|outcome| outcome.sent < called);
    let in_flight = before.iter().filter(|outcome| outcome.done > called).count();
    println!("{} answered before, {in_flight} in flight, {HALF_SENT} half sent", before.len());
    let lost: Vec<Outcome> = before.into_iter().filter(|outcome| !is_answered(outcome)).collect();
    assert!(lost.is_empty(), "in flight or before:\n{}", load::summary(&lost));
    let broken: Vec<Outcome> = after
        .into_iter()
        .filter(|outcome| !is_answered(outcome) && !is_unanswered(outcome))
        .collect();
    assert!(broken.is_empty(), "after the stop:\n{}", load::summary(&broken));

    let grace = stack.planned("web.stop-grace-period");
    let took = (stopped - called).as_secs_f64();
    assert!(took < grace, "took {took:.1} s of {grace} s");
    assert_eq!(stack.container("web").exit_code(), 0);
}

fn half_send(stack: &Stack, request: &Request, middle: usize) -> Result<Connection, Failure> {
    let mut connection = Connection::open(stack.port, PATIENCE)?;
    connection.send(&request.head(stack.port))?;
    connection.send(&request.body[..middle])?;
    Ok(connection)
}

fn finish(mut connection: Connection, rest: &[u8]) -> Result<Response, Failure> {
    connection.send(rest)?;
    connection.receive()
}

fn is_answered(outcome: &Outcome) -> bool {
    outcome.result.as_ref().is_ok_and(|response| response.status < 400)
}

fn is_unanswered(outcome: &Outcome) -> bool {
    matches!(outcome.result, Err(Failure::Unanswered(_)))
}

/// Everything stops by itself: an exit code of 137 would be a SIGKILL after the grace period.
#[track_caller]
pub fn stops_cleanly(stack: &Stack) {
    stack.compose(&["stop"]);
    let codes: BTreeMap<String, i64> = stack
        .containers()
        .into_iter()
        .map(|container| (container.service.clone(), container.exit_code()))
        .collect();
    assert!(codes.values().all(|code| *code == 0), "{codes:?}");
}

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
    stops_cleanly(&stack);
}
