//! Whose a file is after it was written.

use serde::{Deserialize, Serialize};

/// How dockwright treats a file after it was written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ownership {
    /// Stays as dockwright writes it; an edit is drift.
    Managed,
    /// Edited by people, updated by a three-way merge.
    Merge,
    /// Written once, then the user's.
    Seed,
    /// Only ever added to.
    Append,
    /// The user's own, with edits by rule: `init --adopt` makes it so, no key does.
    Improved,
}

impl Ownership {
    /// The ownership of a word the schema accepted.
    ///
    /// # Panics
    /// On another word: the schema accepts only these.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "managed" => Self::Managed,
            "merge" => Self::Merge,
            "seed" => Self::Seed,
            "append" => Self::Append,
            other => unreachable!("`{other}` passed the schema"),
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Merge => "merge",
            Self::Seed => "seed",
            Self::Append => "append",
            Self::Improved => "improved",
        }
    }
}
