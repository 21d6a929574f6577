//! Where pods write: disk of their node that ends with them, or what outlives them.

use crate::plan::Plan;
use crate::plan::topology::{Mount, Service};
use crate::plan::workloads::{Workloads, label};
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::units::{Count, MiB};

/// What a workload mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name in the pod.
    pub name: String,
    /// Where.
    pub target: String,
    /// What it is.
    pub kind: Kind,
}

/// What a volume is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Disk of the node, which ends with the pod.
    Scratch(MiB),
    /// Memory, which counts towards the limit.
    Memory(MiB),
    /// What outlives the pod: a claim of the same name.
    Claim {
        /// Whether it is only read.
        read_only: bool,
    },
}

/// What outlives pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// Where pods have it.
    pub target: String,
    /// How many pods may have it at the same time.
    pub pods: Count,
    /// Whether pods only read it: somebody else fills it.
    pub read_only: bool,
}

/// What a workload mounts; claims are noted.
pub(super) fn of(plan: &Plan, service: &Service, role: Role, all: &mut Workloads) -> Vec<Volume> {
    let size = plan.decisions.get(rows::POD_SCRATCH, role);
    let mut volumes: Vec<Volume> = Vec::new();
    for mount in &service.mounts {
        let target = mount.target().to_owned();
        let scratch =
            |target: String| Volume { name: in_pod(&target), target, kind: Kind::Scratch(size) };
        let volume = match mount {
            Mount::Memory { .. } => scratch(target),
            Mount::Volume { name, .. } if *name == plan.volumes.uploads => scratch(target),
            Mount::Volume { name, read_only, .. } => {
                claim(all, name, &target, *read_only);
                let kind = Kind::Claim { read_only: *read_only };
                Volume { name: label(name), target, kind }
            }
            Mount::ReadOnly { .. } => {
                claim(all, "models", &target, true);
                Volume { name: "models".to_owned(), target, kind: Kind::Claim { read_only: true } }
            }
            Mount::Kept { .. } => match mount.named_volume() {
                Some(name) => {
                    claim(all, &name, &target, false);
                    let kind = Kind::Claim { read_only: false };
                    Volume { name: label(&name), target, kind }
                }
                // Said where what is left out is.
                None => continue,
            },
        };
        if volumes.iter().all(|known| known.target != volume.target) {
            volumes.push(volume);
        }
    }
    let shm = plan.decisions.find(rows::SHM, Role::Web).filter(|size| size.0 > 64);
    if let (Role::Web, Some(size)) = (role, shm) {
        let target = "/dev/shm".to_owned();
        volumes.push(Volume { name: "shm".to_owned(), target, kind: Kind::Memory(size) });
    }
    volumes
}

/// What a store of the development overlay mounts.
pub(super) fn of_store(service: &Service) -> Vec<Volume> {
    let volume = |mount: &Mount| {
        let target = mount.target().to_owned();
        Some(match mount {
            Mount::Memory { size, .. } => {
                Volume { name: in_pod(&target), target, kind: Kind::Scratch(*size) }
            }
            _ => Volume {
                name: label(&mount.named_volume()?),
                target,
                kind: Kind::Claim { read_only: false },
            },
        })
    };
    let shm = service.resources.and_then(|resources| resources.shm).filter(|size| size.0 > 64);
    let shm = shm.map(|size| Volume {
        name: "shm".to_owned(),
        target: "/dev/shm".to_owned(),
        kind: Kind::Memory(size),
    });
    service.mounts.iter().filter_map(volume).chain(shm).collect()
}

fn claim(all: &mut Workloads, name: &str, target: &str, read_only: bool) {
    let name = label(name);
    match all.claims.iter_mut().find(|known| known.name == name) {
        Some(known) => known.read_only &= read_only,
        None => all.claims.push(Claim { name, target: target.to_owned(), pods: 0, read_only }),
    }
}

/// A volume's name in a pod: the path it is at.
fn in_pod(target: &str) -> String {
    label(target)
}
