//! Where a value came from, and what it stands before.

use std::fmt;

use crate::error::Place;
use crate::schema::value::Value;

/// Where a value came from, in rising precedence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The built-in default, or one that follows from other answers.
    Builtin,
    /// A preset layer's default.
    Preset(String),
    /// Found out, not asked: the directory's name.
    Found(String),
    /// `dockwright.toml`.
    File(Place),
    /// `--set`.
    Flag,
    /// A question.
    Prompt,
}

impl Origin {
    /// Whether a person chose the value, so that it belongs in
    /// `dockwright.toml`.
    #[must_use]
    pub const fn is_chosen(&self) -> bool {
        matches!(self, Self::Found(_) | Self::File(_) | Self::Flag | Self::Prompt)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin => f.write_str("default"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::Found(from) => f.write_str(from),
            Self::File(place) => write!(f, "{place}"),
            Self::Flag => f.write_str("--set"),
            Self::Prompt => f.write_str("answered"),
        }
    }
}

/// A value, where it came from, and what it stands before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    /// The value that holds.
    pub value: Value,
    /// Who said so.
    pub origin: Origin,
    /// What earlier sources had said.
    pub shadowed: Vec<(Value, Origin)>,
}
