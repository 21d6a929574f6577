//! What a cluster runs, as values: the services of the application as pods or tasks,
//! with one process in each. Kubernetes and ECS are written from this alone.
//!
//! It follows from the same [`Service`]s as the compose file; what is different on a
//! platform is decided here. Data stores are managed elsewhere there, and a value that
//! names one, or holds a password, comes from the platform's own store of secrets.

mod direct;
mod environment;
mod left_out;
mod ports;
mod probes;
mod secrets;
pub mod sizes;
mod stores;
mod volumes;
mod words;

use crate::error::Problem;
use crate::plan::Plan;
use crate::plan::registry;
use crate::plan::topology::{EDGE, Service};
use crate::schema::Role;
use crate::schema::numbers::rows;
use crate::units::{Count, MiB, MilliCpu, Seconds};

pub use direct::NO_PROXY;
pub use environment::{Given, Value};
pub use left_out::notices;
pub use ports::Ports;
pub use probes::Probe;
pub use secrets::Secret;
pub use stores::Store;
pub use volumes::{Claim, Kind, Volume};
pub use words::Argument;

/// Everything that a cluster runs.
#[derive(Clone, Debug, Default)]
pub struct Workloads {
    /// Pods and tasks, in the order of the topology.
    pub workloads: Vec<Workload>,
    /// Values that all of them are told, by name.
    pub settings: Vec<(String, String)>,
    /// Whether [`NO_PROXY`] among them is ours: each platform adds what it has.
    pub direct: bool,
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
    /// Whether the image's registry may ask for a login that no role of a task has.
    pub registry_login: bool,
    /// What the compose file has and a cluster does not get, each with its reason.
    pub left_out: Vec<String>,
}

/// One process of the application, as often as it is needed.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What it is for.
    pub role: Role,
    /// Its name: the role's, whatever the compose file calls the service, and behind it
    /// the queue's where each has workers of its own.
    pub id: String,
    /// What a reader of the file should know of it; empty for nothing.
    pub about: String,
    /// The queue whose length says how many there should be; empty for none.
    pub queue: String,
    /// What starts its command, in place of the image's own; empty for that.
    pub entrypoint: Vec<Argument>,
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
    /// Whether it answers who asks for it by its own address, as load balancers and
    /// Prometheus do.
    pub by_address: bool,
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
    /// User by number; `None` for the image's own, of which the number is not
    /// known, so that nobody can demand that it is not root.
    pub user: Option<u32>,
    /// Group by number; `None` for the one that the image has for its user.
    pub group: Option<u32>,
    /// Why its root file system can be written to; `None` where it cannot.
    pub writable: Option<&'static str>,
    /// Whether it loses all capabilities.
    pub unprivileged: bool,
    /// Whether an init is PID 1, where a platform has one.
    pub init: bool,
    /// Whether it reaches other hosts than its stores.
    pub leads_out: bool,
    /// The stores of the development overlay that it reaches, by name.
    pub stores: Vec<String>,
    /// The ports of what it connects to.
    pub ports: Ports,
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

impl Workloads {
    /// What a plan runs in a cluster; nothing where it is for none.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        if !plan.answers.deploy.is_clustered() {
            return Self::default();
        }
        let mut all = Self {
            registry_login: registry::may_want_login(plan.answers.repository()),
            ..Self::default()
        };
        let services = &plan.topology.services;
        all.settings = environment::settings(plan);
        all.direct = services.iter().flat_map(|own| &own.env).any(direct::is_ours);
        all.local_settings = environment::local_settings(&all.settings);
        let mut passed_on = Vec::new();
        for service in services {
            match service.kind {
                Some(role) if role.runs_application() => {
                    let workload = workload(plan, service, role, &mut all);
                    all.workloads.push(workload);
                }
                Some(Role::Nginx) => all.left_out.push(format!(
                    "{}: in a cluster the ingress or load balancer has its place{}",
                    left_out::stays(service),
                    if plan.flags.is("whitenoise") {
                        ", and WhiteNoise serves the static files"
                    } else {
                        ""
                    }
                )),
                Some(role) => match stores::store(service, role, &mut all) {
                    Some(store) => all.stores.push(store),
                    None => all.left_out.push(format!(
                        "{}: what it is made of is only known to its own compose file",
                        left_out::stays(service)
                    )),
                },
                None => passed_on.push(service),
            }
        }
        let passed_on = passed_on.into_iter().map(|own| left_out::passed_on(plan, own, &all));
        let passed_on: Vec<String> = passed_on.collect();
        all.left_out.extend(passed_on);
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
        self.workloads.iter().flat_map(words::by_queue).collect()
    }

    /// The name that the image has in the manifests, for an overlay to replace: the
    /// project's, unless a store's image is called so, too.
    #[must_use]
    pub fn image_name(&self, project: &str) -> String {
        let bare = |image: &str| image.split([':', '@']).next().map(str::to_owned);
        match self.stores.iter().any(|store| bare(&store.image).as_deref() == Some(project)) {
            true => format!("{project}-app"),
            false => project.to_owned(),
        }
    }

    /// What two objects of one cluster would be called alike.
    #[must_use]
    pub fn problems(&self, project: &str) -> Vec<Problem> {
        let names: Vec<String> =
            self.by_queue().iter().map(|own| format!("{project}-{}", own.id)).collect();
        let alike = self.stores.iter().filter(|store| names.contains(&store.id));
        let problem = |store: &Store| {
            let message = format!(
                "services.{} = {}: a workload of the cluster has this name",
                store.role.name(),
                store.id
            );
            Problem::new(message).help(format!("--set services.{0}={0}", store.role.name()))
        };
        alike.map(problem).collect()
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
    let ports = ports::of(plan, service, &env);
    let scales = matches!(role, Role::Web | Role::Worker);
    let most = if scales { n.get(rows::MAX_REPLICAS, role) } else { 1 };
    let alone = most == 1;
    for claim in &mut all.claims {
        if volumes.iter().any(|volume| volume.name == claim.name) {
            claim.pods += most;
        }
    }
    left_out::left_out(plan, service, all);
    Workload {
        role,
        id: role.name().to_owned(),
        about: service.about.clone(),
        queue: if role == Role::Worker { "celery".to_owned() } else { String::new() },
        entrypoint: words::entrypoint(plan, role),
        command: words::command(plan, service, role),
        working_dir: service.working_dir.clone(),
        env,
        volumes,
        probe: probes::probe(plan, service, role),
        by_address: probes::by_address(plan),
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
        user: match plan.answers.own_image() {
            Some(image) => image.uid.filter(|uid| *uid > 0),
            None => user(service),
        },
        group: user(service),
        writable: service.security.writable,
        unprivileged: !service.security.keeps_capabilities,
        init: service.security.init,
        leads_out: match plan.answers.adopted {
            Some(_) => service.networks.iter().any(|network| network == EDGE),
            None => scales,
        },
        stores: stores::reached(plan, service),
        ports,
    }
}

/// The user of a service by number, where that is said.
fn user(service: &Service) -> Option<u32> {
    service.security.user.as_ref()?.split(':').next()?.parse().ok()
}
