//! What is asked of the world outside, and only where somebody asks for it: the index
//! of packages, and registries of images.
//!
//! No code here speaks TLS or knows a login. The user's own programs do, as `git` does
//! for presets: their proxies, certificates, mirrors and credentials hold.

pub mod index;
pub mod registry;

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::parallel;

/// The answer to a question, or why there is none.
type Slot<V> = Arc<OnceLock<Result<V, String>>>;

/// Answers by question, each asked for once: of many repositories most ask the same.
/// A failure is kept as well, so that what is down is waited for once.
#[derive(Debug)]
pub struct Asked<V>(Mutex<HashMap<String, Slot<V>>>);

impl<V> Default for Asked<V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<V: Clone> Asked<V> {
    /// The answer to a question; whoever asks second waits for the first one's.
    ///
    /// # Errors
    /// Why there is none, in a sentence.
    pub fn or_ask(
        &self,
        question: &str,
        ask: impl FnOnce() -> Result<V, String>,
    ) -> Result<V, String> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(question.to_owned()).or_default())
        };
        slot.get_or_init(ask).clone()
    }
}

/// What a program said.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub output: Vec<u8>,
    /// Standard error, trimmed.
    pub error: String,
}

/// Runs a program to its end and gives what it wrote; one that takes longer than
/// `patience` is ended.
///
/// # Errors
/// A program that is not there, cannot be run, or did not end in time.
pub fn run(command: &mut Command, input: &str, patience: Duration) -> io::Result<Said> {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    feed(&mut child, input);
    let output = gather(child.stdout.take());
    let error = gather(child.stderr.take());
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            let output = output.join().unwrap_or_default();
            let error = error.join().unwrap_or_default();
            let error = String::from_utf8_lossy(&error).trim().to_owned();
            return Ok(Said { code: status.code(), output, error });
        }
        if begun.elapsed() > patience {
            // What it started may hold the pipes: nobody waits for these.
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other("it did not answer in time"));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A program may end without having read all of its input.
fn feed(child: &mut Child, input: &str) {
    if let Some(mut pipe) = child.stdin.take() {
        let input = input.to_owned();
        thread::spawn(move || pipe.write_all(input.as_bytes()));
    }
}

fn gather(pipe: Option<impl io::Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    })
}

/// Whether neither docker nor an installer is to be asked.
#[must_use]
pub fn asks_nobody() -> bool {
    std::env::var_os("DOCKWRIGHT_NO_DOCKER").is_some_and(|own| !own.is_empty())
}

/// Whether a program is there to be asked: on Windows an `.exe`, as no other is started by
/// its bare name.
#[must_use]
pub fn is_installed(program: &str) -> bool {
    installed(program).is_some()
}

/// Where a program is that would be started by its bare name.
#[must_use]
pub fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|dir| dir.join(&file)).find(|own| own.is_file())
}

/// Does the same for every item, several at once; gives the results in the order of
/// the items.
pub fn several<'a, T: Sync, R: Send>(items: &'a [T], work: impl Fn(&'a T) -> R + Sync) -> Vec<R> {
    /// Requests at a time: few enough for a proxy or a small mirror.
    const AT_ONCE: usize = 8;
    parallel::each(items, AT_ONCE, work)
}

/// Of what a program said on standard error the line that tells most: the first that
/// `tells` takes, else the last one.
pub fn telling(said: &str, tells: impl Fn(&str) -> bool) -> Option<&str> {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.clone().find(|line| tells(line)).or_else(|| lines.next_back())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_gives_what_it_wrote_and_one_that_hangs_is_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "cat; echo wrong >&2; exit 3"]);
        let said = run(&mut command, "asked", Duration::from_secs(10)).unwrap();
        assert_eq!((said.code, said.output.as_slice()), (Some(3), b"asked".as_slice()));
        assert_eq!(said.error, "wrong");
        let begun = Instant::now();
        let mut command = Command::new("sh");
        // Its child goes on and holds the pipes.
        command.args(["-c", "sleep 5 & sleep 5"]);
        let error = run(&mut command, "", Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("in time") && begun.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn a_question_is_asked_once_and_results_keep_their_order() {
        let asked = Asked::default();
        let count = std::sync::atomic::AtomicUsize::new(0);
        let ask = |_: &usize| {
            asked.or_ask("a", || Ok(count.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
        };
        assert!(several(&[0; 20], ask).iter().all(|own| *own == Ok(0)));
        let numbers: Vec<usize> = (0..30).collect();
        assert_eq!(
            several(&numbers, |own| own * 2),
            numbers.iter().map(|n| n * 2).collect::<Vec<_>>()
        );
    }
}
