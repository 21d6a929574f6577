//! What several rules of Dockerfiles ask: which images are judged, what a base
//! image is, and text put into a RUN.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::{Build, Container, Kind, Purpose, Subject};
use crate::source::compose::image;
use crate::source::text::Span;

pub(super) use super::programs::{
    after_pip, all_packages, bare, has_variable, is_apt, packages, pip_install, program,
    uv_pip_install,
};

/// Images of production that run Python.
pub(super) fn python_images(subject: &Subject) -> impl Iterator<Item = &Build> {
    subject.production_builds().filter(|build| build.is_python)
}

/// The containers of production that run an image.
pub(super) fn runs_as<'s>(
    subject: &'s Subject,
    build: &'s Build,
) -> impl Iterator<Item = &'s Container> {
    subject.containers_with(build).filter(|own| own.purpose == Purpose::Production)
}

/// Whether an image is run as an application for users: not as a database, a
/// proxy or a tool that happens to be written in Python, nor one that starts
/// nothing and that others are built on.
pub(super) fn is_application(subject: &Subject, build: &Build) -> bool {
    // Its own start is the base image's.
    let inherits = build.image.base.text.starts_with("tiangolo/");
    runs_as(subject, build).any(|own| {
        let starts = inherits || !own.steps.is_empty();
        starts && own.kind.is_application() && own.kind != Kind::OneShot
    })
}

/// Whether an image is run as a service: a server, a worker or a scheduler, or
/// something else that listens; not a tool that is called, or a shell.
pub(super) fn is_service(subject: &Subject, build: &Build) -> bool {
    let exposes = || {
        subject
            .instructions(build)
            .any(|(_, own)| own.keyword == crate::source::dockerfile::Keyword::Expose)
    };
    let serves = |own: &Container| {
        // What a script starts that cannot be followed: others of the project
        // show that it stays.
        // A script that is handed a command from outside, as a deployment gives it.
        let hands_over = own.service.is_none()
            && build.image.cmd.is_none()
            && own.steps.iter().any(|step| step.script.is_some());
        let stays = subject.composed(own).is_some_and(|(_, service)| {
            ["ports", "expose", "restart", "depends_on"]
                .iter()
                .any(|key| service.item.get(key).is_some())
        });
        own.server.is_some()
            || stays
            || hands_over
            || matches!(own.kind, Kind::Web | Kind::Worker | Kind::Beat)
    };
    is_application(subject, build)
        && (runs_as(subject, build).any(serves)
            || exposes()
            || build.image.base.text.starts_with("tiangolo/"))
}

/// What a reference to an image says of Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Python<'r> {
    /// The tag; empty for none.
    pub tag: &'r str,
    /// Major and minor version, as far as the tag says.
    pub version: Option<(u32, Option<u32>)>,
    /// Whether it is Python's own image, or a mirror of it.
    pub is_official: bool,
}

static VERSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|python)([23])(?:\.(\d+))?(?:[.-]|$)").expect("it is valid"));

/// What a reference says of Python; `None` where it says nothing.
pub(super) fn python(reference: &str) -> Option<Python<'_>> {
    let (repository, tag) = image::parts(reference);
    let is_official = is_library(repository, "python");
    if !is_official && !tag.contains("python") {
        return None;
    }
    let found = VERSION.captures(tag).filter(|found| is_official || found[0].starts_with('p'));
    let number = |at: usize, found: &regex::Captures<'_>| found.get(at)?.as_str().parse().ok();
    let version = found.and_then(|found| Some((number(1, &found)?, number(2, &found))));
    Some(Python { tag, version, is_official })
}

/// Whether a repository is one of Docker's library, or its mirror.
pub(super) fn is_library(repository: &str, name: &str) -> bool {
    // Docker's hardened images have the same names, and are others.
    if repository.starts_with("dhi.io/") {
        return false;
    }
    repository == name
        || repository.strip_suffix(name).and_then(|rest| rest.strip_suffix('/')).is_some_and(
            |prefix| {
                let last = prefix.rsplit('/').next().unwrap_or(prefix);
                last == "library"
                    || last == "mirror"
                    || (!prefix.contains('/') && prefix.contains(['.', ':']))
            },
        )
}

/// Whether an image is known to come without a USER and without a HEALTHCHECK
/// of its own.
pub(super) fn is_plain(reference: &str) -> bool {
    let (repository, _) = image::parts(reference);
    ["python", "debian", "ubuntu", "alpine", "fedora", "amazonlinux", "buildpack-deps", "node"]
        .iter()
        .any(|name| is_library(repository, name))
        || repository == "ghcr.io/astral-sh/uv"
        || repository == "nvidia/cuda"
        // Those with uwsgi give their processes to a user themselves.
        || (repository.starts_with("tiangolo/") && !repository.contains("uwsgi"))
}

/// Edits that put text behind the places in a RUN where an expression fits, one
/// for each of `wanted`, which says whether it gets the text; `None` where they
/// are not as many: in quotes, in a comment, in a here-document.
pub(super) fn insert(
    subject: &Subject,
    build: &Build,
    number: usize,
    expression: &Regex,
    wanted: &[bool],
    text: &str,
) -> Option<Vec<Edit>> {
    let recipe = &subject.recipes[build.recipe];
    let own = &recipe.file.instructions[number];
    let ends: Vec<usize> =
        expression.find_iter(&own.arguments.text).map(|found| found.end()).collect();
    let fits = own.json.is_none() && ends.len() == wanted.len();
    fits.then(|| {
        let ends = ends.into_iter().zip(wanted).filter(|(_, wanted)| **wanted);
        ends.map(|(end, _)| {
            let place = own.arguments.place(end - 1) + 1;
            let at = At::new(recipe.text, Span::new(place, place));
            Edit { at, text: text.to_owned() }
        })
        .collect()
    })
}

/// The FROM of a stage with another image: its flags and its name stay, and what an
/// argument gives is changed where the argument is.
pub(super) fn from_line(subject: &Subject, build: &Build, stage: usize, image: &str) -> String {
    let recipe = &subject.recipes[build.recipe];
    let own = &recipe.file.stages[stage];
    let line = subject.slice(subject.instruction(build, own.first));
    let from = subject.texts[recipe.text].slice(own.from_span);
    let variable = from.split_once('$').map(|(before, rest)| {
        let rest = rest.trim_start_matches('{');
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        (before, name, after.split_once('}').map_or(after, |(_, after)| after))
    });
    match variable {
        Some((before, name, after)) => {
            let value = image.strip_prefix(before).and_then(|own| own.strip_suffix(after));
            format!("ARG {name}={}", value.unwrap_or(image))
        }
        None if line.contains('\n') => format!("FROM {image}"),
        None => {
            let line = line.replacen(from, image, 1);
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

/// What uwsgi needs beside being process 1, where no file here says it.
pub(super) fn die_on_term(subject: &Subject, command: &str) -> &'static str {
    let is_said =
        command.contains("die-on-term")
            || subject.tree.paths().filter(|path| path.ends_with(".ini")).any(|path| {
                subject.tree.text(path).is_some_and(|text| text.contains("die-on-term"))
            });
    if is_said { "" } else { "   (with --die-on-term: without it SIGTERM makes uwsgi load again)" }
}

/// Whether an image starts nothing and nothing here runs it: others are built on it.
pub(super) fn is_only_built_on(build: &Build) -> bool {
    build.image.cmd.is_none() && build.image.entrypoint.is_none() && !build.is_composed
}

/// Where the first place of an expression in an instruction stands, else where
/// the instruction does.
pub(super) fn place(subject: &Subject, build: &Build, number: usize, expression: &Regex) -> At {
    let recipe = &subject.recipes[build.recipe];
    let own = &recipe.file.instructions[number];
    match expression.find(&own.arguments.text) {
        Some(found) => At::new(recipe.text, own.arguments.span(found.start(), found.end())),
        None => At::new(recipe.text, own.span),
    }
}

/// Whether what was found out about the repository is about this image: no
/// other Dockerfile of production makes a Python image.
pub(super) fn is_the_only(subject: &Subject, build: &Build) -> bool {
    python_images(subject).all(|own| own.recipe == build.recipe)
}

/// Whether what was found out about the repository is about the code of this image,
/// though others are made of it too: all of the directory that was judged is copied.
pub(super) fn shares_code(subject: &Subject, build: &Build) -> bool {
    subject.facts.root.value().is_some_and(|root| *root == build.context)
        && subject.copied(build).iter().any(|own| own.is_everything())
        && python_images(subject).all(|own| own.context == build.context)
}

/// Whether every container that runs an image is seen: where a compose file
/// pulls what nobody here builds, that may be this image.
pub(super) fn is_seen_whole(subject: &Subject, build: &Build) -> bool {
    build.is_composed || subject.deployments.is_empty()
}

/// An expression that is written in a rule.
pub(super) fn regex(expression: &str) -> Regex {
    Regex::new(expression).expect("a rule's expression is valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn versions_are_those_of_python_and_of_nothing_else() {
        let of = |text| python(text).and_then(|own| own.version);
        assert_eq!(of("python:3.12-slim"), Some((3, Some(12))));
        assert_eq!(of("docker.io/library/python:3"), Some((3, None)));
        assert_eq!(of("python:3.9.1@sha256:abc"), Some((3, Some(9))));
        assert_eq!(of("python:slim"), None);
        assert_eq!(of("ghcr.io/astral-sh/uv:0.5-python3.12-bookworm-slim"), Some((3, Some(12))));
        assert_eq!(of("acme/app:3.9"), None);
        assert!(python("acme/python:3.9").is_none());
        assert!(python("dhi.io/python:3.9-debian13-dev").is_none());
        assert!(python("registry.example.com/mirror/python:3").unwrap().is_official);
    }
}
