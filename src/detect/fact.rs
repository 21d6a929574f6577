//! A fact about a repository, never without the lines it rests on.

use serde::Serialize;

/// One line of the repository that a fact rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// The file, relative to the directory that was read.
    pub path: String,
    /// Line, from 1; 0 where the file's existence is the evidence.
    pub line: usize,
    /// The text of that line, trimmed, with secrets redacted.
    pub text: String,
}

impl Evidence {
    /// A line of a file. The text is trimmed, shortened and redacted.
    #[must_use]
    pub fn line(path: &str, line: usize, text: &str) -> Self {
        Self { path: path.to_owned(), line, text: super::redact::line(text) }
    }

    /// The existence of a file.
    #[must_use]
    pub fn file(path: &str) -> Self {
        Self { path: path.to_owned(), line: 0, text: String::new() }
    }

    /// `path:line`, or the path alone where the file itself is the evidence.
    #[must_use]
    pub fn place(&self) -> String {
        if self.line == 0 { self.path.clone() } else { format!("{}:{}", self.path, self.line) }
    }
}

/// What is known of one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fact<T> {
    /// Nothing in the repository says.
    #[default]
    Unknown,
    /// One answer, and the lines that say so.
    Known(T, Vec<Evidence>),
    /// Several answers of equal rank, best first.
    Ambiguous(Vec<(T, Vec<Evidence>)>),
}

impl<T> Fact<T> {
    /// A fact with one line of evidence.
    pub fn known(value: T, evidence: Evidence) -> Self {
        Self::Known(value, vec![evidence])
    }

    /// The value, where it is known.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Known(value, _) => Some(value),
            Self::Unknown | Self::Ambiguous(_) => None,
        }
    }

    /// The evidence of a known value; empty otherwise.
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Self::Known(_, evidence) => evidence,
            Self::Unknown | Self::Ambiguous(_) => &[],
        }
    }

    /// The candidates of an ambiguous fact; empty otherwise.
    pub fn candidates(&self) -> &[(T, Vec<Evidence>)] {
        match self {
            Self::Ambiguous(candidates) => candidates,
            Self::Unknown | Self::Known(..) => &[],
        }
    }

    /// Whether one answer is known.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Known(..))
    }

    /// The same fact with its values turned into others.
    pub fn map<U>(self, turn: impl Fn(T) -> U) -> Fact<U> {
        match self {
            Self::Unknown => Fact::Unknown,
            Self::Known(value, evidence) => Fact::Known(turn(value), evidence),
            Self::Ambiguous(candidates) => Fact::Ambiguous(
                candidates.into_iter().map(|(value, evidence)| (turn(value), evidence)).collect(),
            ),
        }
    }
}
