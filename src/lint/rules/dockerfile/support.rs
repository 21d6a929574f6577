//! What several rules of Dockerfiles ask: programs in RUN, packages they
//! install, what a base image is, and text put into a RUN.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::{At, Edit};
use crate::lint::subject::{Build, Container, Kind, Purpose, Run, Subject};
use crate::source::compose::image;
use crate::source::shell::Simple;
use crate::source::text::Span;

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

/// The words of a command without `NAME=value`, `sudo`, `env`, `exec` and
/// options of `sudo` before it.
pub(super) fn bare(command: &Simple) -> &[String] {
    let skip = |word: &&String| {
        matches!(word.as_str(), "sudo" | "env" | "exec" | "time" | "-E" | "command")
            || word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
    };
    let start = command.words.iter().take_while(skip).count();
    &command.words[start..]
}

/// The program of a command, without its directory.
pub(super) fn program(words: &[String]) -> &str {
    let first = words.first().map_or("", String::as_str);
    first.rsplit('/').next().unwrap_or(first)
}

/// Whether a variable is set for a command, before its name.
pub(super) fn has_variable(command: &Simple, name: &str) -> bool {
    command.words.iter().any(|word| word.split_once('=').is_some_and(|(own, _)| own == name))
}

/// What `pip install` of one command is given; `None` for another command.
pub(super) fn pip_install(command: &Simple) -> Option<&[String]> {
    after_pip(command, "install")
}

/// What a subcommand of pip is given.
pub(super) fn after_pip<'c>(command: &'c Simple, subcommand: &str) -> Option<&'c [String]> {
    let words = bare(command);
    let name = program(words);
    let is_pip = |name: &str| {
        name.strip_prefix("pip")
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
    };
    let rest = if is_pip(name) {
        &words[1..]
    } else if name.starts_with("python") {
        let at = words.windows(2).position(|pair| pair[0] == "-m" && is_pip(&pair[1]))?;
        &words[at + 2..]
    } else {
        return None;
    };
    let at = rest.iter().position(|word| !word.starts_with('-'))?;
    (rest[at] == subcommand).then(|| &rest[at + 1..])
}

/// What `uv pip install` of one command is given.
pub(super) fn uv_pip_install(command: &Simple) -> Option<&[String]> {
    let words = bare(command);
    let fits = program(words) == "uv" && words.get(1..3).is_some_and(|w| w == ["pip", "install"]);
    fits.then(|| &words[3..])
}

/// Whether a command is `apt-get` or `apt` with this subcommand.
pub(super) fn is_apt(command: &Simple, subcommand: &str) -> bool {
    let words = bare(command);
    matches!(program(words), "apt-get" | "apt" | "aptitude")
        && words.iter().any(|word| word == subcommand)
}

/// The Debian or Alpine packages that a command installs, without versions.
pub(super) fn packages(command: &Simple) -> Vec<&str> {
    let words = bare(command);
    let word = if is_apt(command, "install") {
        "install"
    } else if program(words) == "apk" && words.iter().any(|word| word == "add") {
        "add"
    } else {
        return Vec::new();
    };
    let rest = words.iter().skip_while(|own| *own != word);
    let mut rest = rest.skip(1);
    let mut found = Vec::new();
    while let Some(word) = rest.next() {
        if matches!(word.as_str(), "-t" | "--virtual" | "-o" | "--target-release" | "--repository")
        {
            rest.next();
        } else if !word.starts_with('-') {
            found.push(word.split(['=', '<', '>', '~', '/', ':']).next().unwrap_or(word));
        }
    }
    found
}

/// Every Debian or Alpine package that RUNs install.
pub(super) fn all_packages(runs: &[Run]) -> Vec<&str> {
    runs.iter().flat_map(|run| &run.commands).flat_map(packages).collect()
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
    use crate::source::shell;

    fn one(text: &str) -> Simple {
        shell::split(text).remove(0)
    }

    #[test]
    fn installs_are_known_through_what_stands_before_them() {
        let text = "sudo X=1 python3.12 -m pip --quiet install -r r.txt";
        assert_eq!(pip_install(&one(text)).unwrap(), ["-r", "r.txt"]);
        assert!(pip_install(&one("pip3.11 install x")).is_some());
        assert!(pip_install(&one("pipenv install")).is_none());
        assert!(pip_install(&one("uv pip install x")).is_none());
        assert!(uv_pip_install(&one("uv pip install --system x")).is_some());
        let apt = one("DEBIAN_FRONTEND=noninteractive apt-get -y install -t sid gcc=4:1 libpq-dev");
        assert_eq!(packages(&apt), ["gcc", "libpq-dev"]);
        assert_eq!(packages(&one("apk add --no-cache --virtual .b gcc~=13")), ["gcc"]);
    }

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
        assert!(python("registry.example.com/mirror/python:3").unwrap().is_official);
    }
}
