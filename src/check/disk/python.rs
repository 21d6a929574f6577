//! `project.python` and the floor of it: the images that hold Python, in any
//! stage.

use crate::check::disk::image::Image;
use crate::check::finding::Finding;
use crate::policy::Requirement;

/// Judges every image whose name or tag speaks of Python.
pub fn judge(requirement: &Requirement, images: &[Image]) -> Vec<Finding> {
    images.iter().filter_map(|image| of_image(requirement, image)).collect()
}

fn of_image(requirement: &Requirement, image: &Image) -> Option<Finding> {
    let tag = image.tag();
    let unknown = || {
        let message = format!("the Python of {} cannot be told from its tag", image.reference);
        Some(Finding::unknown(requirement, &image.path, Some(image.line), &message))
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
    Some(Finding::of(requirement, &image.path, Some(image.line), &message).help(help))
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
