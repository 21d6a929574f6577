//! A way back to root.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;

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
        for run in subject.runs(build) {
            let installs = run.commands.iter().flat_map(support::packages).any(|own| own == "sudo");
            let grants = run
                .commands
                .iter()
                .any(|own| own.words.iter().any(|word| word.contains("NOPASSWD")));
            if !installs && !grants {
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
