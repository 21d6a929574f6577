//! Where a value came from, and what it stands before.

use std::fmt;

use crate::detect::Evidence;
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
    /// Written before, and it stays until somebody asks for another.
    Sticky,
    /// Read in the repository, with the lines that say so.
    Detected(Vec<Evidence>),
    /// `dockwright.toml`.
    File(Place),
    /// `--set`.
    Flag,
    /// A question.
    Prompt,
}

impl Origin {
    /// Whether the value was chosen or found, and is no default, so that it
    /// belongs in `dockwright.toml`.
    #[must_use]
    pub const fn is_chosen(&self) -> bool {
        !matches!(self, Self::Builtin | Self::Preset(_) | Self::Sticky)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin => f.write_str("default"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::Sticky => f.write_str("kept from before"),
            Self::Found(from) => f.write_str(from),
            Self::Detected(evidence) => match evidence.first() {
                Some(line) => write!(f, "found in {}", line.place()),
                None => f.write_str("found"),
            },
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
