//! apt-get that waits for an answer.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Keyword;
use crate::source::shell::Simple;

pub static RULE: Rule = Rule {
    code: "DF156",
    name: "apt-asks",
    severity: Severity::Warning,
    summary: "apt-get install is given -y",
    why: "As soon as a package brings another one, apt-get asks whether to go on. Nobody answers in a build, and it ends with `Abort.`: today, or when the base image no longer has what the package needs.",
    example: "RUN apt-get update && apt-get install -y --no-install-recommends curl",
    source: "apt-get(8): --yes; hadolint DL3014",
    fix: Some(Grade::Safe),
    check,
};

static APT: LazyLock<Regex> = LazyLock::new(|| {
    support::regex(r"\b(?:apt-get|apt)\b(?:\s+-\S+)*\s+(?:install|upgrade|dist-upgrade)\b")
});

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<At> = Vec::new();
    for build in subject.production_builds() {
        let settled = |text: &str| text.contains("Assume-Yes") || text.contains("assumeyes");
        if settled(&subject.texts[subject.recipes[build.recipe].text].text) {
            continue;
        }
        for run in subject.built_runs(build) {
            let own = &subject.file(build).instructions[run.at];
            let is_answered =
                own.arguments.text.contains("yes |") || own.arguments.text.contains("yes|");
            let asks: Vec<bool> = run.commands.iter().filter_map(asks).collect();
            if is_answered || !asks.contains(&true) || own.keyword != Keyword::Run {
                continue;
            }
            let places: Vec<_> = APT.find_iter(&own.arguments.text).collect();
            let text = subject.recipes[build.recipe].text;
            let first = asks.iter().position(|own| *own).unwrap_or(0);
            let at = match places.get(first).filter(|_| places.len() == asks.len()) {
                Some(found) => At::new(text, own.arguments.span(found.start(), found.end())),
                None => At::new(text, own.span),
            };
            if said.contains(&at) {
                continue;
            }
            said.push(at);
            let finding = findings.add(
                at,
                "apt-get asks before it installs what a package brings along, and nobody answers",
            );
            finding.about("apt-get").help("apt-get install -y …");
            let edits = support::insert(subject, build, run.at, &APT, &asks, " -y");
            if let Some(edits) = edits {
                let fix = Fix::new(Grade::Safe, "answers yes");
                finding.fix(edits.into_iter().fold(fix, |fix, edit| fix.edit(edit.at, edit.text)));
            }
        }
    }
}

/// Whether an installation waits for an answer; `None` for another command.
fn asks(command: &Simple) -> Option<bool> {
    let words = support::bare(command);
    let is_apt = matches!(support::program(words), "apt-get" | "apt");
    let second = words.iter().skip(1).find(|word| !word.starts_with('-'))?;
    let is_install = matches!(second.as_str(), "install" | "upgrade" | "dist-upgrade");
    if !is_apt || !is_install {
        return None;
    }
    let is_yes = |word: &String| {
        let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        matches!(
            word.as_str(),
            "--yes"
                | "--assume-yes"
                | "--force-yes"
                | "--simulate"
                | "--dry-run"
                | "--download-only"
        ) || word.starts_with("--quiet=2")
            || word.contains('$')
            || letters.is_some_and(|own| {
                own.starts_with("q=2") || own.contains(['y', 's', 'd']) || own.contains("qq")
            })
    };
    Some(!words.iter().skip(1).any(is_yes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::shell;

    #[test]
    fn yes_has_many_forms() {
        let of = |text: &str| asks(&shell::split(text)[0]);
        for text in ["apt-get -qy install x", "apt-get install x -yq", "apt-get -qq install x"] {
            assert_eq!(of(text), Some(false), "{text}");
        }
        assert_eq!(of("apt-get install --no-install-recommends x"), Some(true));
        assert_eq!(of("sudo apt install x"), Some(true));
        assert_eq!(of("apt-get update"), None);
        assert_eq!(of("apk add x"), None);
    }
}
