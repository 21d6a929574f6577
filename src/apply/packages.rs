//! Lock files that only their own tool can make.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::answers::stack::PackageManager;
use crate::error::Error;
use crate::remote;

/// The file a package manager locks in, and the command that makes it.
fn tool(manager: PackageManager) -> Option<(&'static str, &'static str, &'static [&'static str])> {
    match manager {
        PackageManager::Pip
        | PackageManager::Pyproject
        | PackageManager::Setuptools
        | PackageManager::Conda => None,
        PackageManager::Uv => Some(("uv.lock", "uv", &["lock"])),
        PackageManager::Poetry => Some(("poetry.lock", "poetry", &["lock", "--no-interaction"])),
        PackageManager::Pdm => Some(("pdm.lock", "pdm", &["lock", "--no-cross-platform"])),
        PackageManager::Pipenv => Some(("Pipfile.lock", "pipenv", &["lock"])),
    }
}

/// The lock file of a package manager that has one of its own.
#[must_use]
pub fn lock_file(manager: PackageManager) -> Option<&'static str> {
    tool(manager).map(|(file, _, _)| file)
}

/// Whether the tool that makes a package manager's lock is installed.
#[must_use]
pub fn is_installed(manager: PackageManager) -> bool {
    let Some((_, program, _)) = tool(manager) else { return true };
    remote::is_installed(program)
}

/// Makes the lock in `directory` by the tool that owns it.
///
/// # Errors
/// When the tool is missing or fails, with the command to run.
pub fn lock(manager: PackageManager, python: &str, directory: &Path) -> Result<(), Error> {
    let Some((file, program, arguments)) = tool(manager) else { return Ok(()) };
    let typed = format!("{program} {}", arguments.join(" "));
    if !is_installed(manager) {
        return Err(Error::Tool {
            message: format!(
                "{file} can only be made by {program}, which is not installed; nothing was written"
            ),
            help: format!(
                "pip install {program} (or pipx, or your system's packages), then run this command again; or leave out --set project.package-manager={manager} to get hash-pinned requirements"
            ),
        });
    }
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env("PIPENV_VENV_IN_PROJECT", "0")
        .env("PIPENV_IGNORE_VIRTUALENVS", "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Error::Io { action: "run", path: program.into(), source })?;
    if output.status.success() && directory.join(file).is_file() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = last[last.len().saturating_sub(5)..].join("\n  ");
    Err(Error::Tool {
        message: format!("`{typed}` failed; nothing was written\n  {tail}"),
        help: format!(
            "it needs a Python {python} on this machine and the package index; or leave out --set project.package-manager={manager} to get hash-pinned requirements"
        ),
    })
}
