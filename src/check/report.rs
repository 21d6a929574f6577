//! What a check of one repository comes to.

use std::collections::BTreeSet;

use crate::apply::bookkeeping::Layer;
use crate::check::finding::{Finding, Kind, Level};
use crate::check::pins::Pins;

/// What makes a check fail.
pub type FailOn = BTreeSet<Kind>;

/// A file that stays out of updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// Where.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// Why a file stays out of updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The user's own file stands there.
    NotAdopted,
    /// The user's own file stands there, with edits by rule.
    Improved,
    /// It belongs with files of the user's that were kept.
    LeftOut,
    /// The user deleted it.
    Deleted,
}

impl Why {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAdopted => "kept, not adopted",
            Self::Improved => "yours, improved by rule",
            Self::LeftOut => "left out, it belongs with files that were kept",
            Self::Deleted => "deleted by you",
        }
    }
}

/// What a check of one repository comes to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The preset as `dockwright.toml` names it.
    pub reference: String,
    /// The layers that the files come from.
    pub layers: Vec<Layer>,
    /// Everything that was found, sorted by kind, file and line.
    pub findings: Vec<Finding>,
    /// Files that stay out of updates.
    pub kept: Vec<Out>,
    /// Merged files with edits of the user.
    pub customised: Vec<String>,
    /// What the files pin; `None` where nobody asked for it, or nothing could be judged.
    pub pins: Option<Pins>,
}

impl Report {
    /// `acme 3.1.0`: what the repository follows.
    #[must_use]
    pub fn label(&self) -> String {
        match self.layers.last() {
            Some(layer) => format!("{} {}", layer.name, layer.version),
            None => self.reference.clone(),
        }
    }

    /// How much a finding weighs.
    #[must_use]
    pub fn level(finding: &Finding, fail_on: &FailOn) -> Level {
        match finding.kind {
            _ if finding.waived.is_some() => Level::Note,
            Kind::Note if finding.warns => Level::Warning,
            Kind::Note => Level::Note,
            _ if finding.warn_until.is_some() => Level::Warning,
            kind if fail_on.contains(&kind) => Level::Error,
            _ => Level::Warning,
        }
    }

    /// Findings of a kind that no waiver allows.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |found| found.kind == kind && found.waived.is_none())
    }

    /// Findings that a waiver allows.
    pub fn waived(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|found| found.waived.is_some())
    }

    /// How many findings fail.
    #[must_use]
    pub fn failures(&self, fail_on: &FailOn) -> usize {
        let fails = |found: &&Finding| Self::level(found, fail_on) == Level::Error;
        self.findings.iter().filter(fails).count()
    }

    /// Adds what no one has found yet.
    pub fn add(&mut self, found: impl IntoIterator<Item = Finding>) {
        for finding in found {
            if !self.findings.iter().any(|known| known.is(&finding)) {
                self.findings.push(finding);
            }
        }
    }

    pub(super) fn sort(&mut self) {
        self.findings.sort_by(|one, other| {
            let key = |found: &Finding| (found.kind, found.path.clone(), found.line);
            key(one).cmp(&key(other)).then_with(|| one.rule.cmp(&other.rule))
        });
        self.kept.sort_by(|one, other| one.path.cmp(&other.path));
        self.customised.sort();
    }
}
