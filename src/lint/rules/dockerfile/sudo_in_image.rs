//! A way back to root.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Run, Subject};

pub static RULE: Rule = Rule {
    code: "DF123",
    name: "sudo-in-image",
    severity: Severity::Warning,
    summary: "the image has no sudo",
    why: "A build is root already, and a service that may call sudo is root for whoever breaks into it. It also stops working under `no-new-privileges`.",
    example: "USER 10001:10001",
    source: "Docker, Building best practices: USER; hadolint DL3004",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        if !support::is_service(subject, build) {
            continue;
        }
        for run in subject.runs(build) {
            let installs = run.commands.iter().flat_map(support::packages).any(|own| own == "sudo");
            let grants = run
                .commands
                .iter()
                .any(|own| own.words.iter().any(|word| word.contains("NOPASSWD")));
            if !installs && !grants {
                continue;
            }
            if is_needed(subject, build, &run) {
                continue;
            }
            let what = if grants {
                "a user of the image may become root without a password"
            } else {
                "sudo is installed in the image"
            };
            let finding = findings
                .add(subject.within(build, run.at, if grants { "NOPASSWD" } else { "sudo" }), what);
            finding.about("sudo").help("take it out: RUN is root before USER, and what needs root at the start belongs before USER");
            if !grants {
                finding.severity(Severity::Advice);
            }
            break;
        }
    }
}

static SUDO: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\bsudo\b"));

/// Whether something calls it: the code, a script that the container starts, or
/// another RUN.
fn is_needed(subject: &Subject, build: &Build, run: &Run) -> bool {
    let mut code = subject.tree.counted().filter(|path| path.ends_with(".py"));
    let scripts = subject.containers_with(build).flat_map(|own| &own.steps);
    let by_script = scripts
        .filter_map(|step| step.script)
        .any(|script| SUDO.is_match(&subject.texts[script].text));
    let by_run = subject.runs(build).iter().filter(|own| own.at > run.at).any(|own| {
        own.commands.iter().any(|own| own.words.first().is_some_and(|word| word == "sudo"))
    });
    by_script
        || by_run
        || code.any(|path| subject.tree.text(path).is_some_and(|text| SUDO.is_match(text)))
}
