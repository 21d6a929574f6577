//! What an existing compose project runs, against what is planned: what of its
//! services goes on in one of ours, and those that are passed through.

use crate::detect::compose::words::{self, Work};
use crate::plan::Plan;
use crate::plan::carry::{Carry, OLD_DOCKERFILE, is_development};
use crate::plan::code;
use crate::plan::topology::{
    BACKEND, Condition, Dependency, EDGE, EnvValue, Group, Image, Kept, Mount, Port, Probe,
    Security, Service, Test, Variable, application, commands, environment, runbook,
};
use crate::schema::Role;
use crate::source::compose::yaml::{self, Item, Node};
use crate::source::compose::{Document, Mount as Mounted, Port as Published, Service as Existing};
use crate::source::compose::{image, interpolate};

/// Keys that belong to one service and its container.
const OF_ONE: [&str; 48] = [
    "attach",
    "blkio_config",
    "cgroup",
    "cgroup_parent",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpuset",
    "credential_spec",
    "device_cgroup_rules",
    "driver_opts",
    "isolation",
    "label_file",
    "links",
    "logging",
    "mac_address",
    "mem_swappiness",
    "memswap_limit",
    "oom_kill_disable",
    "oom_score_adj",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "storage_opt",
    "use_api_socket",
    "userns_mode",
    "uts",
    "container_name",
    "hostname",
    "domainname",
    "labels",
    "annotations",
    "expose",
    "devices",
    "gpus",
    "runtime",
    "group_add",
    "cap_add",
    "ulimits",
    "sysctls",
    "external_links",
    "ipc",
    "pid",
    "platform",
];
/// Keys that every process of the application shares.
const OF_ALL: [&str; 7] =
    ["env_file", "secrets", "configs", "extra_hosts", "dns", "dns_opt", "dns_search"];
/// Keys that ours say in another way, or decide, each with why. Every key that
/// Compose knows is in one of the lists.
pub const REPLACED: [(&str, &str); 37] = [
    ("build", "the image is built by the new Dockerfile"),
    ("image", "the image is built here, and has the project's name"),
    ("pull_policy", "the image is built here"),
    ("volumes", "mounts of data go on at their places, code is in the image"),
    ("volumes_from", "mounts of data are named by each service"),
    ("networks", "networks that others share go on, beside the planned ones"),
    ("network_mode", "services find each other by name, on networks of their own"),
    ("ports", "what was published is, at the place of the port that is listened on"),
    ("environment", "variables go on, but what turns development on"),
    ("extends", "what it takes from another file is read and written here"),
    ("command", "its options go on in the planned command"),
    ("entrypoint", "its steps go on: before the start, or while the image is built"),
    ("working_dir", "the image says it"),
    ("user", "the image has a user of its own, who is not root"),
    ("read_only", "deploy.hardening decides it"),
    ("cap_drop", "all capabilities are dropped"),
    ("security_opt", "no process gains privileges"),
    ("init", "an init is there where the server needs one"),
    ("restart", "what serves is kept up, what runs once is not"),
    ("healthcheck", "the image asks the application itself"),
    ("depends_on", "conditions name what has to be healthy, or done"),
    ("stop_grace_period", "a number of the plan, pinned to what was set"),
    ("stop_signal", "the signal that the program ends by"),
    ("shm_size", "a number of the plan, pinned to what was set"),
    ("tmpfs", "memory is mounted where the planned user writes"),
    ("mem_limit", "a number of the plan, pinned to what was set"),
    ("mem_reservation", "a number of the plan, pinned to what was set"),
    ("cpus", "a number of the plan, pinned to what was set"),
    ("cpu_shares", "a number of the plan, pinned to what was set"),
    ("pids_limit", "a number of the plan, pinned to what was set"),
    ("deploy", "limits are numbers of the plan, pinned to what was set"),
    ("scale", "one container of each: the plan divides the memory between services"),
    ("develop", "the development overlay mounts the code"),
    ("stdin_open", "no terminal is attached to what serves"),
    ("tty", "no terminal is attached to what serves"),
    ("models", "a model of Compose's own is declared at the top, which goes on"),
    ("provider", "a service of ours is a container"),
];
/// Keys of a service with the application's image that are planned anew.
const PLANNED: [&str; 7] =
    ["build", "image", "volumes", "networks", "pull_policy", "environment", "extends"];
/// Ports an application usually listens on, the likeliest first.
const USUAL_PORTS: [u16; 6] = [8000, 8080, 5000, 80, 8001, 3000];
/// The port of our nginx.
const PROXY_PORT: u16 = 8080;

/// The port that the application listens on in its container: the one it had.
#[must_use]
pub fn container_port(carry: &Carry) -> Option<u16> {
    /// Only root may open those below.
    const LEAST: u16 = 1024;
    main_port(carry.services.get(&Role::Web)?).filter(|port| *port >= LEAST)
}

/// What goes on of the keys of a service that one of ours takes the place of.
pub(super) fn kept(plan: &Plan, carry: &Carry, role: Role) -> Option<Kept> {
    let source = carry.source(role)?;
    let its_own = carry.has(role);
    let mut keys = Vec::new();
    for (key, value) in source.item.entries() {
        let Some(key) = key.scalar() else { continue };
        let of_one = its_own && OF_ONE.contains(&key.as_str());
        let of_all = role != Role::Nginx && OF_ALL.contains(&key.as_str());
        if key == "labels" && of_one {
            keys.push((key, relabelled(plan, carry, source, value)));
        } else if of_one || of_all {
            keys.push((key, value.clone()));
        }
    }
    let devices = its_own.then(|| reserved_devices(source)).flatten();
    Some(Kept { line: source.line, keys, devices, text: None })
}

/// Devices that a service reserves: GPUs.
fn reserved_devices(service: &Existing) -> Option<Item> {
    let resources = service.item.get("deploy")?.get("resources")?;
    resources.get("reservations")?.get("devices").cloned()
}

/// Labels that tell a proxy the container's port.
fn relabelled(plan: &Plan, carry: &Carry, service: &Existing, labels: &Item) -> Item {
    let is_web = carry.services.get(&Role::Web).is_some_and(|web| web.name == service.name);
    let (Some(old), true) = (main_port(service), is_web) else { return labels.clone() };
    let moved =
        |name: &str, value: &str| match name.ends_with("server.port") && value == old.to_string() {
            true => plan.container_port.to_string(),
            false => value.to_owned(),
        };
    let node = match &labels.node {
        Node::List(items) => Node::List(
            items
                .iter()
                .map(|item| match item.scalar().as_deref().and_then(|text| text.split_once('=')) {
                    Some((name, value)) => Item::text(format!("{name}={}", moved(name, value))),
                    None => item.clone(),
                })
                .collect(),
        ),
        Node::Map(entries) => Node::Map(
            entries
                .iter()
                .map(|(name, value)| {
                    let text = value.scalar().unwrap_or_default();
                    let new = moved(&name.scalar().unwrap_or_default(), &text);
                    let value = if new == text { value.clone() } else { Item::text(new) };
                    (name.clone(), value)
                })
                .collect(),
        ),
        other => other.clone(),
    };
    Item::of(node)
}

/// What an existing service was told and still is. What would take production
/// back to development is not.
pub(super) fn variables(plan: &Plan, carry: &Carry, service: &Existing) -> Vec<(String, EnvValue)> {
    let settings =
        plan.answers.adopted.as_ref().is_some_and(|adopted| !adopted.settings.is_empty());
    let mut variables: Vec<(String, EnvValue)> = Vec::new();
    for (name, value) in service.environment() {
        // Set for every service of the application by ours.
        let ours = name == "PYTHONUNBUFFERED" || (name == "DJANGO_SETTINGS_MODULE" && settings);
        if ours || is_development(&name, value.as_deref().unwrap_or_default()) {
            continue;
        }
        let value = value.map(|value| match value.starts_with('/') {
            true => carry.moved(&value),
            false => value,
        });
        variables.retain(|(own, _)| *own != name);
        variables.push((name, EnvValue::Kept(value)));
    }
    variables
}

/// The port of the application in the old container.
fn main_port(service: &Existing) -> Option<u16> {
    let ports: Vec<u16> = service.ports().iter().filter_map(Published::container_number).collect();
    let named = port_of_command(&service.command());
    match ports.as_slice() {
        [] => named.or_else(|| service.names("expose").first()?.parse().ok()),
        [only] => Some(*only),
        several => named
            .filter(|port| several.contains(port))
            .or_else(|| USUAL_PORTS.into_iter().find(|port| several.contains(port)))
            .or_else(|| several.first().copied()),
    }
}

/// The port a command names: `-b 0.0.0.0:5000`, `--port 80`, `runserver :80`.
fn port_of_command(command: &str) -> Option<u16> {
    let command = interpolate::defaults(command);
    let words: Vec<&str> =
        command.split(|c: char| c.is_whitespace() || "'\"=".contains(c)).collect();
    let mut found = None;
    for pair in words.windows(2) {
        let after = |names: &[&str]| names.contains(&pair[0]);
        let number = pair[1].rsplit(':').next().and_then(|port| port.parse().ok());
        if after(&["-b", "--bind", "--port", "-p", "runserver", "--http", "--http-socket"]) {
            found = found.or(number);
        }
    }
    found
}

/// The ports that one of ours publishes, as they were; nginx takes over what
/// the web service published where it is new. `None` where the file says
/// nothing of it.
pub(super) fn ports(plan: &Plan, carry: &Carry, role: Role) -> Option<Vec<Port>> {
    let proxied = plan.flags.is("nginx");
    let proxy_is_new = proxied && !carry.has(Role::Nginx);
    let (source, target) = match role {
        Role::Web if proxy_is_new => return Some(Vec::new()),
        Role::Nginx if proxy_is_new => (carry.services.get(&Role::Web), PROXY_PORT),
        Role::Nginx => (carry.services.get(&Role::Nginx), PROXY_PORT),
        Role::Web => (carry.services.get(&Role::Web), plan.container_port),
        _ => return None,
    };
    let service = source?;
    let main = main_port(service);
    let moved = |port: Published| match port.container_number() == main {
        true => Published { container: target.to_string(), ..port },
        false => port,
    };
    let ports: Vec<Port> = service.ports().into_iter().map(moved).map(Port::Kept).collect();
    // A proxy that is new publishes something in any case.
    (role != Role::Nginx || !ports.is_empty()).then_some(ports)
}

/// Mounts of data, at their place in the new image.
pub(super) fn data_mounts(carry: &Carry, service: &Existing) -> Vec<Mount> {
    let items = service.item.get("volumes").map_or(&[][..], Item::items);
    let mounts = items.iter().filter_map(|item| Some((item, Mounted::read(item)?)));
    mounts
        .filter(|(_, mount)| !carry.is_code(mount) && !carry.hides_static(mount))
        .map(|(item, mount)| {
            let target = carry.moved(&mount.target);
            Mount::Kept { item: retargeted(item, &mount.target, &target), target }
        })
        .collect()
}

/// Everything that an existing service mounts, as it stands.
pub(super) fn all_mounts(service: &Existing) -> Vec<Mount> {
    let items = service.item.get("volumes").map_or(&[][..], Item::items);
    let mounts = items.iter().filter_map(|item| Some((item, Mounted::read(item)?)));
    mounts.map(|(item, mount)| Mount::Kept { item: item.clone(), target: mount.target }).collect()
}

/// A mount at another place of the container.
fn retargeted(item: &Item, old: &str, new: &str) -> Item {
    match &item.node {
        Node::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let is_target = key.scalar().as_deref() == Some("target");
                (key.clone(), if is_target { Item::text(new) } else { value.clone() })
            });
            Item::of(Node::Map(entries.collect()))
        }
        _ if old == new => item.clone(),
        _ => {
            let text = item.scalar().unwrap_or_default();
            let parts = interpolate::split(&text, ':');
            let at = usize::from(parts.len() > 1);
            let parts: Vec<&str> = parts
                .iter()
                .enumerate()
                .map(|(n, part)| if n == at { new } else { *part })
                .collect();
            Item::text(parts.join(":"))
        }
    }
}

/// What an existing service waited for, beside what ours waits for by itself.
pub(super) fn depends_on(plan: &Plan, carry: &Carry, service: &Existing) -> Vec<Dependency> {
    let ours: Vec<&str> =
        plan.services.iter().map(|role| plan.answers.services[role].as_str()).collect();
    let item = service.item.get("depends_on");
    let there = |name: &String| carry.passed.iter().any(|other| other.name == *name);
    let names = service.names("depends_on").into_iter().chain(service.needs()).filter(there);
    let mut dependencies: Vec<Dependency> = Vec::new();
    for name in names {
        if ours.contains(&name.as_str()) || dependencies.iter().any(|known| known.service == name) {
            continue;
        }
        let condition =
            item.and_then(|item| item.get(&name)).filter(|own| own.entries().count() > 0);
        let condition = match condition {
            Some(own) => Condition::Kept(own.clone()),
            None => carry
                .passed
                .iter()
                .find(|other| other.name == name && carry.runs_own_image(other))
                .filter(|other| ends_surely(other))
                .map_or_else(|| readiness(carry, &name), |_| Condition::Completed),
        };
        dependencies.push(Dependency { service: name, condition });
    }
    dependencies
}

/// The stores that are passed through and that the application's processes
/// cannot do without.
pub(super) fn stores(plan: &Plan, carry: &Carry, role: Role) -> Vec<Dependency> {
    let Some(adopted) = plan.answers.adopted.as_ref() else { return Vec::new() };
    let roles: &[Role] = match role {
        Role::Migrate => &[Role::Db],
        Role::Beat => &[Role::Redis],
        _ => &[Role::Db, Role::Redis],
    };
    let names = roles.iter().filter_map(|role| code::service_of_store(adopted, *role));
    let passed = names.filter(|name| carry.passed.iter().any(|other| other.name == *name));
    passed.map(|service| Dependency { condition: readiness(carry, &service), service }).collect()
}

/// For what of a service that is passed through others wait: that it answers,
/// where it says so.
fn readiness(carry: &Carry, name: &str) -> Condition {
    let service = carry.passed.iter().find(|service| service.name == name);
    let answers = service.is_some_and(|own| match own.item.get("healthcheck") {
        Some(check) => check.get("disable").and_then(Item::truth) != Some(true),
        None => is_store(carry, own) && check(own).is_some(),
    });
    if answers { Condition::Healthy } else { Condition::Started }
}

/// The health check that a store which has none is given.
fn check(service: &Existing) -> Option<&'static str> {
    if service.item.get("healthcheck").is_some() || service.item.get("build").is_some() {
        return None;
    }
    image::check(&interpolate::defaults(&service.image()?))
}

/// The networks that services which are passed through had in common with
/// ours, so that names keep being found.
pub(super) fn networks(carry: &Carry, role: Role) -> Vec<String> {
    let Some(service) = carry.services.get(&role) else {
        // A process that is new goes where the web service is.
        return match role.runs_application() && role != Role::Web {
            true if carry.has(Role::Web) => networks(carry, Role::Web),
            _ => Vec::new(),
        };
    };
    own_networks(carry, service)
}

/// The networks of a service that are none of ours.
pub(super) fn own_networks(carry: &Carry, service: &Existing) -> Vec<String> {
    let own = service.names("networks");
    let names =
        if own.is_empty() && has_default_network(carry) { vec!["default".to_owned()] } else { own };
    names.into_iter().filter(|name| ![EDGE, BACKEND].contains(&name.as_str())).collect()
}

/// Whether the file says something about the network that services without
/// any are in.
fn has_default_network(carry: &Carry) -> bool {
    let networks = carry.document.root.get("networks");
    networks.and_then(|networks| networks.get("default")).is_some()
}

/// What the file says below one of its top-level keys.
pub(super) fn declared(carry: &Carry, key: &str) -> Vec<(String, Item)> {
    let entries = carry.document.root.get(key).into_iter().flat_map(Item::entries);
    entries.filter_map(|(name, item)| Some((name.scalar()?, item.clone()))).collect()
}

/// Top-level keys of the file that have no place of their own in a topology.
pub(super) fn further_keys(carry: &Carry) -> Vec<(String, Item)> {
    const FURTHER: [&str; 3] = ["include", "configs", "models"];
    let entries = carry.document.root.entries();
    let named = entries.filter_map(|(key, value)| Some((key.scalar()?, value.clone())));
    named.filter(|(key, _)| FURTHER.contains(&key.as_str())).collect()
}

/// A service that is none of ours: one with the application's image is given
/// the new one, any other stays as it stands.
pub(super) fn passed_through(plan: &Plan, carry: &Carry, service: &Existing) -> Service {
    let mut ours = vec![EDGE];
    ours.extend(plan.has_backend().then_some(BACKEND));
    let own_image = carry.runs_own_image(service);
    let mut env: Vec<Variable> = variables(plan, carry, service)
        .into_iter()
        .map(|(name, value)| Variable { name, value, group: Group::Own, why: String::new() })
        .collect();
    if own_image {
        environment::share(plan, service, &mut env);
    }
    let (keys, text) = match own_image {
        true => {
            let mut keys: Vec<(String, Item)> = keys_beside(service)
                .into_iter()
                .map(|(key, value)| {
                    let is_path = ["command", "entrypoint", "working_dir", "healthcheck"];
                    let moves = is_path.contains(&key.as_str());
                    let value = if moves { commands::moved_item(carry, &value) } else { value };
                    (key, value)
                })
                .collect();
            if commands::ends(service) {
                // It did not come back by itself, and what it did is done.
                keys.push(("restart".to_owned(), Item::text("no")));
            }
            (keys, None)
        }
        false => (Vec::new(), Some(text(carry, service))),
    };
    let one_shot = own_image && ends(service);
    let checked = keys.iter().any(|(key, _)| key == "healthcheck") || !own_image;
    Service {
        id: service.name.clone(),
        kind: None,
        about: String::new(),
        image: if own_image { application::image(plan, false) } else { Image::Kept },
        command: None,
        working_dir: String::new(),
        env,
        ports: service.ports().into_iter().map(Port::Kept).collect(),
        mounts: match own_image {
            true => data_mounts(carry, service),
            false => all_mounts(service),
        },
        networks: match own_image {
            true => ours
                .iter()
                .map(|name| (*name).to_owned())
                .chain(own_networks(carry, service))
                .collect(),
            false => given_networks(carry, service, &ours),
        },
        depends_on: match own_image {
            true => needed(plan, carry, service),
            // Written again as it stands, conditions included.
            false => service
                .names("depends_on")
                .into_iter()
                .map(|service| Dependency { service, condition: Condition::Started })
                .collect(),
        },
        probe: match checked {
            true => Probe { test: Test::OfImage, times: None, why: "" },
            false if one_shot => Probe { test: Test::Disabled, times: None, why: "" },
            false => Probe {
                test: application::alive(),
                times: None,
                why: "The image's own asks the web service: this one runs, more nobody knows.",
            },
        },
        resources: None,
        security: match own_image {
            true => application::security(plan),
            false => Security::default(),
        },
        one_shot,
        stop: None,
        runbook: runbook::passed_through(service, own_image, carry.carried.brought),
        kept: Some(Kept { line: service.line, keys, text, devices: None }),
    }
}

/// The keys of a service that runs the application's image for something else:
/// flower, a queue of another kind.
pub(super) fn keys_beside(service: &Existing) -> Vec<(String, Item)> {
    let keys =
        service.item.entries().filter_map(|(key, value)| Some((key.scalar()?, value.clone())));
    keys.filter(|(key, value)| {
        let off = key == "healthcheck" && is_off(value);
        !PLANNED.contains(&key.as_str()) && key != "depends_on" && !off
    })
    .collect()
}

/// Whether a health check is turned off.
fn is_off(check: &Item) -> bool {
    let none = check
        .get("test")
        .is_some_and(|test| test.scalars() == ["NONE"] || test.scalar().as_deref() == Some("NONE"));
    none || check.get("disable").and_then(Item::truth) == Some(true)
}

/// Whether a service that runs the application's image runs to its end: it is
/// not told to be started again, and its command is none that serves.
fn ends(service: &Existing) -> bool {
    let restarts = service.item.get("restart").is_some()
        || service.item.get("deploy").is_some_and(|own| own.get("restart_policy").is_some());
    let command = service.command();
    let off = service.item.get("healthcheck").is_some_and(is_off);
    !restarts
        && !off
        && !command.is_empty()
        && (command_ends(&command) || words::work(&command) == Work::Unknown)
}

/// Whether a service certainly does, by its command or its name.
fn ends_surely(service: &Existing) -> bool {
    const NAMES: [&str; 8] =
        ["init", "seed", "setup", "prestart", "bootstrap", "fixtures", "migrate", "migrations"];
    let name = service.name.to_ascii_lowercase();
    let named = name.split(['-', '_']).any(|part| NAMES.contains(&part));
    ends(service) && (named || command_ends(&service.command()))
}

/// Whether a command certainly ends.
fn command_ends(command: &str) -> bool {
    const ENDING: [&str; 6] = [
        "collectstatic",
        "compilemessages",
        "createcachetable",
        "createsuperuser",
        "loaddata",
        "pytest",
    ];
    let own = words::words(command);
    match words::work(command) {
        Work::Migrate => true,
        Work::Else | Work::Unknown => own.iter().any(|word| ENDING.contains(&word.as_str())),
        Work::Web | Work::Worker | Work::Beat => false,
    }
}

/// What a service with the application's image waits for: as it said, and by
/// that what it needs answers.
fn needed(plan: &Plan, carry: &Carry, service: &Existing) -> Vec<Dependency> {
    let item = service.item.get("depends_on");
    let ours = |name: &str| {
        let role = plan.services.iter().find(|role| plan.answers.services[role] == name)?;
        Some(match role {
            Role::Migrate => Condition::Completed,
            Role::Db | Role::Redis | Role::Cache => Condition::Healthy,
            _ => Condition::Started,
        })
    };
    let names = service.names("depends_on").into_iter();
    let mut needed: Vec<Dependency> = names
        .map(|service| {
            let said = item.and_then(|item| item.get(&service));
            let said = said.filter(|own| own.entries().count() > 0);
            let condition = match said {
                Some(own) => Condition::Kept(own.clone()),
                None => ours(&service).unwrap_or_else(|| readiness(carry, &service)),
            };
            Dependency { service, condition }
        })
        .collect();
    if !ends(service) {
        return needed;
    }
    // It fills a database that answers, and that has its tables.
    let database =
        plan.answers.adopted.as_ref().and_then(|it| code::service_of_store(it, Role::Db));
    let migrates = words::work(&service.command()) == Work::Migrate;
    let schema = plan.services.iter().find(|role| **role == Role::Migrate && !migrates);
    let schema = schema.map(|role| plan.answers.services[role].clone());
    for name in database.into_iter().chain(schema) {
        if needed.iter().all(|known| known.service != name) {
            let condition = ours(&name).unwrap_or_else(|| readiness(carry, &name));
            needed.push(Dependency { service: name, condition });
        }
    }
    needed
}

/// One-shots of the application that nobody waits for: `up --wait` takes the
/// end of one for a failure unless somebody does.
pub(super) fn awaited(plan: &Plan, carry: &Carry, known: &[Dependency]) -> Vec<Dependency> {
    let web = plan.answers.services[&Role::Web].as_str();
    let one_shots = carry.passed.iter().filter(|service| {
        carry.runs_own_image(service)
            && ends_surely(service)
            && service.item.get("profiles").is_none()
            && service.names("depends_on").iter().all(|name| name != web)
            && known.iter().all(|own| own.service != service.name)
    });
    let dependency =
        |own: &Existing| Dependency { service: own.name.clone(), condition: Condition::Completed };
    one_shots.map(dependency).collect()
}

/// The networks that a service which is passed through is given: ours, for one
/// that names none, since it has to find the others, and to be found.
pub(super) fn given_networks(carry: &Carry, service: &Existing, ours: &[&str]) -> Vec<String> {
    let has = |key: &str| service.item.get(key).is_some();
    if has("networks") || has("network_mode") || has_default_network(carry) {
        return Vec::new();
    }
    ours.iter().map(|name| (*name).to_owned()).collect()
}

/// The text of a service that is passed through: its own, comments included,
/// or, where it refers to anchors elsewhere, what it means.
pub(super) fn text(carry: &Carry, service: &Existing) -> String {
    if carry.needs_old_dockerfile(service) {
        return entry(&service.name, &built_by_the_old(&service.item));
    }
    if let Some(alive) = without_an_end(service) {
        return entry(&service.name, &alive);
    }
    let own = verbatim(&carry.carried.text, &carry.document, service);
    let mut text = own.unwrap_or_else(|| entry(&service.name, &service.item));
    // Who needs a store waits until it answers.
    if let Some(test) = check(service).filter(|_| is_store(carry, service)) {
        text.truncate(text.trim_end().len());
        text.push_str(&format!("\n  healthcheck:\n    test: {test}\n    {CHECK_TIMES}"));
    }
    text
}

/// A service that is kept up and whose test is turned off, with one that holds
/// while it runs: Compose's `--wait` gives up on a test that is turned off.
fn without_an_end(service: &Existing) -> Option<Item> {
    let Node::Map(entries) = &service.item.node else { return None };
    let off = service.item.get("healthcheck").is_some_and(is_off);
    if !off || service.text("restart").is_none_or(|restart| restart == "no") {
        return None;
    }
    let test = Item::of(Node::List(["CMD", "true"].map(Item::text).into()));
    let alive = Item::of(Node::Map(vec![(Item::text("test"), test)]));
    let entries = entries.iter().map(|(key, value)| {
        let check = key.scalar().as_deref() == Some("healthcheck");
        (key.clone(), if check { alive.clone() } else { value.clone() })
    });
    Some(Item::of(Node::Map(entries.collect())))
}

/// How often a store is asked.
const CHECK_TIMES: &str = "interval: 10s\n    timeout: 5s\n    retries: 5\n    start_period: 30s";

fn is_store(carry: &Carry, service: &Existing) -> bool {
    carry.carried.stores.contains_key(&service.name)
}

/// A key and its value as a block, without an indentation.
fn entry(key: &str, value: &Item) -> String {
    yaml::write(&Node::Map(vec![(Item::text(key), value.clone())]))
}

/// A service whose `build` names the Dockerfile that was there.
fn built_by_the_old(service: &Item) -> Item {
    let Node::Map(entries) = &service.node else { return service.clone() };
    let named = |build: &Item| {
        let mut keys = match &build.node {
            Node::Map(keys) => keys.clone(),
            _ => vec![(Item::text("context"), build.clone())],
        };
        keys.retain(|(key, _)| key.scalar().as_deref() != Some("dockerfile"));
        keys.push((Item::text("dockerfile"), Item::text(OLD_DOCKERFILE)));
        Item::of(Node::Map(keys))
    };
    let entries = entries.iter().map(|(key, value)| {
        let build = key.scalar().as_deref() == Some("build");
        (key.clone(), if build { named(value) } else { value.clone() })
    });
    Item::of(Node::Map(entries.collect()))
}

/// The text of a service, with the comment above it, its keys indented by two
/// spaces; `None` where the text alone does not mean the same.
fn verbatim(file: &str, document: &Document, service: &Existing) -> Option<String> {
    const STEP: usize = 2;
    let lines: Vec<&str> = file.lines().collect();
    let name = service.line.checked_sub(1)?;
    let indent = indent_of(lines.get(name)?);
    let end = lines[name + 1..]
        .iter()
        .position(|line| !is_blank(line) && indent_of(line) <= indent && !is_comment(line))
        .map_or(lines.len(), |at| name + 1 + at);
    // Comments at the indentation of names belong to the next one.
    let own = lines[name..end]
        .iter()
        .rposition(|line| !(is_blank(line) || is_comment(line) && indent_of(line) <= indent))?;
    let above = lines[..name]
        .iter()
        .rev()
        .take_while(|line| is_comment(line) && indent_of(line) == indent)
        .count();
    let inner = lines[name + 1..=name + own]
        .iter()
        .find(|line| !is_blank(line) && !is_comment(line))
        .map_or(STEP, |line| indent_of(line) - indent);
    let mut written = Vec::new();
    for line in &lines[name - above..=name + own] {
        if is_blank(line) {
            written.push(String::new());
            continue;
        }
        let depth = indent_of(line).saturating_sub(indent);
        // The first level is ours; deeper ones keep their distance to it.
        let depth = if depth == 0 { 0 } else { STEP + depth.saturating_sub(inner) };
        written.push(format!("{}{}", " ".repeat(depth), line.trim_start()));
    }
    let written = written.join("\n");
    let alone = yaml::read(&written).ok()?;
    let (_, item) = alone.entries().next()?;
    let original = document.root.get("services")?.get(&service.name)?;
    let means_the_same = yaml::write(&item.node) == yaml::write(&service.item.node)
        && yaml::write(&original.node) == yaml::write(&service.item.node)
        && matches!(item.node, Node::Map(_));
    means_the_same.then_some(written)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(text: &str) -> Existing {
        let document = Document::read(&format!("services:\n  it:\n{text}")).unwrap();
        document.services().remove(0)
    }

    fn text_of(file: &str, name: &str) -> Option<String> {
        let document = Document::read(file).unwrap();
        let service = document.services().into_iter().find(|own| own.name == name).unwrap();
        verbatim(file, &document, &service)
    }

    /// Every key of a service that Compose's specification has.
    const KEYS: [&str; 92] = [
        "annotations",
        "attach",
        "blkio_config",
        "build",
        "cap_add",
        "cap_drop",
        "cgroup",
        "cgroup_parent",
        "command",
        "configs",
        "container_name",
        "cpu_count",
        "cpu_percent",
        "cpu_period",
        "cpu_quota",
        "cpu_rt_period",
        "cpu_rt_runtime",
        "cpu_shares",
        "cpus",
        "cpuset",
        "credential_spec",
        "depends_on",
        "deploy",
        "develop",
        "device_cgroup_rules",
        "devices",
        "dns",
        "dns_opt",
        "dns_search",
        "domainname",
        "driver_opts",
        "entrypoint",
        "env_file",
        "environment",
        "expose",
        "extends",
        "external_links",
        "extra_hosts",
        "gpus",
        "group_add",
        "healthcheck",
        "hostname",
        "image",
        "init",
        "ipc",
        "isolation",
        "label_file",
        "labels",
        "links",
        "logging",
        "mac_address",
        "mem_limit",
        "mem_reservation",
        "mem_swappiness",
        "memswap_limit",
        "models",
        "network_mode",
        "networks",
        "oom_kill_disable",
        "oom_score_adj",
        "pid",
        "pids_limit",
        "platform",
        "ports",
        "post_start",
        "pre_stop",
        "privileged",
        "profiles",
        "provider",
        "pull_policy",
        "read_only",
        "restart",
        "runtime",
        "scale",
        "secrets",
        "security_opt",
        "shm_size",
        "stdin_open",
        "stop_grace_period",
        "stop_signal",
        "storage_opt",
        "sysctls",
        "tmpfs",
        "tty",
        "ulimits",
        "use_api_socket",
        "user",
        "userns_mode",
        "uts",
        "volumes",
        "volumes_from",
        "working_dir",
    ];

    #[test]
    fn every_key_of_compose_is_in_exactly_one_list() {
        let replaced: Vec<&str> = REPLACED.iter().map(|(key, _)| *key).collect();
        let listed: Vec<&str> = OF_ONE.into_iter().chain(OF_ALL).chain(replaced).collect();
        for key in KEYS {
            let times = listed.iter().filter(|own| **own == key).count();
            assert_eq!(times, 1, "{key}");
        }
        for key in &listed {
            assert!(KEYS.contains(key), "{key} is no key");
        }
    }

    #[test]
    fn the_port_of_the_application_is_told_from_others() {
        for (text, port) in [
            ("    ports: ['80:5000']\n", Some(5000)),
            (
                "    ports: ['5678:5678', '80:9000']\n    command: gunicorn -b 0.0.0.0:9000 a\n",
                Some(9000),
            ),
            ("    ports: ['25:2525', '80:8080']\n", Some(8080)),
            ("    command: uvicorn a:b --port 7000\n", Some(7000)),
            ("    command: python manage.py runserver 0.0.0.0:${PORT:-8010}\n", Some(8010)),
            ("    expose: [9001]\n", Some(9001)),
            ("    command: run\n", None),
        ] {
            assert_eq!(main_port(&service(text)), port, "{text}");
        }
    }

    #[test]
    fn a_service_keeps_its_text_and_its_comments() {
        let file = "\
services:
    # catches what is sent
    mail:
        image: mail:1  # pinned

        command: |
          one
            two
        # the last word
    # of the other
    other:
        image: x
";
        assert_eq!(
            text_of(file, "mail").unwrap(),
            "# catches what is sent\nmail:\n  image: mail:1  # pinned\n\n  command: |\n    one\n      two\n  # the last word"
        );
        assert_eq!(text_of(file, "other").unwrap(), "# of the other\nother:\n  image: x");
    }

    #[test]
    fn a_service_of_the_old_dockerfile_names_it() {
        for build in ["build: .", "build: {context: ., target: assets}"] {
            let file = format!("services:\n  js:\n    {build}\n    command: x\n");
            let document = Document::read(&file).unwrap();
            let service = &document.services()[0];
            let built = Existing { item: built_by_the_old(&service.item), ..service.clone() };
            let found = built.build().unwrap();
            assert_eq!((found.context.as_str(), found.dockerfile.as_str()), (".", OLD_DOCKERFILE));
            assert_eq!(found.target, service.build().unwrap().target);
            assert_eq!(built.command(), "x");
        }
    }

    #[test]
    fn text_that_refers_to_an_anchor_elsewhere_is_not_taken() {
        let file = "x-a: &a {restart: always}\nservices:\n  one:\n    <<: *a\n    image: b\n  two: {image: c}\n";
        assert_eq!(text_of(file, "one"), None);
        assert_eq!(text_of(file, "two").unwrap(), "two: {image: c}");
    }

    #[test]
    fn a_mount_moves_with_the_code() {
        let moved = |text: &str| {
            let item = Item::text(text);
            let mount = Mounted::read(&item).unwrap();
            retargeted(&item, &mount.target, "/app/media").scalar().unwrap()
        };
        assert_eq!(moved("media:/code/media:ro"), "media:/app/media:ro");
        assert_eq!(moved("./media:/code/media/"), "./media:/app/media");
        assert_eq!(moved("/code/media"), "/app/media");
    }
}
