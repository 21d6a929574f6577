//! Downloads that nobody checks.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::Keyword;
use crate::source::dockerfile::Transfer;

pub static RULE: Rule = Rule {
    code: "DF119",
    name: "add-url-without-checksum",
    severity: Severity::Warning,
    summary: "what ADD downloads has a checksum",
    why: "The server, or whoever stands between, decides what gets into the image: nothing notices another file under the same address.",
    example: "ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/tool.tar.gz /opt/",
    source: "Docker, Dockerfile reference: ADD --checksum",
    fix: None,
    check,
};

static VERSION: LazyLock<Regex> = LazyLock::new(|| support::regex(r"\d+\.\d+|/v\d+|[0-9a-f]{12,}"));

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        for (at, instruction) in subject.built(build) {
            if instruction.keyword != Keyword::Add || instruction.flag("checksum").is_some() {
                continue;
            }
            let escape = subject.file(build).escape;
            let Some(copied) = Transfer::of(instruction, escape) else { continue };
            let url = copied.sources.iter().find(|own| {
                (own.starts_with("http://") || own.starts_with("https://")) && !own.contains(".git")
            });
            let Some(url) = url else { continue };
            findings
                .add(subject.within(build, at, url), format!("{url} is taken as it comes"))
                .about(url)
                .help(if VERSION.is_match(&expanded(subject, build, at, url)) {
                    format!("ADD --checksum=sha256:… {url} {}", copied.target)
                } else {
                    format!("an address with a version in it, whose file stays the same, and ADD --checksum=sha256:… for it: {url} is another file with the next release")
                });
        }
    }
}

/// An address with the values of the variables in it.
fn expanded(subject: &Subject, build: &Build, at: usize, url: &str) -> String {
    let file = subject.file(build);
    let Some(stage) = file.stage_of(at) else { return url.to_owned() };
    let image = file.image(stage, &build.arguments);
    let known = image.env.iter().chain(&image.args);
    known.filter_map(|(name, own)| Some((name, own.value.known()?))).fold(
        url.to_owned(),
        |url, (name, value)| {
            url.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value)
        },
    )
}
