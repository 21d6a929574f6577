//! `images.registry`: every image that is taken from outside comes from it.

use crate::answers::Origin;
use crate::check::disk::image::Image;
use crate::check::disk::scene::Scene;
use crate::check::finding::Finding;
use crate::policy::Requirement;

/// Judges every image.
pub fn judge(requirement: &Requirement, images: &[Image], scene: &Scene<'_>) -> Vec<Finding> {
    let allowed = requirement.allowed();
    let allowed: Vec<&str> = allowed.iter().map(|prefix| prefix.trim_end_matches('/')).collect();
    // Without a prefix, any registry is right.
    if allowed.is_empty() || allowed.contains(&"") {
        return Vec::new();
    }
    images.iter().filter_map(|image| of_image(requirement, image, &allowed, scene)).collect()
}

fn of_image(
    requirement: &Requirement,
    image: &Image,
    allowed: &[&str],
    scene: &Scene<'_>,
) -> Option<Finding> {
    let inside = |prefix: &&str| image.reference.starts_with(&format!("{prefix}/"));
    if allowed.iter().any(inside) || is_of_the_preset(image, scene) {
        return None;
    }
    if image.reference.starts_with('$') {
        let message = format!("where {} comes from cannot be told", image.reference);
        return Some(Finding::unknown(requirement, &image.path, Some(image.line), &message));
    }
    let message = format!("{} does not come from {}", image.reference, allowed.join(" or "));
    let help = format!("{}/{}", allowed[0], image.reference);
    Some(Finding::of(requirement, &image.path, Some(image.line), &message).help(help))
}

/// An image that the preset itself names, registry and all.
fn is_of_the_preset(image: &Image, scene: &Scene<'_>) -> bool {
    scene.plan.images.iter().any(|(name, reference)| {
        *reference == image.reference
            && scene
                .draft
                .sourced(&format!("images.{name}"))
                .is_some_and(|sourced| matches!(sourced.origin, Origin::Preset { .. }))
    })
}
