//! What starts the application today: commands in Procfile, Dockerfile,
//! compose files, scripts, Makefile, systemd units and the README. Evidence to
//! weigh, not truth.

use crate::detect::fact::Evidence;
use crate::detect::tree::Tree;

/// Where a command stands. Earlier ones are better evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A Procfile or heroku.yml.
    Procfile,
    /// A Dockerfile's CMD or ENTRYPOINT.
    Dockerfile,
    /// A compose service.
    Compose,
    /// Platform files: fly.toml, render.yaml, app.yaml, railway.json, …
    Platform,
    /// A shell script.
    Script,
    /// A systemd unit, a supervisor or uwsgi configuration.
    Unit,
    /// A Makefile, justfile, Taskfile, or scripts in pyproject.toml.
    Makefile,
    /// A README.
    Readme,
}

/// One command line, taken apart.
#[derive(Clone, Debug)]
pub struct Command {
    /// Where it stands.
    pub place: Place,
    /// Name of the process, service or target it belongs to; empty for none.
    pub process: String,
    /// The directory it runs in, relative to the directory that was read,
    /// where that can be told.
    pub directory: Option<String>,
    /// Program and arguments, variables unexpanded. Leading `NAME=value` and
    /// wrappers (`poetry run`, `uv run`, `exec`, `python -m`) are taken off.
    pub argv: Vec<String>,
    /// Variables that were set in front of it.
    pub variables: Vec<(String, String)>,
    /// The line.
    pub evidence: Evidence,
}

impl Command {
    /// The program without its directory.
    #[must_use]
    pub fn program(&self) -> &str {
        let program = self.argv.first().map_or("", String::as_str);
        program.rsplit('/').next().unwrap_or(program)
    }
}

/// Every command of the repository, best evidence first.
#[must_use]
pub fn find(_tree: &Tree) -> Vec<Command> {
    Vec::new()
}
