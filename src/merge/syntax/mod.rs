//! Whether a merged file still is what its language asks for: that it parses,
//! and that nothing is there twice of which there is only one.

mod dockerfile;
mod nginx;
mod python;
mod yaml;

use std::collections::BTreeSet;

use crate::plan::outputs::Syntax;
use crate::source::text::Text;
use crate::source::{dotenv, shell};

/// What a merge brought about that neither side had: `None` where there is
/// nothing, or a side had it before.
pub(super) fn problem(syntax: Syntax, merged: &str, disk: &str, new: &str) -> Option<String> {
    let before = || [disk, new].map(|side| examine(syntax, side));
    match examine(syntax, merged) {
        Err(mistake) => {
            let were_right = before().iter().all(Result::is_ok);
            were_right.then(|| format!("merged by line, the file no longer parses: {mistake}"))
        }
        Ok(repeats) if repeats.is_empty() => None,
        Ok(repeats) => {
            let before = before().map(Result::unwrap_or_default);
            let is_new = |repeat: &String| !before.iter().any(|side| side.contains(repeat));
            let repeat = repeats.into_iter().find(is_new);
            repeat.map(|repeat| format!("merged by line, {repeat}"))
        }
    }
}

/// The first thing that is wrong with a text in its language; `None` also of
/// a language that has no rules here.
#[must_use]
pub fn parse(syntax: Syntax, text: &str) -> Option<String> {
    match examine(syntax, text) {
        Err(mistake) => Some(mistake),
        Ok(mut repeats) => repeats.pop_first(),
    }
}

/// Why a text does not parse, with its line; `None` where it does, or has no rules
/// here.
#[must_use]
pub fn mistake(syntax: Syntax, text: &str) -> Option<String> {
    examine(syntax, text).err()
}

/// What stands in a text twice of which there is only one, each as a sentence;
/// keys of TOML and YAML are mistakes already.
///
/// # Errors
/// Why the text does not parse.
fn examine(syntax: Syntax, text: &str) -> Result<BTreeSet<String>, String> {
    match syntax {
        Syntax::Toml => match toml::from_str::<toml::Table>(text) {
            Ok(_) => Ok(BTreeSet::new()),
            Err(error) => {
                let line = error.span().map_or(1, |span| Text::new("", text).line(span.start));
                Err(format!("line {line}: {}", error.message()))
            }
        },
        Syntax::Json => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(_) => Ok(BTreeSet::new()),
            Err(error) => Err(error.to_string()),
        },
        Syntax::Yaml => yaml::examine(text),
        Syntax::Python => python::examine(text),
        Syntax::Dockerfile => dockerfile::examine(text),
        Syntax::Nginx => nginx::examine(text),
        Syntax::Dotenv => {
            let names = twice(dotenv::read(text).into_iter().map(|entry| entry.name));
            Ok(names.map(|name| format!("{name} is set twice")).collect())
        }
        Syntax::Shell => match shell::unended(text) {
            Some((line, what)) => Err(format!("line {}: {what} is not ended", line + 1)),
            None => Ok(BTreeSet::new()),
        },
        Syntax::Ignore | Syntax::Markdown | Syntax::Text | Syntax::Binary | Syntax::Ini => {
            Ok(BTreeSet::new())
        }
    }
}

/// Those that come more than once.
fn twice<T: Ord + Clone>(all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    let mut seen = BTreeSet::new();
    all.into_iter().filter(move |one| !seen.insert(one.clone()))
}

#[cfg(test)]
mod tests;
