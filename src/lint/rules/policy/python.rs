//! `project.python` and the floor of it: the images that hold Python, in any
//! stage.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Taken};
use crate::policy::Requirement;

pub static RULE: Rule = Rule {
    code: "PO104",
    name: "standard-python",
    severity: Severity::Error,
    summary: "every image that holds Python has the version of the standard",
    why: "A stage or a service that keeps another Python is what a floor is there to end: the version that no longer gets security fixes.",
    example: "FROM python:3.13-slim-trixie",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// Judges every image whose name or tag speaks of Python.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    if requirement.key != "project.python" {
        return Vec::new();
    }
    compared.images().iter().filter_map(|image| of_image(requirement, image)).collect()
}

fn of_image(requirement: &Requirement, image: &Taken) -> Option<Diagnostic> {
    let tag = image.tag();
    let unknown = || {
        let message = format!("the Python of {} cannot be told from its tag", image.reference);
        Some(Diagnostic::unknown(image.at, message))
    };
    let version = match tag {
        _ if image.is_unknown() && image.reference.contains("python") => return unknown(),
        Some(tag) if image.name().contains("python") => minor(tag),
        // `ghcr.io/…/uv:python3.12-bookworm`
        Some(tag) => minor(tag.strip_prefix("python")?),
        None if image.name() == "python" => return unknown(),
        None => return None,
    };
    let Some(version) = version else { return unknown() };
    let fault = requirement.fault(&version)?;
    let message = format!("{}: Python is {version}, {fault}", image.reference);
    let help = "take an image with the right version there";
    Some(Diagnostic::new(image.at, message).with_help(help))
}

/// `3.12` of `3.12.4-slim`.
fn minor(tag: &str) -> Option<String> {
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len());
    let mut numbers = tag[..end].split('.').filter(|number| !number.is_empty());
    Some(format!("{}.{}", numbers.next()?, numbers.next()?))
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn a_tag_has_a_minor_version_or_none() {
        assert_eq!(minor("3.12.4-slim").as_deref(), Some("3.12"));
        assert_eq!(minor("3.9").as_deref(), Some("3.9"));
        assert_eq!(minor("3-slim"), None);
        assert_eq!(minor("slim"), None);
    }
}
