//! FastAPI with pages that npm builds, photographs of up to 50 MB, and a large table that is made
//! once: `tests/cases/whole/studio`.

use serde_json::Value;

use super::{Checks, MEBIBYTE, is_generated, loads, photograph};
use crate::support::http::Request;
use crate::support::stack::Stack;

/// What the code takes, less what a form adds.
const PHOTOGRAPH: usize = 49;

#[test]
fn studio_generated() {
    is_generated("studio", fill, WORKS, has_kept);
}

/// A photograph, and when the table was made.
fn fill(stack: &Stack) -> (i64, Value) {
    let sent = Request::upload("/api/photos", "file", "lake.jpg", &photograph(PHOTOGRAPH));
    let kept = stack.request(&sent).expect(201).json();
    let table = stack.get("/api/palette").expect(200).json();
    assert_eq!(table["size"], 70 * MEBIBYTE);
    (kept["id"].as_i64().expect("a number"), table["made"].clone())
}

#[track_caller]
fn has_kept(stack: &Stack, (photo, made): &(i64, Value)) {
    let found = stack.get(&format!("/api/photos/{photo}")).expect(200).json();
    assert_eq!(found["name"], "lake.jpg");
    let file = stack.get(&format!("/api/photos/{photo}/file")).expect(200);
    assert!(file.bytes() == photograph(PHOTOGRAPH), "the photograph is another one");
    let table = stack.get("/api/palette").expect(200).json();
    assert_eq!(&table["made"], made, "the table was made once");
}

const WORKS: Checks = &[
    ("pages that npm builds", has_pages_with_styles),
    ("the API", has_an_api),
    ("413 above the limit", refuses_what_is_too_large),
];

fn has_pages_with_styles(stack: &Stack) {
    let home = stack.get("/").expect(200);
    assert!(home.text().contains("Colours of your photographs"), "{}", home.text());
    loads(stack, &home, ".css", "text/css", ".swatch");
    loads(stack, &home, ".js", "text/javascript", "/api/photos");
}

fn has_an_api(stack: &Stack) {
    assert_eq!(stack.get("/api/health").expect(200).json()["status"], "ok");
    stack.get("/api/photos/999999").expect(404);
}

fn refuses_what_is_too_large(stack: &Stack) {
    let large = Request::upload("/api/photos", "file", "poster.jpg", &photograph(51));
    stack.request(&large).expect(413);
}
