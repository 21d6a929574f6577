//! A base image that is another one tomorrow.

use crate::catalog::VERSIONS;
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::{end_of_life_python, support};
use crate::lint::subject::{Build, Outside, Subject};
use crate::source::compose::image;
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF105",
    name: "floating-base",
    severity: Severity::Warning,
    summary: "FROM names a version: of Python its minor version",
    why: "The next build takes whatever the tag points to by then: a new minor version of Python or of the system under the same code, on one machine and not on another, and a build of last month cannot be made again.",
    example: "FROM python:3.14-slim-trixie",
    source: "Docker, Building best practices: pin base image versions; hadolint DL3006, DL3007",
    fix: Some(Grade::Suggested),
    check,
};

/// Images of Docker's library that applications start from.
pub(super) const LIBRARY: [&str; 16] = [
    "alpine",
    "amazonlinux",
    "busybox",
    "caddy",
    "debian",
    "fedora",
    "golang",
    "httpd",
    "mysql",
    "nginx",
    "node",
    "postgres",
    "pypy",
    "redis",
    "rust",
    "ubuntu",
];

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds() {
        // Of others those that the project runs: a proxy, a database of its own.
        let is_run = build.is_composed && support::runs_as(subject, build).next().is_some();
        if !build.is_python && !is_run {
            continue;
        }
        for outside in subject.outside(build) {
            let instruction = &subject.file(build).instructions[outside.at];
            if instruction.keyword == Keyword::From {
                of(subject, build, &outside, findings);
            }
        }
    }
}

fn of(subject: &Subject, build: &Build, outside: &Outside, findings: &mut Findings) {
    let reference = outside.reference.as_str();
    if reference.contains('@') || reference == "scratch" {
        return;
    }
    let (repository, tag) = image::parts(reference);
    let python = support::python(reference).filter(|own| own.is_official);
    // What an argument gives is the choice of the one who builds.
    if python.is_none() && !outside.is_literal {
        return;
    }
    let known = python.is_some()
        || repository.contains('/')
        || LIBRARY.iter().any(|name| support::is_library(repository, name));
    // A name without a namespace is an image that was built here.
    if !known || is_built_here(subject, build, repository) {
        return;
    }
    let says_nothing = matches!(tag, "" | "latest");
    let floats = match &python {
        Some(own) => !matches!(own.version, Some((2, _) | (_, Some(_)))),
        None => says_nothing,
    };
    if !floats || python.is_some() && VERSIONS.is_frozen(tag) {
        return;
    }
    let stage = subject.file(build).stage_of(outside.at).unwrap_or(build.stage);
    let from = |image: &str| support::from_line(subject, build, stage, image);
    let what = match (tag, &python) {
        ("", _) => {
            format!("{repository} has no tag: it is `latest`, whatever that is at the next build")
        }
        ("latest", _) => format!("{reference} is another image at every build"),
        _ => format!("{reference} moves to the next minor version of Python by itself"),
    };
    let finding = findings.add(outside.place, what);
    finding.about(reference);
    if python.is_none() {
        // Without a contract these have no other tag; those have none at all.
        let has_digest_alone = ["cgr.dev/chainguard/", "gcr.io/distroless/"]
            .iter()
            .any(|own| repository.starts_with(own));
        finding.help(match has_digest_alone {
            true => format!("FROM {repository}@sha256:DIGEST   (docker buildx imagetools inspect {repository} shows it)"),
            false => match repository.strip_prefix("tutum/") {
                Some(name) => format!("FROM {name}:VERSION   (tutum's images have been abandoned since 2015)"),
                None => from(&format!("{repository}:VERSION")),
            },
        });
        return;
    }
    // What the repository says counts where it is about this image, and alive.
    let version = subject.facts.python.value().filter(|own| {
        own.source != "default"
            && support::is_the_only(subject, build)
            && end_of_life_python::is_alive(&own.version)
    });
    let version = version.map_or(VERSIONS.newest_python(), |own| own.version.as_str());
    let variant = tag.trim_start_matches("latest").trim_start_matches('3').trim_start_matches('-');
    let better = match variant {
        "" => format!("{repository}:{version}"),
        variant => format!("{repository}:{version}-{variant}"),
    };
    if !is_known(version, variant) {
        // Images of a Python come for a few releases of Debian and Alpine, and
        // those of an old one for none that is new.
        let usual = VERSIONS.images["python"].replace("{python}", version);
        let tag = usual.rsplit(':').next().unwrap_or(&usual);
        finding.help(format!(
            "FROM {repository}:{tag}   (or another variant that Python {version} has an image for)"
        ));
        return;
    }
    finding.help(from(&better));
    if outside.is_literal {
        finding.fix(
            Fix::new(Grade::Suggested, format!("pins Python {version}"))
                .edit(outside.place, better),
        );
    }
}

/// Whether a Python is known to have an image of a variant: the ones without a
/// release of Debian or Alpine in their names, and the release that the table of
/// versions has for it.
fn is_known(version: &str, variant: &str) -> bool {
    let minor = version.split('.').take(2).collect::<Vec<_>>().join(".");
    let own = VERSIONS.python_images.get(&minor).or_else(|| VERSIONS.images.get("python"));
    let release = own.and_then(|own| own.rsplit_once('-')).map_or("", |(_, release)| release);
    match variant.strip_prefix("slim-").unwrap_or(variant) {
        "" | "slim" | "alpine" => true,
        other => other == release,
    }
}

/// Whether a directory or a Dockerfile of the repository has the name of an image
/// with a namespace: it is built here, and its tag is the repository's own.
fn is_built_here(subject: &Subject, build: &Build, repository: &str) -> bool {
    let services = subject.deployments.iter().flat_map(|own| &own.services);
    let mut built = services.filter(|own| own.build().is_some()).filter_map(|own| own.image());
    if built.any(|own| image::parts(&own).0 == repository) {
        return true;
    }
    let Some((namespace, name)) = repository.rsplit_once('/') else { return false };
    // Docker's own and its mirrors are nobody's here.
    let is_library = namespace == "library" || namespace.ends_with("/library");
    if is_library || support::is_library(repository, "python") {
        return false;
    }
    let others = subject.recipes.iter().enumerate().filter(|(at, _)| *at != build.recipe);
    others.map(|(_, own)| subject.path(own.text)).any(|path| {
        let mut parts = path.rsplit('/');
        let file = parts.next().unwrap_or_default().to_ascii_lowercase();
        // `Dockerfile.web.base` makes `acme/shop-web-base`.
        let words = file.strip_prefix("dockerfile.").unwrap_or_default().replace(['.', '_'], "-");
        let ends = words.contains('-') && name.ends_with(&format!("-{words}"));
        let of_file =
            ends || file.split(['.', '-', '_']).any(|own| own == name && own != "dockerfile");
        of_file || parts.next() == Some(name)
    })
}
