//! Rules over what an engine would make of the files: one diagnostic, one
//! registry, a file per rule.
//!
//! ```text
//! files ──source──▶ documents ──subject──▶ containers, images, projects ──rules──▶ diagnostics
//! ```
//!
//! - `subject`: the effective stack; what a rule asks about it is answered there
//! - `rules`: what is right, one file each; those in `policy` hold a repository
//!   against a team's standard
//! - `rule`, `diagnostic`: their types
//! - `numbers`: the plan's, for what a finding says to write

pub mod diagnostic;
pub mod edit;
mod helps;
pub mod ignores;
pub mod mend;
pub mod numbers;
pub mod rule;
pub mod rules;
pub mod subject;
mod unread;
pub mod waiver;
pub mod weights;

use std::collections::HashSet;
use std::num::NonZero;
use std::thread;

pub use diagnostic::{At, Diagnostic, Edit, Fix, Grade, NewFile, Severity};
pub use numbers::Numbers;
pub use rule::{Findings, Rule};
pub use subject::Subject;

use crate::parallel;

/// Holds a subject against rules; what they find, by file, line and code.
#[must_use]
pub fn judge(subject: &Subject, rules: &[&Rule]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = each(subject, rules);
    let place = |at: At| {
        let text = &subject.texts[at.text];
        (text.path.clone(), text.line(at.span.start), at.span.start)
    };
    found.sort_by_cached_key(|own| (place(own.at), own.code, own.message.clone()));
    found.dedup_by(|one, other| {
        (one.code, one.at, one.requirement, &one.message)
            == (other.code, other.at, other.requirement, &other.message)
    });
    // Two projects that load one file, two images of one line: one cause. What has
    // no name is known by its message alone.
    let mut known = HashSet::new();
    found.retain(|own| {
        own.is_unknown
            || own.subject.is_empty()
            || known.insert((own.code, own.at, own.requirement, own.subject.clone()))
    });
    found
}

/// What each rule finds, one after the other; of a large stack on all cores.
fn each(subject: &Subject, rules: &[&Rule]) -> Vec<Diagnostic> {
    /// Fewer files than this are not worth a thread.
    const MANY: usize = 64;
    let threads = match subject.texts.len() < MANY {
        true => 1,
        false => thread::available_parallelism().map_or(1, NonZero::get),
    };
    let found = parallel::each(rules, threads, |rule| of_rule(subject, rule));
    found.into_iter().flatten().collect()
}

fn of_rule(subject: &Subject, rule: &Rule) -> Vec<Diagnostic> {
    let mut findings = Findings::of(rule);
    (rule.check)(subject, &mut findings);
    let mut own = findings.found;
    own.iter_mut().filter(|one| is_milder(subject, one)).for_each(soften);
    for one in &mut own {
        continue_lines(subject, one);
        helps::complete(subject, one);
    }
    own
}

/// Rules write `\\` where a line goes on: some Dockerfiles name another character.
fn continue_lines(subject: &Subject, own: &mut Diagnostic) {
    let edits = own.fix.iter_mut().flat_map(|fix| &mut fix.edits);
    for edit in edits.filter(|edit| edit.text.contains("\\\n")) {
        let recipe = subject.recipes.iter().find(|recipe| recipe.text == edit.at.text);
        let escape = recipe.map_or('\\', |recipe| recipe.file.escape);
        edit.text = edit.text.replace("\\\n", &format!("{escape}\n"));
    }
}

/// What is as bad where a project is worked on: it starts for nobody.
const ANYWHERE: [&str; 6] = ["CO119", "CO122", "CO127", "CO138", "CO139", "CO144"];

/// Whether a finding is about a project that is worked on, where it weighs less.
fn is_milder(subject: &Subject, own: &Diagnostic) -> bool {
    own.code.starts_with("CO") && !ANYWHERE.contains(&own.code) && subject.is_developed(own.at.text)
}

/// One step down. Data that a developer's database holds can be made again, and
/// of tasks that a developer's broker loses nobody speaks.
fn soften(own: &mut Diagnostic) {
    own.severity = softened(own.code, own.severity);
}

/// What something of a rule weighs where a project is worked on.
fn softened(code: &str, severity: Severity) -> Severity {
    match severity {
        Severity::Error if code == "CO118" => Severity::Advice,
        _ if code == "CO116" => Severity::Style,
        Severity::Error => Severity::Warning,
        Severity::Warning => Severity::Advice,
        Severity::Advice | Severity::Style => Severity::Style,
    }
}
