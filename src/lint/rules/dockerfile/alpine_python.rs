//! Python on Alpine.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{end_of_life_python, support};
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::Arguments;

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
        // The variant for Alpine, beside the one for Debian.
        let own = subject.path(subject.recipes[build.recipe].text).to_ascii_lowercase();
        if own.contains("alpine") && subject.recipes.len() > 1 {
            continue;
        }
        if has_variant(subject, build) {
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
        let (repository, _) = crate::source::compose::image::parts(reference);
        let version = python.tag.split("alpine").next().unwrap_or_default().trim_end_matches('-');
        // Which tags others have is not known here.
        let better = match version {
            _ if !python.is_official => {
                format!("a tag of {repository} on Debian, where there is one")
            }
            "" => format!("FROM {repository}:{}-slim", end_of_life_python::NEWEST),
            version => format!("FROM {repository}:{version}-slim"),
        };
        findings
            .add(at, format!("{reference} is Alpine: {reason}"))
            .about(reference)
            .help(format!("{better}   (apk add becomes apt-get install)"));
    }
}

/// Whether the same file makes another image, which nothing in it takes from, on a
/// Python with glibc: who wants that one has it.
fn has_variant(subject: &Subject, build: &Build) -> bool {
    let file = subject.file(build);
    let is_taken = |name: &str| {
        file.stages.iter().any(|own| own.from.eq_ignore_ascii_case(name))
            || file.instructions.iter().any(|own| own.flag("from") == Some(name))
    };
    file.stages.iter().enumerate().any(|(at, own)| {
        let base = file.chain(at, &Arguments::new()).base;
        let python = base.known().and_then(support::python);
        let is_last = at + 1 == file.stages.len();
        let is_final = is_last || own.name.as_deref().is_some_and(|name| !is_taken(name));
        is_final && python.is_some_and(|own| !own.tag.contains("alpine"))
    })
}
