//! An image for one architecture.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF144",
    name: "platform-pinned",
    severity: Severity::Style,
    summary: "the last stage is built for the architecture that is asked for",
    why: "A literal --platform makes the image for one architecture whatever is asked for: on another one, an ARM laptop or server, it runs in emulation, several times slower, or not at all.",
    example: "FROM python:3.14-slim-trixie",
    source: "BuildKit check FromPlatformFlagConstDisallowed",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let recipe = &subject.recipes[build.recipe];
        let Some(stage) = build.image.stages.first() else { continue };
        let first = recipe.file.stages[*stage].first;
        let instruction = &recipe.file.instructions[first];
        let flag = instruction.flags.iter().find(|flag| flag.name == "platform");
        let Some(flag) = flag else { continue };
        let Some(platform) = flag.value.as_deref().filter(|own| !own.contains('$')) else {
            continue;
        };
        findings
            .add(At::new(recipe.text, flag.span), format!("the image is built for {platform} wherever it is built"))
            .about(platform)
            .help(format!("docker build --platform {platform} …, or `platform:` of the service, where that is what is wanted"));
    }
}
