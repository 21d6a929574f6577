//! A value of an object as it is applied, and the place in the repository where
//! somebody wrote it: what kustomize builds stands in no file.

use crate::lint::diagnostic::At;
use crate::lint::subject::Subject;
use crate::source::compose::{Item, Node};
use crate::source::text::Span;

/// A value and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'c> {
    /// The value, as it is applied.
    pub item: &'c Item,
    /// The same value in the file it was written in; `None` where another file brings it.
    source: Option<&'c Item>,
    /// What of that file is nearest to it.
    place: &'c Item,
}

impl<'c> Spot<'c> {
    /// A whole object; `source` is the document it was made from.
    pub(in crate::lint::subject) fn of(item: &'c Item, source: &'c Item) -> Self {
        let named = ["metadata", "name"].iter().try_fold(source, |own, key| own.get(key));
        let generated = || source.get("name");
        let first = || source.entries().next().map(|(key, _)| key);
        let place = named.or_else(generated).or_else(first).unwrap_or(source);
        Self { item, source: Some(source), place }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        let item = self.item.get(key)?;
        let source = self.source.and_then(|own| {
            own.entries().find(|(name, _)| name.scalar().is_some_and(|name| name == key))
        });
        let place = source.map_or(self.place, |(name, value)| match value.node {
            Node::List(_) | Node::Map(_) | Node::Null => name,
            _ => value,
        });
        Some(Self { item, source: source.map(|(_, value)| value), place })
    }

    /// The value below these keys.
    #[must_use]
    pub fn at(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |own, key| own.get(key))
    }

    /// The value below these keys, or the nearest that is there: where something is
    /// missing.
    #[must_use]
    pub fn near(self, keys: &[&str]) -> Self {
        match keys.split_first() {
            Some((first, rest)) => self.get(first).map_or(self, |own| own.near(rest)),
            None => self,
        }
    }

    /// The values of a list below these keys; none of anything else.
    #[must_use]
    pub fn list(self, keys: &[&str]) -> Vec<Self> {
        let Some(own) = self.at(keys) else { return Vec::new() };
        let sources = own.source.map_or(&[][..], Item::items);
        let each = own.item.items().iter().enumerate();
        each.map(|(number, item)| {
            // What is merged by name may stand elsewhere in its list.
            let name = item.get("name");
            let source = match name {
                Some(name) => sources
                    .iter()
                    .find(|other| other.get("name").is_some_and(|other| other.node == name.node)),
                None => sources.get(number),
            };
            let first = source.and_then(|own| {
                own.get("name").or_else(|| own.entries().next().map(|(key, _)| key))
            });
            let place = first.or(source).unwrap_or(own.place);
            Self { item, source, place }
        })
        .collect()
    }

    /// A scalar below these keys, as text.
    #[must_use]
    pub fn text(self, keys: &[&str]) -> Option<String> {
        self.at(keys)?.item.scalar()
    }

    /// A whole number below these keys.
    #[must_use]
    pub fn int(self, keys: &[&str]) -> Option<i64> {
        self.text(keys)?.parse().ok()
    }

    /// The words of a list below these keys.
    #[must_use]
    pub fn words(self, keys: &[&str]) -> Vec<String> {
        self.at(keys).map(|own| own.item.scalars()).unwrap_or_default()
    }

    /// Whether a switch below these keys is on.
    #[must_use]
    pub fn is(self, keys: &[&str]) -> bool {
        self.truth(keys) == Some(true)
    }

    /// A switch below these keys, where it is set.
    #[must_use]
    pub fn truth(self, keys: &[&str]) -> Option<bool> {
        match self.at(keys)?.item.node {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Names and values of a mapping below these keys.
    #[must_use]
    pub fn pairs(self, keys: &[&str]) -> Vec<(String, String)> {
        let entries = self.at(keys).into_iter().flat_map(|own| own.item.entries());
        entries.filter_map(|(name, value)| Some((name.scalar()?, value.scalar()?))).collect()
    }

    /// Whether there is something below these keys.
    #[must_use]
    pub fn has(self, keys: &[&str]) -> bool {
        self.at(keys).is_some_and(|own| own.item.node != Node::Null)
    }

    /// The line of that file, from 1.
    #[must_use]
    pub const fn line(self) -> usize {
        self.place.line
    }

    /// Where to say something about it.
    #[must_use]
    pub fn place(self, subject: &Subject) -> At {
        let text = self.place.file;
        match self.place.span.filter(|(start, end)| end > start) {
            Some((start, end)) => At::new(text, Span::new(start, end)),
            None => subject.line_at(text, self.place.line),
        }
    }
}
