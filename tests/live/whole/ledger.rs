//! FastAPI behind a path of another server, SQLAlchemy, Alembic and a lock of Poetry:
//! `tests/cases/whole/ledger`.

use serde_json::{Value, json};

use super::{Case, goes_on, photograph};
use crate::support::http::Request;
use crate::support::stack::Stack;

const LEDGER: Case = Case { name: "ledger", published: "9000" };

#[test]
fn ledger_improved() {
    goes_on(LEDGER, &["--adopt"], fill, works, has_kept);
}

#[test]
fn ledger_rewritten() {
    goes_on(LEDGER, &["--rewrite"], fill, works, has_kept);
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

fn works(stack: &Stack) {
    let home = stack.get("/").expect(200);
    assert!(home.text().contains("Books in EUR") && home.text().contains("Cash box"));
    // A browser asks below /api, which the server in front takes off.
    let page = home.text();
    let style = page.split('"').find_map(|word| word.strip_prefix("/api/")?.strip_suffix(".css"));
    let style = stack.get(&format!("/{}.css", style.expect("a style below /api"))).expect(200);
    assert!(style.header("content-type").is_some_and(|kind| kind.starts_with("text/css")));
    assert!(style.text().contains("tabular-nums"), "{}", style.text());

    let described = stack.get("/openapi.json").expect(200).json();
    assert_eq!(described["servers"], json!([{"url": "/api"}]));
    let accounts = stack.get("/accounts").expect(200).json();
    assert_eq!(accounts.as_array().map(Vec::len), Some(8), "{accounts}");
    stack
        .post("/entries", &json!({"text": "x", "debit": 1, "credit": 2, "amount": "1"}))
        .expect(422);

    // An extra that the old image installs.
    let sheet = stack.get("/reports/balances.xlsx").expect(200);
    assert!(sheet.bytes().starts_with(b"PK"), "a workbook is an archive");

    // Whoever is in front is believed.
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
