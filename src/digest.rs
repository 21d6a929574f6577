//! Files compared and named by their content, whatever their line ends are.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a file with its line ends normalised, in hexadecimal.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(normalised(bytes)) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Text with LF line ends; anything else as it is.
#[must_use]
pub fn normalised(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace("\r\n", "\n").into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}
