//! The terminal while questions are asked: quiet between two keys, and as it
//! was found afterwards, whatever ends the command.

use std::io::Write as _;

use console::Term;

/// Keeps the terminal quiet for as long as it lives.
///
/// dialoguer reads each key in raw mode and gives the mode back in between,
/// so that what is typed ahead would be echoed into the middle of a menu.
#[derive(Debug)]
pub struct Quiet(());

impl Quiet {
    /// Makes the terminal quiet.
    #[must_use]
    pub fn new() -> Self {
        mode::quiet();
        Self(())
    }
}

impl Default for Quiet {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        mode::restore();
    }
}

/// Whether questions are being asked.
#[must_use]
pub fn is_asking() -> bool {
    mode::is_quiet()
}

/// Says a last word on standard error, shows the cursor, which a menu hides,
/// and gives the terminal its mode back.
pub fn leave(last_word: &str) {
    let term = Term::stderr();
    if term.is_term() {
        let _ = term.show_cursor();
        let _ = term.write_str("\n");
    }
    // A terminal that was closed cannot be written to; that is no reason to panic.
    let _ = writeln!(std::io::stderr(), "{last_word}");
    mode::restore();
}

#[cfg(unix)]
mod mode {
    use std::sync::Mutex;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// How the terminal was found, while it is quiet.
    static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

    pub fn quiet() {
        let stdin = std::io::stdin();
        let Ok(found) = tcgetattr(&stdin) else { return };
        let mut quiet = found.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
        *FOUND.lock().expect("no holder panics") = Some(found);
        let _ = tcsetattr(&stdin, OptionalActions::Now, &quiet);
    }

    pub fn restore() {
        if let Some(found) = FOUND.lock().expect("no holder panics").take() {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &found);
        }
    }

    pub fn is_quiet() -> bool {
        FOUND.lock().expect("no holder panics").is_some()
    }
}

#[cfg(not(unix))]
mod mode {
    pub fn quiet() {}

    pub fn restore() {}

    pub fn is_quiet() -> bool {
        false
    }
}
