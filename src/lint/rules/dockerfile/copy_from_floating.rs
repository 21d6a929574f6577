//! A tool that is another one tomorrow.

use crate::catalog::VERSIONS;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::compose::image;
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "DF127",
    name: "copy-from-floating",
    severity: Severity::Warning,
    summary: "COPY --from names a version of the image it copies from",
    why: "The tool changes by itself between two builds of one commit: a new uv that resolves or refuses in another way breaks the build of somebody who changed nothing.",
    example: "FROM ghcr.io/astral-sh/uv:0.13.8 AS uv\n…\nCOPY --from=uv /uv /bin/",
    source: "uv, Using uv in Docker: pin a version; Docker, Building best practices: pin base image versions",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        for outside in subject.outside(build) {
            let instruction = &subject.file(build).instructions[outside.at];
            let reference = outside.reference.as_str();
            let (repository, tag) = image::parts(reference);
            if instruction.keyword == Keyword::From
                || reference.contains('@')
                || reference == "scratch"
                || !matches!(tag, "" | "latest")
                || !repository.contains('/')
            {
                continue;
            }
            let is_uv = repository.ends_with("astral-sh/uv");
            let version = VERSIONS.tools.get("uv").filter(|_| is_uv);
            let version = version.map_or("VERSION", String::as_str);
            let name = repository.rsplit('/').next().unwrap_or(repository);
            findings
                .add(outside.place, format!("{reference} is another image at every build"))
                .about(reference)
                .help(format!("FROM {repository}:{version} AS {name}   (before the other stages; then COPY --from={name}: Dependabot sees FROM only)"));
        }
    }
}
