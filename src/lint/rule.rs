//! A rule, and the list of all of them.

use crate::lint::diagnostic::{At, Diagnostic, Grade, Severity};
use crate::lint::ignores;
use crate::lint::subject::Subject;

/// What files are held against. Each stands in a file of its own in `rules`.
pub struct Rule {
    /// Its code, which never changes: `DF…` Dockerfile, `CO…` compose, `NG…`
    /// nginx, `PY…` servers and settings, `XF…` several files, `EN…` env files, `KU…`
    /// Kubernetes, `EC…` ECS.
    pub code: &'static str,
    /// Its name, for people: `root-user`.
    pub name: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it asks for, in one line.
    pub summary: &'static str,
    /// What happens otherwise, and to whom.
    pub why: &'static str,
    /// Lines that are right.
    pub example: &'static str,
    /// Where that is said: documentation, source, a measurement.
    pub source: &'static str,
    /// The best grade its fixes have; `None` where a person has to decide.
    pub fix: Option<Grade>,
    /// Looks for what breaks it.
    pub check: fn(&Subject, &mut Findings),
}

/// Collects what one rule finds.
#[derive(Debug)]
pub struct Findings {
    code: &'static str,
    severity: Severity,
    /// What was found.
    pub found: Vec<Diagnostic>,
}

impl Findings {
    /// Nothing found yet, by this rule.
    #[must_use]
    pub const fn of(rule: &Rule) -> Self {
        Self { code: rule.code, severity: rule.severity, found: Vec::new() }
    }

    /// What one finding would be about, where a comment allows this rule for some of
    /// it: the others together, and each of these by itself, so that a comment is about
    /// its own line.
    pub fn apart<T>(&self, subject: &Subject, all: Vec<T>, at: impl Fn(&T) -> At) -> Vec<Vec<T>> {
        let allowed = ignores::lines(subject, self.code, all.iter().map(&at));
        let is_allowed = |own: &T| allowed.contains(&(at(own).text, subject.line(at(own))));
        let (allowed, rest): (Vec<T>, Vec<T>) = all.into_iter().partition(is_allowed);
        let rest = Some(rest).filter(|own| !own.is_empty());
        rest.into_iter().chain(allowed.into_iter().map(|own| vec![own])).collect()
    }

    /// Adds a finding; what it returns takes the rest.
    pub fn add(&mut self, at: At, message: impl Into<String>) -> &mut Diagnostic {
        self.found.push(Diagnostic {
            code: self.code,
            severity: self.severity,
            ..Diagnostic::new(at, message)
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Adds what is whole but for its code.
    pub fn put(&mut self, found: Diagnostic) {
        self.found.push(Diagnostic { code: self.code, ..found });
    }
}

/// The rule of a code or a name, in any case.
#[must_use]
pub fn find(word: &str) -> Option<&'static Rule> {
    let is = |rule: &&&Rule| {
        rule.code.eq_ignore_ascii_case(word) || rule.name.eq_ignore_ascii_case(word)
    };
    super::rules::ALL.iter().chain(super::ignores::META).find(is).copied()
}
