//! A set of changes: everything that is going to happen to a directory,
//! computed before anything of it happens.

use std::collections::BTreeMap;

use crate::apply::disk::DiskState;
use crate::relpath::RelPath;

/// What happens to one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Written where nothing was.
    Create,
    /// Written in place of what is there.
    Replace,
    /// Lines are added to what is there.
    Extend,
    /// What is there gets edits by rule.
    Improve,
    /// Removed.
    Remove,
    /// What is there stays.
    Keep,
    /// What is there is what would be written.
    Unchanged,
    /// Not written, because it needs another file that was kept.
    Hold,
}

impl Action {
    /// Whether the disk is another one afterwards.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Replace | Self::Extend | Self::Improve | Self::Remove)
    }

    /// The word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Extend => "extend",
            Self::Improve => "improve",
            Self::Remove => "remove",
            Self::Keep => "keep",
            Self::Unchanged => "unchanged",
            Self::Hold => "hold",
        }
    }
}

/// One path and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: RelPath,
    /// What.
    pub action: Action,
    /// What stood there when the change was computed.
    pub expect: DiskState,
    /// What stands there afterwards, where that is written.
    pub bytes: Vec<u8>,
    /// Permission bits of a file that is created.
    pub mode: u32,
    /// Permission bits that a file which is there gets; else it keeps its own.
    pub set_mode: Option<u32>,
    /// Why, for people; empty where the action says it all.
    pub why: String,
}

/// The texts of what is written, by path.
#[must_use]
pub fn texts(changes: &[Change]) -> BTreeMap<String, String> {
    let text = |own: &Change| String::from_utf8_lossy(&own.bytes).into_owned();
    let writes = changes.iter().filter(|own| own.action.writes());
    writes.map(|own| (own.path.to_string(), text(own))).collect()
}

impl Change {
    /// A file, written whatever is there.
    #[must_use]
    pub fn write(path: RelPath, expect: DiskState, bytes: Vec<u8>, mode: u32) -> Self {
        let action = match expect.bytes() {
            None => Action::Create,
            Some(there) if there == bytes => Action::Unchanged,
            Some(_) => Action::Replace,
        };
        Self { path, action, expect, bytes, mode, set_mode: None, why: String::new() }
    }

    /// What is there stays, for this reason.
    #[must_use]
    pub fn keep(path: RelPath, expect: DiskState, why: impl Into<String>) -> Self {
        let action = Action::Keep;
        Self { path, action, expect, bytes: Vec::new(), mode: 0, set_mode: None, why: why.into() }
    }

    /// The file gets these permission bits, also where its content stays.
    #[must_use]
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        // Where the platform has no modes, there is nothing to set.
        let DiskState::File { bytes, mode: there } = &self.expect else { return self };
        if !cfg!(unix) || *there == mode || self.action == Action::Remove {
            return self;
        }
        self.set_mode = Some(mode);
        if !self.action.writes() {
            self.bytes.clone_from(bytes);
            self.action = Action::Replace;
        }
        self
    }

    /// Whether something is written in the place of a file that its mode lets nobody write.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        match self.expect {
            DiskState::File { mode, .. } => cfg!(unix) && self.action.writes() && mode & 0o222 == 0,
            _ => false,
        }
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }
}
