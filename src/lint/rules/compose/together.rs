//! What is said once of a project, though several services lack it.

use crate::lint::diagnostic::{Diagnostic, Edit, Fix, Grade};
use crate::lint::rule::Findings;
use crate::lint::subject::{Member, listed};

/// Adds one finding for all of these services, at the first of them; nothing
/// where there are none. `lacks` follows their names: `restart after no crash`.
pub(super) fn lack<'f>(
    findings: &'f mut Findings,
    members: &[Member<'_>],
    lacks: &str,
) -> Option<&'f mut Diagnostic> {
    let first = members.first()?;
    let names: Vec<&str> = members.iter().map(Member::name).collect();
    let message = format!("{} {lacks}", listed(&names));
    let finding = findings.add(first.at(), message);
    for other in &members[1..] {
        finding.related(other.at(), format!("{} as well", other.name()));
    }
    finding.about("services");
    Some(finding)
}

/// The fix that edits every one of these services; `None` where one of them
/// cannot be edited.
pub(super) fn fix(
    members: &[Member<'_>],
    grade: Grade,
    what: &str,
    edit: impl Fn(&Member<'_>) -> Option<Edit>,
) -> Option<Fix> {
    let edits: Option<Vec<Edit>> = members.iter().map(edit).collect();
    Some(edits?.into_iter().fold(Fix::new(grade, what), |fix, edit| fix.edit(edit.at, edit.text)))
}
