//! A bounded load from this machine: a few clients that each send one request after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::http::{Connection, Failure, Request, Response};

/// Requests on one connection before a client opens a new one, so that both are exercised.
const PER_CONNECTION: usize = 20;

/// No load goes on longer than this, whatever becomes of the test.
const LONGEST: Duration = Duration::from_secs(120);

/// Longest wait for an answer.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// What became of one request.
pub struct Outcome {
    pub request: String,
    pub result: Result<Response, Failure>,
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<thread::JoinHandle<Vec<Outcome>>>,
}

impl Load {
    /// Starts clients that go through `requests` in turn, each from another one on.
    pub fn start(port: u16, clients: usize, requests: &[Request]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..clients)
            .map(|number| {
                let stop = Arc::clone(&stop);
                let mut requests = requests.to_vec();
                let first = number % requests.len();
                requests.rotate_left(first);
                thread::spawn(move || work(port, &requests, &stop))
            })
            .collect();
        Self { stop, clients }
    }

    /// Lets every client finish its request; what became of all of them.
    pub fn finish(mut self) -> Vec<Outcome> {
        self.stop.store(true, Ordering::Relaxed);
        let clients = std::mem::take(&mut self.clients);
        clients
            .into_iter()
            .flat_map(|client| client.join().expect("a client does not panic"))
            .collect()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn work(port: u16, requests: &[Request], stop: &AtomicBool) -> Vec<Outcome> {
    let end = Instant::now() + LONGEST;
    let mut outcomes = Vec::new();
    let mut connection = None;
    for (number, request) in requests.iter().cycle().enumerate() {
        if stop.load(Ordering::Relaxed) || Instant::now() > end {
            break;
        }
        if number % PER_CONNECTION == 0 {
            connection = None;
        }
        let result = exchange(&mut connection, port, request);
        let failed = result.is_err();
        let request = format!("{} {}", request.method, request.path);
        outcomes.push(Outcome { request, result });
        if failed {
            connection = None;
            // Nobody hammers a service that has just refused them.
            thread::sleep(Duration::from_millis(50));
        }
    }
    outcomes
}

fn exchange(
    connection: &mut Option<Connection>,
    port: u16,
    request: &Request,
) -> Result<Response, Failure> {
    let open = match connection {
        Some(open) => open,
        None => connection.insert(Connection::open(port, PATIENCE)?),
    };
    let response = open.exchange(request)?;
    if response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        *connection = None;
    }
    Ok(response)
}

/// How often each request ended in which way.
pub fn summary(outcomes: &[Outcome]) -> String {
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for outcome in outcomes {
        let how = match &outcome.result {
            Ok(response) => response.status.to_string(),
            Err(failure) => failure.to_string(),
        };
        *counts.entry((&outcome.request, how)).or_default() += 1;
    }
    counts.iter().map(|((request, how), count)| format!("{count} × {request}: {how}\n")).collect()
}
