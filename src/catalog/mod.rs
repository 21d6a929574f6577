//! What there is to choose from, as tables: frameworks, servers, images,
//! releases, and what processes take. Correcting a row, or adding one, needs
//! no other code.
//!
//! `data/frameworks.toml` says what a row of it means. With the folder of its
//! skeleton below `templates/skeleton`, a framework is complete.

pub mod ages;
pub mod figures;
pub mod frameworks;
pub mod installers;
pub mod options;
pub mod program;
pub mod releases;
pub mod servers;
pub mod templates;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::de::DeserializeOwned;

pub use ages::{AGES, Ages};
pub use figures::{MEMORY, VERSIONS};
pub use frameworks::Framework;
pub use program::Program;
pub use servers::{Manager, Protocol, Server};

/// A row that is chosen by its word, as keys and files have it.
pub trait Row: DeserializeOwned + Sync + 'static {
    /// The table it stands in.
    fn table() -> &'static Table<Self>;
    /// Its word.
    fn word(&self) -> &str;
}

/// Rows, and their words for the schema.
#[derive(Debug)]
pub struct Table<T: 'static> {
    rows: &'static [T],
    words: Vec<&'static str>,
}

impl<T: Row> Table<T> {
    /// Reads a data file: one array of tables, called `name`.
    fn read(name: &str, text: &str) -> Self {
        let mut file: std::collections::BTreeMap<String, Vec<T>> =
            toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let rows: &'static [T] = file.remove(name).unwrap_or_default().leak();
        Self { rows, words: rows.iter().map(T::word).collect() }
    }
}

/// One row of a table, as cheap to pass on as a variant of an enum.
pub struct Entry<T: 'static>(&'static T);

impl<T: Row> Entry<T> {
    /// Every row. The first is the default.
    pub fn all() -> impl Iterator<Item = Self> {
        T::table().rows.iter().map(Self)
    }

    /// The words of all rows.
    #[must_use]
    pub fn words() -> &'static [&'static str] {
        &T::table().words
    }

    /// The row of a word, if there is one.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::all().find(|row| row.word() == word)
    }

    /// The row of a word that the schema accepted.
    ///
    /// # Panics
    /// When the schema takes other words: it takes those of the table.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::find(word).unwrap_or_else(|| unreachable!("`{word}` passed the schema"))
    }

    /// The row itself, for as long as the program runs.
    #[must_use]
    pub const fn row(self) -> &'static T {
        self.0
    }

    /// The word in keys and files.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.0.word()
    }
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Entry<T> {}

impl<T> Deref for Entry<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl<T> Eq for Entry<T> {}

impl<T> Hash for Entry<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

impl<T: Row> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl<T: Row> fmt::Display for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
