//! `project.python` and the floor of it: the images that hold Python, in any
//! stage.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Build, Built, Comparison, Taken};
use crate::policy::Requirement;
use crate::source::compose::image::parts;
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "PO104",
    name: "standard-python",
    severity: Severity::Error,
    summary: "every image that holds Python has the version of the standard",
    why: "A stage or a service that keeps another Python is what a floor is there to end: the version that no longer gets security fixes.",
    example: "FROM python:3.13-slim-trixie",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// Judges every image whose name or tag speaks of Python.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    if requirement.key != "project.python" {
        return Vec::new();
    }
    let images = compared.images();
    let images = images.iter().filter_map(|image| of_image(requirement, image));
    let built: Vec<_> = compared.built();
    let built = built.iter();
    let built: Vec<Diagnostic> = built
        .flat_map(|own| based(compared, own).into_iter().chain(asked(requirement, compared, own)))
        .collect();
    images.chain(built).collect()
}

/// The base of an image that runs Python, where its name does not speak of it.
fn based(compared: Comparison<'_>, own: &Built) -> Option<Diagnostic> {
    let same = |build: &&Build| (build.recipe, build.stage) == (own.recipe, own.stage);
    compared.now.builds.iter().find(|build| same(build) && build.is_python)?;
    let file = &compared.now.recipes[own.recipe].file;
    let first = &file.stages[*own.image.stages.first()?];
    let base = own.image.base.known()?;
    let (repository, tag) = parts(base);
    let name = repository.rsplit('/').next().unwrap_or(repository);
    let is_judged = name.contains("python") || name == "pypy" || tag.starts_with("python");
    let at = At::new(compared.now.recipes[own.recipe].text, first.from_span);
    let message = format!("which Python {base} holds cannot be told");
    (!is_judged).then(|| Diagnostic::unknown(at, message))
}

/// Pythons that tools are asked for, beside the image's own.
fn asked(requirement: &Requirement, compared: Comparison<'_>, own: &Built) -> Vec<Diagnostic> {
    let recipe = &compared.now.recipes[own.recipe];
    let mut findings = Vec::new();
    for (number, instruction) in recipe.file.instructions.iter().enumerate() {
        let text = &instruction.arguments.text;
        let found = match instruction.keyword {
            Keyword::Run | Keyword::Env | Keyword::Arg => ASKED.captures(text),
            _ => None,
        };
        let Some(version) =
            found.and_then(|found| Some(found.iter().skip(1).flatten().next()?.as_str()))
        else {
            continue;
        };
        if let Some(fault) = requirement.fault(version) {
            let message = format!("it asks for Python {version}, {fault}");
            findings.push(Diagnostic::new(compared.instruction(own, number), message));
        }
    }
    findings
}

/// How tools are asked for a Python of their own.
static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?:--python[= ]|\bUV_PYTHON=|\b(?:conda|mamba)\b.*\bpython=|\bpyenv install |\buv python (?:install|pin) |\bvirtualenv -p |\buv venv -p )["']?(?:cpython-?|python)?(\d+\.\d+)|\bpython(\d+\.\d+) -m venv"#;
    Regex::new(pattern).expect("a unit test compiles it")
});

fn of_image(requirement: &Requirement, image: &Taken) -> Option<Diagnostic> {
    let tag = image.tag();
    let unknown = || {
        let message = format!("the Python of {} cannot be told from its tag", image.reference);
        Some(Diagnostic::unknown(image.at, message))
    };
    let version = match tag {
        _ if image.is_unknown() && image.reference.contains("python") => return unknown(),
        Some(tag) if image.name().contains("python") || image.name() == "pypy" => minor(tag),
        // `ghcr.io/…/uv:python3.12-bookworm`
        Some(tag) => minor(tag.strip_prefix("python")?),
        None if image.name().contains("python") => return unknown(),
        None => return None,
    };
    let Some(version) = version else { return unknown() };
    let fault = requirement.fault(&version)?;
    let message = format!("{}: Python is {version}, {fault}", image.reference);
    let help = "take an image with the right version there";
    Some(Diagnostic::new(image.at, message).with_help(help))
}

/// `3.12` of `3.12.4-slim`.
fn minor(tag: &str) -> Option<String> {
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len());
    let mut numbers = tag[..end].split('.').filter(|number| !number.is_empty());
    Some(format!("{}.{}", numbers.next()?, numbers.next()?))
}

#[cfg(test)]
mod tests {
    use super::{ASKED, minor};

    #[test]
    fn a_python_is_asked_for_in_several_ways() {
        for text in ["uv venv --python 3.9 /opt/venv", "UV_PYTHON=3.9", "python3.9 -m venv /v"] {
            let found = ASKED.captures(text).unwrap();
            assert_eq!(found.iter().skip(1).flatten().next().unwrap().as_str(), "3.9", "{text}");
        }
        assert!(!ASKED.is_match("uv pip install --python /opt/venv/bin/python x"));
    }

    #[test]
    fn a_tag_has_a_minor_version_or_none() {
        assert_eq!(minor("3.12.4-slim").as_deref(), Some("3.12"));
        assert_eq!(minor("3.9").as_deref(), Some("3.9"));
        assert_eq!(minor("3-slim"), None);
        assert_eq!(minor("slim"), None);
    }
}
