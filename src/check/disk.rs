//! Locks, floors and rules, held against the files on disk: what a person
//! wrote into a merged file is judged like what was answered. The rules are
//! those of `lint::rules::POLICY`; here their findings get who demands it.

use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::lint::subject::{Held, Unread};
use crate::lint::{self, Diagnostic, Severity, Subject, rules};
use crate::policy::Requirement;
use crate::project::Project;

/// Judges the files by every policy. Under one from outside, what cannot be
/// judged fails: whoever is judged wrote it.
///
/// # Errors
/// Files that are there and cannot be read.
pub fn judge(project: &Project, held: Vec<Held>) -> Result<Vec<Finding>, Error> {
    let mut findings: Vec<Finding> = Vec::new();
    for held in held.into_iter().filter(|held| !held.requirements.is_empty()) {
        for found in of_standard(project, held)? {
            // A file that two projects share says everything twice, and what one
            // from outside fails is no note of the repository's own.
            let is_known = |known: &Finding| {
                known.layer == found.layer
                    && (known.is(&found)
                        || (found.unknown || found.rule == "unread")
                            && (&known.rule, &known.path, known.line)
                                == (&found.rule, &found.path, found.line))
            };
            if !findings.iter().any(is_known) {
                findings.push(found);
            }
        }
    }
    Ok(findings)
}

fn of_standard(project: &Project, held: Held) -> Result<Vec<Finding>, Error> {
    let is_outside = held.is_outside;
    let subject = Subject::against(&project.dir, held)?;
    let Some(standard) = &subject.standard else { return Ok(Vec::new()) };
    let mut findings: Vec<Finding> = Vec::new();
    for found in lint::judge(&subject, rules::POLICY) {
        let Some(number) = found.requirement else { continue };
        findings.push(finding(&subject, &standard.requirements[number], &found));
    }
    findings.extend(standard.unread.iter().map(not_read));
    let fails = |own: &Finding| is_outside && (own.unknown || own.rule == "unread");
    Ok(findings.into_iter().map(|own| if fails(&own) { failing(own) } else { own }).collect())
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
