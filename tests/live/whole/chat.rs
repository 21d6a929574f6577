//! Django Channels under daphne, with Redis between the processes: `tests/cases/whole/chat`.

use serde_json::json;

use super::{Checks, is_generated, loads, photograph};
use crate::support::http::Request;
use crate::support::stack::Stack;
use crate::support::websocket::WebSocket;

#[test]
fn chat_generated() {
    is_generated("chat", fill, WORKS, has_kept);
}

/// A message and a picture.
fn fill(stack: &Stack) {
    let mut ada = WebSocket::open(stack.port, "/ws/rooms/library/");
    ada.send(&json!({"who": "Ada", "text": "Is anybody here?"}).to_string());
    assert_eq!(ada.receive_json()["text"], "Is anybody here?");
    let sent = Request::upload("/rooms/library/pictures/", "picture", "shelf.jpg", &photograph(3));
    stack.request(&sent).expect(201);
    assert_eq!(ada.receive_json()["text"], "shelf.jpg");
}

#[track_caller]
fn has_kept(stack: &Stack, (): &()) {
    let found = stack.get("/rooms/library/messages.json").expect(200).json();
    assert_eq!(
        found["messages"],
        json!([
            {"id": 1, "who": "Ada", "text": "Is anybody here?"},
            // How large the file is, where it is now.
            {"id": 2, "who": "somebody", "text": "shelf.jpg", "picture": photograph(3).len()},
        ])
    );
}

const WORKS: Checks =
    &[("pages with their styles", has_pages_with_styles), ("rooms", everybody_hears_everybody)];

fn has_pages_with_styles(stack: &Stack) {
    let home = stack.get("/").expect(200);
    assert!(home.text().contains("Where would you like to sit?"));
    assert!(home.text().contains("Lobby"), "the migrations have been applied");
    loads(stack, &home, ".css", "text/css", "#fbf7ef");
    loads(stack, &stack.get("/admin/login/").expect(200), ".css", "text/css", "--primary");
    stack.get("/rooms/attic/").expect(404);
}

/// Whichever process they are connected to.
fn everybody_hears_everybody(stack: &Stack) {
    let mut people: Vec<WebSocket> =
        (0..4).map(|_| WebSocket::open(stack.port, "/ws/rooms/lobby/")).collect();
    for speaker in 0..people.len() {
        let text = format!("I am number {speaker}");
        people[speaker].send(&json!({"who": "x", "text": text}).to_string());
        for listener in &mut people {
            assert_eq!(listener.receive_json()["text"], text);
        }
    }
}
