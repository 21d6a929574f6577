//! What becomes of one file, in words.

use serde_json::{Value, json};

use crate::merge::{Decision, Hunk};

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Created,
    /// Nobody edited it: the new render takes its place.
    Updated,
    /// Both sides changed different things.
    Merged,
    /// Lines or names were added.
    Extended,
    /// It stands under another path now, edits and all.
    Moved(String),
    /// Nobody edited it, and it is no output any more.
    Removed,
    /// It was deleted, and was asked for again.
    Restored,
    /// Both sides changed the same thing and a person decided.
    Resolved,
    /// Edits stay; nothing new for it.
    Customised,
    /// The user deleted it, and it stays so.
    Deleted,
    /// The user's own file stays out.
    NotAdopted,
    /// The user's own file got edits by rule.
    Improved,
    /// As it would be written.
    Unchanged,
    /// Both sides changed the same thing.
    Conflict(Vec<Hunk>),
}

impl What {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Merged => "merged",
            Self::Extended => "extended",
            Self::Moved(_) => "moved",
            Self::Removed => "removed",
            Self::Restored => "restored",
            Self::Resolved => "resolved",
            Self::Customised => "customised",
            Self::Deleted => "deleted by you",
            Self::NotAdopted => "kept, not adopted",
            Self::Improved => "improved",
            Self::Unchanged => "unchanged",
            Self::Conflict(_) => "conflict",
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        matches!(self, Self::Unchanged | Self::Customised | Self::Deleted | Self::NotAdopted)
    }
}

/// One file and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUpdate {
    /// Where.
    pub path: String,
    /// What.
    pub what: What,
    /// Why, for people; empty where the word says it all.
    pub why: String,
    /// Values that both sides changed, and which of them holds.
    pub values: Vec<Decision>,
}

impl FileUpdate {
    /// What becomes of a file.
    #[must_use]
    pub fn of(path: impl Into<String>, what: What, why: impl Into<String>) -> Self {
        Self { path: path.into(), what, why: why.into(), values: Vec::new() }
    }

    /// Its decided values, a sentence each.
    pub fn decisions(&self) -> impl Iterator<Item = String> + '_ {
        self.values.iter().map(|own| {
            let Decision { key, disk, new, taken } = own;
            let path = &self.path;
            let why = own.why();
            format!("{path}: {key}: {disk} on disk, {new} new: {taken} holds, {why}")
        })
    }

    /// The same for programs.
    #[must_use]
    pub fn values(&self) -> Value {
        let of = |own: &Decision| {
            let Decision { key, disk, new, taken } = own;
            json!({ "key": key, "disk": disk, "new": new, "taken": taken, "why": own.why() })
        };
        self.values.iter().map(of).collect()
    }
}
