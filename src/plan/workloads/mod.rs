//! What a cluster runs, as values: the services of the application as pods or tasks,
//! with one process in each. Kubernetes and ECS are written from this alone.
//!
//! It follows from the same [`Service`]s as the compose file; what is different on a
//! platform is decided here. Data stores are managed elsewhere there, and a value that
//! names one, or holds a password, comes from the platform's own store of secrets.

mod environment;
pub mod sizes;
mod volumes;

use crate::answers::stack::Target;
use crate::plan::Plan;
use crate::plan::topology::{Command, EDGE, Image, Mount, Service, Test, Word};
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::source::compose::interpolate;
use crate::units::{Count, KiB, MiB, MilliCpu, Seconds};

pub use environment::{Given, Secret, Value};
pub use volumes::{Claim, Kind, Volume};

/// Everything that a cluster runs.
#[derive(Clone, Debug, Default)]
pub struct Workloads {
    /// Pods and tasks, in the order of the topology.
    pub workloads: Vec<Workload>,
    /// Values that all of them are told, by name.
    pub settings: Vec<(String, String)>,
    /// What the development overlay says otherwise of them.
    pub local_settings: Vec<(String, String)>,
    /// Values that nobody writes down.
    pub secrets: Vec<Secret>,
    /// What outlives pods.
    pub claims: Vec<Claim>,
    /// Data stores of this stack, each as one pod for development.
    pub stores: Vec<Store>,
    /// Passwords of those stores, by name: for development alone.
    pub local: Vec<(String, String)>,
    /// What the compose file has and a cluster does not get, each with its reason.
    pub left_out: Vec<String>,
}

/// One process of the application, as often as it is needed.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What it is for.
    pub role: Role,
    /// The service's name, as a DNS label.
    pub id: String,
    /// What a reader of the file should know of it; empty for nothing.
    pub about: String,
    /// The queue whose length says how many there should be; empty for none.
    pub queue: String,
    /// What it runs; empty for the image's own command.
    pub command: Vec<Argument>,
    /// Where the command runs; empty for the image's own directory.
    pub working_dir: String,
    /// Its variables beside the settings.
    pub env: Vec<Given>,
    /// Where it writes, and what it reads that is not in the image.
    pub volumes: Vec<Volume>,
    /// How its life is seen.
    pub probe: Probe,
    /// How many there are; `None` for one that ends by itself.
    pub replicas: Option<Replicas>,
    /// Memory of a pod.
    pub memory: MiB,
    /// CPU that a pod is guaranteed.
    pub cpus: MilliCpu,
    /// Disk that a pod may fill.
    pub disk: MiB,
    /// Until it is killed.
    pub grace: Seconds,
    /// Until SIGTERM.
    pub pre_stop: Option<Seconds>,
    /// User and group by number; `None` for the image's own.
    pub user: Option<u32>,
    /// Whether its root file system cannot be written to.
    pub read_only: bool,
    /// Whether it loses all capabilities.
    pub unprivileged: bool,
    /// Whether an init is PID 1, where a platform has one.
    pub init: bool,
    /// Whether it reaches other hosts than its stores.
    pub leads_out: bool,
    /// The stores it reaches.
    pub reaches: Vec<Reach>,
}

/// How many pods a workload has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// As long as nothing scales them.
    pub count: Count,
    /// Most that scaling starts.
    pub most: Count,
    /// Whether an old one and a new one may run side by side.
    pub overlap: bool,
}

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// As it is.
    Literal(String),
    /// With a setting at its end.
    Setting {
        /// What stands before the value.
        prefix: String,
        /// The setting.
        name: String,
        /// Its value as planned.
        value: String,
    },
}

/// How the life of a pod is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// By routes of the application.
    Http {
        /// Answers once it has started: a model is loaded by then.
        start: String,
        /// Answers while the process is alive.
        live: String,
        /// Answers 503 while something that it needs is not there.
        ready: String,
        /// The host that is asked for; empty for the pod's own address.
        host: String,
    },
    /// By connecting: the application has no route that says more.
    Connect,
    /// By a command.
    Command(Vec<String>),
    /// Not at all: what ends by itself, or nothing shows more than that it runs.
    None,
}

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

impl Workloads {
    /// What a plan runs in a cluster; nothing where it is for none.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        if !plan.answers.deploy.is_clustered() {
            return Self::default();
        }
        let mut all = Self::default();
        let services = &plan.topology.services;
        all.settings = environment::settings(plan);
        all.local_settings = environment::local_settings(&all.settings);
        for service in services {
            match service.kind {
                Some(role) if role.runs_application() => {
                    let workload = workload(plan, service, role, &mut all);
                    all.workloads.push(workload);
                }
                Some(Role::Nginx) => all.left_out.push(format!(
                    "{} stays on the host: in a cluster the ingress or load balancer has its place, and WhiteNoise serves the static files",
                    service.id
                )),
                Some(role) => match store(service, role, &mut all) {
                    Some(store) => all.stores.push(store),
                    None => all.left_out.push(format!(
                        "{} stays on the host: what it is made of is only known to its own compose file",
                        service.id
                    )),
                },
                None => all.left_out.push(format!(
                    "{} stays on the host: it is passed on as it stands in the compose file, and nobody knows what it would need in a cluster",
                    service.id
                )),
            }
        }
        if plan.flags.is("media") {
            all.left_out.push(
                "nothing serves the files that users send in a cluster, where nginx has no place: put them into a bucket, or serve them by a view".to_owned(),
            );
        }
        if plan.flags.is("adopted")
            && plan.services.contains(&Role::Nginx)
            && plan.flags.is("static")
            && !plan.flags.is("whitenoise")
        {
            all.left_out.push(
                "nothing serves static files in a cluster: the code has no WhiteNoise, and nginx stays on the host; add `whitenoise` to its packages and middleware, or put them into a bucket".to_owned(),
            );
        }
        all
    }

    /// The workloads, each queue with workers of its own: one of long tasks does not
    /// hold up the others, and each scales by its own length.
    #[must_use]
    pub fn by_queue(&self) -> Vec<Workload> {
        self.workloads.iter().flat_map(by_queue).collect()
    }

    /// The workload of a role.
    #[must_use]
    pub fn of_role(&self, role: Role) -> Option<&Workload> {
        self.workloads.iter().find(|workload| workload.role == role)
    }

    /// Names that a workload takes from the secrets.
    pub fn secrets_of<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = &'a Given> {
        workload.env.iter().filter(|given| matches!(given.value, Value::Secret { .. }))
    }
}

/// A name as a DNS label.
fn label(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(plain).collect::<String>().trim_matches('-').to_owned()
}

fn workload(plan: &Plan, service: &Service, role: Role, all: &mut Workloads) -> Workload {
    let n = &plan.decisions;
    let env = environment::of(plan, service, role, all);
    let volumes = volumes::of(plan, service, role, all);
    let scales = matches!(role, Role::Web | Role::Worker);
    let most = if scales { n.get(rows::MAX_REPLICAS, role) } else { 1 };
    let alone = most == 1;
    for claim in &mut all.claims {
        if volumes.iter().any(|volume| volume.name == claim.name) {
            claim.pods += most;
        }
    }
    left_out(service, all);
    Workload {
        role,
        id: label(&service.id),
        about: service.about.clone(),
        queue: if role == Role::Worker { "celery".to_owned() } else { String::new() },
        command: command(plan, service, role),
        working_dir: service.working_dir.clone(),
        env,
        volumes,
        probe: probe(plan, service, role),
        replicas: (!service.one_shot).then(|| Replicas {
            count: if scales { n.get(rows::REPLICAS, role) } else { 1 },
            most,
            overlap: !alone,
        }),
        memory: n.get(rows::POD_MEMORY, role),
        cpus: n.get(rows::POD_CPUS, role),
        disk: n.get(rows::POD_DISK, role),
        grace: n.get(rows::POD_GRACE, role),
        pre_stop: (role == Role::Web).then(|| n.get(rows::PRE_STOP, role)),
        user: user(service),
        read_only: service.security.writable.is_none(),
        unprivileged: !service.security.keeps_capabilities,
        init: service.security.init,
        leads_out: match plan.answers.adopted {
            Some(_) => service.networks.iter().any(|network| network == EDGE),
            None => scales,
        },
        reaches: reaches(plan, service, role),
    }
}

/// The user of a service by number, where that is said.
fn user(service: &Service) -> Option<u32> {
    service.security.user.as_ref()?.split(':').next()?.parse().ok()
}

/// One worker for each queue, where its command names several.
fn by_queue(workload: &Workload) -> Vec<Workload> {
    const FLAG: &str = "--queues=";
    let of_word = |word: &Argument| match word {
        Argument::Literal(word) => word.strip_prefix(FLAG).map(str::to_owned),
        Argument::Setting { .. } => None,
    };
    let Some((at, queues)) =
        workload.command.iter().enumerate().find_map(|(at, word)| Some((at, of_word(word)?)))
    else {
        return vec![workload.clone()];
    };
    let queues: Vec<&str> = queues.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    if queues.len() < 2 {
        let queue = queues.first().copied().unwrap_or(&workload.queue).to_owned();
        return vec![Workload { queue, ..workload.clone() }];
    }
    let one = |queue: &&str| {
        let mut own = workload.clone();
        (*queue).clone_into(&mut own.queue);
        own.id = format!("{}-{}", workload.id, label(queue));
        own.about = format!("Takes the queue `{queue}` alone, and scales by its length.");
        own.command[at] = Argument::Literal(format!("{FLAG}{queue}"));
        own
    };
    queues.iter().map(one).collect()
}

/// What a pod runs: one process, whatever the compose file runs.
fn command(plan: &Plan, service: &Service, role: Role) -> Vec<Argument> {
    let words = service.command.as_ref().map(arguments).unwrap_or_default();
    let one = |word: Argument| match &word {
        Argument::Literal(text) if role == Role::Worker && text.starts_with("--concurrency=") => {
            Argument::Literal("--concurrency=1".to_owned())
        }
        Argument::Literal(text) if text.starts_with("--max-memory-per-child=") => {
            let KiB(child) = plan.decisions.get(rows::POD_CHILD_MEMORY, role);
            Argument::Literal(format!("--max-memory-per-child={child}"))
        }
        _ => word,
    };
    words.into_iter().map(one).collect()
}

fn arguments(command: &Command) -> Vec<Argument> {
    let argument = |word: &Word| match word {
        Word::Literal(text) => Argument::Literal(text.clone()),
        Word::Setting { prefix, name, default } => Argument::Setting {
            prefix: (*prefix).to_owned(),
            name: name.clone(),
            value: default.clone(),
        },
        Word::Kept(text) => Argument::Literal(interpolate::literal(&interpolate::defaults(text))),
    };
    command.0.iter().flatten().map(argument).collect()
}

fn probe(plan: &Plan, service: &Service, role: Role) -> Probe {
    match role {
        Role::Web => of_web(plan),
        Role::Migrate => Probe::None,
        _ => match &service.probe.test {
            Test::Command(words) if !words.0.is_empty() => {
                let words: Vec<String> = arguments(words)
                    .into_iter()
                    .map(|word| match word {
                        Argument::Literal(text) => text,
                        Argument::Setting { prefix, value, .. } => format!("{prefix}{value}"),
                    })
                    .collect();
                // That it runs, the platform sees by itself.
                if words == ["true"] { Probe::None } else { Probe::Command(words) }
            }
            // Asking all workers by the broker fails where the broker does, and would
            // restart workers that are well.
            _ => Probe::None,
        },
    }
}

fn of_web(plan: &Plan) -> Probe {
    let Some(adopted) = &plan.answers.adopted else {
        let checks_hosts = plan.answers.stack.application().framework.allowed_hosts;
        let has_model = plan.flags.is("model");
        return Probe::Http {
            start: if has_model { "/ready" } else { "/health" }.to_owned(),
            live: "/health".to_owned(),
            ready: "/ready".to_owned(),
            host: if checks_hosts { "127.0.0.1".to_owned() } else { String::new() },
        };
    };
    let probe = &plan.code.probe;
    let told = |name: &str| {
        let variable = plan.env.iter().find(|variable| variable.name == name)?;
        let value = variable.kind.example();
        value.split(',').next().map(|host| host.trim_matches([' ', '*', '.']).to_owned())
    };
    let host = match probe.hosts.as_str() {
        "" => Some(probe.host.clone()),
        name => told(name).filter(|host| !host.is_empty()),
    };
    match host {
        Some(host) if !probe.weak && !probe.unknown_host => Probe::Http {
            start: probe.path.clone(),
            live: probe.path.clone(),
            ready: match adopted.ready.as_str() {
                "" => probe.path.clone(),
                ready => ready.to_owned(),
            },
            host,
        },
        _ => Probe::Connect,
    }
}

/// The stores a workload reaches.
fn reaches(plan: &Plan, service: &Service, role: Role) -> Vec<Reach> {
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

fn store(service: &Service, role: Role, all: &mut Workloads) -> Option<Store> {
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
            Test::Command(words) => words
                .0
                .iter()
                .flatten()
                .filter_map(|word| match word {
                    Word::Literal(text) => Some(text.clone()),
                    _ => None,
                })
                .collect(),
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

/// Keys that a compose file has of a service and that no pod gets.
fn left_out(service: &Service, all: &mut Workloads) {
    let Some(kept) = &service.kept else { return };
    let keys = kept.keys.iter().map(|(key, _)| key.as_str());
    // Files of variables become secrets, by the names that are in them.
    let lost: Vec<&str> =
        keys.filter(|key| !matches!(*key, "env_file" | "image" | "labels" | "expose")).collect();
    if !lost.is_empty() {
        all.left_out.push(format!(
            "{} has {} in the compose file, which pods do not get: their like is the platform's",
            service.id,
            lost.join(", ")
        ));
    }
    if kept.devices.is_some() {
        all.left_out.push(format!(
            "{} reserves devices in the compose file: give its pods a node that has them, and ask for them",
            service.id
        ));
    }
    let bound =
        |mount: &&Mount| matches!(mount, Mount::Kept { .. }) && mount.named_volume().is_none();
    for mount in service.mounts.iter().filter(bound) {
        all.left_out.push(format!(
            "{} mounts a path of the host at {}: a node of a cluster does not have it",
            service.id,
            mount.target()
        ));
    }
}

/// What a person should know.
#[must_use]
pub fn notices(plan: &Plan) -> Vec<String> {
    let mut notices = plan.workloads.left_out.clone();
    if plan.answers.own_image().is_some_and(|image| !image.is_unprivileged) {
        notices.push(
            "the image's own user is root or has a name alone: a cluster that demands the Pod Security Standard `restricted` refuses its pods".to_owned(),
        );
    }
    let answers = &plan.answers;
    if answers.deploy.is_for(Target::Compose) {
        notices.push(
            "compose.yaml is for development where a cluster is a target: its sizes are the host's, the pods' are `*.pod-*`".to_owned(),
        );
    }
    if answers.deploy.domain.is_empty() {
        notices.push(format!(
            "deploy.domain is not set: whoever comes in asks for {}.example.com until it is",
            answers.name
        ));
    }
    notices
}
