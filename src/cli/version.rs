//! `dockwright --version --format json`: which dockwright this is, for programs.

use std::ffi::OsString;

use serde_json::{Value, json};

/// The commit it was built from, where the build says so.
const COMMIT: Option<&str> = option_env!("DOCKWRIGHT_COMMIT");

/// Whether the arguments ask for the version, and as JSON. Clap ends at
/// `--version` and looks at nothing behind it.
#[must_use]
pub fn is_asked_as_json(arguments: impl IntoIterator<Item = OsString>) -> bool {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let is_version = |word: &&str| matches!(*word, "--version" | "-V");
    let rest: Vec<&str> = words.iter().copied().filter(|word| !is_version(word)).collect();
    words.len() == rest.len() + 1
        && matches!(rest.as_slice(), ["--format=json"] | ["--format", "json"])
}

/// `version`, and `commit` where the build knew it.
#[must_use]
pub fn json() -> Value {
    let mut value = json!({ "version": env!("CARGO_PKG_VERSION") });
    if let Some(commit) = COMMIT.filter(|commit| !commit.is_empty()) {
        value["commit"] = json!(commit);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_version_is_asked_for_as_json() {
        let asked = |words: &[&str]| is_asked_as_json(words.iter().map(OsString::from));
        assert!(asked(&["--version", "--format", "json"]));
        assert!(asked(&["--format=json", "-V"]));
        for words in [
            &["--version"][..],
            &["--format", "json"],
            &["--version", "--format", "human"],
            &["plan", "--version", "--format", "json"],
        ] {
            assert!(!asked(words), "{words:?}");
        }
    }
}
