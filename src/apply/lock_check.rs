//! Whether a lock is that of its project, asked of the tool that made it: a build that
//! insists on the lock ends where it is not. Nothing is fetched, built or written.

use std::path::Path;
use std::process::Command;

use crate::answers::adopted::Adopted;
use crate::answers::stack::PackageManager;
use crate::apply::composed::run;
use crate::remote::{asks_nobody, is_installed};

/// What uv says of a lock that its project has moved on from. Without a network it
/// cannot make another one, and says so instead; it asks for none where the lock fits.
const STALE: [&str; 2] = ["needs to be updated", "Packages were unavailable because the network"];

/// What a person should know of the lock of code that was there; nothing where it fits,
/// or where nobody here can tell.
#[must_use]
pub fn stale(dir: &Path, manager: PackageManager, adopted: &Adopted) -> Option<String> {
    let locks = adopted.dependency_files.iter();
    let lock = locks.map(|own| own.as_str()).find(|own| own.ends_with("uv.lock"))?;
    if manager != PackageManager::Uv || asks_nobody() || !is_installed("uv") {
        return None;
    }
    let directory = dir.join(lock).parent()?.to_owned();
    let mut command = Command::new("uv");
    // No code of the repository is run: what would have to be built is not judged.
    let options = ["--check", "--offline", "--no-build", "--no-python-downloads"];
    command.arg("lock").args(options).current_dir(directory);
    let (fits, said) = run(&mut command).ok()?;
    (!fits && STALE.iter().any(|own| said.contains(own))).then(|| {
        format!(
            "{lock} is not what `uv lock` makes of pyproject.toml today, and the image's `uv sync --locked` refuses it: run `uv lock`, and commit what it writes"
        )
    })
}
