//! What starts the application today: commands in Procfile, Dockerfile,
//! compose files, scripts, Makefile, systemd units and the README. Evidence to
//! weigh, not truth.
//!
//! Each kind of file has its reader; `walker` takes the text they give apart
//! into [`Command`]s and follows scripts.

mod compose;
mod dockerfile;
mod paths;
mod platform;
mod procfile;
mod readme;
mod script;

mod tasks;
mod unit;
mod value;
mod variables;
mod walker;
mod wrapper;

use crate::detect::fact::Evidence;
use crate::detect::tree::Tree;

pub use dockerfile::{Given, contexts, pairs};
pub(in crate::detect) use dockerfile::{images, likely_context};
pub use paths::{expand, join};

/// Takes what stands in front of a program off: `exec`, `poetry run`, `sh -c`.
pub use wrapper::unwrap;

/// Where a command stands. Earlier ones are better evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A Procfile or heroku.yml.
    Procfile,
    /// A Dockerfile's CMD or ENTRYPOINT, or a script it runs.
    Dockerfile,
    /// A compose service, or a script it runs.
    Compose,
    /// Platform files: fly.toml, render.yaml, app.yaml, railway.json, …
    Platform,
    /// What the project states: `[tool.fastapi]`, gunicorn's `wsgi_app`.
    Stated,
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
    /// A Procfile's `release` and a platform's release command are `release`.
    pub process: String,
    /// The directory it runs in, relative to the directory that was read,
    /// where that can be told.
    pub directory: Option<String>,
    /// Program and arguments, variables unexpanded except those the same
    /// script sets. Leading `NAME=value` and wrappers (`poetry run`,
    /// `uv run`, `exec`, `python -m`) are taken off.
    pub argv: Vec<String>,
    /// Variables set for it: in front of it, exported before it, by the
    /// Dockerfile's ENV, by the service's environment.
    pub variables: Vec<(String, String)>,
    /// Whether what comes behind it runs as well where it fails: `|| true`, or the next
    /// line of a script that does not stop at errors.
    pub may_fail: bool,
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

    /// The value of a variable set for it; the last one counts.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().rev().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// The value of a flag: `--app x`, `--app=x`, `-A x`, `-Ax`.
    #[must_use]
    pub fn flag(&self, names: &[&str]) -> Option<&str> {
        let mut words = self.argv.iter().skip(1);
        while let Some(word) = words.next() {
            for name in names {
                if word == name {
                    return words.next().map(String::as_str);
                }
                let Some(value) = word.strip_prefix(name) else { continue };
                if let Some(value) = value.strip_prefix('=') {
                    return Some(value);
                }
                if !name.starts_with("--") && name.len() == 2 && !value.is_empty() {
                    return Some(value);
                }
            }
        }
        None
    }
}

/// Every command of the repository, best evidence first.
#[must_use]
pub fn find(tree: &Tree) -> Vec<Command> {
    let mut walker = walker::Walker::new(tree, tasks::named(tree));
    procfile::read(&mut walker);
    let images = dockerfile::images(tree);
    dockerfile::read(&mut walker, &images);
    compose::read(&mut walker, &images);
    platform::read(&mut walker);
    script::read(&mut walker);
    unit::read(&mut walker);
    tasks::read(&mut walker);
    readme::read(&mut walker);
    let mut commands = walker.commands;
    commands.sort_by_key(rank);
    commands.dedup_by(|one, other| {
        one.evidence == other.evidence
            && one.argv == other.argv
            && one.process == other.process
            && one.directory == other.directory
    });
    commands
}

/// Commands of one place keep the order of their readers, those nearer to the
/// top first.
fn rank(command: &Command) -> (Place, usize) {
    (command.place, command.evidence.path.matches('/').count())
}
