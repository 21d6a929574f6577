//! Flask with SQLite in `instance/`, uploads, and Socket.IO whose rooms are in the process:
//! `tests/cases/whole/desk`.

use serde_json::{Value, json};

use super::{Checks, is_generated, loads, photograph};
use crate::support::http::Request;
use crate::support::stack::Stack;
use crate::support::websocket::WebSocket;

#[test]
fn desk_generated() {
    is_generated("desk", fill, WORKS, has_kept);
}

/// A ticket and its attachment.
fn fill(stack: &Stack) -> (i64, i64) {
    let ticket = open(stack, "The printer is on fire");
    let path = format!("/api/tickets/{ticket}/attachments");
    let sent = Request::upload(path, "file", "fire.jpg", &photograph(6));
    let attached = stack.request(&sent).expect(201).json();
    (ticket, attached["id"].as_i64().expect("a number"))
}

#[track_caller]
fn has_kept(stack: &Stack, (ticket, attachment): &(i64, i64)) {
    let found = stack.get(&format!("/api/tickets/{ticket}")).expect(200).json();
    assert_eq!(found["title"], "The printer is on fire");
    let file = stack.get(&format!("/attachments/{attachment}")).expect(200);
    assert_eq!(file.bytes(), photograph(6));
}

const WORKS: Checks = &[
    ("pages with their styles", has_pages_with_styles),
    ("comments that others see at once", shows_comments_to_others),
    ("one process", is_one_process),
];

fn has_pages_with_styles(stack: &Stack) {
    let home = stack.get("/").expect(200);
    let page = home.text();
    assert!(page.contains("Open tickets") && page.contains("printer is on fire"), "{page}");
    loads(stack, &home, ".css", "text/css", ".waiting");
    stack.get("/api/tickets/999999").expect(404);
}

/// Two browsers and the one who writes have to meet in one process.
fn shows_comments_to_others(stack: &Stack) {
    let ticket = open(stack, "Two of us look at this");
    let mut browsers: Vec<WebSocket> = (1..=2).map(|count| watch(stack, ticket, count)).collect();
    let comment = json!({"text": "Bring sand"});
    stack.post(&format!("/api/tickets/{ticket}/comments"), &comment).expect(201);
    for browser in &mut browsers {
        let told = event(&browser.receive());
        assert_eq!(told, json!(["comment", {"ticket": ticket, "text": "Bring sand"}]));
    }
    assert_eq!(stack.get(&format!("/api/tickets/{ticket}")).json()["watching"], 2);
}

fn watch(stack: &Stack, ticket: i64, browsers: usize) -> WebSocket {
    let mut browser = WebSocket::open(stack.port, "/socket.io/?EIO=4&transport=websocket");
    assert!(browser.receive().starts_with("0{"), "Engine.IO opens");
    browser.send("40");
    assert!(browser.receive().starts_with("40{"), "Socket.IO connects");
    browser.send(&format!("42[\"watch\",{ticket}]"));
    let told = event(&browser.receive());
    assert_eq!(told, json!(["watching", {"ticket": ticket, "browsers": browsers}]));
    browser
}

/// The event of a Socket.IO packet.
#[track_caller]
fn event(packet: &str) -> Value {
    let event = packet.strip_prefix("42").unwrap_or_else(|| panic!("no event: {packet}"));
    serde_json::from_str(event).expect("an event is JSON")
}

/// The numbers of the queue follow each other, whichever connection asks.
fn is_one_process(stack: &Stack) {
    let take = || {
        let taken = stack.post("/api/queue", &json!({})).expect(201).json();
        taken["code"].as_i64().expect("a number")
    };
    let first = take();
    let next: Vec<i64> = (0..12).map(|_| take()).collect();
    assert_eq!(next, (first + 1..=first + 12).collect::<Vec<_>>());
}

fn open(stack: &Stack, title: &str) -> i64 {
    let opened = stack.post("/api/tickets", &json!({"title": title})).expect(201).json();
    opened["id"].as_i64().expect("a number")
}
