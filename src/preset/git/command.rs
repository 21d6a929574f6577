//! Running the user's `git`, so that credentials work, with nothing that a
//! repository or its host could make it do beside what is asked.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;

use crate::error::Error;
use crate::remote::telling;

/// Settings that hold whatever the user's configuration says.
const SETTINGS: [&str; 9] = [
    // Only transports that run nothing of the repository's choosing.
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.ssh.allow=always",
    "protocol.file.allow=always",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "fetch.recurseSubmodules=false",
    // A store is small, and nothing may go on in it after its lock is given back.
    "gc.auto=0",
    "maintenance.auto=false",
];

/// What a surrounding git, such as one that runs a hook, says of its own
/// repository: it is not about ours.
const LOCAL: [&str; 13] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_EXTERNAL_DIFF",
];

/// A `git` in a store, or in none.
#[must_use]
pub fn git(store: Option<&Path>) -> Command {
    let mut command = Command::new("git");
    // Named, so that no configuration can forbid to find it.
    if let Some(store) = store {
        command.arg("--git-dir").arg(store);
    }
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    for name in LOCAL {
        command.env_remove(name);
    }
    // What it says is read, so it has to say it in English.
    command.env("LC_ALL", "C").env("GIT_NO_REPLACE_OBJECTS", "1").stdin(Stdio::null());
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        // Nobody is there to be asked for a password.
        command.env("GIT_TERMINAL_PROMPT", "0");
    }
    command
}

/// Runs it and gives what it wrote.
///
/// # Errors
/// No `git`, or what it says is wrong, about `url`.
pub fn run(mut command: Command, url: &str) -> Result<Vec<u8>, Error> {
    let output = command.output().map_err(|error| missing(&error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failed(url, &String::from_utf8_lossy(&output.stderr)))
}

/// `git` could not be run.
pub fn missing(error: &std::io::Error) -> Error {
    Error::Tool {
        message: format!("git could not be run: {error}"),
        help: "presets in git are fetched with your own git; install it".into(),
    }
}

/// `git` said that something is wrong.
pub fn failed(url: &str, said: &str) -> Error {
    Error::Tool {
        message: format!("{url}: {}", essence(said)),
        help: format!("see whether you have access: git ls-remote {url}"),
    }
}

/// The line of what git said that tells most, without credentials that the
/// user's configuration puts into addresses.
fn essence(said: &str) -> String {
    static LOGIN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"://[^/@\s]+@").expect("it is a constant"));
    const TELLING: [&str; 4] = ["fatal: ", "error: ", "ssh: ", "ERROR: "];
    let line = telling(said, |line| TELLING.iter().any(|start| line.starts_with(start)));
    let line = line.unwrap_or("git failed");
    LOGIN.replace_all(line, "://…@").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_loses_credentials_and_keeps_what_tells() {
        let said =
            "Cloning\nfatal: unable to access 'https://u:t0ken@example.com/x/': no\nhint: x\n";
        assert_eq!(essence(said), "fatal: unable to access 'https://…@example.com/x/': no");
        assert_eq!(essence("Permission denied (publickey).\n"), "Permission denied (publickey).");
        assert_eq!(essence(""), "git failed");
    }
}
