//! Whether a merged file still is what its language asks for: that it parses,
//! and that nothing is there twice of which there is only one.

mod dockerfile;
mod nginx;
mod python;
mod yaml;

use std::collections::BTreeSet;

use crate::apply::dotenv;
use crate::plan::outputs::Syntax;

/// What a merge brought about that neither side had: `None` where there is
/// nothing, or a side had it before.
pub(super) fn problem(syntax: Syntax, merged: &str, disk: &str, new: &str) -> Option<String> {
    let were_right = || [disk, new].into_iter().all(|side| mistake(syntax, side).is_none());
    if let Some(found) = mistake(syntax, merged).filter(|_| were_right()) {
        return Some(format!("merged by line, the file no longer parses: {found}"));
    }
    let merged = repeats(syntax, merged);
    if merged.is_empty() {
        return None;
    }
    let before = [disk, new].map(|side| repeats(syntax, side));
    let repeat = merged.into_iter().find(|repeat| !before.iter().any(|side| side.contains(repeat)));
    repeat.map(|repeat| format!("merged by line, {repeat}"))
}

/// The first thing that is wrong with a text in its language; `None` also of
/// a language that has no rules here.
#[must_use]
pub fn parse(syntax: Syntax, text: &str) -> Option<String> {
    mistake(syntax, text).or_else(|| repeats(syntax, text).pop_first())
}

/// Why a text does not parse.
fn mistake(syntax: Syntax, text: &str) -> Option<String> {
    match syntax {
        Syntax::Toml => {
            toml::from_str::<toml::Table>(text).err().map(|error| error.message().to_owned())
        }
        Syntax::Json => {
            serde_json::from_str::<serde_json::Value>(text).err().map(|error| error.to_string())
        }
        Syntax::Yaml => yaml::mistake(text),
        Syntax::Python => python::mistake(text),
        Syntax::Dockerfile => dockerfile::mistake(text),
        Syntax::Nginx => nginx::mistake(text),
        Syntax::Dotenv
        | Syntax::Shell
        | Syntax::Ignore
        | Syntax::Markdown
        | Syntax::Text
        | Syntax::Binary
        | Syntax::Ini => None,
    }
}

/// What stands in a text twice, each as a sentence; keys of TOML and YAML are
/// mistakes already.
fn repeats(syntax: Syntax, text: &str) -> BTreeSet<String> {
    match syntax {
        Syntax::Dockerfile => dockerfile::repeats(text),
        Syntax::Nginx => nginx::repeats(text),
        Syntax::Python => python::repeats(text),
        Syntax::Yaml => yaml::repeats(text),
        Syntax::Dotenv => {
            twice(dotenv::assigned(text)).map(|name| format!("{name} is set twice")).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Those that come more than once.
fn twice<T: Ord + Clone>(all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    let mut seen = BTreeSet::new();
    all.into_iter().filter(move |one| !seen.insert(one.clone()))
}

#[cfg(test)]
mod tests;
