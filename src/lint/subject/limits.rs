//! What a container may take, and how long it is given to stop.

use super::{Container, Deployment, Subject, amount};
use crate::lint::diagnostic::At;
use crate::source::compose::Item;
use crate::units;

impl Subject {
    /// Keys below a container's service, the last one's value.
    #[must_use]
    pub fn key<'s>(&'s self, container: &Container, path: &[&str]) -> Option<(&'s Item, At)> {
        let (deployment, service) = self.composed(container)?;
        let mut item = &service.item;
        for key in path {
            item = item.get(key)?;
        }
        Some((item, self.item(deployment, item)))
    }

    /// The most memory it may take, in bytes.
    #[must_use]
    pub fn memory_limit(&self, container: &Container) -> Option<(u64, At)> {
        let (item, at) = self
            .key(container, &["deploy", "resources", "limits", "memory"])
            .or_else(|| self.key(container, &["mem_limit"]))?;
        Some((units::bytes(&item.scalar()?).filter(|bytes| *bytes > 0)?, at))
    }

    /// The most processors it may take.
    #[must_use]
    pub fn cpu_limit(&self, container: &Container) -> Option<(f64, At)> {
        let (item, at) = self
            .key(container, &["deploy", "resources", "limits", "cpus"])
            .or_else(|| self.key(container, &["cpus"]))?;
        let cpus: f64 = item.scalar()?.trim().parse().ok()?;
        (cpus > 0.0).then_some((cpus, at))
    }

    /// How many of it run, and where that is said.
    #[must_use]
    pub fn replicas(&self, container: &Container) -> (u64, Option<At>) {
        let said = self
            .key(container, &["deploy", "replicas"])
            .or_else(|| self.key(container, &["scale"]))
            .and_then(|(item, at)| Some((item.scalar()?.trim().parse().ok()?, at)));
        said.map_or((1, None), |(replicas, at)| (replicas, Some(at)))
    }

    /// How many seconds it is given between SIGTERM and SIGKILL; Docker's ten
    /// where nothing is said. `None` outside of a compose file, and where it is
    /// said and cannot be read.
    #[must_use]
    pub fn grace(&self, container: &Container) -> Option<(u64, Option<At>)> {
        self.composed(container)?;
        match self.key(container, &["stop_grace_period"]) {
            Some((item, at)) => Some((amount::seconds(&item.scalar()?)?, Some(at))),
            None => Some((10, None)),
        }
    }

    /// The networks of a container by name; `None` where it has another's, the
    /// host's or none.
    #[must_use]
    pub fn networks(&self, container: &Container) -> Option<Vec<String>> {
        let (_, service) = self.composed(container)?;
        if service.item.get("network_mode").is_some() {
            return None;
        }
        let names = service.names("networks");
        Some(if names.is_empty() { vec!["default".to_owned()] } else { names })
    }

    /// The container of a project that a host name stands for.
    #[must_use]
    pub fn named<'s>(&'s self, deployment: &'s Deployment, host: &str) -> Option<&'s Container> {
        self.containers_of(deployment).find(|container| {
            container.name == host
                || self.composed(container).is_some_and(|(_, service)| {
                    let is = |key: &str| service.text(key).as_deref() == Some(host);
                    is("container_name") || is("hostname") || aliases(&service.item, host)
                })
        })
    }
}

fn aliases(service: &Item, host: &str) -> bool {
    let networks = service.get("networks").into_iter().flat_map(Item::entries);
    networks
        .filter_map(|(_, network)| network.get("aliases"))
        .any(|aliases| aliases.scalars().iter().any(|alias| alias == host))
}
