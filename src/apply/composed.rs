//! Docker Compose's own reading of what a run would write, asked before anything of
//! it is in its place. Nothing is built, pulled or started, and no engine is needed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::apply::change::{Action, Change};
use crate::apply::staging::{self, Staging};
use crate::apply::system;
use crate::remote::{self, asks_nobody, is_installed};
use crate::source::compose::FILE_NAMES;
use crate::source::{dotenv, path, text};

/// How long Compose may take. It reads files, so that more than this is no answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What Compose says of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was not asked, and why.
    NotAsked(String),
    /// It reads it.
    Reads,
    /// It refuses it, in these words, as it refuses what is there.
    RefusesBoth(String),
    /// It refuses it, in these words.
    Refuses(String),
}

/// Asks Compose for the project of a compose file as it will be after these changes.
#[must_use]
pub fn judge(dir: &Path, changes: &[Change], compose: &str) -> Verdict {
    if asks_nobody() {
        return Verdict::NotAsked("DOCKWRIGHT_NO_DOCKER is set".to_owned());
    }
    if !is_installed("docker") {
        return Verdict::NotAsked("there is no docker here".to_owned());
    }
    match asked(dir, changes, compose) {
        Ok(verdict) => verdict,
        Err(error) => Verdict::NotAsked(error.to_string()),
    }
}

fn asked(dir: &Path, changes: &[Change], compose: &str) -> io::Result<Verdict> {
    let staging = Staging::inside(dir).map_err(io::Error::other)?;
    let dir = path::canonical(dir)?;
    // Without its links: Compose names files by where they are.
    let tree = path::canonical(staging.path())?;
    let changed: BTreeSet<&str> =
        changes.iter().filter(|own| own.action.writes()).map(|own| own.path.as_str()).collect();
    mirror(&dir, &tree, "", &changed)?;
    for change in changes.iter().filter(|own| own.action.writes()) {
        if change.action != Action::Remove {
            let written = staging::write(&change.path.below(&tree), &change.bytes, 0o600);
            drop(written.map_err(io::Error::other)?);
        }
    }
    let Some(said) = refusal(&tree, compose)? else { return Ok(Verdict::Reads) };
    let said = said.replace(&*tree.to_string_lossy(), &dir.to_string_lossy());
    if !run(Command::new("docker").args(["compose", "version"]))?.0 {
        return Ok(Verdict::NotAsked("docker has no compose".to_owned()));
    }
    let before = FILE_NAMES.iter().chain([&compose]).find(|own| dir.join(own).is_file());
    let before = match before {
        Some(_) if dir.join(compose).is_file() => refusal(&dir, compose)?,
        Some(other) => refusal(&dir, other)?,
        None => None,
    };
    Ok(match before {
        // Of several reasons it names any one, so that two refusals are not compared.
        Some(_) => Verdict::RefusesBoth(said),
        None => Verdict::Refuses(said),
    })
}

/// The directory once more: links to what is there, and none where something changes.
fn mirror(from: &Path, to: &Path, below: &str, changed: &BTreeSet<&str>) -> io::Result<()> {
    {
        let _at_work = staging::at_work();
        fs::create_dir_all(to)?;
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        let Some(text) = name.to_str() else { continue };
        let path = if below.is_empty() { text.to_owned() } else { format!("{below}/{text}") };
        if changed.contains(path.as_str()) || from.join(&name) == to {
            continue;
        }
        let inner = format!("{path}/");
        let is_above = changed.iter().any(|own| own.starts_with(&inner));
        match is_above && from.join(&name).is_dir() {
            true => mirror(&from.join(&name), &to.join(&name), &path, changed)?,
            false => {
                let (from, _at_work) = (from.join(&name), staging::at_work());
                system::symlink(&from, &to.join(&name), from.is_dir())?;
            }
        }
    }
    Ok(())
}

/// What Compose says where it does not read a project.
fn refusal(tree: &Path, compose: &str) -> io::Result<Option<String>> {
    let path = tree.join(compose);
    let directory = path.parent().unwrap_or(tree);
    let name = path.file_name().unwrap_or_default();
    let mut command = Command::new("docker");
    command.arg("compose");
    if !FILE_NAMES.iter().any(|own| OsStr::new(own) == name) {
        command.arg("--file").arg(name);
    }
    command.args(["config", "--quiet"]).current_dir(directory);
    for name in ["COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "COMPOSE_ENV_FILES"] {
        command.env_remove(name);
    }
    // The directory's name may be none that a project takes.
    command.env("COMPOSE_PROJECT_NAME", "dockwright");
    for name in blanks(directory) {
        command.env(name, "1");
    }
    let (reads, said) = run(&mut command)?;
    // Its warnings are no reason, and every line of them has its own time.
    let is_reason = |line: &&str| !(line.starts_with("time=") && line.contains("level=warning"));
    let reason = || said.lines().filter(is_reason).collect::<Vec<_>>().join("\n");
    Ok((!reads).then(reason))
}

/// The variables that somebody has to fill in: what Compose says of these, the
/// report says already.
fn blanks(directory: &Path) -> Vec<String> {
    let read = |name: &str| text::of_file(&directory.join(name));
    let text = read(".env").or_else(|| read(".env.example")).unwrap_or_default();
    let blank = |(name, value): (String, String)| value.is_empty().then_some(name);
    dotenv::pairs(&text).into_iter().filter_map(blank).collect()
}

/// Runs it; gives whether it succeeded, and what it wrote to standard error.
pub(super) fn run(command: &mut Command) -> io::Result<(bool, String)> {
    let said = remote::run(command, "", PATIENCE)?;
    Ok((said.code == Some(0), said.error))
}
