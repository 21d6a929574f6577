//! A Python without security fixes.

use crate::catalog::VERSIONS;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF106",
    name: "end-of-life-python",
    severity: Severity::Warning,
    summary: "the image runs a Python that still gets security fixes",
    why: "After its end of life a Python gets no fix at all, its image is not built again, so that the packages of the system below age with it, and libraries stop releasing for it.",
    example: "FROM python:3.14-slim-trixie",
    source: "Python Developer's Guide: Status of Python versions",
    fix: None,
    check,
};

/// Whether a version, `3.8` or `3.8.1`, still gets security fixes.
pub(super) fn is_alive(version: &str) -> bool {
    let mut parts = version.split('.');
    let major = parts.next().and_then(|own| own.parse::<u32>().ok());
    let minor = parts.next().and_then(|own| own.parse::<u32>().ok());
    match (major, minor) {
        (Some(3), Some(minor)) => VERSIONS.ended(&format!("3.{minor}")).is_none(),
        _ => false,
    }
}

/// Releases of Debian and Alpine for which the newest Python has no image.
fn release(variant: &str) -> String {
    let is_old = |word: &str| {
        word == "bullseye"
            || VERSIONS.is_frozen(word)
            || word.starts_with("alpine") && word.len() > "alpine".len()
    };
    let parts = variant.split('-').filter(|word| !word.is_empty() && *word != "onbuild");
    let parts = parts.map(|word| match word {
        own if own.starts_with("alpine") && is_old(own) => "alpine",
        own if is_old(own) => "trixie",
        own => own,
    });
    parts.map(|own| format!("-{own}")).collect()
}

/// The same image with a Python that is alive: the version alone is another one.
fn better(reference: &str, python: &support::Python<'_>, name: &str) -> Option<String> {
    let (repository, _) = crate::source::compose::image::parts(reference);
    let tag = python.tag.split('@').next().unwrap_or_default();
    if !python.is_official {
        return None;
    }
    let rest = tag.strip_prefix(name)?;
    // `3.6.2-slim`: the variant begins at the hyphen.
    let variant = rest.find('-').map_or("", |at| &rest[at..]);
    let newest = VERSIONS.newest_python();
    Some(format!("{repository}:{newest}{}", release(variant)))
}

/// Where else the version is written, in paths of Python's directory.
fn elsewhere(subject: &Subject, build: &Build, name: &str) -> Option<usize> {
    let word = format!("python{name}");
    subject
        .built(build)
        .find(|(_, own)| {
            own.keyword != Keyword::From
                && own.arguments.text.match_indices(&word).any(|(at, _)| {
                    !own.arguments.text[at + word.len()..].starts_with(|c: char| c.is_ascii_digit())
                })
        })
        .map(|(at, _)| at)
}

/// A month, `2026-10`, as people say it: `October 2026`.
fn in_words(month: &str) -> String {
    match format!("{month}-01").parse::<jiff::civil::Date>() {
        Ok(day) => day.strftime("%B %Y").to_string(),
        Err(_) => month.to_owned(),
    }
}

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let Some(reference) = build.image.base.known() else { continue };
        let Some(python) = support::python(reference) else { continue };
        let (name, ended) = match python.version {
            Some((2, minor)) => {
                (minor.map_or("2".to_owned(), |minor| format!("2.{minor}")), in_words("2020-01"))
            }
            Some((3, Some(minor))) => {
                let name = format!("3.{minor}");
                match VERSIONS.ended(&name) {
                    Some(ended) => (name, in_words(ended)),
                    None => continue,
                }
            }
            _ => continue,
        };
        let recipe = &subject.recipes[build.recipe];
        let Some(first) = build.image.stages.first().copied() else { continue };
        let stage = &recipe.file.stages[first];
        let at = crate::lint::diagnostic::At::new(recipe.text, stage.from_span);
        let finding =
            findings.add(at, format!("Python {name} has had no security fixes since {ended}"));
        let mut help = match better(reference, &python, &name) {
            Some(better) => format!(
                "{}   (after the tests have passed on it; what the lock pins may have to move too)",
                support::from_line(subject, build, first, &better)
            ),
            None => {
                let (repository, _) = crate::source::compose::image::parts(reference);
                let newest = VERSIONS.newest_python();
                format!(
                    "a tag of {repository} with Python {newest}, where there is one, after the tests have passed on it"
                )
            }
        };
        if python.tag.contains("onbuild") {
            help.push_str(
                "\n(what its ONBUILD did, copy and install, is written here from then on)",
            );
        }
        finding.about(reference);
        // Stages that share packages move together.
        let stages: Vec<_> = subject
            .outside(build)
            .into_iter()
            .filter(|own| {
                let here = &subject.file(build).instructions[own.at];
                here.keyword == Keyword::From
                    && own.place != at
                    && support::python(&own.reference)
                        .is_some_and(|own| own.version == python.version)
            })
            .collect();
        if !stages.is_empty() {
            help.push_str("\n(the stages that it copies packages from move along)");
        }
        for own in stages {
            finding.related(own.place, "this stage has the same Python");
        }
        if let Some(number) = elsewhere(subject, build, &name) {
            help.push_str(&format!("\n(python{name} is written in a path as well)"));
            finding.related(subject.instruction(build, number), format!("python{name} in a path"));
        }
        finding.help(help);
    }
}
