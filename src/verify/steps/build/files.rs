//! The files of an image, as they are, whatever its Dockerfile says.

use std::collections::BTreeMap;

use crate::verify::archive::{Entry, Form};
use crate::verify::beside::Beside;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Largest file that is looked into: no key is larger, and what a dump begins with
/// shows in its name as well.
const KEEP: u64 = 64 << 10;

/// What the content of a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A private key.
    Key,
    /// A dump of a database.
    Dump,
}

/// A file, or what else has a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is.
    pub form: Form,
    /// Its mode.
    pub mode: u32,
    /// Its owner and group.
    pub owner: (u64, u64),
    /// Its size.
    pub size: u64,
    /// What its content shows.
    pub sign: Option<Sign>,
}

/// Everything in an image, by its path without the first slash.
#[derive(Clone, Debug, Default)]
pub struct Files(pub BTreeMap<String, File>);

impl Files {
    /// Reads an image.
    pub async fn of(run: &Run<'_>, image: &str) -> Outcome<Self> {
        let container = Beside::create(run, image, &["-"], None).await?;
        let mut all = BTreeMap::new();
        let read = container.all(run, KEEP, |entry| {
            let file = File {
                form: entry.form,
                mode: entry.mode,
                owner: (entry.owner, entry.group),
                size: entry.size,
                sign: sign(&entry),
            };
            all.insert(entry.path, file);
        });
        let read = read.await;
        container.remove(run).await;
        read.map(|()| Self(all))
    }

    /// Whether a file is there whose path ends so.
    pub fn ends_with(&self, path: &str) -> bool {
        self.0.contains_key(path)
            || self
                .0
                .keys()
                .any(|own| own.strip_suffix(path).is_some_and(|before| before.ends_with('/')))
    }
}

fn sign(entry: &Entry) -> Option<Sign> {
    let head = &entry.head;
    if entry.form != Form::File || head.is_empty() {
        return None;
    }
    if head.starts_with(b"PGDMP") {
        return Some(Sign::Dump);
    }
    if !head.contains(&b'-') {
        return None;
    }
    let text = std::str::from_utf8(head).ok()?;
    let start = &text[..text.floor_char_boundary(400)];
    if start.contains("PostgreSQL database dump") || start.contains("-- MySQL dump") {
        return Some(Sign::Dump);
    }
    is_key(text).then_some(Sign::Key)
}

/// Whether a text holds a private key, and not just the words around one.
fn is_key(text: &str) -> bool {
    text.match_indices("-----BEGIN ").any(|(at, found)| {
        let rest = &text[at + found.len()..];
        let Some((title, body)) = rest.split_once("-----") else { return false };
        let is_private = title.ends_with("PRIVATE KEY") && title.len() < 30;
        let mut lines = body.lines().map(str::trim).filter(|own| !own.is_empty());
        // An encrypted one has headers before its content.
        is_private
            && lines.any(|line| {
                line.len() >= 40
                    && line.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_content() {
        let body = "MC4CAQAwBQYDK2VwBCIEIE5v7vX0x0x0x0x0x0x0x0x0x0x0x0x0";
        assert!(is_key(&format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----")));
        assert!(is_key(&format!(
            "x\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{body}\n"
        )));
        assert!(!is_key(&format!("-----BEGIN CERTIFICATE-----\n{body}\n")));
        assert!(!is_key("if text.startswith('-----BEGIN PRIVATE KEY-----'):\n    pass\n"));
    }
}
