//! Data stores: what workloads reach of them, and each as a pod for development.

use crate::plan::Plan;
use crate::plan::topology::{Image, Service, Test};
use crate::plan::workloads::words::{Argument, arguments};
use crate::plan::workloads::{Given, Volume, Workloads, environment, label, ports, user, volumes};
use crate::schema::Role;
use crate::source::compose::interpolate;
use crate::units::{MiB, Seconds};

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

/// The stores of the development overlay that a workload reaches, by name.
pub(super) fn reached(plan: &Plan, service: &Service) -> Vec<String> {
    let waits = |id: &str| service.depends_on.iter().any(|other| other.service == id);
    let stores = plan.topology.services.iter().filter(|own| waits(&own.id));
    stores
        .filter(|own| own.kind.is_some_and(|role| ports::of_role(role).is_some()))
        .map(|own| label(&own.id))
        .collect()
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
        port: ports::of_role(role)?,
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
