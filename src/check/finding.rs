//! What a check finds, whatever it is about.

use crate::error::Place;
use crate::policy::Requirement;

/// What a finding is about. Each has its own field in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Something that dockwright alone writes was edited, or is gone.
    Drift,
    /// An update waits for a person.
    Conflict,
    /// A lock, a floor or a rule does not hold.
    Policy,
    /// What a cluster would be told does not fit together.
    Manifests,
    /// There is something newer.
    Outdated,
    /// Something a person should know; it never fails.
    Note,
}

impl Kind {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::Conflict => "conflict",
            Self::Policy => "policy",
            Self::Manifests => "manifests",
            Self::Outdated => "outdated",
            Self::Note => "note",
        }
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is only said.
    Note,
    /// It does not fail, or not yet.
    Warning,
    /// It fails.
    Error,
}

impl Level {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A waiver, as it counts for a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// Why the finding is allowed.
    pub reason: String,
    /// The last day on which it is, `YYYY-MM-DD`.
    pub until: String,
    /// Where that is said.
    pub place: Place,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub kind: Kind,
    /// What of that: `managed`, `base`, `markers`; of a policy its key, its
    /// subject, or the id of its rule.
    pub rule: String,
    /// The rule of the audit that found it in a file: `PO102`.
    pub code: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// The file, below the repository.
    pub path: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// The layer that demands otherwise.
    pub layer: Option<String>,
    /// Where that layer does.
    pub demand: Option<Place>,
    /// The last day on which it is only a warning.
    pub warn_until: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// The waiver that allows it.
    pub waived: Option<Waived>,
    /// Whether a note is a warning.
    pub warns: bool,
    /// Whether it says that something could not be judged.
    pub unknown: bool,
}

impl Finding {
    /// A finding with neither place nor advice yet.
    #[must_use]
    pub fn new(kind: Kind, rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            rule: rule.into(),
            code: None,
            message: message.into(),
            path: None,
            line: None,
            layer: None,
            demand: None,
            warn_until: None,
            help: None,
            waived: None,
            warns: false,
            unknown: false,
        }
    }

    /// What of a requirement does not hold, in a file.
    #[must_use]
    pub fn of(requirement: &Requirement, path: &str, line: Option<usize>, message: &str) -> Self {
        Self {
            layer: Some(requirement.layer.clone()),
            demand: Some(requirement.place.clone()),
            warn_until: requirement.warn_until.clone(),
            ..Self::new(Kind::Policy, &requirement.id, requirement.say(message))
                .in_file(path)
                .on_line(line)
        }
    }

    /// What of a requirement could not be told, in a file.
    #[must_use]
    pub fn unknown(
        requirement: &Requirement,
        path: &str,
        line: Option<usize>,
        message: &str,
    ) -> Self {
        Self {
            layer: Some(requirement.layer.clone()),
            demand: Some(requirement.place.clone()),
            unknown: true,
            ..Self::note(&requirement.id, message).in_file(path).on_line(line)
        }
    }

    /// Something a person should act on, though it does not fail.
    #[must_use]
    pub fn warning(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self { warns: true, ..Self::note(rule, message) }
    }

    /// Something a person should know.
    #[must_use]
    pub fn note(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Note, rule, message)
    }

    /// Says in which file.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says in which line, if that is known.
    #[must_use]
    pub fn on_line(mut self, line: Option<usize>) -> Self {
        self.line = line;
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether two findings say the same, by whomever it is demanded.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        (self.kind, &self.rule, &self.path, self.line, &self.message)
            == (other.kind, &other.rule, &other.path, other.line, &other.message)
    }
}
