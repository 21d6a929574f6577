//! Every image that files on disk take from outside.

use std::collections::BTreeSet;

use super::Comparison;
use crate::lint::diagnostic::At;
use crate::source::compose::{Service, image};

/// An image and where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The reference. A variable of unknown value stands as it is written.
    pub reference: String,
    /// Where.
    pub at: At,
    /// The service that runs it, in a compose file.
    pub service: Option<String>,
}

impl Taken {
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

impl Comparison<'_> {
    /// Every image of the Dockerfiles and compose files.
    #[must_use]
    pub fn images(self) -> Vec<Taken> {
        let mut images: Vec<Taken> = self
            .taken()
            .into_iter()
            .map(|(reference, at)| Taken { reference, at, service: None })
            .collect();
        for deployment in self.deployed() {
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
                let open = Self::is_open(deployment, item);
                let reference = if open { format!("{reference}$") } else { reference };
                let at = self.now.item(deployment, item);
                let image = Taken { reference, at, service: Some(service.name.clone()) };
                if !images.contains(&image) {
                    images.push(image);
                }
            }
        }
        images
    }
}
