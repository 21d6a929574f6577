//! What a rule finds, and how it would be mended.

use crate::lint::subject::Subject;
use crate::source::text::Span;

/// What a finding is about that is said once of several services.
pub const SERVICES: &str = "services";

/// How much a finding weighs, by what happens to who uses the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Taste. Off unless asked for.
    Style,
    /// Good to have; most repositories lack it.
    Advice,
    /// Slow, or it will fail some day.
    Warning,
    /// An outage, a leak, lost data.
    Error,
}

impl Severity {
    /// Every one, the lightest first.
    pub const ALL: [Self; 4] = [Self::Style, Self::Advice, Self::Warning, Self::Error];

    /// The word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Style => "style",
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.word() == word)
    }
}

/// A place in a file of the subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The number of the file.
    pub text: usize,
    /// Its bytes.
    pub span: Span,
}

impl At {
    /// Bytes of a file.
    #[must_use]
    pub const fn new(text: usize, span: Span) -> Self {
        Self { text, span }
    }

    /// The beginning of a file: what is missing has no place of its own.
    #[must_use]
    pub const fn file(text: usize) -> Self {
        Self { text, span: Span::new(0, 0) }
    }
}

/// Whether an edit may be made unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Shown, and taken one by one.
    Suggested,
    /// Cannot change what the application does while a condition holds, and the
    /// condition was checked.
    Checked,
    /// Cannot change what the application does.
    Safe,
}

impl Grade {
    /// The word for people and programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suggested => "suggested",
            Self::Checked => "checked",
            Self::Safe => "safe",
        }
    }
}

/// New text for bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; none where something is only put in.
    pub at: At,
    /// What comes in their place. Line ends are `\n`: they become those of the file.
    pub text: String,
}

/// A file that is not there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its path, relative to the directory that is read.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// How a finding is mended: all of it, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Whether it may be made unseen.
    pub grade: Grade,
    /// What it does, as one line for people.
    pub what: String,
    /// The condition that was checked, of a checked one.
    pub condition: Option<String>,
    /// Edits of files that are there.
    pub edits: Vec<Edit>,
    /// Files that it makes.
    pub files: Vec<NewFile>,
}

impl Fix {
    /// A fix of one grade with nothing in it yet.
    #[must_use]
    pub fn new(grade: Grade, what: impl Into<String>) -> Self {
        Self { grade, what: what.into(), condition: None, edits: Vec::new(), files: Vec::new() }
    }

    /// Replaces bytes.
    #[must_use]
    pub fn edit(mut self, at: At, text: impl Into<String>) -> Self {
        self.edits.push(Edit { at, text: text.into() });
        self
    }

    /// Makes a file.
    #[must_use]
    pub fn file(mut self, path: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push(NewFile { path: path.into(), text: text.into() });
        self
    }

    /// Says which condition was checked.
    #[must_use]
    pub fn condition(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code of its rule.
    pub code: &'static str,
    /// How much it weighs: what its rule says, or less where the case is mild.
    pub severity: Severity,
    /// What is wrong here.
    pub message: String,
    /// Where.
    pub at: At,
    /// What it is about, by name: a service, a stage, a variable. Together with
    /// the code, the file and the text of the line it is what the finding is
    /// known by from one run to the next.
    pub subject: String,
    /// What to write, for this file.
    pub help: Option<String>,
    /// Other places that belong to it, each with what it says.
    pub related: Vec<(At, String)>,
    /// Where it is about several alike, like services that lack the same line: the
    /// place of each, its own included. A baseline knows it by these.
    pub members: Vec<At>,
    /// How it is mended.
    pub fix: Option<Fix>,
    /// The requirement that does not hold, by its number in the standard.
    pub requirement: Option<usize>,
    /// Whether it says that something could not be judged.
    pub is_unknown: bool,
}

impl Diagnostic {
    /// Something that is wrong at a place; a rule's findings add its code.
    #[must_use]
    pub fn new(at: At, message: impl Into<String>) -> Self {
        Self {
            code: "",
            severity: Severity::Error,
            message: message.into(),
            at,
            subject: String::new(),
            help: None,
            related: Vec::new(),
            members: Vec::new(),
            fix: None,
            requirement: None,
            is_unknown: false,
        }
    }

    /// What it is about, by name: where several services are, each of them.
    #[must_use]
    pub fn names(&self, subject: &Subject) -> Vec<String> {
        if self.subject != SERVICES {
            return vec![self.subject.clone()];
        }
        let places = std::iter::once(self.at).chain(self.related.iter().map(|(at, _)| *at));
        let name = |at: At| {
            let text = subject.slice(at).trim();
            text.split_once(':').map_or(text, |(name, _)| name).trim_matches(['"', '\'']).to_owned()
        };
        places.map(name).collect()
    }

    /// Something at a place that could not be judged.
    #[must_use]
    pub fn unknown(at: At, message: impl Into<String>) -> Self {
        Self { is_unknown: true, ..Self::new(at, message) }
    }

    /// Says what it is about, by name.
    pub fn about(&mut self, subject: impl Into<String>) -> &mut Self {
        self.subject = subject.into();
        self
    }

    /// Says what to write instead.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// The same, of one that is not among a rule's findings yet.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names another place that belongs to it.
    pub fn related(&mut self, at: At, what: impl Into<String>) -> &mut Self {
        self.related.push((at, what.into()));
        self
    }

    /// Says that it is about several alike, however many they are now.
    pub fn members(&mut self, members: impl IntoIterator<Item = At>) -> &mut Self {
        self.members.extend(members);
        self
    }

    /// Weighs it less, or more, than its rule does.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// Says how it is mended.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(fix);
        self
    }
}
