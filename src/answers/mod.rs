//! Answers: every key typed, with where its value came from.
//!
//! [`Sources::assemble`] brings together what everybody says. Which of two
//! values of a key holds is for their [`Origin`]s to decide: built-in default,
//! preset layers in order, what was found, `dockwright.toml`, `--set`, prompt.
//! [`Draft::resolve`] then types the [`Answers`], or gives all of their
//! problems at once; what the preset requires of them is `policy`'s.

pub mod adopt;
pub mod adopted;
pub mod brought;
pub mod document;
pub mod draft;
pub mod header;
mod limits;
pub mod migrate;
pub mod network;
pub mod own_image;
pub mod own_project;
pub mod source;
pub mod sources;
pub mod stack;
pub mod start;
mod sticky;

use std::collections::BTreeMap;

use crate::schema::value::Value;
pub use draft::Draft;
pub use source::{Origin, Sourced};
pub use sources::Sources;
use stack::{Architecture, Budget, Ci, Hardening, PackageManager, Stack, Target};

use crate::preset::manifest::FileRule;
use crate::relpath::RelPath;
use crate::schema::Role;
use crate::units::{Count, MiB, MilliCpu};

/// A planned number that a person fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The number.
    pub value: Value,
    /// Where it was fixed.
    pub source: String,
}

/// What is asked of one output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePolicy {
    /// Leave it out.
    Off,
    /// Treat it in this way.
    Ownership(crate::schema::Ownership),
}

/// What the preset says of one output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerFile {
    /// What is said.
    pub rule: FileRule,
    /// The last layer that says something of it.
    pub layer: String,
}

/// Whose `X-Forwarded-*` headers the first service that a request reaches
/// believes: of the client's address, and of whether it came over HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedProxies {
    /// Nobody's: clients connect themselves.
    None,
    /// Those of a proxy on this host: nobody else reaches a loopback port.
    Host,
    /// Those of proxies in these networks.
    Networks(Vec<String>),
}

impl TrustedProxies {
    /// Where a proxy on this host is seen to come from: the gateway of
    /// whatever network Docker made.
    const GATEWAYS: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

    fn of(value: &Value) -> Self {
        match value {
            Value::List(networks) => Self::Networks(networks.clone()),
            value if value.to_string() == "host" => Self::Host,
            _ => Self::None,
        }
    }

    /// Whether anybody is believed.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.networks().is_empty()
    }

    /// The networks that are believed.
    #[must_use]
    pub fn networks(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::Host => Self::GATEWAYS.to_vec(),
            Self::Networks(networks) => networks.iter().map(String::as_str).collect(),
        }
    }
}

/// The machine or task that everything shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// What it is written for: at least one.
    pub targets: Vec<Target>,
    /// Requests a second at the busiest time.
    pub load: Count,
    /// CPU that one pod or task of the application is guaranteed.
    pub pod_cpus: MilliCpu,
    /// Memory that one pod or task of the application has at most.
    pub pod_memory: MiB,
    /// Processor of the tasks on ECS.
    pub architecture: Architecture,
    /// CPUs.
    pub cpus: MilliCpu,
    /// Memory.
    pub memory: MiB,
    /// Whether a system shares it.
    pub budget: Budget,
    /// Public host name; empty for none.
    pub domain: String,
    /// Address the port is published on.
    pub bind: String,
    /// Whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// How far containers are locked down.
    pub hardening: Hardening,
    /// What builds and deploys.
    pub ci: Ci,
}

impl Deploy {
    /// Whether it is written for a target.
    #[must_use]
    pub fn is_for(&self, target: Target) -> bool {
        self.targets.contains(&target)
    }

    /// The public host name of a project, or one to begin with.
    #[must_use]
    pub fn public_name(&self, project: &str) -> String {
        match self.domain.as_str() {
            "" => format!("{project}.example.com"),
            domain => domain.to_owned(),
        }
    }

    /// Whether it is written for a platform that starts pods or tasks, each with CPU
    /// and memory of its own.
    #[must_use]
    pub fn is_clustered(&self) -> bool {
        self.is_for(Target::Kubernetes) || self.is_for(Target::Ecs)
    }

    /// Whether only this host reaches the published port.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.bind)
    }
}

/// Whether only the host itself reaches what listens on this address.
fn is_loopback(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Everything that was decided by people, presets and defaults.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Code that was there before; `None` where dockwright writes a skeleton.
    pub adopted: Option<adopted::Adopted>,
    /// The preset's reference.
    pub preset: String,
    /// Names the project, image and database.
    pub name: String,
    /// Python's minor version.
    pub python: String,
    /// Who owns the lock file.
    pub package_manager: PackageManager,
    /// What the code writes to.
    pub writable: Vec<adopted::Writable>,
    /// Published port.
    pub port: u16,
    /// What runs.
    pub stack: Stack,
    /// Where it runs.
    pub deploy: Deploy,
    /// `images.*` that were set, by short name.
    pub images: BTreeMap<String, String>,
    /// Digests of images by complete reference, as far as they are known; `None` where
    /// `images.digests` wants none.
    pub digests: Option<BTreeMap<String, String>>,
    /// The network that images are built and run in.
    pub network: network::Network,
    /// Service names in the compose file.
    pub services: BTreeMap<Role, String>,
    /// Pinned numbers, by full plan key.
    pub pins: BTreeMap<String, Pin>,
    /// What the preset says of single outputs, and the outputs it adds.
    pub layer_files: BTreeMap<RelPath, LayerFile>,
    /// Policies per output.
    pub files: BTreeMap<RelPath, FilePolicy>,
    /// Where outputs go whose own path somebody else's file has, by that path.
    pub alternates: BTreeMap<RelPath, RelPath>,
}

impl Answers {
    /// The name that the application's image has in a registry, without a tag;
    /// empty where the host builds it.
    #[must_use]
    pub fn repository(&self) -> &str {
        self.images.get("repository").map_or("", String::as_str)
    }

    /// The image of the repository's own Dockerfile, where that stays.
    #[must_use]
    pub fn own_image(&self) -> Option<&own_image::OwnImage> {
        self.adopted.as_ref()?.image()
    }

    /// The compose project of the repository's own that runs the application, where it stays.
    #[must_use]
    pub fn own_project(&self) -> Option<&own_project::OwnProject> {
        self.adopted.as_ref()?.derived.project.as_ref()
    }

    /// The branch that git called the default one when the repository was read; empty where it
    /// named none.
    #[must_use]
    pub fn released_branch(&self) -> &str {
        self.adopted.as_ref().map_or("", |adopted| &adopted.derived.branch)
    }
}
