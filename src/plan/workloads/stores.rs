//! Data stores: what workloads reach of them, and each as a pod for development.

use crate::plan::Plan;
use crate::plan::topology::{Image, Service, Test};
use crate::plan::workloads::words::{Argument, arguments};
use crate::plan::workloads::{Given, Volume, Workloads, environment, label, user, volumes};
use crate::schema::Role;
use crate::source::compose::interpolate;
use crate::units::{MiB, Seconds};

/// A store that a workload reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Its name, as the service of this stack or of the development overlay.
    pub store: String,
    /// Its port.
    pub port: u16,
}

/// A data store as one pod, for development.
#[derive(Clone, Debug)]
pub struct Store {
    /// What it is for.
    pub role: Role,
    /// Its name, by which it is reached.
    pub id: String,
    /// Its image.
    pub image: String,
    /// Its port.
    pub port: u16,
    /// What it runs; empty for the image's own command.
    pub command: Vec<Argument>,
    /// Its variables.
    pub env: Vec<Given>,
    /// Where it writes.
    pub volumes: Vec<Volume>,
    /// How its life is seen.
    pub probe: Vec<String>,
    /// Its memory.
    pub memory: MiB,
    /// Until it is killed.
    pub grace: Seconds,
    /// User and group by number; `None` for the image's own.
    pub user: Option<u32>,
}

/// The stores a workload reaches.
pub(super) fn reaches(plan: &Plan, service: &Service, role: Role) -> Vec<Reach> {
    let waits = |id: &str| service.depends_on.iter().any(|other| other.service == id);
    let stores = plan.topology.services.iter().filter(|own| waits(&own.id));
    let mut reaches: Vec<Reach> = stores
        .filter_map(|own| Some(Reach { store: label(&own.id), port: port(own.kind?)? }))
        .collect();
    let asks = matches!(role, Role::Web | Role::Worker | Role::Migrate);
    if plan.flags.is("external_db") && asks {
        reaches.push(Reach { store: "db".to_owned(), port: 5432 });
    }
    reaches
}

/// The port of a store.
const fn port(role: Role) -> Option<u16> {
    match role {
        Role::Db => Some(5432),
        Role::Redis | Role::Cache => Some(6379),
        _ => None,
    }
}

pub(super) fn store(service: &Service, role: Role, all: &mut Workloads) -> Option<Store> {
    let kept = || {
        let keys = &service.kept.as_ref()?.keys;
        let (_, image) = keys.iter().find(|(key, _)| key == "image")?;
        Some(interpolate::defaults(&image.scalar()?))
    };
    let image = match &service.image {
        Image::Fetched(image) => kept().unwrap_or_else(|| image.clone()),
        Image::Kept => kept()?,
        Image::Own { .. } => return None,
    };
    let resources = service.resources?;
    Some(Store {
        role,
        id: label(&service.id),
        image,
        port: port(role)?,
        command: service.command.as_ref().map(arguments).unwrap_or_default(),
        env: environment::of_store(service, all),
        volumes: volumes::of_store(service),
        probe: match &service.probe.test {
            Test::Command(words) => arguments(words).iter().map(Argument::text).collect(),
            Test::Shell(lines) => {
                vec!["sh".to_owned(), "-c".to_owned(), lines.join(" ")]
            }
            _ => Vec::new(),
        },
        memory: resources.memory,
        grace: service.stop.map_or(Seconds(30), |stop| stop.grace),
        user: user(service),
    })
}
