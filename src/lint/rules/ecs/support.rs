//! What rules of ECS have in common.

use crate::lint::diagnostic::Diagnostic;
use crate::lint::rule::Findings;
use crate::lint::rules::milder;
use crate::lint::subject::tasks::{Described, Field};
use crate::lint::subject::{Purpose, Subject};

/// Adds a finding at a value; what is there for development weighs one step less.
pub fn add<'f>(
    findings: &'f mut Findings,
    subject: &Subject,
    own: Described<'_>,
    place: Field<'_>,
    message: impl Into<String>,
) -> &'f mut Diagnostic {
    let finding = findings.add(place.place(subject), message);
    finding.about(own.name());
    if own.purpose == Purpose::Development {
        finding.severity(milder(finding.severity));
    }
    finding
}

/// Every container of a task definition that is the application's: a router of logs is
/// the maker's.
pub fn containers(subject: &Subject) -> Vec<(Described<'_>, Field<'_>, String)> {
    let mut found = Vec::new();
    for task in subject.task_definitions() {
        for own in task.field().list(&["containerDefinitions"]) {
            if own.at(&["firelensConfiguration"]).is_some() {
                continue;
            }
            let name = own.text(&["name"]).unwrap_or_default();
            found.push((task, own, format!("{}, container {name}", task.name())));
        }
    }
    found
}

/// Whether a task runs on Fargate, as far as its definition says.
pub fn is_fargate(task: Described<'_>) -> bool {
    task.field().words(&["requiresCompatibilities"]).iter().any(|own| own == "FARGATE")
}
