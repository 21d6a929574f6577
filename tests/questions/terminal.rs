//! A pseudo-terminal with the built binary in it, and the screen a person
//! would see. Nothing waits for time to pass: each step waits for what it
//! needs to see, and fails when that never comes.

use std::fs;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use assert_fs::TempDir;
use pty_process::blocking::Pty;

/// Longest a step may take: far more than any should, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);
/// A pause in which a menu that is being drawn would have gone on.
const QUIET: Duration = Duration::from_millis(150);

pub const ENTER: &str = "\r";
pub const ESC: &str = "\x1b";
pub const CTRL_C: &str = "\x03";

const SHOW_CURSOR: &[u8] = b"\x1b[?25h";
const HIDE_CURSOR: &[u8] = b"\x1b[?25l";

struct Seen {
    bytes: Vec<u8>,
    screen: vt100::Parser,
    ended: bool,
}

/// A running binary and its terminal.
pub struct Terminal {
    parent: TempDir,
    outside: TempDir,
    pty: Option<Arc<Pty>>,
    child: Option<Child>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Terminal {
    /// Watches a binary on the other side of `pty`, which is closed when
    /// `close_at` was seen.
    pub fn new(
        parent: TempDir,
        outside: TempDir,
        pty: Pty,
        child: Child,
        (rows, columns): (u16, u16),
        close_at: Option<String>,
    ) -> Self {
        let screen = vt100::Parser::new(size(rows), size(columns), 0);
        let seen = Seen { bytes: Vec::new(), screen, ended: false };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let pty = Arc::new(pty);
        thread::spawn({
            let (seen, pty) = (Arc::clone(&seen), Arc::clone(&pty));
            move || read(&pty, &seen, close_at.as_deref())
        });
        Self { parent, outside, pty: Some(pty), child: Some(child), seen }
    }

    /// The directory the binary runs in.
    pub fn parent(&self) -> &Path {
        self.parent.path()
    }

    /// What standard output took when it was a file.
    pub fn report(&self) -> String {
        fs::read_to_string(self.outside.path().join("report")).expect("a report")
    }

    /// A file below the directory the binary runs in.
    pub fn file(&self, path: &str) -> String {
        fs::read_to_string(self.parent().join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Everything in the directory the binary runs in, hidden or not.
    pub fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.parent()).expect("the directory is there");
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    /// The screen's text.
    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().screen.screen().contents()
    }

    /// Everything that was written to the terminal.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap().bytes.clone()
    }

    /// Rows that were too long for the terminal.
    pub fn wrapped(&self) -> Vec<String> {
        let seen = self.seen.0.lock().unwrap();
        let screen = seen.screen.screen();
        let rows = rows(screen);
        (0u16..)
            .zip(rows)
            .filter(|(row, _)| screen.row_wrapped(*row))
            .map(|(_, text)| text)
            .collect()
    }

    /// Whether the cursor is shown, going by the last word on it.
    pub fn shows_cursor(&self) -> bool {
        let bytes = self.bytes();
        let last = |sequence: &[u8]| bytes.windows(6).rposition(|window| window == sequence);
        last(SHOW_CURSOR).is_some() && last(SHOW_CURSOR) > last(HIDE_CURSOR)
    }

    /// Types.
    pub fn press(&self, keys: &str) -> &Self {
        let mut pty: &Pty = self.pty.as_ref().expect("the terminal is open");
        pty.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self
    }

    /// Waits for text on the screen.
    pub fn sees(&self, text: &str) -> &Self {
        self.wait(text, |screen| screen.contents().contains(text).then_some(()));
        self
    }

    /// Waits until text is typed at this prompt.
    pub fn at(&self, prompt: &str) -> &Self {
        self.wait(&format!("the prompt {prompt}"), |screen| {
            let row = usize::from(screen.cursor_position().0);
            let here = rows(screen).nth(row)?.starts_with(prompt);
            (here && !screen.hide_cursor()).then_some(())
        });
        self
    }

    /// Waits for the menu with this prompt.
    pub fn at_menu(&self, prompt: &str) -> &Self {
        self.wait(&format!("the menu {prompt}"), |screen| {
            let item = |row: &str| row.starts_with("  ") || row.starts_with("> ");
            let last = rows(screen).filter(|row| row.contains(':') && !item(row)).last()?;
            let here = last.starts_with(&format!("{prompt}:")) && screen.hide_cursor();
            (here && active(screen).is_some()).then_some(())
        });
        self
    }

    /// Waits until nothing more is drawn. A menu is drawn line by line, and
    /// half of one looks like another: a key pressed on the strength of it
    /// would move twice.
    fn settle(&self) -> &Self {
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            let before = seen.bytes.len();
            let until = Instant::now() + QUIET;
            while !seen.ended && Instant::now() < until {
                let left = until.saturating_duration_since(Instant::now());
                seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
            }
            if seen.ended || seen.bytes.len() == before {
                return self;
            }
        }
    }

    /// Takes the item that starts with this text.
    pub fn choose(&self, item: &str) -> &Self {
        let mut now = self.settle().wait("a menu", active);
        let first = now.clone();
        while !now.starts_with(item) {
            self.press("j");
            let before = now.clone();
            now =
                self.wait("the next item", |screen| active(screen).filter(|item| *item != before));
            assert_ne!(now, first, "there is no {item} in\n{}", self.screen());
        }
        self.settle().wait("the item alone", |screen| {
            active(screen).is_some_and(|now| now.starts_with(item)).then_some(())
        });
        let left = self.times(SHOW_CURSOR);
        self.press(ENTER);
        // The same menu may come again: it is another one once the cursor was
        // shown in between.
        self.wait_for("the menu's end", |seen| {
            (times(&seen.bytes, SHOW_CURSOR) > left).then_some(())
        });
        self
    }

    fn times(&self, sequence: &[u8]) -> usize {
        times(&self.seen.0.lock().unwrap().bytes, sequence)
    }

    /// Waits for the end and gives the exit code.
    pub fn code(&mut self) -> i32 {
        self.status().code().expect("ended by itself")
    }

    /// Closes the terminal as soon as `close_at` was seen, waits for
    /// the end and gives the exit code.
    pub fn code_after_close(&mut self) -> i32 {
        self.wait_for_end();
        self.pty = None;
        self.code()
    }

    /// Sends a signal to the binary.
    pub fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill is there").success());
    }

    fn status(&mut self) -> ExitStatus {
        if self.pty.is_some() {
            self.wait_for_end();
        }
        let mut child = self.child.take().expect("ends once");
        let id = child.id().to_string();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(child.wait()));
        match receiver.recv_timeout(PATIENCE) {
            Ok(status) => status.expect("a status"),
            Err(_) => {
                let _ = std::process::Command::new("kill").args(["-9", &id]).status();
                panic!("still running with\n{}", self.screen());
            }
        }
    }

    fn wait_for_end(&self) {
        self.wait_until("the end", |seen| seen.ended.then_some(()), |_| false);
    }

    fn wait<T>(&self, what: &str, found: impl Fn(&vt100::Screen) -> Option<T>) -> T {
        self.wait_for(what, |seen| found(seen.screen.screen()))
    }

    fn wait_for<T>(&self, what: &str, found: impl Fn(&Seen) -> Option<T>) -> T {
        self.wait_until(what, found, |seen| seen.ended)
    }

    fn wait_until<T>(
        &self,
        what: &str,
        found: impl Fn(&Seen) -> Option<T>,
        too_late: impl Fn(&Seen) -> bool,
    ) -> T {
        let until = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(found) = found(&seen) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || too_late(&seen) {
                drop(seen);
                panic!("never saw {what} in\n{}", self.screen());
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }
}

fn read(pty: &Pty, seen: &(Mutex<Seen>, Condvar), close_at: Option<&str>) {
    let mut buffer = [0; 4096];
    loop {
        let mut pty = pty;
        let count = pty.read(&mut buffer).unwrap_or(0);
        let mut now = seen.0.lock().unwrap();
        now.bytes.extend_from_slice(&buffer[..count]);
        now.screen.process(&buffer[..count]);
        let closing = close_at.is_some_and(|text| now.screen.screen().contents().contains(text));
        now.ended = count == 0 || closing;
        let ended = now.ended;
        drop(now);
        seen.1.notify_all();
        if ended {
            return;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn times(bytes: &[u8], sequence: &[u8]) -> usize {
    bytes.windows(sequence.len()).filter(|window| *window == sequence).count()
}

fn size(lines: u16) -> NonZeroU16 {
    NonZeroU16::new(lines).expect("a terminal has some")
}

fn rows(screen: &vt100::Screen) -> impl Iterator<Item = String> {
    let columns = screen.size().1;
    screen.rows(0, columns.get())
}

/// The item a menu stands on.
fn active(screen: &vt100::Screen) -> Option<String> {
    let last = rows(screen).filter_map(|row| row.strip_prefix("> ").map(str::to_owned)).last();
    last.filter(|_| screen.hide_cursor())
}
