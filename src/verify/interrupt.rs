//! Ctrl-C and SIGTERM while a run goes on: it ends early, and cleans up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;

static RUNNING: AtomicBool = AtomicBool::new(false);
static ASKED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::channel(false).0);

/// While it lives, a run answers for signals.
#[derive(Debug)]
pub struct Hold(());

impl Drop for Hold {
    fn drop(&mut self) {
        RUNNING.store(false, Ordering::SeqCst);
    }
}

/// From here on a run answers for signals.
#[must_use]
pub fn hold() -> Hold {
    RUNNING.store(true, Ordering::SeqCst);
    Hold(())
}

/// Asks the run that goes on to end; `false` where none does, or where it was asked
/// before: then the process may end at once.
#[must_use]
pub fn ask() -> bool {
    /// `timeout` and shells signal a process and its group: that is one wish.
    const SAME: Duration = Duration::from_secs(1);
    static FIRST: Mutex<Option<Instant>> = Mutex::new(None);
    if !RUNNING.load(Ordering::SeqCst) {
        return false;
    }
    let Ok(mut first) = FIRST.lock() else { return false };
    let since = *first.get_or_insert_with(Instant::now);
    !ASKED.send_replace(true) || since.elapsed() < SAME
}

/// Whether the run was asked to end.
#[must_use]
pub fn is_interrupted() -> bool {
    *ASKED.borrow()
}

/// Until the run is asked to end.
pub async fn interrupted() {
    let mut asked = ASKED.subscribe();
    // The sender lives as long as the program.
    let _ = asked.wait_for(|asked| *asked).await;
}
