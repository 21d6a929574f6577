//! Rules over what an engine would make of the files: one diagnostic, one
//! registry, a file per rule.
//!
//! ```text
//! files ──source──▶ documents ──subject──▶ containers, images, projects ──rules──▶ diagnostics
//! ```
//!
//! - `subject`: the effective stack; what a rule asks about it is answered there
//! - `rules`: what is right, one file each
//! - `rule`, `diagnostic`: their types

pub mod diagnostic;
pub mod edit;
pub mod ignores;
pub mod mend;
pub mod rule;
pub mod rules;
pub mod subject;
pub mod waiver;

pub use diagnostic::{At, Diagnostic, Edit, Fix, Grade, NewFile, Severity};
pub use rule::{Findings, Rule};
pub use subject::Subject;

/// Holds a subject against rules; what they find, by file, line and code.
#[must_use]
pub fn judge(subject: &Subject, rules: &[&Rule]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in rules {
        let mut findings = Findings::of(rule);
        (rule.check)(subject, &mut findings);
        found.append(&mut findings.found);
    }
    let place = |at: At| {
        let text = &subject.texts[at.text];
        (text.path.clone(), text.line(at.span.start), at.span.start)
    };
    found.sort_by_cached_key(|own| (place(own.at), own.code, own.message.clone()));
    found.dedup_by(|one, other| {
        (one.code, one.at, &one.message) == (other.code, other.at, &other.message)
    });
    found
}
