//! An image whose Python the project refuses.

use std::collections::BTreeSet;

use crate::detect::deps::Dependencies;
use crate::detect::{scope, version};
use crate::lint::diagnostic::{At, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Build, Subject};

pub static RULE: Rule = Rule {
    code: "XF117",
    name: "python-versions-apart",
    severity: Severity::Error,
    summary: "the image's Python is one that the project states",
    why: "pip, uv and Poetry refuse to install a project whose `requires-python` the interpreter does not satisfy: the build fails, or uv downloads another Python into the image beside the one that is there. What is only run meets syntax and packages that its Python does not have.",
    example: "FROM python:3.12-slim  # requires-python = \">=3.12\"",
    source: "PEP 621: requires-python; uv, Python versions",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let Some(root) = subject.facts.root.value() else { return };
    let dependencies = Dependencies::with_manager(&subject.tree, root, None);
    let statements = version::statements(&subject.tree, &dependencies);
    for build in subject.production_builds().filter(|own| subject.is_detected(own)) {
        let Some(minor) = minor(build) else { continue };
        let counts = |own: &&version::Statement| {
            !own.minors.contains(&minor) && is_read(subject, build, &own.evidence.path)
        };
        let Some(stated) = statements.iter().find(counts) else { continue };
        // Newer ones than are known here may be meant as well.
        let newest = stated.minors.last().copied().unwrap_or_default();
        if minor > newest && stated.text.starts_with('>') && !stated.text.contains('<') {
            continue;
        }
        let text = &stated.text;
        let is_range =
            stated.source == "requires-python" || text.starts_with(['>', '<', '^', '~', '=']);
        // Several images for several versions mean what they say.
        let several = subject.builds.iter().filter_map(self::minor).any(|own| own != minor);
        if several && !is_range || !scope::counts(subject.path(subject.from_of(build).text)) {
            continue;
        }
        let finding = findings.add(
            subject.from_of(build),
            format!("the image has Python 3.{minor}, and {} states {text}", stated.evidence.path),
        );
        finding
            .about(&build.image.base.text)
            .severity(if is_range { Severity::Error } else { Severity::Warning })
            .help(if near(&stated.minors, minor) > minor {
                format!(
                    "FROM {}",
                    with_minor(&build.image.base.text, minor, near(&stated.minors, minor))
                )
            } else {
                // Nobody should go back.
                format!("a statement in {} that takes 3.{minor}", stated.evidence.path)
            });
        if let Some(at) = place(subject, stated) {
            finding.related(at, format!("{text} is stated here"));
        }
    }
}

/// Whether a build reads what a file states: `.python-version` is uv's, and
/// pyenv's on somebody's machine; `runtime.txt` is Heroku's.
fn is_read(subject: &Subject, build: &Build, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // A Pipfile beside another manifest binds where the image installs from it.
    if name == "Pipfile" {
        return subject.built(build).any(|(_, own)| {
            own.arguments.text.contains("ipfile") || own.arguments.text.contains("pipenv")
        });
    }
    if !matches!(
        name,
        ".python-version" | "runtime.txt" | ".tool-versions" | "mise.toml" | ".mise.toml"
    ) {
        return true;
    }
    subject.built(build).any(|(_, own)| {
        let text = &own.arguments.text;
        text.contains(name)
            || name == ".python-version"
                && text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "uv")
    })
}

fn place(subject: &Subject, stated: &version::Statement) -> Option<At> {
    subject.line_of(&stated.evidence.path, stated.evidence.line)
}

fn near(minors: &BTreeSet<u64>, minor: u64) -> u64 {
    minors.iter().copied().min_by_key(|own| (own.abs_diff(minor), *own)).unwrap_or(minor)
}

fn with_minor(base: &str, old: u64, new: u64) -> String {
    base.replacen(&format!("3.{old}"), &format!("3.{new}"), 1)
}

/// The minor version of Docker's own Python image.
pub fn minor(build: &Build) -> Option<u64> {
    let base = build.image.base.known()?;
    let base = base.split('@').next()?;
    let (repository, tag) = base.rsplit_once(':')?;
    if repository.rsplit('/').next() != Some("python") {
        return None;
    }
    let rest = tag.strip_prefix("3.")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}
