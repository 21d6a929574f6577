//! A project in a temporary directory and a command to run on it.

use assert_cmd::Command;
use assert_fs::TempDir;

/// The built binary, without colours and 80 columns wide.
pub fn dockwright() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dockwright"));
    // Nothing here depends on what else is on the machine.
    command.env("DOCKWRIGHT_NO_DOCKER", "1");
    // No index answers there: a test that wants one brings it.
    command.env("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple");
    command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE").env_remove("COLUMNS");
    command
}

/// A directory that is removed again.
pub fn directory() -> TempDir {
    TempDir::new().expect("a temporary directory")
}
