//! An image that carries a whole build environment.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};

pub static RULE: Rule = Rule {
    code: "DF107",
    name: "fat-base",
    severity: Severity::Advice,
    summary: "the last stage starts from a slim image",
    why: "python:3.x is about 1 GB with compilers, headers and version control in it; python:3.x-slim is about 130 MB. The rest is pulled at every deployment, and each of its packages turns up in security scans.",
    example: "FROM python:3.14-slim-trixie",
    source: "Docker Hub, python: image variants",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let Some(reference) = build.image.base.known() else { continue };
        let Some(python) = support::python(reference).filter(|own| own.is_official) else {
            continue;
        };
        let tag = python.tag.split('@').next().unwrap_or_default();
        if ["slim", "alpine", "windows", "nanoserver"].iter().any(|word| tag.contains(word)) {
            continue;
        }
        // A digest alone does not say which variant it is.
        if tag.is_empty() && reference.contains('@') {
            continue;
        }
        // Compilers are what it is there for.
        if support::is_only_built_on(build) {
            continue;
        }
        let recipe = &subject.recipes[build.recipe];
        let Some(number) = build.image.stages.first().copied() else { continue };
        let stage = &recipe.file.stages[number];
        let at = crate::lint::diagnostic::At::new(recipe.text, stage.from_span);
        let (repository, _) = crate::source::compose::image::parts(reference);
        let better = match tag {
            "" | "latest" => format!("{repository}:3.14-slim-trixie"),
            tag => match tag.split_once('-') {
                Some((version, "onbuild")) => format!("{repository}:{version}-slim"),
                Some((version, release)) => format!("{repository}:{version}-slim-{release}"),
                None => format!("{repository}:{tag}-slim"),
            },
        };
        findings
            .add(at, format!("the image starts from {reference}: about 1 GB, with compilers in it"))
            .about(reference)
            .help(format!(
                "{}   (packages that have to be compiled are built in a stage before it{}{})",
                support::from_line(subject, build, number, &better),
                if tag.ends_with("onbuild") {
                    "; what ONBUILD did, copy and install, is written here from then on"
                } else {
                    ""
                },
                missing(subject, build)
            ));
    }
}

/// The tools that RUN calls and that a slim image lacks.
fn missing(subject: &Subject, build: &Build) -> String {
    let runs = subject.runs(build);
    let installed = support::all_packages(&runs);
    let mut tools: Vec<&str> = Vec::new();
    for command in runs.iter().flat_map(|run| &run.commands) {
        let name = support::program(support::bare(command));
        let known = ["curl", "wget", "git", "make", "unzip"].into_iter().find(|own| *own == name);
        let Some(known) = known.filter(|own| !installed.contains(own)) else { continue };
        if !tools.contains(&known) {
            tools.push(known);
        }
    }
    if tools.is_empty() {
        return String::new();
    }
    format!(
        "; RUN calls {}, which slim does not have: apt-get install it",
        crate::lint::subject::listed(&tools)
    )
}
