//! A project in a temporary directory and a command to run on it.

use assert_cmd::Command;
use assert_fs::TempDir;

/// The built binary, without colours.
pub fn dockwright() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dockwright"));
    command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
    command
}

/// A directory that is removed again.
pub fn directory() -> TempDir {
    TempDir::new().expect("a temporary directory")
}
