//! A directory that depends on the base image.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::{Build, Subject};
use crate::source::dockerfile::{Keyword, Transfer};

pub static RULE: Rule = Rule {
    code: "DF126",
    name: "relative-workdir",
    severity: Severity::Advice,
    summary: "the first WORKDIR is absolute, and COPY to a relative path has one",
    why: "A relative WORKDIR continues that of the base image: where that changes, the code lies in another directory, and absolute paths in mounts and scripts miss it.",
    example: "WORKDIR /app",
    source: "BuildKit check WorkdirRelativePath; hadolint DL3000",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds() {
        copies(subject, build, findings);
        let first = subject.instructions(build).find(|(_, own)| own.keyword == Keyword::Workdir);
        let Some((at, own)) = first else { continue };
        let written = own.arguments.text.trim();
        let bare = written.trim_matches(['"', '\'']);
        let drive = bare.get(1..2) == Some(":");
        if bare.is_empty() || bare.starts_with(['/', '$', '\\']) || drive {
            continue;
        }
        let place = subject.within(build, at, written);
        let finding =
            findings.add(place, format!("WORKDIR {bare} is relative to that of the base image"));
        let better = format!("/{}", bare.trim_start_matches("./"));
        finding.about(bare).help(format!("WORKDIR {better}"));
        let of_root = build
            .image
            .base
            .known()
            .is_some_and(|base| support::python(base).is_some_and(|own| own.is_official));
        if of_root && !bare.contains("..") && bare != "." {
            let at: At = place;
            finding.fix(
                Fix::new(Grade::Checked, format!("writes {better}"))
                    .condition("the working directory of Python's image is /")
                    .edit(at, better),
            );
        }
    }
}

/// COPY to a relative path in an image without WORKDIR: it lands in `/`.
fn copies(subject: &Subject, build: &Build, findings: &mut Findings) {
    let is_bare = |base: &str| support::is_plain(base) && !base.starts_with("tiangolo/");
    if !build.image.base.known().is_some_and(is_bare) {
        return;
    }
    let escape = subject.file(build).escape;
    for (number, own) in subject.instructions(build) {
        if own.keyword == Keyword::Workdir {
            return;
        }
        let Some(copied) = Transfer::of(own, escape) else { continue };
        let target = copied.target.as_str();
        let bare = target.trim_start_matches("./");
        if target.is_empty()
            || target.starts_with(['/', '$', '\\'])
            || target.get(1..2) == Some(":")
        {
            continue;
        }
        // A list of packages alone does no harm where the code goes elsewhere.
        if build.image.workdir.is_some() && !copied.takes_all() {
            continue;
        }
        let path = if bare == "." { "" } else { bare };
        let finding = findings.add(
            subject.instruction(build, number),
            format!("{target} is relative, and no WORKDIR is set: it lands in /{path}"),
        );
        finding.about(target).help("WORKDIR /app   (before it)");
        return;
    }
}
