//! Django with Postgres, a Redis for cache and queue, Celery and nginx: `tests/cases/whole/shop`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Case, Checks, goes_on, loads, photograph};
use crate::support::http::Request;
use crate::support::stack::Stack;
use crate::support::wait;

const SHOP: Case = Case { name: "shop", published: "8080" };
/// More than nginx takes by itself, and more than most configurations allow it.
const PHOTOGRAPH: usize = 12;

#[test]
fn shop_improved() {
    goes_on(SHOP, &["--adopt"], fill, WORKS, has_kept);
}

#[test]
fn shop_rewritten() {
    goes_on(SHOP, &["--rewrite"], fill, WORKS, has_kept);
}

/// A product with its photograph, and where that is.
fn fill(stack: &Stack) -> (i64, String) {
    let product = add(stack, "Copper kettle");
    let sent = Request::upload(
        format!("/api/products/{product}/photo/"),
        "photo",
        "kettle.jpg",
        &photograph(PHOTOGRAPH),
    );
    let answer = stack.request(&sent).expect(201).json();
    (product, answer["photo"].as_str().expect("an address").to_owned())
}

#[track_caller]
fn has_kept(stack: &Stack, (product, photo): &(i64, String)) {
    let page = stack.get(&format!("/products/{product}/")).expect(200).text();
    assert!(page.contains("Copper kettle") && page.contains("3 pieces in stock"), "{page}");
    assert_eq!(stack.get(photo).expect(200).bytes(), photograph(PHOTOGRAPH));
}

const WORKS: Checks = &[
    ("pages with their styles", has_pages_with_styles),
    ("values of the env file", has_its_values),
    ("translations", is_translated),
    ("orders, by the queue mail", confirms_orders),
    ("timed tasks, by the queue slow", counts_the_stock),
    ("photographs of 12 MB", takes_photographs),
    ("nginx waits for reports", nginx_waits_for_reports),
];

fn has_pages_with_styles(stack: &Stack) {
    let home = stack.get("/").expect(200);
    let text = home.text();
    // The name is one of the env file's.
    assert!(text.contains("Our catalogue") && text.contains("Kettle &amp; Crane"), "{text}");
    loads(stack, &home, ".css", "text/css", "--copper: #b4693a");
    loads(stack, &stack.get("/admin/login/").expect(200), ".css", "text/css", "--primary");
    stack.get("/products/999999/").expect(404);
}

/// Sessions end where the key is another one, and an answer is refused where the host is.
fn has_its_values(stack: &Stack) {
    let values = stack.exec("web", &["printenv", "SECRET_KEY", "ALLOWED_HOSTS"]);
    let expected =
        "7m-tea-and-kettles-2f9c0b1e4d8a6f35c1b7e9d2a4068f\nshop.example.org,localhost,127.0.0.1";
    assert_eq!(values.trim(), expected);
}

/// Which are compiled when a container starts.
fn is_translated(stack: &Stack) {
    let german = stack.get("/de/").expect(200).text();
    assert!(german.contains("Unser Sortiment"), "{german}");
}

fn takes_photographs(stack: &Stack) {
    has_kept(stack, &fill(stack));
}

fn add(stack: &Stack, name: &str) -> i64 {
    let product = json!({"category": "kettles", "name": name, "price": "48.00", "stock": 3});
    let made = stack.post("/api/products/", &product).expect(201).json();
    made["id"].as_i64().expect("a number")
}

/// By a worker that takes from the queue `mail`.
fn confirms_orders(stack: &Stack) {
    let product = add(stack, "Blue cup");
    let order = json!({"email": "a@example.org", "lines": [{"product": product, "count": 2}]});
    let placed = stack.post("/api/orders/", &order).expect(201).json();
    assert_eq!(placed["total"], "96.00");
    let address = format!("/api/orders/{}/", placed["id"]);
    wait::until("the order to be confirmed", Duration::from_secs(30), || {
        (stack.get(&address).expect(200).json()["state"] == "confirmed").then_some(())
    });
}

/// By a timed task, which goes through the queue `slow` and counts in the cache.
fn counts_the_stock(stack: &Stack) {
    let counted = || {
        let status: Value = stack.get("/api/status/").expect(200).json();
        status["stock_counted"].as_i64().expect("a count")
    };
    let before = counted();
    wait::until("the stock to be counted", Duration::from_secs(30), || {
        (counted() > before).then_some(())
    });
}

fn nginx_waits_for_reports(stack: &Stack) {
    let configuration = stack.exec("nginx", &["nginx", "-T"]);
    let words = configuration.split_whitespace().collect::<Vec<_>>().join(" ");
    for waits in ["proxy_read_timeout 300", "proxy_send_timeout 300"] {
        assert!(words.contains(waits), "no {waits} in {configuration}");
    }
}
