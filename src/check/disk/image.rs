//! Every image that files on disk take from outside.

use std::collections::BTreeSet;

use crate::check::disk::scene::Scene;
use crate::source::compose::{Service, image, interpolate};

/// An image and where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The reference, variables replaced by their defaults.
    pub reference: String,
    /// The file.
    pub path: String,
    /// The line.
    pub line: usize,
    /// The service that runs it, in a compose file.
    pub service: Option<String>,
}

impl Image {
    /// The repository's last part: `postgres` of `mirror.test/library/postgres:18`.
    #[must_use]
    pub fn name(&self) -> &str {
        let repository = image::parts(&self.reference).0;
        repository.rsplit('/').next().unwrap_or(repository)
    }

    /// The tag; `None` for none.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        Some(image::parts(&self.reference).1).filter(|tag| !tag.is_empty())
    }

    /// Whether a variable in it is not known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.reference.contains('$')
    }
}

/// Every image of the Dockerfiles and compose files.
#[must_use]
pub fn all(scene: &Scene<'_>) -> Vec<Image> {
    let mut images = Vec::new();
    for file in &scene.dockerfiles {
        images.extend(file.images.iter().map(|named| Image {
            reference: named.reference.clone(),
            path: file.path.clone(),
            line: named.line,
            service: None,
        }));
    }
    let services = || scene.composes.iter().flat_map(|compose| &compose.services);
    let built: BTreeSet<String> =
        services().filter(|service| service.build().is_some()).filter_map(Service::image).collect();
    for compose in &scene.composes {
        for service in &compose.services {
            let Some(reference) = service.image() else { continue };
            if service.build().is_some() || built.contains(&reference) {
                continue;
            }
            images.push(Image {
                reference: interpolate::defaults(&reference),
                path: compose.path.clone(),
                line: service.line_of("image"),
                service: Some(service.name.clone()),
            });
        }
    }
    images
}
