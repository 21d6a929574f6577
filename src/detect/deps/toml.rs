//! A TOML file with the line of everything in it.

use toml_edit::{Document, Item, Value};

use crate::detect::fact::Evidence;
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

/// A parsed TOML file.
pub struct TomlFile<'a> {
    path: &'a str,
    text: &'a str,
    document: Document<&'a str>,
}

impl<'a> TomlFile<'a> {
    /// Reads a file; `None` where it is missing.
    ///
    /// # Errors
    /// A doubt that names file and line where it is no TOML.
    pub fn read(tree: &'a Tree, path: &'a str) -> Result<Option<Self>, Doubt> {
        let Some(text) = tree.text(path) else { return Ok(None) };
        match Document::parse(text) {
            Ok(document) => Ok(Some(Self { path, text, document })),
            Err(error) => Err(broken(path, text, error.span(), error.message())),
        }
    }

    /// What stands at a dotted path of keys.
    #[must_use]
    pub fn get(&self, keys: &[&str]) -> Option<&Item> {
        let start = self.document.as_item();
        keys.iter().try_fold(start, |item, key| item.get(*key))
    }

    /// A string at a dotted path of keys, with its line.
    #[must_use]
    pub fn string(&self, keys: &[&str]) -> Option<(String, Evidence)> {
        let item = self.get(keys)?;
        Some((item.as_str()?.to_owned(), self.evidence(item.span())))
    }

    /// The strings of an array, each with its line.
    #[must_use]
    pub fn strings(&self, item: &Item) -> Vec<(String, Evidence)> {
        let Some(array) = item.as_array() else { return Vec::new() };
        let string =
            |value: &Value| Some((value.as_str()?.to_owned(), self.evidence(value.span())));
        array.iter().filter_map(string).collect()
    }

    /// The line where something begins.
    #[must_use]
    pub fn evidence(&self, span: Option<std::ops::Range<usize>>) -> Evidence {
        let Some(span) = span else { return Evidence::file(self.path) };
        let number = line_of(self.text, span.start);
        Evidence::line(self.path, number, self.text.lines().nth(number - 1).unwrap_or_default())
    }
}

/// A whole file as a type of its own.
///
/// # Errors
/// A doubt that names file and line where it is no such TOML.
pub fn parsed<T: serde::de::DeserializeOwned>(tree: &Tree, path: &str) -> Result<T, Doubt> {
    let text = tree.text(path).unwrap_or_default();
    ::toml::from_str(text).map_err(|error| broken(path, text, error.span(), error.message()))
}

/// A doubt about a file that is no TOML.
#[must_use]
pub fn broken(
    path: &str,
    text: &str,
    span: Option<std::ops::Range<usize>>,
    message: &str,
) -> Doubt {
    let line = span.map_or(1, |span| line_of(text, span.start));
    Doubt {
        key: "dependency_files".into(),
        message: format!("{path}:{line} is no valid TOML, so nothing in it counts: {message}"),
        help: format!("mend {path} line {line}, then run again"),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}
