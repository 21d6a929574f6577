//! A COPY of what the context does not have.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::guessed;
use crate::lint::subject::{Build, Subject, within};
use crate::source::ignores::{self, Reader};

pub static RULE: Rule = Rule {
    code: "DF158",
    name: "copy-of-nothing",
    severity: Severity::Error,
    summary: "what COPY and ADD take is in the context",
    why: "The build ends there: `failed to compute cache key: \"/entrypoint.sh\": not found`. The file was renamed, moved or deleted, or was never added to git.",
    example: "COPY --chmod=0555 entrypoint.sh /usr/local/bin/",
    source: "Docker, Dockerfile reference: COPY, source paths",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen = Vec::new();
    for build in subject.production_builds() {
        if guessed::is_wrong(subject, build) {
            continue;
        }
        for own in subject.copied(build) {
            // A build argument may say another path than its default does.
            let at = subject.instruction(build, own.at);
            if subject.slice(at).contains(['$', '{']) {
                continue;
            }
            for source in own.sources.iter().filter(|own| is_missing(subject, build, own)) {
                let place = subject.within(build, own.at, source);
                if seen.contains(&place) {
                    continue;
                }
                seen.push(place);
                let context = if build.context == "." { "it" } else { build.context.as_str() };
                let message = format!("{source} is not in the context, and the build ends here");
                let finding = findings.add(place, message);
                finding.about(source);
                finding.help(match moved(subject, build, source) {
                    Some(found) => format!("{found} in place of {source}"),
                    None => format!(
                        "Take {source} out, or put it there: the image is built from {}",
                        if context == "it" { "the top directory" } else { context }
                    ),
                });
            }
        }
    }
}

/// Whether a source is certainly not there: no pattern, nothing that git leaves out
/// or takes from elsewhere, and nothing that a script or a text tells to make first.
fn is_missing(subject: &Subject, build: &Build, source: &str) -> bool {
    if source == "." || source.contains(['*', '?', '[', ':', '@']) {
        return false;
    }
    let path = within(build, source);
    if subject.tree.has(&path)
        || subject.tree.has_directory(&path)
        || subject.tree.base().join(&path).symlink_metadata().is_ok()
    {
        return false;
    }
    // A guess of the context may be wrong in one file only.
    let from_top = subject.tree.has(source) || subject.tree.has_directory(source);
    if !build.is_composed && from_top {
        return false;
    }
    let is_ignored = subject
        .tree
        .paths()
        .filter(|own| own.rsplit('/').next() == Some(".gitignore"))
        .filter_map(|own| Some((own, subject.tree.text(own)?)))
        .any(|(own, text)| {
            let above = own.strip_suffix(".gitignore").unwrap_or_default();
            let Some(below) = path.strip_prefix(above) else { return false };
            let entries: Vec<String> = ignores::entries(text).map(str::to_owned).collect();
            ignores::excludes(Reader::Git, &entries, below)
        });
    let modules = subject.tree.text(".gitmodules").unwrap_or_default();
    let is_module = modules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("path = "))
        .any(|own| path == own || path.starts_with(&format!("{own}/")));
    let name = path.rsplit('/').next().unwrap_or(&path);
    !is_ignored && !is_module && !subject.mentions(name)
}

/// The only file of the context that has the name of a missing one.
fn moved(subject: &Subject, build: &Build, source: &str) -> Option<String> {
    let name = source.rsplit('/').next()?;
    let prefix = if build.context == "." { 0 } else { build.context.len() + 1 };
    let mut found = subject
        .tree
        .below(&build.context)
        .filter(|path| path.rsplit('/').next() == Some(name))
        .map(|path| path[prefix..].to_owned());
    found.next().filter(|_| found.next().is_none())
}
