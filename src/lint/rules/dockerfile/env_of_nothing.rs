//! A variable that takes the value of one that is not there.

use std::collections::BTreeSet;

use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{secret_in_image::reference, support};
use crate::lint::subject::{Build, Subject, listed};
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF157",
    name: "env-of-nothing",
    severity: Severity::Warning,
    summary: "what ENV takes a value from is set before it",
    why: "A build sees no variable of who runs it: without an ARG of that name in the stage, ENV sets an empty text, and what reads it finds a value instead of none.",
    example: "ARG REVISION\nENV REVISION=$REVISION",
    source: "BuildKit check UndefinedVar; Dockerfile reference: ARG, Scope",
    fix: None,
    check,
};

/// What base images set, and what BuildKit gives to RUN by itself.
const SET: [&str; 14] = [
    "PATH",
    "LANG",
    "LC_ALL",
    "GPG_KEY",
    "PYTHON",
    "NODE_",
    "YARN_",
    "CUDA",
    "NV",
    "UV",
    "LD_",
    "LIBRARY_PATH",
    "PYPY",
    "DEBIAN",
];

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<At> = Vec::new();
    for build in subject.production_builds() {
        if !build.image.base.known().is_some_and(support::is_plain) {
            continue;
        }
        let empty = empty(subject, build);
        for empty in findings.apart(subject, empty, |(at, ..)| *at) {
            let Some((at, name, source)) = empty.first().cloned() else { continue };
            if said.contains(&at) {
                continue;
            }
            said.push(at);
            let names: Vec<&str> = empty.iter().map(|(_, name, _)| name.as_str()).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            let finding = findings
                .add(at, format!("{} {verb} empty: nothing sets {source} before", listed(&names)));
            for (at, name, _) in &empty[1..] {
                finding.related(*at, format!("{name} as well"));
            }
            finding.members(empty.iter().map(|(at, ..)| *at));
            finding.about(&name).help(format!(
            "ARG {source}   (before it, in the same stage; where it belongs to the container and not to the image, the line is taken out, and `environment:` or --env gives it)"
        ));
        }
    }
}

/// ENV whose value is a variable that is not there: place, name and variable.
fn empty(subject: &Subject, build: &Build) -> Vec<(At, String, String)> {
    let recipe = &subject.recipes[build.recipe];
    let file = &recipe.file;
    let mut found = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut arguments: BTreeSet<String> = BTreeSet::new();
    for stage in &build.image.stages {
        arguments.clear();
        for (_, own) in file.of_stage(*stage) {
            if own.keyword == Keyword::Arg {
                arguments.extend(own.pairs(file.escape).into_iter().map(|(name, ..)| name));
            }
            if own.keyword != Keyword::Env {
                continue;
            }
            let pairs = own.pairs(file.escape);
            for (name, value, span) in &pairs {
                let value = value.as_deref().unwrap_or_default().trim_matches('"');
                let Some(source) = reference(value).filter(|own| !own.is_empty()) else { continue };
                let is_set = known.contains(source)
                    || arguments.contains(source)
                    || source.to_ascii_lowercase().ends_with("_proxy")
                    || SET.iter().any(|own| source.starts_with(own));
                let at = At::new(recipe.text, *span);
                // What every container sets anyway is not missed.
                let mut containers = support::runs_as(subject, build).peekable();
                let is_given = containers.peek().is_some()
                    && containers
                        .all(|own| own.env.get(name).is_some_and(|set| set.at.text != recipe.text));
                if !is_set && !is_given {
                    found.push((at, name.clone(), source.to_owned()));
                }
            }
            known.extend(pairs.into_iter().map(|(name, ..)| name));
        }
    }
    found
}
