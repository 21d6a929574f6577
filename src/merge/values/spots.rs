//! Where in a text values stand that have an order.

use std::collections::HashMap;

use super::{images, pins};
use crate::plan::outputs::Syntax;

/// What a value is the version of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An image: its tag, its digest, or both.
    Image,
    /// A Python package: a version, and the hashes behind it.
    Pin,
    /// A step of a workflow: a tag, or a commit with a comment.
    Action,
    /// Something whose name says that it is a version.
    Named,
}

/// A value in a text.
#[derive(Debug)]
pub struct Spot<'a> {
    /// What it is the version of.
    pub kind: Kind,
    /// Whose version it is.
    pub name: String,
    /// The byte it starts at.
    pub start: usize,
    /// The value as it is written, of a package with its hashes.
    pub text: &'a str,
    /// The line without its values, how many such came before, and which
    /// value of the line it is.
    pub around: (String, usize, usize),
}

/// A value in a line, before the line is known to the text.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: Kind,
    pub name: String,
    /// From the start of the line; the end may be in a later line.
    pub start: usize,
    pub length: usize,
}

/// The values of a text, in their order.
pub fn find(syntax: Syntax, text: &str) -> Vec<Spot<'_>> {
    let mut spots = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut offset = 0;
    let references =
        if syntax == Syntax::Dockerfile { images::in_dockerfile(text) } else { Vec::new() };
    for line in text.split_inclusive('\n') {
        let found = in_line(syntax, text, &text[offset..], line.trim_end(), &references);
        if !found.is_empty() {
            let around = without(line.trim_end(), &found);
            let number = seen.entry(around.clone()).or_default();
            for (index, found) in found.into_iter().enumerate() {
                let start = offset + found.start;
                spots.push(Spot {
                    kind: found.kind,
                    name: found.name,
                    start,
                    text: &text[start..start + found.length],
                    around: (around.clone(), *number, index),
                });
            }
            *number += 1;
        }
        offset += line.len();
    }
    spots
}

fn without(line: &str, found: &[Found]) -> String {
    let mut rest = String::with_capacity(line.len());
    let mut done = 0;
    for value in found {
        rest.push_str(&line[done..value.start]);
        rest.push('\0');
        done = (value.start + value.length).min(line.len());
    }
    rest.push_str(&line[done..]);
    rest
}

/// The values of a line. `text` begins with it, and is part of the whole.
fn in_line(syntax: Syntax, whole: &str, text: &str, line: &str, references: &[&str]) -> Vec<Found> {
    let mut found = match syntax {
        _ if line.trim_start().starts_with('#') => Vec::new(),
        Syntax::Dockerfile => {
            let mut found = images::in_line(line, references);
            found.extend(pins::in_line(text, line));
            found.extend(named(line, '='));
            found
        }
        Syntax::Yaml => {
            let mut found = images::in_mapping(line);
            found.extend(pins::action(line));
            found.extend(pins::in_line(text, line));
            found.extend(named(line, ':'));
            found
        }
        Syntax::Dotenv => named(line, '='),
        // A file that holds a version alone, as .python-version does.
        Syntax::Text if whole.trim() == line && is_version(line) => {
            vec![Found { kind: Kind::Named, name: "file".to_owned(), start: 0, length: line.len() }]
        }
        Syntax::Text | Syntax::Toml => pins::in_line(text, line),
        _ => Vec::new(),
    };
    found.sort_by_key(|value| value.start);
    let mut end = 0;
    found.retain(|value| {
        let is_free = value.start >= end;
        end = end.max(value.start + value.length);
        is_free
    });
    found
}

/// Where in a text a part of it starts.
pub fn offset(part: &str, whole: &str) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.contains('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

/// `UV_VERSION=0.8.3`, `python-version: "3.13"`: what its name says is a
/// version. A port is none.
fn named(line: &str, separator: char) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(separator) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let before = &line[..at];
        let name = before.rsplit(|c| !is_name(c)).next().unwrap_or_default();
        let says = name.contains("VERSION")
            || name.ends_with("_TAG")
            || name == "TAG"
            || name.ends_with("-version");
        if !says {
            continue;
        }
        let value = line[at + 1..].trim_start_matches([' ', '"', '\'']);
        let value = images::default_of(value);
        let start = offset(value, line);
        let end = value
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '}' | '\\'))
            .unwrap_or(value.len());
        let value = &value[..end];
        if value.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) {
            let name = format!("named {name}");
            found.push(Found { kind: Kind::Named, name, start, length: value.len() });
        }
    }
    found
}
