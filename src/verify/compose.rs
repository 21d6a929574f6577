//! `docker compose`, each time with a limit.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::trouble::{Outcome, Trouble};

/// What a command left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its command line, for messages.
    pub line: String,
    /// Its exit code; `None` where it was given up or killed.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it ended with 0.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.code == Some(0)
    }

    /// The last lines of what it said.
    #[must_use]
    pub fn tail(&self, lines: usize) -> Vec<String> {
        let all: Vec<&str> = self
            .stderr
            .lines()
            .chain(self.stdout.lines())
            .filter(|line| !line.trim().is_empty())
            .collect();
        all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect()
    }
}

/// Runs a command to its end, or until the limit, with which it is killed.
///
/// # Errors
/// When it cannot be started.
pub async fn run(command: &mut Command, limit: Duration) -> Outcome<Output> {
    let std = command.as_std();
    let words = std::iter::once(std.get_program()).chain(std.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // Ctrl-C is for this program, which then ends what it has started by itself.
    #[cfg(unix)]
    command.process_group(0);
    #[cfg(windows)]
    command.creation_flags(NEW_GROUP);
    let mut child = command.spawn().map_err(|error| Trouble::Engine(format!("{line}: {error}")))?;
    let group = Group(child.id());
    let (mut out, mut err) =
        (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let end = timeout(limit, async {
        let (status, _, _) =
            tokio::join!(child.wait(), out.read_to_end(&mut stdout), err.read_to_end(&mut stderr));
        status
    })
    .await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = match end {
        Ok(Ok(status)) => {
            std::mem::forget(group);
            status.code()
        }
        Ok(Err(error)) => return Err(Trouble::Engine(format!("{line}: {error}"))),
        Err(_) => None,
    };
    let mut output = Output { line, code, stdout: text(&stdout), stderr: text(&stderr) };
    if output.code.is_none() {
        output.stderr.push_str(&format!("\ngiven up after {} s", limit.as_secs()));
    }
    Ok(output)
}

/// A command with those that it has started: plug-ins of `docker` are processes of
/// their own. They end with it.
struct Group(Option<u32>);

/// `CREATE_NEW_PROCESS_GROUP` of Windows.
#[cfg(windows)]
const NEW_GROUP: u32 = 0x200;

impl Drop for Group {
    fn drop(&mut self) {
        let Some(pid) = self.0 else { return };
        #[cfg(unix)]
        if let Some(pid) = rustix::process::Pid::from_raw(pid.cast_signed()) {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        {
            // Windows knows who has started whom for as long as the first one lives.
            let mut command = std::process::Command::new("taskkill");
            let _ = command.args(["/T", "/F", "/PID", &pid.to_string()]).output();
        }
    }
}

/// A project: what Compose is told each time.
#[derive(Clone, Debug)]
pub struct Compose {
    /// The project's name.
    pub name: String,
    /// The directory that paths are seen from.
    pub directory: PathBuf,
    /// The compose files.
    pub files: Vec<PathBuf>,
}

impl Compose {
    /// A command of it, to be run or changed.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["compose", "--progress", "plain", "--project-name", &self.name]);
        command.arg("--project-directory").arg(&self.directory);
        for file in &self.files {
            command.arg("--file").arg(file);
        }
        command.current_dir(&self.directory).args(words);
        command
    }

    /// Runs it.
    ///
    /// # Errors
    /// When `docker` cannot be started.
    pub async fn run(&self, words: &[&str], limit: Duration) -> Outcome<Output> {
        let mut output = run(&mut self.command(words), limit).await?;
        output.line = format!("docker compose {}", words.join(" "));
        Ok(output)
    }
}
