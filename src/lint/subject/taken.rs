//! Every image that files on disk take from outside.

use std::collections::BTreeSet;

use super::Comparison;
use crate::lint::diagnostic::At;
use crate::source::compose::{Item, Service, image};

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
            // One that nobody asks for builds nothing.
            let built: BTreeSet<String> = services
                .iter()
                .filter(|own| own.build().is_some() && own.item.get("profiles").is_none())
                .filter_map(Service::image)
                .collect();
            let mut add = |item: &Item, reference: String, service: Option<String>| {
                let open = Self::is_open(deployment, item);
                let reference = if open { format!("{reference}$") } else { reference };
                let at = self.now.item(deployment, item);
                let image = Taken { reference, at, service };
                if !images.contains(&image) {
                    images.push(image);
                }
            };
            for service in services {
                for item in cached(service) {
                    let text = item.scalar().unwrap_or_default();
                    let reference = text.split(',').find_map(|part| part.strip_prefix("ref="));
                    let is_bare = !text.contains('=');
                    if let Some(own) = reference.or_else(|| is_bare.then_some(text.as_str())) {
                        add(item, own.to_owned(), None);
                    }
                }
                let Some(item) = service.item.get("image") else { continue };
                let Some(reference) = item.scalar() else { continue };
                let policy = service.text("pull_policy").unwrap_or_default();
                let is_built = service.build().is_some() || built.contains(&reference);
                let is_pulled = !matches!(
                    policy.as_str(),
                    "" | "never" | "build" | "missing" | "if_not_present"
                );
                if is_built && !is_pulled {
                    continue;
                }
                add(item, reference, Some(service.name.clone()));
            }
            let models = deployment.project.root.get("models");
            for (_, model) in models.into_iter().flat_map(Item::entries) {
                if let Some(item) = model.get("model") {
                    add(item, item.scalar().unwrap_or_default(), None);
                }
            }
            for (item, reference) in services.iter().flat_map(mounted) {
                add(item, reference, None);
            }
        }
        images
    }
}

/// Caches that a build takes layers from.
fn cached(service: &Service) -> &[Item] {
    let from = service.item.get("build").and_then(|build| build.get("cache_from"));
    from.map_or(&[], Item::items)
}

/// Images that are mounted.
fn mounted(service: &Service) -> Vec<(&Item, String)> {
    let items = service.item.get("volumes").map_or(&[][..], Item::items).iter();
    let is_image =
        |item: &&Item| item.get("type").and_then(Item::scalar).as_deref() == Some("image");
    items.filter(is_image).filter_map(|item| Some((item, item.get("source")?.scalar()?))).collect()
}
