//! A TOML file as flat keys, each with the place it stands at.

use toml_edit::{Document, Value as Toml};

use crate::error::{Place, Problem};
use crate::schema::known_as;

/// One `key = value` of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Full key, `table.key`.
    pub key: String,
    /// The value as text.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// Tables that are lists, and no keys: `[[waiver]]`, which `check` reads, and
/// `[[verify.request]]`.
const LISTS: [&str; 2] = ["waiver", "verify.request"];

/// Reads every entry of a document; `file` is how messages name it.
///
/// # Errors
/// A syntax error with its place, or values that are neither text, number nor
/// switch.
pub fn read(file: &str, source: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let document = parse(file, source)?;
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    collect(file, source, "", document.as_table(), &mut entries, &mut problems);
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

/// Reads the entries of one table of a document; none where there is no such
/// table. Their keys do not name it.
///
/// # Errors
/// See [`read`].
pub fn below(file: &str, source: &str, table: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let document = parse(file, source)?;
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    if let Some(table) = document.get(table).and_then(toml_edit::Item::as_table_like) {
        collect(file, source, "", table, &mut entries, &mut problems);
    }
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

fn parse<'a>(file: &str, source: &'a str) -> Result<Document<&'a str>, Vec<Problem>> {
    Document::parse(source).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message().trim().replace('\n', "; ");
        vec![Problem::new(message).at(Place::of_offset(file, source, offset).to_string())]
    })
}

fn collect(
    file: &str,
    source: &str,
    prefix: &str,
    table: &dyn toml_edit::TableLike,
    entries: &mut Vec<Entry>,
    problems: &mut Vec<Problem>,
) {
    for (name, item) in table.iter() {
        let key = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        if LISTS.contains(&key.as_str()) && item.is_array_of_tables() {
            continue;
        }
        if let Some(table) = item.as_table_like() {
            collect(file, source, &key, table, entries, problems);
            continue;
        }
        let span = item.span().unwrap_or_default();
        let place = Place::of_offset(file, source, span.start);
        let text = match item.as_value() {
            Some(Toml::String(text)) => Some(text.value().clone()),
            // The text as written: 3.10 is a version, not the number 3.1.
            Some(Toml::Array(items)) => list(items),
            Some(Toml::Integer(_) | Toml::Float(_) | Toml::Boolean(_)) => {
                source.get(span).map(|text| text.trim().to_owned())
            }
            _ => None,
        };
        let key = known_as(&key).to_owned();
        if entries.iter().any(|entry| entry.key == key) {
            let message = format!("{key} stands here a second time, in its other spelling");
            problems.push(Problem::new(message).at(place.to_string()));
            continue;
        }
        match text {
            Some(text) => entries.push(Entry { key, text, place }),
            None => problems.push(
                Problem::new(format!("{key} takes text, a number, a switch, or a list of texts"))
                    .at(place.to_string()),
            ),
        }
    }
}

/// An array of texts as one text, its items between commas.
fn list(items: &toml_edit::Array) -> Option<String> {
    let texts: Option<Vec<&str>> = items.iter().map(|item| item.as_str()).collect();
    let texts = texts?;
    texts.iter().all(|text| !text.contains(',')).then(|| texts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_is_written() {
        let entries = read("dockwright.toml", "[project]\npython = 3.10\n").unwrap();
        assert_eq!(entries[0].key, "project.python");
        assert_eq!(entries[0].text, "3.10");
        assert_eq!(entries[0].place.line, 2);
    }

    #[test]
    fn an_array_of_texts_is_a_list() {
        let entries = read("f", "[project]\nwritable = [\"media\", \"a/b\"]\n").unwrap();
        assert_eq!(entries[0].text, "media,a/b");
        assert!(read("f", "[project]\nwritable = [1]\n").is_err());
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let problems = read("dockwright.toml", "[stack\nx = 1\n").unwrap_err();
        assert!(problems[0].at.as_deref().unwrap().starts_with("dockwright.toml:1:"));
    }
}
