//! What the repository is deployed and tested with: base images, CI matrices,
//! classifiers, tox, README. Evidence where files that state the version leave
//! a choice or say nothing.

use std::collections::BTreeSet;

use super::stated::{Statement, first_version};
use crate::detect::deps::Dependencies;
use crate::detect::deps::marker::MINORS;
use crate::detect::deps::path;
use crate::detect::scope;
use crate::detect::tree::Tree;
use crate::source::dockerfile::{Arguments, Dockerfile, is_dockerfile};
use crate::source::text::Text;

/// Every hint, the best first.
#[must_use]
pub fn find(tree: &Tree, dependencies: &Dependencies) -> Vec<Statement> {
    let mut found = Vec::new();
    found.extend(images(tree, &dependencies.directory));
    found.extend(continuous_integration(tree));
    found.extend(classifiers(dependencies));
    found.extend(tox(tree));
    found.extend(readme(tree));
    found
}

fn minors(text: &str) -> Option<u64> {
    let version = first_version(text)?;
    let minor = version.split('.').nth(1)?.parse().ok()?;
    MINORS.contains(&minor).then_some(minor)
}

/// `FROM python:3.x`; Dockerfiles near the application before others, those of
/// production before those of development.
fn images(tree: &Tree, directory: &str) -> Vec<Statement> {
    let mut files: Vec<&str> =
        tree.paths().filter(|file| is_dockerfile(file) && scope::counts(file)).collect();
    files.sort_by_key(|file| {
        let lower = file.to_ascii_lowercase();
        let away = !path::is_below(path::parent(file), directory);
        (lower.contains("dev") || lower.contains("test"), away, !lower.contains("prod"))
    });
    let mut found = Vec::new();
    for file in files {
        let text = Text::new(file, tree.text(file).unwrap_or_default());
        let dockerfile = Dockerfile::read(&text.text);
        for (number, stage) in dockerfile.stages.iter().enumerate() {
            let chain = dockerfile.chain(number, &Arguments::new());
            let base = chain.base.text;
            // What is built on another stage has that one's.
            let is_own =
                chain.stages.len() == 1 && (base.contains("python") || base.contains("uv:"));
            if let Some(minor) = python_of(&base).filter(|_| is_own) {
                found.push(Statement {
                    source: "Dockerfile".into(),
                    text: format!("3.{minor}"),
                    minors: BTreeSet::from([minor]),
                    evidence: tree.evidence(file, text.line(stage.from_span.start)),
                });
            }
        }
    }
    found
}

/// The version behind `python` in an image's name: `python:3.12-slim`,
/// `uvicorn-gunicorn-fastapi:python3.11`, `uv:python3.12-bookworm`.
fn python_of(image: &str) -> Option<u64> {
    let rest = &image[image.rfind("python")? + "python".len()..];
    let rest = rest.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    minors(rest)
}

/// Versions on lines that name Python in CI files; the matrix as a whole.
#[must_use]
pub fn continuous_integration(tree: &Tree) -> Option<Statement> {
    let is_ci = |file: &str| {
        file.starts_with(".github/workflows/")
            || file.starts_with(".circleci/")
            || [".travis.yml", ".gitlab-ci.yml", "azure-pipelines.yml"].contains(&file)
    };
    let mut found: Option<Statement> = None;
    for file in tree.paths().filter(|file| is_ci(file)) {
        let mut listing = false;
        for (at, line) in tree.text(file).unwrap_or_default().lines().enumerate() {
            let lower = line.to_ascii_lowercase();
            let item = line.trim_start().starts_with('-');
            let names = lower.contains("python");
            listing = if item { listing } else { names && line.trim_end().ends_with([':', '[']) };
            if !(names || (item && listing)) || lower.contains("uses:") {
                continue;
            }
            let versions: BTreeSet<u64> = line
                .split([',', '[', ']', '"', '\'', ' ', ':', '@', '('])
                .filter_map(minors)
                .collect();
            if versions.is_empty() {
                continue;
            }
            let statement = found.get_or_insert_with(|| Statement {
                source: "continuous integration".into(),
                text: line.trim().to_owned(),
                minors: BTreeSet::new(),
                evidence: tree.evidence(file, at + 1),
            });
            statement.minors.extend(versions);
        }
    }
    found
}

fn classifiers(dependencies: &Dependencies) -> Option<Statement> {
    let (_, evidence) = dependencies.classifiers.iter().max_by_key(|(minor, _)| *minor)?;
    let minors = dependencies.classifiers.iter().map(|(minor, _)| *minor);
    Some(Statement {
        source: "classifiers".into(),
        text: evidence.text.clone(),
        minors: minors.filter(|minor| MINORS.contains(minor)).collect(),
        evidence: evidence.clone(),
    })
}

/// `envlist = py38, py39`.
fn tox(tree: &Tree) -> Option<Statement> {
    let evidence = tree.find_line("tox.ini", |line| line.trim_start().starts_with("envlist"))?;
    let minors: BTreeSet<u64> = evidence
        .text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter_map(|word| word.strip_prefix("py3")?.parse().ok())
        .filter(|minor| MINORS.contains(minor))
        .collect();
    (!minors.is_empty()).then(|| Statement {
        source: "tox.ini".into(),
        text: evidence.text.clone(),
        minors,
        evidence,
    })
}

/// `Python 3.8` in a README, with or without more words; `3.8+` allows newer.
fn readme(tree: &Tree) -> Option<Statement> {
    let readme =
        tree.in_directory(".").find(|file| file.to_ascii_lowercase().starts_with("readme"))?;
    let text = tree.text(readme)?;
    for (at, line) in text.lines().enumerate() {
        let lower = line.to_ascii_lowercase();
        let Some(python) = lower.find("python") else { continue };
        // Badges of packages and links to documentation are not about this project.
        let rest = &lower[python + "python".len()..];
        let near: String = rest.chars().take(24).collect();
        let Some(minor) = minors(near.trim_start_matches(|letter: char| !letter.is_ascii_digit()))
        else {
            continue;
        };
        let open = ["+", "or newer", "or higher", "or later", "or above", ">="]
            .iter()
            .any(|sign| near.contains(sign));
        if !open {
            return Some(Statement {
                source: "README".into(),
                text: line.trim().to_owned(),
                minors: BTreeSet::from([minor]),
                evidence: tree.evidence(readme, at + 1),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_name_python_in_several_ways() {
        for (image, minor) in [
            ("python:3.12-slim-bookworm AS build", Some(12)),
            ("registry.host:5000/library/python:3.9.6", Some(9)),
            ("ghcr.io/a/uv:python3.13-trixie-slim", Some(13)),
            ("tiangolo/uvicorn-gunicorn-fastapi:python3.8", Some(8)),
            ("python:slim", None),
            ("python:3-alpine", None),
            ("python:2.7", None),
        ] {
            assert_eq!(python_of(image), minor, "{image}");
        }
    }
}
