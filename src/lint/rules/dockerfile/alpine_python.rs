//! Python on Alpine.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF108",
    name: "alpine-python",
    severity: Severity::Advice,
    summary: "Python runs on a base with glibc",
    why: "Alpine has musl, for which fewer packages have wheels: what has none is compiled at every build, with a compiler in the image, or cannot be installed at all (torch, onnxruntime, tensorflow).",
    example: "FROM python:3.14-slim-trixie",
    source: "PEP 656; Docker Hub, python: image variants",
    fix: None,
    check,
};

/// Compilers and what they need.
const COMPILES: [&str; 8] =
    ["gcc", "g++", "build-base", "musl-dev", "python3-dev", "cargo", "rust", "libffi-dev"];
/// Packages without wheels for musl.
const NO_WHEELS: [&str; 7] =
    ["torch", "tensorflow", "onnxruntime", "psycopg2", "mysqlclient", "pyodbc", "opencv-python"];

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let Some(reference) = build.image.base.known() else { continue };
        let Some(python) = support::python(reference) else { continue };
        if !python.tag.contains("alpine") {
            continue;
        }
        // Where every package has a wheel, or is pure Python, nothing is wrong.
        let runs = subject.built_runs(build);
        let compiler = support::all_packages(&runs).into_iter().find(|own| COMPILES.contains(own));
        let package = NO_WHEELS
            .iter()
            .find(|name| support::is_the_only(subject, build) && subject.facts.installs(name));
        let reason = match (compiler, package) {
            (Some(compiler), _) => {
                format!("{compiler} is installed to compile what has no wheel for it")
            }
            (None, Some(package)) => format!("{package} has no wheel for it"),
            (None, None) => continue,
        };
        let recipe = &subject.recipes[build.recipe];
        let Some(stage) = build.image.stages.first().map(|own| &recipe.file.stages[*own]) else {
            continue;
        };
        let at = crate::lint::diagnostic::At::new(recipe.text, stage.from_span);
        let better = reference.split("-alpine").next().unwrap_or(reference);
        let better = better.split(":alpine").next().unwrap_or(better);
        let better = if better.contains(':') {
            format!("{better}-slim")
        } else {
            format!("{better}:3.14-slim")
        };
        findings
            .add(at, format!("{reference} is Alpine: {reason}"))
            .about(reference)
            .help(format!("FROM {better}   (apk add becomes apt-get install)"));
    }
}
