//! `images.registry`: every image that is taken from outside comes from it.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Taken};
use crate::policy::Requirement;
use crate::source::dockerfile::Keyword;

pub static RULE: Rule = Rule {
    code: "PO105",
    name: "standard-registry",
    severity: Severity::Error,
    summary: "every image comes from the registry of the standard",
    why: "An image from elsewhere was neither scanned nor mirrored: it may be gone tomorrow, and is whatever its owner makes it.",
    example: "FROM mirror.example/python:3.13-slim-trixie",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// Judges every image.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    if requirement.key != "images.registry" {
        return Vec::new();
    }
    let allowed = requirement.allowed();
    let allowed: Vec<&str> = allowed.iter().map(|prefix| prefix.trim_end_matches('/')).collect();
    // Without a prefix, any registry is right.
    if allowed.is_empty() || allowed.contains(&"") {
        return Vec::new();
    }
    let images = compared.images();
    let images = images.iter().filter_map(|image| of_image(image, &allowed, compared));
    images.chain(fetched(compared)).collect()
}

/// What ADD fetches from elsewhere without saying what it has to be.
fn fetched(compared: Comparison<'_>) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = Vec::new();
    for own in compared.built() {
        let recipe = &compared.now.recipes[own.recipe];
        for (number, instruction) in recipe.file.instructions.iter().enumerate() {
            let text = &instruction.arguments.text;
            let is_address = text.contains("://") || text.contains("git@");
            if instruction.keyword == Keyword::Add
                && is_address
                && instruction.flag("checksum").is_none()
            {
                let message = "what ADD fetches without --checksum cannot be told";
                let found = Diagnostic::unknown(compared.instruction(&own, number), message);
                if !findings.contains(&found) {
                    findings.push(found);
                }
            }
        }
    }
    findings
}

fn of_image(image: &Taken, allowed: &[&str], compared: Comparison<'_>) -> Option<Diagnostic> {
    let inside = |prefix: &&str| image.reference.starts_with(&format!("{prefix}/"));
    if allowed.iter().any(inside) || is_of_the_preset(image, compared) {
        return None;
    }
    if image.reference.starts_with('$') {
        let message = format!("where {} comes from cannot be told", image.reference);
        return Some(Diagnostic::unknown(image.at, message));
    }
    let message = format!("{} does not come from {}", image.reference, allowed.join(" or "));
    let help = format!("{}/{}", allowed[0], image.reference);
    Some(Diagnostic::new(image.at, message).with_help(help))
}

/// An image that the preset itself names, registry and all: of the layers that
/// count here.
fn is_of_the_preset(image: &Taken, compared: Comparison<'_>) -> bool {
    let Some(preset) = compared.standard.draft.preset() else { return false };
    let images = &compared.standard.plan.images;
    images.iter().any(|(name, reference)| {
        let bare = image.reference.split('@').next().unwrap_or(&image.reference);
        [bare, image.reference.as_str()].contains(&reference.as_str())
            && preset.default(&format!("images.{name}")).is_some_and(|own| own == reference)
    })
}
