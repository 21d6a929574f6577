//! A user whose number Kubernetes does not know.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Run, Subject, known};

pub static RULE: Rule = Rule {
    code: "DF136",
    name: "symbolic-user",
    severity: Severity::Style,
    summary: "USER is a number",
    why: "Kubernetes refuses an image whose USER is a name under `runAsNonRoot`: it cannot tell that the name is not root. And the owner of a volume is a number that a rebuilt image may give to somebody else.",
    example: "USER 10001:10001",
    source: "Kubernetes, Pod security context: runAsNonRoot; hadolint DL3066",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let Some(user) = &build.image.user else { continue };
        let Some(text) = user.value.known() else { continue };
        let (name, group) =
            text.split_once(':').map_or((text, None), |(name, group)| (name, Some(group)));
        if name.is_empty()
            || matches!(name, "root" | "0")
            || name.chars().all(|c| c.is_ascii_digit())
        {
            continue;
        }
        let written = subject.file(build).instructions[user.at].arguments.text.trim();
        let number = number(&subject.runs(build), name);
        let at = subject.within(build, user.at, written);
        let finding = findings.add(at, format!("USER {name} is a name"));
        let help = number.as_deref().unwrap_or(
            "10001:10001   (the numbers that the user is created with: useradd --uid 10001)",
        );
        finding.about(name).help(format!("USER {help}"));
        // Its group is that of the entry in /etc/passwd, found by number as by name.
        if let (Some(number), None, true) = (number, group, written == text) {
            finding.fix(
                Fix::new(Grade::Safe, format!("writes the number of {name}")).edit(at, number),
            );
        }
    }
}

/// The number of the user that an image starts as; `None` for one whose number is not
/// known.
pub fn uid(subject: &Subject, build: &Build) -> Option<u32> {
    let user = build.image.user.as_ref()?.value.known()?;
    let name = user.split(':').next()?;
    let number = || known(&build.image, &created(&subject.runs(build), name)?);
    name.parse().ok().or_else(|| number()?.parse().ok())
}

/// The number that a user is created with.
fn number(runs: &[Run], name: &str) -> Option<String> {
    created(runs, name)
        .filter(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

/// The word that says the number which a user is created with.
fn created(runs: &[Run], name: &str) -> Option<String> {
    runs.iter().flat_map(|run| &run.commands).find_map(|command| {
        let words = support::bare(command);
        let creates = matches!(support::program(words), "useradd" | "adduser");
        if !creates || !words.iter().any(|word| word == name) {
            return None;
        }
        let attached = words.iter().find_map(|word| word.strip_prefix("--uid="));
        let at = words.iter().position(|word| matches!(word.as_str(), "-u" | "--uid"));
        attached.or_else(|| words.get(at? + 1).map(String::as_str)).map(str::to_owned)
    })
}
