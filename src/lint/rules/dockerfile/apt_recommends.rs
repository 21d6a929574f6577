//! Packages that nobody asked for.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF115",
    name: "apt-recommends",
    severity: Severity::Style,
    summary: "apt-get install takes no recommended packages",
    why: "Debian installs what a package recommends along with it: manuals, fonts, other tools, often several times the package's own size.",
    example: "RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*",
    source: "Docker, Building best practices: apt-get; hadolint DL3015",
    fix: Some(Grade::Suggested),
    check,
};

static INSTALL: LazyLock<Regex> =
    LazyLock::new(|| support::regex(r"\bapt(?:-get)?(?:\s+-[^\s]+)*\s+install\b"));

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let text = &subject.texts[subject.recipes[build.recipe].text].text;
        // Turned off for all of them.
        if text.contains("Install-Recommends") {
            continue;
        }
        for run in subject.runs(build) {
            let all: Vec<_> =
                run.commands.iter().filter(|own| support::is_apt(own, "install")).collect();
            let open = all.iter().filter(|own| {
                !own.words
                    .iter()
                    .any(|word| word == "--no-install-recommends" || word.contains("Recommends"))
                    && !support::packages(own).is_empty()
            });
            let open = open.count();
            if open == 0 {
                continue;
            }
            let finding = findings.add(
                support::place(subject, build, run.at, &INSTALL),
                "apt-get install takes recommended packages along",
            );
            finding.about("apt-get install").help("apt-get install -y --no-install-recommends …");
            if open == all.len() {
                let edits = support::insert(
                    subject,
                    build,
                    run.at,
                    &INSTALL,
                    &vec![true; open],
                    " --no-install-recommends",
                );
                if let Some(edits) = edits {
                    let fix =
                        Fix::new(Grade::Suggested, "installs what is named, and nothing else");
                    finding.fix(edits.into_iter().fold(fix, |fix, own| fix.edit(own.at, own.text)));
                }
            }
        }
    }
}
