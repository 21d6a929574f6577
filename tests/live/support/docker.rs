//! Runs commands with a limit of time, and `docker` among them.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// What a command left behind.
pub struct Output {
    pub line: String,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Its standard output, trimmed.
    ///
    /// # Panics
    /// When the command failed.
    pub fn expect_success(self) -> String {
        assert!(
            self.status.success(),
            "{} failed with {}:\n{}",
            self.line,
            self.status,
            self.all()
        );
        self.stdout.trim().to_owned()
    }

    fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started or takes longer than `limit`.
pub fn run(command: &mut Command, limit: Duration) -> Output {
    try_run(command, limit).unwrap_or_else(|problem| panic!("{problem}"))
}

/// The same, for where a panic would be one too many.
pub fn try_run(command: &mut Command, limit: Duration) -> Result<Output, String> {
    let line = line(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{line}: {error}"))?;
    let stdout = collect(child.stdout.take().expect("piped"));
    let stderr = collect(child.stderr.take().expect("piped"));
    let end = Instant::now() + limit;
    let status = loop {
        match child.try_wait().map_err(|error| format!("{line}: {error}"))? {
            Some(status) => break status,
            None if Instant::now() > end => {
                // Its output is not waited for: a process it left behind could hold the pipe open.
                let _ = child.kill();
                return Err(format!("{line} took longer than {limit:?}"));
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    let text = |reader: thread::JoinHandle<String>| reader.join().expect("a reader does not panic");
    Ok(Output { line, status, stdout: text(stdout), stderr: text(stderr) })
}

fn line(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    let words = std::iter::once(command.get_program().to_string_lossy()).chain(arguments);
    words.collect::<Vec<_>>().join(" ")
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// `docker` with arguments that take a moment; its output.
///
/// # Panics
/// When it fails.
pub fn docker(arguments: &[&str]) -> String {
    run(Command::new("docker").args(arguments), Duration::from_secs(60)).expect_success()
}

/// Fails the test, rather than skipping it, where nothing can be started.
///
/// # Panics
/// When no Docker engine answers.
pub fn require_engine() {
    static ANSWERS: OnceLock<bool> = OnceLock::new();
    let answers = ANSWERS.get_or_init(|| {
        Command::new("docker")
            .args(["version", "--format", "{{.Server.Version}}"])
            .output()
            .is_ok_and(|output| output.status.success())
    });
    assert!(
        *answers,
        "no Docker engine answers here: run tests/live/run.sh, which brings one up and then runs these tests"
    );
}
