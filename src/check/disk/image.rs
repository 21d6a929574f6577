//! Every image that files on disk take from outside.

use std::collections::BTreeSet;

use crate::check::disk::scene::Scene;
use crate::source::compose::{Service, image};

/// An image and where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The reference. A variable of unknown value stands as it is written.
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
    let mut images: Vec<Image> = scene
        .taken()
        .into_iter()
        .map(|(reference, path, line)| Image { reference, path, line, service: None })
        .collect();
    for deployment in scene.deployed() {
        let services = &deployment.services;
        let built: BTreeSet<String> = services
            .iter()
            .filter(|service| service.build().is_some())
            .filter_map(Service::image)
            .collect();
        for service in services {
            let Some(item) = service.item.get("image") else { continue };
            let Some(reference) = item.scalar() else { continue };
            if service.build().is_some() || built.contains(&reference) {
                continue;
            }
            let open = Scene::is_open(deployment, item);
            let reference = if open { format!("{reference}$") } else { reference };
            let (path, line) = Scene::place(deployment, item);
            let service = Some(service.name.clone());
            let image = Image { reference, path, line, service };
            if !images.contains(&image) {
                images.push(image);
            }
        }
    }
    images
}
