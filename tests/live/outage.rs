//! A cache goes away: the service says so, and answers all the same. What happens without a
//! database or a broker is `dockwright verify --only break`'s to say.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::http::{Request, Response};
use crate::support::stack::Stack;
use crate::support::wait;
use crate::work;

/// Nobody waits longer than this to be told that something is away: a stopped server refuses at
/// once, a hanging one is given up by time-outs, and perhaps asked a second time.
const ANSWERS_WITHIN: [(&str, &str, Duration); 2] =
    [("stop", "start", Duration::from_secs(6)), ("pause", "unpause", Duration::from_secs(12))];
/// Readiness is asked for often, and by something that gives up early.
const READINESS_WITHIN: Duration = Duration::from_secs(5);
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn fastapi_without_its_cache() {
    let stack = Stack::of("fastapi-uvicorn")
        .set("stack.database", "postgres")
        .set("stack.cache", "redis")
        .start();
    let row = work::writes_a_row(&stack, "kept");
    lives_without_its_cache(&stack, row);
}

/// Without a cache every request is answered, only later: `/ready` says so, and stays 200.
#[track_caller]
fn lives_without_its_cache(stack: &Stack, row: i64) {
    let before = life(stack);
    for (away, back, limit) in ANSWERS_WITHIN {
        stack.compose(&[away, "cache"]);
        let ready = || timely(stack, &Request::get("/ready"), READINESS_WITHIN).expect(200).json();
        let answer = wait::until("/ready to notice", NOTICED_WITHIN, || {
            Some(ready()).filter(|answer| answer["checks"]["cache"] != "ok")
        });
        assert_eq!(answer["status"], "ready", "{away}: {answer}");
        timely(stack, &Request::get(format!("/items/{row}")), limit).expect(200);

        stack.compose(&[back, "cache"]);
        wait::until("the cache to be back", NOTICED_WITHIN, || {
            (ready()["checks"]["cache"] == "ok").then_some(())
        });
        work::reads_the_row(stack, row, "kept");
    }
    assert_eq!(life(stack), before, "the application was not restarted");
}

/// What changes when the application's container is restarted or replaced.
fn life(stack: &Stack) -> (String, Value, Value) {
    let web = stack.container("web");
    (web.id.clone(), web.fact("/State/StartedAt").clone(), web.fact("/RestartCount").clone())
}

#[track_caller]
fn timely(stack: &Stack, request: &Request, limit: Duration) -> Response {
    let start = Instant::now();
    let response = stack.request(request);
    let took = start.elapsed();
    assert!(took <= limit, "{} {} took {took:?}", request.method, request.path);
    response
}
