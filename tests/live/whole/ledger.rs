//! FastAPI behind a path of another server, SQLAlchemy, Alembic and a lock of Poetry:
//! `tests/cases/whole/ledger`.

use serde_json::{Value, json};

use super::{Case, Checks, goes_on, photograph};
use crate::support::http::Request;
use crate::support::stack::Stack;

const LEDGER: Case = Case { name: "ledger", published: "9000" };

#[test]
fn ledger_improved() {
    goes_on(LEDGER, &["--adopt"], fill, WORKS, has_kept);
}

#[test]
fn ledger_rewritten() {
    goes_on(LEDGER, &["--rewrite"], fill, WORKS, has_kept);
}

struct Kept {
    entry: i64,
    attachment: i64,
    seedings: i64,
}

fn fill(stack: &Stack) -> Kept {
    let entry = book(stack, "Rent of the boathouse");
    let path = format!("/entries/{entry}/attachments");
    let sent = Request::upload(path, "file", "receipt.pdf", &photograph(5));
    let attached = stack.request(&sent).expect(201).json();
    let seedings = status(stack)["seedings"].as_i64().expect("a count");
    Kept { entry, attachment: attached["id"].as_i64().expect("a number"), seedings }
}

#[track_caller]
fn has_kept(stack: &Stack, kept: &Kept) {
    let entry = stack.get(&format!("/entries/{}", kept.entry)).expect(200).json();
    assert_eq!(entry["text"], "Rent of the boathouse");
    assert_eq!(entry["holds"], true, "the key that signed it is still the same: {entry}");
    let file = stack.get(&format!("/attachments/{}", kept.attachment)).expect(200);
    assert_eq!(file.bytes(), photograph(5));
    // The command before the start has two parts; the other one brings the tables.
    assert_eq!(status(stack)["seedings"], kept.seedings + 1, "seed.py ran once more, and once");
}

const WORKS: Checks = &[
    ("pages below /api", has_pages_below_the_path),
    ("accounts that seed.py puts in", has_accounts),
    ("the extra", makes_a_workbook),
    ("a server in front that is believed", believes_the_server_in_front),
];

fn has_pages_below_the_path(stack: &Stack) {
    let home = stack.get("/").expect(200);
    let page = home.text();
    assert!(page.contains("Books in EUR") && page.contains("Cash box"), "{page}");
    // A browser asks below /api, which the server in front takes off.
    let style = page.split('"').find_map(|word| word.strip_prefix("/api/")?.strip_suffix(".css"));
    let style = stack.get(&format!("/{}.css", style.expect("a style below /api"))).expect(200);
    assert!(style.header("content-type").is_some_and(|kind| kind.starts_with("text/css")));
    assert!(style.text().contains("tabular-nums"), "{}", style.text());
    let described = stack.get("/openapi.json").expect(200).json();
    assert_eq!(described["servers"], json!([{"url": "/api"}]));
}

fn has_accounts(stack: &Stack) {
    let accounts = stack.get("/accounts").expect(200).json();
    assert_eq!(accounts.as_array().map(Vec::len), Some(8), "{accounts}");
    let wrong = json!({"text": "x", "debit": 1, "credit": 2, "amount": "1"});
    stack.post("/entries", &wrong).expect(422);
}

/// It is the old image that installs it.
fn makes_a_workbook(stack: &Stack) {
    let sheet = stack.get("/reports/balances.xlsx").expect(200);
    assert!(sheet.bytes().starts_with(b"PK"), "a workbook is an archive");
}

fn believes_the_server_in_front(stack: &Stack) {
    let request = Request::get("/status")
        .with_header("X-Forwarded-For", "203.0.113.9")
        .with_header("X-Forwarded-Proto", "https");
    let seen = stack.request(&request).expect(200).json();
    assert_eq!((&seen["client"], &seen["scheme"]), (&json!("203.0.113.9"), &json!("https")));
}

fn book(stack: &Stack, text: &str) -> i64 {
    let entry = json!({"text": text, "debit": 5000, "credit": 1200, "amount": "450.00"});
    let booked = stack.post("/entries", &entry).expect(201).json();
    booked["id"].as_i64().expect("a number")
}

fn status(stack: &Stack) -> Value {
    stack.get("/status").expect(200).json()
}
