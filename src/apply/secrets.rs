//! Where secrets come into being: random letters and digits from the
//! system's generator, put in place of the markers of a rendered `.env`.

use std::path::Path;

use crate::error::Error;
use crate::render::dotenv;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Random letters and digits; safe in URLs, shells and dotenv files.
///
/// # Errors
/// When the system's generator fails.
pub fn random(length: usize) -> Result<String, Error> {
    let mut secret = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    while secret.len() < length {
        getrandom::fill(&mut bytes).map_err(|error| Error::Io {
            action: "read",
            path: "the system's random generator".into(),
            source: std::io::Error::other(error.to_string()),
        })?;
        // Bytes of 248 and above are dropped: 248 = 4 × 62 keeps every letter
        // equally likely.
        let letters = bytes.iter().filter(|byte| **byte < 248);
        secret.extend(letters.map(|byte| ALPHABET[usize::from(byte % 62)] as char));
    }
    secret.truncate(length);
    Ok(secret)
}

/// Replaces every marker of a rendered `.env`.
///
/// # Errors
/// When the system's generator fails.
pub fn fill(template: &str, directory: &Path) -> Result<String, Error> {
    let (user, group) = owner(directory);
    let mut text = template
        .replace(dotenv::USER_MARKER, &user.to_string())
        .replace(dotenv::GROUP_MARKER, &group.to_string());
    while let Some(start) = text.find("\u{0}secret ") {
        let length_start = start + "\u{0}secret ".len();
        let length_end =
            text[length_start..].find('\u{0}').map_or(text.len(), |at| length_start + at);
        let length = text[length_start..length_end].parse().unwrap_or(40);
        text.replace_range(start..=length_end, &random(length)?);
    }
    Ok(text)
}

#[cfg(unix)]
fn owner(directory: &Path) -> (u32, u32) {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(directory).map_or((1000, 1000), |metadata| (metadata.uid(), metadata.gid()))
}

#[cfg(not(unix))]
fn owner(_: &Path) -> (u32, u32) {
    (1000, 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_alphanumeric_and_different() {
        let one = random(40).unwrap();
        assert_eq!(one.len(), 40);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one, random(40).unwrap());
    }

    #[test]
    fn every_marker_is_replaced() {
        let marked = format!(
            "A={}\nB={}\nU={}\n",
            dotenv::secret_marker(50),
            dotenv::secret_marker(40),
            dotenv::USER_MARKER
        );
        let text = fill(&marked, Path::new(".")).unwrap();
        assert!(!text.contains('\u{0}'), "{text:?}");
        let lengths: Vec<usize> = text.lines().map(|line| line.len() - 2).collect();
        assert_eq!(lengths[..2], [50, 40]);
    }
}
