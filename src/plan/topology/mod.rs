//! What runs, as values: every service with all that it is given, and the
//! networks, volumes and secrets that they name. A target (Compose for now)
//! is written from this alone.

mod application;
pub mod commands;
pub mod development;
mod environment;
pub mod existing;
mod runbook;
mod sizes;
mod stores;

use serde::Serialize;

pub use development::{Development, Override};
pub use environment::{EnvValue, Group, Variable, database_url, is_passed_on, redis_url};
pub use existing::container_port;
pub use runbook::{Backup, Moment, Runbook, Task, Trouble};

use crate::plan::Plan;
use crate::plan::carry::Carry;
use crate::schema::Role;
use crate::source::compose::yaml::Item;
use crate::source::compose::{Mount as KeptMount, Port as KeptPort};
use crate::units::{Count, MiB, MilliCpu, Seconds};

/// The network between clients, the proxy and the application.
pub const EDGE: &str = "edge";
/// The network of data stores and those that talk to them; it leads nowhere else.
pub const BACKEND: &str = "backend";
/// The user and group that the application runs as.
pub const APPLICATION_USER: u32 = 10_001;
/// The secret that builds read to log in to a package index.
pub const INDEX_SECRET: &str = "index-netrc";

/// Everything that runs.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// In the order of the compose file.
    pub services: Vec<Service>,
    /// What services are joined by.
    pub networks: Vec<Network>,
    /// Named volumes: what outlives containers.
    pub volumes: Vec<Volume>,
    /// Secrets that are files of the host, by name.
    pub secrets: Vec<Secret>,
    /// Top-level keys of an existing compose file that have no place here.
    pub kept: Vec<(String, Item)>,
    /// What is different in development.
    pub development: Development,
}

/// One service, complete.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name in the files.
    pub id: String,
    /// What it is for; `None` for a service that dockwright does not know.
    pub kind: Option<Role>,
    /// What a reader of the file should know of it; empty for nothing.
    pub about: String,
    /// What it runs from.
    pub image: Image,
    /// What it runs; `None` for the image's own command.
    pub command: Option<Command>,
    /// Where the command runs; empty for the image's own directory.
    pub working_dir: String,
    /// Its variables: each name once.
    pub env: Vec<Variable>,
    /// What it publishes on the host.
    pub ports: Vec<Port>,
    /// What it mounts.
    pub mounts: Vec<Mount>,
    /// The networks it is in.
    pub networks: Vec<String>,
    /// What has to be there before it starts.
    pub depends_on: Vec<Dependency>,
    /// How its health is seen.
    pub probe: Probe,
    /// What it may take; `None` for what the plan does not count.
    pub resources: Option<Resources>,
    /// What it may do.
    pub security: Security,
    /// Whether it runs to its end instead of being kept up.
    pub one_shot: bool,
    /// How it ends; `None` for the engine's defaults.
    pub stop: Option<Stop>,
    /// What people who run it need to know.
    pub runbook: Runbook,
    /// What an existing compose file says of it beside all this.
    pub kept: Option<Kept>,
}

/// What a service runs from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// One of this repository's own, and how it is built where this service
    /// is the one that builds it.
    Own {
        /// Its name without a tag.
        name: String,
        /// Whether a registry has it, so that a host need not build it.
        pulled: bool,
        /// `None` where another service builds it.
        build: Option<Build>,
    },
    /// One that is fetched.
    Fetched(String),
    /// What [`Kept`] says.
    Kept,
}

/// How an image is built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Build {
    /// The directory, as seen from the compose file.
    pub context: String,
    /// The Dockerfile, where it does not have its usual name.
    pub dockerfile: Option<String>,
    /// The stage; `None` for the last one.
    pub target: Option<&'static str>,
    /// Whether the build is told the network's proxies.
    pub proxies: bool,
    /// Arguments that stages which go on declare, as YAML has their values.
    pub arguments: Vec<(String, String)>,
    /// Whether the build reads [`INDEX_SECRET`].
    pub index_secret: bool,
    /// Whether the build asks an SSH agent.
    pub ssh: bool,
}

/// A command: words, those that belong together (an option and its value) as
/// one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command(pub Vec<Vec<Word>>);

/// One word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// As it is.
    Literal(String),
    /// With a value of `.env` at its end.
    Setting {
        /// What stands before the value: `--loglevel=`.
        prefix: &'static str,
        /// The variable.
        name: String,
        /// Its default.
        default: String,
    },
    /// What an existing compose file says, in Compose's own syntax.
    Kept(String),
}

impl Command {
    /// Words that are one by one.
    pub fn of<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        Self(words.into_iter().map(|word| vec![Word::Literal(word.into())]).collect())
    }

    /// Adds a word.
    pub fn push(&mut self, word: impl Into<String>) {
        self.0.push(vec![Word::Literal(word.into())]);
    }
}

/// A port that is published on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// One of ours.
    Published {
        /// The host's address; IPv6 without brackets.
        address: String,
        /// The host's port.
        published: u16,
        /// The container's.
        target: u16,
    },
    /// One of an existing compose file.
    Kept(KeptPort),
}

/// What a service mounts.
#[derive(Clone, Debug, PartialEq)]
pub enum Mount {
    /// A named volume.
    Volume {
        /// Its name.
        name: String,
        /// Where.
        target: String,
        /// Whether it is only read there.
        read_only: bool,
    },
    /// A path of the host, never written to, that has to be there.
    ReadOnly {
        /// As seen from the compose file.
        source: String,
        /// Where.
        target: String,
    },
    /// Memory, which counts towards the limit.
    Memory {
        /// Where.
        target: String,
        /// At most.
        size: MiB,
        /// Its owner's user and group; `None` for root.
        owner: Option<u32>,
    },
    /// One of an existing compose file, at its place in the new image.
    Kept {
        /// Where.
        target: String,
        /// As it is written.
        item: Item,
    },
}

impl Mount {
    /// A named volume that is written to.
    pub(super) fn volume(name: &str, target: &str) -> Self {
        Self::Volume { name: name.to_owned(), target: target.to_owned(), read_only: false }
    }

    /// Where it is in the container.
    #[must_use]
    pub fn target(&self) -> &str {
        match self {
            Self::Volume { target, .. }
            | Self::ReadOnly { target, .. }
            | Self::Memory { target, .. }
            | Self::Kept { target, .. } => target,
        }
    }

    /// The named volume that it shows.
    #[must_use]
    pub fn named_volume(&self) -> Option<String> {
        match self {
            Self::Volume { name, .. } => Some(name.clone()),
            Self::Kept { item, .. } => KeptMount::read(item)?.volume().map(str::to_owned),
            _ => None,
        }
    }
}

/// What a service waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The other service.
    pub service: String,
    /// What is waited for.
    pub condition: Condition,
}

/// What a dependency has to have reached.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// It was started.
    Started,
    /// It is healthy.
    Healthy,
    /// It ran to its end, and that was no failure.
    Completed,
    /// What an existing compose file says.
    Kept(Item),
}

/// How the health of a service is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// What is run.
    pub test: Test,
    /// How often; `None` where nothing is run.
    pub times: Option<Times>,
    /// Why so; empty where it needs no reason.
    pub why: &'static str,
}

/// What a health check runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The image's own test.
    OfImage,
    /// A command.
    Command(Command),
    /// A line of a shell, cut where it may be.
    Shell(Vec<String>),
    /// What an existing compose file says.
    Kept(Item),
    /// Nothing, though the image has a test.
    Disabled,
}

/// How often a health check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    /// Between two.
    pub interval: Seconds,
    /// The longest that one may take.
    pub timeout: Seconds,
    /// Failures in a row that count.
    pub retries: Count,
    /// After the start, in which failures do not count.
    pub start_period: Seconds,
    /// Between two, in that time.
    pub start_interval: Seconds,
}

/// What a service may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Of memory, at most.
    pub memory: MiB,
    /// Of memory, under pressure.
    pub memory_reservation: MiB,
    /// Weight when all services of a host want its CPUs at once.
    pub cpu_shares: Count,
    /// Of CPU, at most; `None` where the host's are shared.
    pub cpus: Option<MilliCpu>,
    /// Processes and threads.
    pub pids: Count,
    /// Size of `/dev/shm`; `None` for the engine's default.
    pub shm: Option<MiB>,
}

/// What a service may do. All of them lose every capability and can gain none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// `user:group` by number; `None` for the image's own.
    pub user: Option<String>,
    /// What is to be known of the user; empty for nothing.
    pub user_why: &'static str,
    /// Capabilities that are given back.
    pub cap_add: Vec<&'static str>,
    /// Why its root file system can be written to; `None` where it cannot.
    pub writable: Option<&'static str>,
    /// Whether it keeps those that the engine gives: an image that starts as root
    /// may need them.
    pub keeps_capabilities: bool,
    /// Whether an init is PID 1.
    pub init: bool,
}

/// How a service ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The signal; `None` for the image's own.
    pub signal: Option<&'static str>,
    /// Time until it is killed.
    pub grace: Seconds,
}

/// What an existing compose file says of a service, and is written again as it
/// stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The line of its name, from 1.
    pub line: usize,
    /// Keys that go on beside what is planned.
    pub keys: Vec<(String, Item)>,
    /// Devices that it reserves: GPUs.
    pub devices: Option<Item>,
    /// The whole text, comments included, of a service that is passed through.
    pub text: Option<String>,
}

/// A network.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Whether it leads nowhere.
    pub internal: bool,
    /// What an existing compose file says of it.
    pub kept: Option<Item>,
}

/// A named volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// What an existing compose file says of it.
    pub kept: Option<Item>,
}

/// A secret that is a file of the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// The variable that names the file, and the file without it.
    pub file: (&'static str, &'static str),
    /// What an existing compose file says of it, in place of that.
    pub kept: Option<Item>,
}

/// The names of our volumes: others than those that an existing compose file
/// declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VolumeNames {
    /// The database's.
    pub db: String,
    /// The broker's.
    pub redis: String,
    /// Beat's.
    pub beat: String,
    /// Of uploads that the application receives.
    pub uploads: String,
    /// Of bodies that nginx receives.
    pub bodies: String,
}

impl VolumeNames {
    /// The names beside what an existing project declares.
    #[must_use]
    pub fn beside(carry: Option<&Carry>) -> Self {
        let taken: Vec<String> =
            carry.into_iter().flat_map(|carry| carry.document.names("volumes")).collect();
        let name = |default: &str| match taken.iter().any(|name| name == default) {
            true => format!("dockwright-{default}"),
            false => default.to_owned(),
        };
        Self {
            db: name("db-data"),
            redis: name("redis-data"),
            beat: name("beat-data"),
            uploads: name("web-tmp"),
            bodies: name("nginx-tmp"),
        }
    }
}

impl Topology {
    /// What a plan runs.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut services: Vec<Service> = Role::ALL
            .into_iter()
            .filter(|role| plan.services.contains(role))
            .map(|role| match role {
                Role::Nginx => application::proxy(plan),
                Role::Web => application::web(plan),
                Role::Migrate => application::migrate(plan),
                Role::Worker => application::worker(plan),
                Role::Beat => application::beat(plan),
                Role::Db | Role::Redis | Role::Cache => stores::service(plan, role),
            })
            .collect();
        if let Some(carry) = &plan.carry {
            let passed = carry.passed.iter();
            services.extend(passed.map(|service| existing::passed_through(plan, carry, service)));
        }
        for service in &mut services {
            service.runbook = runbook::of(plan, service);
        }
        Self {
            networks: networks(plan),
            volumes: volumes(plan, &services),
            secrets: secrets(plan),
            kept: plan.carry.as_ref().map(existing::further_keys).unwrap_or_default(),
            services,
            development: Development::default(),
        }
    }

    /// The service of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: Role) -> Option<&Service> {
        self.services.iter().find(|service| service.kind == Some(kind))
    }
}

impl Service {
    /// Whether it runs the application's own image.
    #[must_use]
    pub fn runs_application(&self) -> bool {
        matches!(&self.image, Image::Own { .. }) && self.kind != Some(Role::Nginx)
    }
}

/// What an existing compose file says below a top-level key.
fn declared(plan: &Plan, key: &str) -> Vec<(String, Item)> {
    plan.carry.as_ref().map(|carry| existing::declared(carry, key)).unwrap_or_default()
}

/// Ours first, where the file has none of their names, then those of the file.
fn networks(plan: &Plan) -> Vec<Network> {
    let kept = declared(plan, "networks");
    let ours = [(EDGE, false, true), (BACKEND, true, plan.has_backend())];
    let ours = ours
        .into_iter()
        .filter(|(name, _, wanted)| *wanted && !kept.iter().any(|(kept, _)| kept == name));
    let ours =
        ours.map(|(name, internal, _)| Network { name: name.to_owned(), internal, kept: None });
    let kept = kept.iter().map(|(name, item)| Network {
        name: name.clone(),
        internal: item.get("internal").and_then(Item::truth) == Some(true),
        kept: Some(item.clone()),
    });
    ours.chain(kept).collect()
}

/// Those of the file first, then those that our services mount.
fn volumes(plan: &Plan, services: &[Service]) -> Vec<Volume> {
    let kept = declared(plan, "volumes");
    let mut volumes: Vec<Volume> =
        kept.into_iter().map(|(name, item)| Volume { name, kept: Some(item) }).collect();
    let stores_first = [Role::Db, Role::Redis, Role::Beat].map(Some);
    let mounting = stores_first
        .iter()
        .flat_map(|kind| services.iter().filter(move |service| service.kind == *kind))
        .chain(services);
    for mount in mounting.flat_map(|service| &service.mounts) {
        if let Mount::Volume { name, .. } = mount
            && !volumes.iter().any(|volume| volume.name == *name)
        {
            volumes.push(Volume { name: name.clone(), kept: None });
        }
    }
    volumes
}

fn secrets(plan: &Plan) -> Vec<Secret> {
    let file = ("INDEX_NETRC", "~/.netrc");
    let mut secrets = Vec::new();
    if plan.answers.network.index_secret {
        secrets.push(Secret { name: INDEX_SECRET.to_owned(), file, kept: None });
    }
    let kept = declared(plan, "secrets").into_iter();
    secrets.extend(kept.map(|(name, item)| Secret { name, file, kept: Some(item) }));
    secrets
}
