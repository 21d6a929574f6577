//! A project in a temporary directory and a command to run on it.

use assert_cmd::Command;
use assert_fs::TempDir;

use dockwright::answers::{Answers, Draft, Origin};
use dockwright::preset;

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

/// A draft of a preset with keys set; the name is `shop`.
pub fn draft(preset: &str, set: &[(&str, &str)]) -> Draft {
    let preset = preset::find(preset).expect("a built-in preset");
    let mut draft = Draft::of_preset(&preset).expect("presets are valid");
    draft.set("project.name", "shop", Origin::Flag).expect("a valid name");
    for (key, value) in set {
        draft.set(key, value, Origin::Flag).unwrap_or_else(|problem| panic!("{problem}"));
    }
    draft
}

/// Its answers.
pub fn answers(preset: &str, set: &[(&str, &str)]) -> Answers {
    draft(preset, set).resolve().unwrap_or_else(|problems| panic!("{problems:?}"))
}
