//! The same work for many items, several at once.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work for every item on at most `at_once` threads; gives the results in the
/// order of the items.
pub fn each<'a, T: Sync, R: Send>(
    items: &'a [T],
    at_once: usize,
    work: impl Fn(&'a T) -> R + Sync,
) -> Vec<R> {
    // One at a time is no work for a thread.
    if at_once.min(items.len()) <= 1 {
        return items.iter().map(work).collect();
    }
    let next = Mutex::new(0..items.len());
    let done = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..at_once.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(at) = taken else { return };
                    let result = work(&items[at]);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
