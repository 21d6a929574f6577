//! Python on Alpine.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
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
/// Packages with wheels for glibc and none for musl. What has none for either, as
/// psycopg2, is compiled anywhere.
const NO_WHEELS: [&str; 9] = [
    "torch",
    "tensorflow",
    "onnxruntime",
    "opencv-python",
    "opencv-python-headless",
    "jaxlib",
    "zope-interface",
    "twisted",
    "brotlicffi",
];
/// The last minor version of Python 3 for which hardly anything has wheels for musl:
/// its last pip is older than they are, or as old.
const BEFORE_WHEELS: u32 = 6;

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
        let package = locked(subject, build).or_else(|| {
            let mut known = NO_WHEELS.iter().filter(|_| support::is_the_only(subject, build));
            known.find(|name| subject.facts.installs(name)).map(|name| (*name).to_owned())
        });
        let is_old = matches!(python.version, Some((2, _)))
            || matches!(python.version, Some((3, Some(minor))) if minor <= BEFORE_WHEELS);
        let reason = match (compiler, package) {
            (_, Some(package)) => format!("{package} has no wheel for it"),
            (Some(compiler), None) if is_old => {
                format!("{compiler} is installed to compile what has no wheel for it")
            }
            _ => continue,
        };
        let recipe = &subject.recipes[build.recipe];
        let Some(number) = build.image.stages.first().copied() else { continue };
        let stage = &recipe.file.stages[number];
        let at = crate::lint::diagnostic::At::new(recipe.text, stage.from_span);
        let (repository, _) = crate::source::compose::image::parts(reference);
        let version = python.tag.split("alpine").next().unwrap_or_default().trim_end_matches('-');
        // Which tags others have is not known here.
        let better = match version {
            _ if !python.is_official => {
                format!("a tag of {repository} on Debian, where there is one")
            }
            // Which Python it has is not written.
            "" => format!("FROM {repository}:VERSION-slim, of the Python that it has now"),
            version => {
                let better = format!("{repository}:{version}-slim");
                support::from_line(subject, build, number, &better)
            }
        };
        findings
            .add(at, format!("{reference} is Alpine: {reason}"))
            .about(reference)
            .help(format!("{better}   (apk add becomes apt-get install)"));
    }
}

/// The first package of a lock that has wheels for glibc and none for musl.
fn locked(subject: &Subject, build: &Build) -> Option<String> {
    let path = ["uv.lock", "poetry.lock"]
        .into_iter()
        .filter_map(|name| crate::relpath::join(&build.context, name))
        .find(|path| subject.tree.has(path))?;
    let text = subject.tree.text(&path)?;
    text.split("[[package]]").skip(1).find_map(|package| {
        // Without a version of Python in its name a wheel is of a program, or of none.
        let is_compiled = |line: &str| line.contains("manylinux") && line.contains("-cp3");
        let lacks = package.lines().any(is_compiled)
            && !package.contains("musllinux")
            && !package.contains("-none-any.whl");
        let name = package.lines().find_map(|line| line.strip_prefix("name = "))?;
        // What only development installs is not in the image.
        let name = name.trim().trim_matches('"');
        (lacks && subject.facts.installs(name)).then(|| name.to_owned())
    })
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
