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
    // What merges another of them gets it from there.
    let own: Vec<&Member<'_>> = members.iter().filter(|own| !merges_one_of(own, members)).collect();
    let edits: Option<Vec<Edit>> = own.into_iter().map(edit).collect();
    Some(edits?.into_iter().fold(Fix::new(grade, what), |fix, edit| fix.edit(edit.at, edit.text)))
}

/// Whether a service takes the keys of another one in by `<<: *anchor`.
fn merges_one_of(own: &Member<'_>, members: &[Member<'_>]) -> bool {
    let block = own.subject.lines_of(own.at());
    members.iter().filter(|other| other.name() != own.name()).any(|other| {
        let line = other.subject.lines_of(other.at());
        let name = line.lines().next().and_then(|line| line.split_once('&'));
        let name = name.and_then(|(_, rest)| rest.split_whitespace().next());
        name.is_some_and(|name| {
            block.lines().any(|line| {
                let merge = line.trim().strip_prefix("<<:").map(str::trim);
                merge.is_some_and(|merge| {
                    merge
                        .split(['[', ']', ',', ' '])
                        .any(|word| word.strip_prefix('*') == Some(name))
                })
            })
        })
    })
}
