//! Digests of images that `images.digests` asks for: which of them are not known, and
//! which stand beside a tag that they are not of. No registry is asked.

use crate::apply::bookkeeping::LOCK;
use crate::check::finding::{Finding, Kind};
use crate::check::pins::Found;
use crate::error::Error;
use crate::plan::{Plan, images};
use crate::project::Project;
use crate::source::compose::image::parts;
use crate::update::NO_DIGESTS;

/// Finds them.
///
/// # Errors
/// Files that cannot be read.
pub fn find(project: &Project, plan: &Plan) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    match plan.answers.digests {
        Some(_) if project.lock.is_improved() => {
            findings.push(Finding::note("digest", NO_DIGESTS).in_file(LOCK));
        }
        Some(_) => {
            findings.extend(images::without_digest(plan).iter().map(|own| missing(project, own)))
        }
        None => {}
    }
    for (reference, places) in &Found::of(project)?.images {
        let Some((named, digest)) = reference.split_once('@') else { continue };
        let mut of_digest = project.lock.digest.iter().filter(|(_, own)| *own == digest);
        let Some((other, _)) = of_digest.clone().next() else { continue };
        // Two tags may name one image.
        if of_digest.any(|(known, _)| known == named) || parts(other).0 != parts(named).0 {
            continue;
        }
        for place in places {
            let message = format!(
                "{named} has the digest of {other}, and the digest is what runs, whatever the tag says"
            );
            let finding = Finding::warning("digest", message).in_file(&place.path);
            findings.push(finding.on_line(Some(place.line)).help(
                "set the image in dockwright.toml, and `dockwright update --fetch` asks for its digest",
            ));
        }
    }
    Ok(findings)
}

fn missing(project: &Project, reference: &str) -> Finding {
    let repository = parts(reference).0;
    let old = project.lock.digest.keys().find(|known| parts(known).0 == repository);
    let message = match old {
        Some(old) => {
            format!("images.digests: {reference} has no digest yet, the known one is of {old}")
        }
        None => format!("images.digests: no digest of {reference} is known yet"),
    };
    let finding = Finding::new(Kind::Outdated, "digest", message).in_file(LOCK);
    finding.help("`dockwright update --fetch` asks its registry")
}
