//! ADD where COPY is meant.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::dockerfile::support;
use crate::lint::subject::Subject;
use crate::source::dockerfile::Keyword;
use crate::source::dockerfile::Transfer;

pub static RULE: Rule = Rule {
    code: "DF118",
    name: "add-instead-of-copy",
    severity: Severity::Style,
    summary: "files of the context are copied with COPY",
    why: "ADD also unpacks archives and downloads: who reads it has to find out which of these it does, and an archive among the files would be unpacked.",
    example: "COPY . /app",
    source: "Docker, Building best practices: ADD or COPY; hadolint DL3020",
    fix: Some(Grade::Safe),
    check,
};

/// What ADD treats in another way than COPY, or may.
fn is_special(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    lower.contains("://")
        || lower.starts_with("git@")
        || lower.contains(['$', '*', '?', '['])
        || [".tar", ".tgz", ".gz", ".xz", ".bz2", ".tbz2", ".txz", ".zst", ".git"]
            .iter()
            .any(|end| lower.ends_with(end))
}

fn check(subject: &Subject, findings: &mut Findings) {
    for build in support::python_images(subject) {
        let recipe = &subject.recipes[build.recipe];
        for (_, instruction) in subject.built(build) {
            if instruction.keyword != Keyword::Add {
                continue;
            }
            let Some(copied) = Transfer::of(instruction, recipe.file.escape) else { continue };
            let of_add = ["checksum", "keep-git-dir", "unpack"];
            if copied.sources.iter().any(|own| is_special(own))
                || instruction.flags.iter().any(|flag| of_add.contains(&flag.name.as_str()))
            {
                continue;
            }
            let at = At::new(recipe.text, instruction.word);
            let what = copied.sources.join(" ");
            findings
                .add(at, format!("ADD {what} copies: COPY says so"))
                .about(&what)
                .help(format!("COPY {}", instruction.arguments.text.trim()))
                .fix(Fix::new(Grade::Safe, "writes COPY").edit(at, "COPY"));
        }
    }
}
