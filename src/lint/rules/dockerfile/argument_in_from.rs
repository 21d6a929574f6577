//! A base image that nobody keeps up to date.

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF135",
    name: "argument-in-from",
    severity: Severity::Style,
    summary: "FROM names its image literally",
    why: "Dependabot does not follow build arguments: an image behind one is never bumped, and its security fixes arrive when somebody thinks of it.",
    example: "FROM python:3.14-slim-trixie",
    source: "GitHub, Dependabot: supported ecosystems, docker",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let recipe = &subject.recipes[build.recipe];
        for stage in subject.stages(build) {
            let own = &recipe.file.stages[stage];
            if !own.from.contains('$') {
                continue;
            }
            let chain = recipe.file.chain(stage, &crate::source::dockerfile::Arguments::new());
            let known = chain.base.known().unwrap_or("python:3.14-slim-trixie").to_owned();
            findings
                .add(
                    At::new(recipe.text, own.from_span),
                    format!("FROM {} is behind a build argument", own.from),
                )
                .about(&own.from)
                .help(format!("FROM {known}"));
        }
    }
}
