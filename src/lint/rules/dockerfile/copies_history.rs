//! The history of the repository in the image.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Transfer;

pub static RULE: Rule = Rule {
    code: "DF141",
    name: "copies-the-repository-history",
    severity: Severity::Warning,
    summary: ".git is not copied into the image",
    why: "Everything that was ever committed, secrets that were deleted since among it, is in the image for whoever can pull it, and every commit makes a new layer.",
    example: "RUN --mount=type=bind,source=.git,target=.git pip install .",
    source: "Docker, Building best practices: .dockerignore",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let file = subject.file(build);
        for (at, instruction) in subject.instructions(build) {
            if instruction.flag("from").is_some() {
                continue;
            }
            let Some(copied) = Transfer::of(instruction, file.escape) else { continue };
            let own = |source: &String| {
                source.trim_start_matches("./").trim_end_matches('/').trim_start_matches('/')
                    == ".git"
            };
            let Some(source) = copied.sources.iter().find(|source| own(source)) else { continue };
            findings
                .add(subject.within(build, at, source), "the whole history of the repository is in the image")
                .about(source.as_str())
                .help("--mount=type=bind,source=.git,target=.git in the RUN that asks git for the version");
        }
    }
}
