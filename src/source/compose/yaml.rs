//! YAML as a tree that keeps the order of keys, the kind of each scalar, and
//! the place where each value stands. Anchors and merge keys are resolved.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Serialize, Serializer};
use serde_saphyr::{Spanned, Tagged};

use super::interpolate;

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Node {
    /// Nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(String),
    /// A sequence.
    List(Vec<Item>),
    /// A mapping, in the order it is written.
    Map(Vec<(Item, Item)>),
}

/// A value and where it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// The value.
    pub node: Node,
    /// Its line in the file, from 1; of an aliased value, where it is defined.
    pub line: usize,
    /// Where its text is in the file, in bytes; `None` for an aliased or a
    /// merged value, whose text stands elsewhere.
    pub span: Option<(usize, usize)>,
    /// The file, of those that were merged, by its number.
    pub file: usize,
    /// What its tag says to Compose.
    pub mark: Mark,
}

/// What a tag says about a value that is laid over another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// It is merged by the rules of its key.
    #[default]
    Merge,
    /// `!reset`: neither it nor what stands below is there.
    Reset,
    /// `!override`: it stands instead of what is below.
    Override,
}

impl Item {
    /// A value that stands in no file.
    #[must_use]
    pub const fn of(node: Node) -> Self {
        Self { node, line: 0, span: None, file: 0, mark: Mark::Merge }
    }

    /// Text that stands in no file.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Node::Text(text.into()))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().find(|(name, _)| name.is(key)).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Node::Map(entries) = &mut self.node else { return None };
        entries.iter_mut().find(|(own, _)| own.is(key)).map(|(_, value)| value)
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&Self, &Self)> {
        let entries = match &self.node {
            Node::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, value)| (key, value))
    }

    /// The values of a sequence; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.node {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// A scalar as Compose reads it into text; `None` for anything else.
    #[must_use]
    pub fn scalar(&self) -> Option<String> {
        match &self.node {
            Node::Bool(value) => Some(value.to_string()),
            Node::Int(value) => Some(value.to_string()),
            Node::Float(value) => Some(value.to_string()),
            Node::Text(text) => Some(text.clone()),
            Node::Null | Node::List(_) | Node::Map(_) => None,
        }
    }

    /// A value where Compose asks for a boolean: it takes the words of old YAML
    /// too, in quotes or not, and a variable's default. `None` for what it refuses.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        let word = match &self.node {
            Node::Bool(value) => return Some(*value),
            Node::Text(text) => interpolate::defaults(text).to_lowercase(),
            _ => return None,
        };
        match word.as_str() {
            "true" | "yes" | "on" | "y" => Some(true),
            "false" | "no" | "off" | "n" => Some(false),
            _ => None,
        }
    }

    /// A scalar, or the scalars of a sequence.
    #[must_use]
    pub fn scalars(&self) -> Vec<String> {
        match self.scalar() {
            Some(text) => vec![text],
            None => self.items().iter().filter_map(Self::scalar).collect(),
        }
    }

    /// What a mapping, or a list of `NAME=value`, assigns, as Compose reads
    /// `environment`, `args` and `labels`; with the value or the entry that
    /// says it. A name alone has no value.
    pub fn assignments(&self) -> impl Iterator<Item = (String, Option<String>, &Self)> {
        let listed = self.items().iter().filter_map(|item| {
            let text = item.scalar()?;
            Some(match text.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned()), item),
                None => (text, None, item),
            })
        });
        let mapped = self.entries().filter_map(|(name, value)| {
            let place = if value.line > 0 { value } else { name };
            Some((name.scalar()?, value.scalar(), place))
        });
        listed.chain(mapped)
    }

    /// Says of a value and all in it from which file it is.
    pub fn of_file(&mut self, file: usize) {
        self.file = file;
        match &mut self.node {
            Node::List(items) => items.iter_mut().for_each(|item| item.of_file(file)),
            Node::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.of_file(file);
                value.of_file(file);
            }),
            _ => {}
        }
    }

    fn is(&self, text: &str) -> bool {
        matches!(&self.node, Node::Text(own) if own == text)
    }
}

/// Reads one document.
///
/// # Errors
/// What the parser refuses, with its line, in one line.
pub fn read(text: &str) -> Result<Item, String> {
    read_with(text, serde_saphyr::DuplicateKeyPolicy::LastWins)
}

/// Reads one document in which no mapping has a key twice, as Compose asks.
///
/// # Errors
/// What the parser refuses, with its line, in one line.
pub fn read_strictly(text: &str) -> Result<Item, String> {
    read_with(text, serde_saphyr::DuplicateKeyPolicy::Error)
}

/// Reads every document of a text, as `kubectl` does; those with nothing in them are
/// left out. Lines and places are those of the whole text.
///
/// # Errors
/// What the parser refuses, with its line, in one line.
pub fn read_all(text: &str) -> Result<Vec<Item>, String> {
    let options = options(serde_saphyr::DuplicateKeyPolicy::LastWins);
    let read = serde_saphyr::from_multiple_with_options::<Item>(text, options);
    let mut items = read.map_err(|error| in_one_line(&error))?;
    items.iter_mut().for_each(|item| keep_octal(item, text));
    Ok(items)
}

fn read_with(text: &str, keys: serde_saphyr::DuplicateKeyPolicy) -> Result<Item, String> {
    let read = serde_saphyr::from_str_with_options::<Item>(text, options(keys));
    let mut item = read.map_err(|error| in_one_line(&error))?;
    keep_octal(&mut item, text);
    Ok(item)
}

fn options(keys: serde_saphyr::DuplicateKeyPolicy) -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        duplicate_keys: keys,
        // Else a few dozen comments in a row are refused.
        emit_comments: false,
        // Aliases of aliases grow without end; no file comes near this.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 50_000 },
    }
}

fn in_one_line(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    // Advice for who calls the parser.
    first.replace(", set DuplicateKeyPolicy in Options if acceptable", "")
}

/// Octal numbers stay as they are written, `0440`: every reader makes another number of
/// them, and Compose takes them as text.
fn keep_octal(item: &mut Item, text: &str) {
    match &mut item.node {
        Node::List(items) => items.iter_mut().for_each(|own| keep_octal(own, text)),
        Node::Map(entries) => entries.iter_mut().for_each(|(_, own)| keep_octal(own, text)),
        Node::Int(_) | Node::Float(_) => {
            let written = item.span.and_then(|(start, end)| text.get(start..end));
            let digits = written.and_then(|own| own.trim().strip_prefix('0'));
            let digits = digits.map(|own| own.trim_start_matches('o'));
            let is_octal = |own: &&str| !own.is_empty() && own.chars().all(|c| c.is_digit(8));
            if let Some(digits) = digits.filter(is_octal) {
                item.node = Node::Text(format!("0{digits}"));
            }
        }
        Node::Null | Node::Bool(_) | Node::Text(_) => {}
    }
}

/// Writes a value as a block of YAML, without a line break at its end.
#[must_use]
pub fn write(node: &Node) -> String {
    let options = serde_saphyr::ser_options! { compact_list_indent: false };
    let mut text = String::new();
    // Only a writer that fails makes this fail, and a string never does.
    let _ = serde_saphyr::to_fmt_writer_with_options(&mut text, node, options);
    text.trim_end().to_owned()
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tagged<Node>>::deserialize(deserializer)?;
        let Tagged(node, tag) = spanned.value;
        let defined = spanned.defined;
        let own = spanned.referenced == defined;
        let span = defined.span();
        let place = span.byte_offset().zip(span.byte_len()).filter(|_| own);
        Ok(Self {
            node,
            line: defined.line() as usize,
            span: place.map(|(start, length)| (start as usize, (start + length) as usize)),
            file: 0,
            mark: match tag.as_deref() {
                Some("!reset") => Mark::Reset,
                Some("!override") => Mark::Override,
                _ => Mark::Merge,
            },
        })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or_else(|_| Node::Text(value.to_string()), Node::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map: Vec<(Item, Item)> = Vec::new();
        // Where the entry of a key is: a mapping may have thousands.
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some(mut key) = entries.next_key::<Item>()? {
            let value = entries.next_value()?;
            let known = match key.scalar() {
                Some(text) => {
                    key.node = Node::Text(text.clone());
                    match places.entry(text) {
                        Entry::Occupied(place) => Some(*place.get()),
                        Entry::Vacant(place) => {
                            place.insert(map.len());
                            None
                        }
                    }
                }
                None => map.iter().position(|(own, _)| own.node == key.node),
            };
            match known {
                Some(at) => map[at] = (key, value),
                None => map.push((key, value)),
            }
        }
        Ok(Node::Map(map))
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.node.serialize(serializer)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines_and_their_text() {
        let text = "services:\n  db:\n    image: 'postgres:13'\n    ports: [5432:5432]\n";
        let document = read(text).unwrap();
        let service = document.get("services").unwrap().get("db").unwrap();
        let image = service.get("image").unwrap();
        assert_eq!(image.line, 3);
        let (start, end) = image.span.unwrap();
        assert_eq!(&text[start..end], "'postgres:13'");
        assert_eq!(service.get("ports").unwrap().scalars(), ["5432:5432"]);
        let (key, _) = document.get("services").unwrap().entries().next().unwrap();
        assert_eq!(key.line, 2);
    }

    #[test]
    fn anchors_and_merges_are_resolved_and_have_no_text_of_their_own() {
        let text = "x-a: &a {image: one, restart: always}\nb:\n  <<: *a\n  image: two\nc: *a\n";
        let document = read(text).unwrap();
        let merged = document.get("b").unwrap();
        assert_eq!(merged.get("image").unwrap().scalar().unwrap(), "two");
        assert_eq!(merged.get("restart").unwrap().scalar().unwrap(), "always");
        assert_eq!(merged.get("restart").unwrap().span, None);
        assert_eq!(document.get("c").unwrap().span, None);
    }

    #[test]
    fn words_that_only_old_yaml_takes_for_booleans_are_text() {
        let document = read("restart: no\ntty: true\nports: ['22:22']\nversion: 3.10\n").unwrap();
        assert_eq!(document.get("restart").unwrap().node, Node::Text("no".into()));
        assert_eq!(document.get("tty").unwrap().node, Node::Bool(true));
    }

    #[test]
    fn an_octal_number_stays_as_it_is_written() {
        let document = read("a: 0440\nb: [0o755, 0, 0.5, 440]\n").unwrap();
        assert_eq!(document.get("a").unwrap().scalar().unwrap(), "0440");
        assert_eq!(document.get("b").unwrap().scalars(), ["0755", "0", "0.5", "440"]);
        let written = write(&document.node);
        assert_eq!(
            read(&written).unwrap().get("a").unwrap().scalar().unwrap(),
            "0440",
            "{written}"
        );
    }

    #[test]
    fn a_boolean_is_read_as_compose_reads_it() {
        let truth = |value: &str| read(&format!("a: {value}\n")).unwrap().get("a").unwrap().truth();
        for value in ["true", "yes", "'yes'", "\"on\"", "Y", "TRUE", "${P:-yes}", "${P-true}"] {
            assert_eq!(truth(value), Some(true), "{value}");
        }
        for value in ["false", "no", "'off'", "N", "${P:-no}"] {
            assert_eq!(truth(value), Some(false), "{value}");
        }
        for value in ["1", "'1'", "t", "''", "~", "' yes'", "maybe", "[true]", "${P}"] {
            assert_eq!(truth(value), None, "{value}");
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let text = "a:\n  - 'yes'\n  - 1\n  - '1'\n  - ${A:?no}\n  - \"x: y # z\"\n  - |\n    two\n    lines\nb: {}\nc:\nd: []\n";
        let strip = |item: &Item| write(&item.node);
        let once = read(text).unwrap();
        let twice = read(&strip(&once)).unwrap();
        assert_eq!(strip(&once), strip(&twice));
        assert_eq!(once.get("a").unwrap().scalars(), twice.get("a").unwrap().scalars());
        assert_eq!(twice.get("a").unwrap().items()[2].node, Node::Text("1".into()));
    }

    #[test]
    fn documents_of_one_text_have_its_lines_and_its_bytes() {
        let text = "# head\n---\na: 1\n---\n# nothing\n---\nb: {c: two}\n";
        let documents = read_all(text).unwrap();
        assert_eq!(documents.len(), 2);
        let value = documents[1].get("b").unwrap().get("c").unwrap();
        let (start, end) = value.span.unwrap();
        assert_eq!((value.line, &text[start..end]), (7, "two"));
        assert!(read_all("a: 1\n---\nb:\n  - c\n d: e\n").unwrap_err().contains('5'));
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let error = read("a:\n  - b\n c: d\n").unwrap_err();
        assert!(error.contains('3'), "{error}");
    }
}
