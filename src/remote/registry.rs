//! The digest that a tag names in its registry now, by the user's own `docker`: logins,
//! proxies and mirrors are those of every pull.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::remote::{Asked, asks_nobody, is_installed, run, telling};

/// How long a registry is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Registries of images, each tag asked for once.
#[derive(Debug, Default)]
pub struct Registry(Asked<String>);

impl Registry {
    /// The digest of a reference, `sha256:…`: of an image for several architectures that
    /// of its index, so that every machine takes its own from it.
    ///
    /// # Errors
    /// Why it could not be asked for, in a sentence.
    pub fn digest(&self, reference: &str) -> Result<String, String> {
        self.0.or_ask(reference, || inspect(reference))
    }
}

/// The command by which a person asks for the same.
#[must_use]
pub fn by_hand(reference: &str) -> String {
    format!("docker buildx imagetools inspect {reference}")
}

fn inspect(reference: &str) -> Result<String, String> {
    if asks_nobody() {
        return Err("DOCKWRIGHT_NO_DOCKER is set".to_owned());
    }
    if !is_installed("docker") {
        return Err("there is no docker here, whose buildx asks registries".to_owned());
    }
    let mut command = Command::new("docker");
    command.args(["buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}"]);
    command.args(["--", reference]);
    let said = run(&mut command, "", PATIENCE)
        .map_err(|error| format!("docker buildx could not be asked: {error}"))?;
    if said.code != Some(0) {
        let line = telling(&said.error, |line| line.to_ascii_uppercase().starts_with("ERROR"));
        let line = line.unwrap_or("it said nothing");
        return Err(format!("docker buildx: {line}"));
    }
    let manifest: Value = serde_json::from_slice(&said.output)
        .map_err(|_| "docker buildx gave no description of the image".to_owned())?;
    match manifest["digest"].as_str() {
        Some(digest) if is_digest(digest) => Ok(digest.to_owned()),
        _ => Err("docker buildx gave no digest of the image".to_owned()),
    }
}

/// Whether a text is the SHA-256 digest of an image, `sha256:` and 64 digits.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    text.strip_prefix("sha256:").is_some_and(|own| own.len() == 64 && own.bytes().all(hex))
}

#[cfg(test)]
mod tests {
    use super::is_digest;

    #[test]
    fn a_digest_has_its_algorithm_and_all_of_its_digits() {
        assert!(is_digest(&format!("sha256:{}", "0a".repeat(32))));
        assert!(!is_digest(&format!("sha256:{}", "0A".repeat(32))));
        assert!(!is_digest(&"0a".repeat(32)));
        assert!(!is_digest("sha256:0a"));
    }
}
