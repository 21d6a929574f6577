//! Waiting for something that comes by itself.

use std::thread;
use std::time::{Duration, Instant};

/// Tries until there is an answer; the time it took is the caller's to judge.
///
/// # Panics
/// When `limit` passes without one.
pub fn until<T>(what: &str, limit: Duration, mut attempt: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
