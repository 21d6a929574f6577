//! A project in a temporary directory and a command to run on it.

use assert_cmd::Command;
use assert_fs::TempDir;

/// The built binary, without colours and 80 columns wide.
pub fn dockwright() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dockwright"));
    // Nothing here depends on what else is on the machine.
    command.env("DOCKWRIGHT_NO_DOCKER", "1");
    command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE").env_remove("COLUMNS");
    command
}

/// A directory that is removed again.
pub fn directory() -> TempDir {
    TempDir::new().expect("a temporary directory")
}
