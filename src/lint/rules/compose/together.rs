//! What is said once of a project, though several services lack it.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{Diagnostic, Edit, Fix, Grade, SERVICES};
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
    finding.members(members.iter().map(Member::at));
    for other in &members[1..] {
        finding.related(other.at(), format!("{} as well", other.name()));
    }
    finding.about(SERVICES);
    Some(finding)
}

/// Names another service that a finding is about as well.
pub(super) fn likewise(found: &mut Diagnostic, name: &str) {
    let is_known =
        found.subject == name || found.message.split([' ', ',', ')']).any(|word| word == name);
    if is_known {
        return;
    }
    match found.message.strip_suffix(')').filter(|own| own.contains(" (like ")) {
        Some(said) => found.message = format!("{said}, {name})"),
        None => found.message.push_str(&format!(" (like {name})")),
    }
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
    let anchors: Vec<Option<&str>> = members.iter().map(anchor).collect();
    let known: HashSet<&str> = anchors.iter().copied().flatten().collect();
    let names: Vec<&str> = members.iter().map(Member::name).collect();
    let own = members.iter().zip(anchors).filter(|(own, anchor)| {
        !merges_one_of(own, *anchor, &known)
            && extended(own).is_none_or(|base| !names.contains(&base.as_str()))
    });
    let edits: Option<Vec<Edit>> = own.map(|(own, _)| edit(own)).collect();
    Some(edits?.into_iter().fold(Fix::new(grade, what), |fix, edit| fix.edit(edit.at, edit.text)))
}

/// The name that others merge a service by: `web: &base`.
fn anchor<'s>(own: &Member<'s>) -> Option<&'s str> {
    let line = own.subject.lines_of(own.at()).lines().next()?;
    line.split_once('&')?.1.split_whitespace().next()
}

/// `extends: base`, and the same with a service's name in braces or on lines of its own.
static EXTENDS: LazyLock<Regex> = LazyLock::new(|| {
    let name = r#"["']?([\w.-]+)["']?"#;
    Regex::new(&format!(
        r"(?m)^\s+extends:(?:[ \t]*{name}[ \t]*(?:#.*)?$|[^\n]*\{{[^}}]*\bservice:\s*{name}|\s+service:\s*{name})"
    ))
    .expect("it is constant")
});

/// The service of the same file that a service extends: what that gets, it has.
fn extended(own: &Member<'_>) -> Option<String> {
    let lines = own.subject.lines_of(own.at());
    let found = EXTENDS.captures(lines)?;
    let is_elsewhere = lines[found.get(0)?.start()..].lines().take(3).any(|l| l.contains("file:"));
    let name = (1..4).find_map(|number| found.get(number))?;
    (!is_elsewhere && name.as_str() != own.name()).then(|| name.as_str().to_owned())
}

/// Whether a service takes in, by `<<: *anchor`, the keys of another one.
fn merges_one_of(own: &Member<'_>, anchor: Option<&str>, known: &HashSet<&str>) -> bool {
    if known.is_empty() {
        return false;
    }
    own.subject.lines_of(own.at()).lines().any(|line| {
        let merge = line.trim().strip_prefix("<<:").map(str::trim).unwrap_or_default();
        let mut words = merge.split(['[', ']', ',', ' ']).filter_map(|word| word.strip_prefix('*'));
        words.any(|word| known.contains(word) && Some(word) != anchor)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::lint::{Subject, judge, rules};

    fn found(files: &[(&str, &str)], code: &str) -> Vec<String> {
        let directory = assert_fs::TempDir::new().unwrap();
        for (path, text) in files {
            fs::write(directory.path().join(path), text).unwrap();
        }
        let subject = Subject::read(directory.path()).unwrap();
        let rule = rules::ALL.iter().copied().find(|rule| rule.code == code).unwrap();
        judge(&subject, &[rule]).into_iter().map(|own| own.message).collect()
    }

    #[test]
    fn a_line_that_services_share_is_said_once_with_their_names() {
        let image = ("Dockerfile", "FROM python:3.14-slim\nCMD [\"gunicorn\", \"a:b\"]\n");
        let compose = "x-base: &base\n  build: .\n  depends_on: [db]\n  volumes: ['/etc:/host']\nservices:\n  one:\n    <<: *base\n  two:\n    <<: *base\n  three:\n    <<: *base\n  db:\n    image: postgres:18\n";
        let of = |code: &str| found(&[image, ("compose.yaml", compose)], code);
        assert_eq!(of("CO107"), ["one starts before db answers (like two, three)"]);
        assert_eq!(of("CO128").len(), 1);
    }

    #[test]
    fn a_file_that_two_projects_load_is_judged_once() {
        let base = "services:\n  web:\n    image: acme/shop:1\n  db:\n    image: postgres:18\n";
        let files = [
            ("compose.yaml", base),
            ("compose.live.yaml", "services:\n  web:\n    restart: always\n"),
            ("compose.release.yaml", "services:\n  web:\n    restart: always\n"),
        ];
        assert_eq!(found(&files, "CO102").len(), 1);
        assert_eq!(found(&files, "CO118").len(), 1);
    }
}
