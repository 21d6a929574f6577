//! Locks, floors and rules, held against the files on disk: what a person
//! wrote into a merged file is judged like what was answered. The rules are
//! those of `lint::rules::POLICY`; here their findings get who demands it.

use crate::answers::Draft;
use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::lint::subject::Unread;
use crate::lint::{self, Diagnostic, Severity, Subject, rules};
use crate::plan::Plan;
use crate::policy::{Policy, Requirement};
use crate::project::Project;
use crate::render::Rendered;

/// Judges the files by every policy. Under one from `outside`, what cannot be
/// judged fails: whoever is judged wrote it.
///
/// # Errors
/// Files that are there and cannot be read.
pub fn judge(
    project: &Project,
    outside: &[Policy],
    own: &Policy,
    draft: &Draft,
    plan: &Plan,
    renders: &[Rendered],
) -> Result<Vec<Finding>, Error> {
    let strict: Vec<Requirement> = outside.iter().flat_map(|policy| policy.0.clone()).collect();
    let strict_until = strict.len();
    let requirements = [strict, own.0.clone()].concat();
    if requirements.is_empty() {
        return Ok(Vec::new());
    }
    let is_partial = !project.lock.only.is_empty();
    let subject = Subject::against(&project.dir, requirements, draft, plan, is_partial, renders)?;
    let Some(standard) = &subject.standard else { return Ok(Vec::new()) };
    let mut findings: Vec<Finding> = Vec::new();
    for found in lint::judge(&subject, rules::POLICY) {
        let Some(number) = found.requirement else { continue };
        let one = finding(&subject, &standard.requirements[number], &found);
        let one = if number < strict_until && one.unknown { failing(one) } else { one };
        // A file that two projects share says everything twice.
        if !findings.iter().any(|known| known.is(&one) && known.layer == one.layer) {
            findings.push(one);
        }
    }
    let unread = standard.unread.iter().map(not_read);
    findings.extend(unread.map(|one| if strict_until > 0 { failing(one) } else { one }));
    Ok(findings)
}

fn finding(subject: &Subject, requirement: &Requirement, found: &Diagnostic) -> Finding {
    let path = subject.path(found.at.text);
    // What is missing has no line of its own.
    let line = (found.at.span.end > 0).then(|| subject.line(found.at));
    let mut finding = if found.is_unknown {
        Finding::unknown(requirement, path, line, &found.message)
    } else {
        Finding::of(requirement, path, line, &found.message)
    };
    if found.severity < Severity::Warning {
        finding.kind = Kind::Note;
    }
    Finding { code: Some(found.code), help: found.help.clone(), ..finding }
}

fn not_read(own: &Unread) -> Finding {
    let message = format!("it could not be judged: {}", own.why);
    Finding::note("unread", message).in_file(&own.path).on_line((own.line > 0).then_some(own.line))
}

/// A finding that could not be judged: under a policy from outside, it fails.
fn failing(finding: Finding) -> Finding {
    let message = match finding.rule.as_str() {
        "unread" => finding.message.clone(),
        _ => format!("it cannot be judged: {}", finding.message),
    };
    Finding { kind: Kind::Policy, message, ..finding }
}
