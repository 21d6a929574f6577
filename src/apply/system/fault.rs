//! Faults for tests: a run that is killed at a step, a call that fails, a
//! disk that is full from a step on. Of this thread alone.

use std::cell::Cell;
use std::io;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens on the disk any more.
    Kill,
    /// So many calls fail.
    Times(usize),
    /// Whatever needs space fails.
    Full,
}

thread_local! {
    static NEXT: Cell<Option<(Fault, usize)>> = const { Cell::new(None) };
    static TAKEN: Cell<usize> = const { Cell::new(0) };
}

/// Does the work with a fault after so many steps.
pub fn after<T>(steps: usize, fault: Fault, work: impl FnOnce() -> T) -> T {
    NEXT.set(Some((fault, steps)));
    let done = counted(work).0;
    NEXT.set(None);
    done
}

/// Does the work, and says in how many steps.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, usize) {
    TAKEN.set(0);
    let done = work();
    (done, TAKEN.get())
}

pub(super) fn step(needs_space: bool) -> io::Result<()> {
    let taken = TAKEN.get();
    TAKEN.set(taken + 1);
    match NEXT.get() {
        Some((Fault::Kill, at)) if taken >= at => Err(io::Error::other("killed")),
        Some((Fault::Times(times), at)) if (at..at + times).contains(&taken) => {
            Err(io::Error::other("a fault"))
        }
        Some((Fault::Full, at)) if taken >= at && needs_space => {
            Err(io::ErrorKind::StorageFull.into())
        }
        _ => Ok(()),
    }
}
