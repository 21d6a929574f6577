//! Services of the application, and the proxy, that were there before: what
//! of theirs goes on in ours.

use serde_json::{Value, json};

use crate::compose::yaml::{self, Item, Node};
use crate::compose::{Mount, Port, Service, interpolate};
use crate::plan::carry::{Carry, is_development};
use crate::plan::{Plan, Role};
use crate::render::carried::text;

/// Keys that belong to one service and its container.
const OF_ONE: [&str; 17] = [
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
const OF_ALL: [&str; 6] = ["env_file", "secrets", "configs", "extra_hosts", "dns", "dns_search"];
/// Ports an application usually listens on, the likeliest first.
const USUAL_PORTS: [u16; 6] = [8000, 8080, 5000, 80, 8001, 3000];
/// The port of our nginx.
const PROXY_PORT: &str = "8080";

/// Of a plan that carries nothing on.
#[must_use]
pub fn nothing() -> Value {
    json!({
        "anchor": "", "keep": "", "ports": Vec::<String>::new(), "published": true,
        "networks": "", "volumes": "", "targets": Vec::<String>::new(), "depends": "",
    })
}

/// What of the old services goes on in one of ours.
#[must_use]
pub fn context(plan: &Plan, carry: &Carry, role: Role) -> Value {
    let Some(source) = carry.source(role) else {
        let mut nothing = nothing();
        nothing["ports"] = json!(ports(plan, carry, role));
        return nothing;
    };
    let its_own = carry.has(role);
    let mounts = match role {
        Role::Nginx => Vec::new(),
        Role::Migrate if !its_own => Vec::new(),
        _ => data_mounts(carry, source),
    };
    let ports = ports(plan, carry, role);
    let networks = super::shared_networks(carry, role);
    json!({
        "anchor": anchor(plan, carry, role),
        "keep": keep(plan, carry, role, source, its_own),
        // Where nothing was published before, nothing is.
        "published": !ports.is_empty() || !carry.has(Role::Web),
        "ports": ports,
        "networks": networks.iter().map(|name| format!(", {name}")).collect::<String>(),
        "volumes": mounts.iter().map(|(_, line)| line.as_str()).collect::<String>(),
        "targets": mounts.iter().map(|(target, _)| target).collect::<Vec<_>>(),
        "depends": if its_own { depends(plan, carry, source) } else { String::new() },
    })
}

fn keep(plan: &Plan, carry: &Carry, role: Role, source: &Service, its_own: bool) -> String {
    let mut kept = String::new();
    for (key, value) in source.item.entries() {
        let Some(key) = key.scalar() else { continue };
        let of_one = its_own && OF_ONE.contains(&key.as_str());
        let of_all = role != Role::Nginx && OF_ALL.contains(&key.as_str());
        if key == "labels" && of_one {
            kept += &text::entry(&key, &relabelled(plan, carry, source, value), 4);
        } else if of_one || of_all {
            kept += &text::entry(&key, value, 4);
        }
    }
    kept
}

/// Labels that tell a proxy the container's port.
fn relabelled(plan: &Plan, carry: &Carry, service: &Service, labels: &Item) -> Item {
    let is_web = carry.services.get(&Role::Web).is_some_and(|web| web.name == service.name);
    let (Some(old), true) = (main_port(service), is_web) else { return labels.clone() };
    let port = super::container_port(plan).unwrap_or(8000);
    let moved =
        |name: &str, value: &str| match name.ends_with("server.port") && value == old.to_string() {
            true => port.to_string(),
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

/// The name of the anchor that holds a service's own variables; empty for
/// none.
fn anchor(plan: &Plan, carry: &Carry, role: Role) -> String {
    let Some(source) = carry.source(role).filter(|_| role != Role::Nginx) else {
        return String::new();
    };
    match variables(plan, carry, source).is_empty() {
        true => String::new(),
        false => format!("carried-{}", anchor_of(&source.name)),
    }
}

fn anchor_of(service: &str) -> String {
    service.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

/// The variables of the old services, one anchor for each of them.
#[must_use]
pub fn anchors(plan: &Plan, carry: &Carry) -> String {
    let mut written = String::new();
    for (role, service) in &carry.services {
        let variables = variables(plan, carry, service);
        if !role.runs_application() || variables.is_empty() {
            continue;
        }
        let name = anchor_of(&service.name);
        written += &format!(
            "\n\n# What {} was told before.\nx-carried-{name}: &carried-{name}",
            service.name
        );
        for (name, value) in variables {
            written += &format!("\n  {name}:{}", scalar(value));
        }
    }
    written
}

/// A variable's value after its colon; without one, the shell's is handed
/// through.
fn scalar(value: Option<String>) -> String {
    value.map_or_else(|| " null".to_owned(), |value| format!(" {}", text::quoted(&value)))
}

/// What an old service was told and still is. What would take production back
/// to development is not.
fn variables(plan: &Plan, carry: &Carry, service: &Service) -> Vec<(String, Option<String>)> {
    let settings =
        plan.answers.adopted.as_ref().is_some_and(|adopted| !adopted.settings.is_empty());
    let mut variables: Vec<(String, Option<String>)> = Vec::new();
    for (name, value) in service.environment() {
        // Set for every service of the application by ours.
        let ours = name == "PYTHONUNBUFFERED" || (name == "DJANGO_SETTINGS_MODULE" && settings);
        let dropped = ours || is_development(&name, value.as_deref().unwrap_or_default());
        if dropped {
            continue;
        }
        let value = value.map(|value| match value.starts_with('/') {
            true => carry.moved(&value),
            false => value,
        });
        variables.retain(|(own, _)| *own != name);
        variables.push((name, value));
    }
    variables
}

/// The port of the application in the old container.
#[must_use]
pub fn main_port(service: &Service) -> Option<u16> {
    let ports: Vec<u16> = service.ports().iter().filter_map(Port::container_number).collect();
    let said = said_port(&service.command());
    match ports.as_slice() {
        [] => said.or_else(|| service.names("expose").first()?.parse().ok()),
        [only] => Some(*only),
        several => said
            .filter(|port| several.contains(port))
            .or_else(|| USUAL_PORTS.into_iter().find(|port| several.contains(port)))
            .or_else(|| several.first().copied()),
    }
}

/// The port a command names: `-b 0.0.0.0:5000`, `--port 80`, `runserver :80`.
fn said_port(command: &str) -> Option<u16> {
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
/// the web service published where it is new.
fn ports(plan: &Plan, carry: &Carry, role: Role) -> Vec<String> {
    let proxied = plan.flags.is("nginx");
    let proxy_is_new = proxied && !carry.has(Role::Nginx);
    let (source, target) = match role {
        Role::Web if proxy_is_new => return Vec::new(),
        Role::Nginx if proxy_is_new => (carry.services.get(&Role::Web), PROXY_PORT.to_owned()),
        Role::Nginx => (carry.services.get(&Role::Nginx), PROXY_PORT.to_owned()),
        Role::Web => (
            carry.services.get(&Role::Web),
            super::container_port(plan).unwrap_or(8000).to_string(),
        ),
        _ => return Vec::new(),
    };
    let Some(service) = source else { return Vec::new() };
    let main = main_port(service);
    let port = |port: Port| match port.container_number() == main {
        true => port.to(&target),
        false => port.to(&port.container),
    };
    service.ports().into_iter().map(port).collect()
}

/// Mounts of data as lines, with their targets.
fn data_mounts(carry: &Carry, service: &Service) -> Vec<(String, String)> {
    let items = service.item.get("volumes").map_or(&[][..], Item::items);
    let mounts = items.iter().filter_map(|item| Some((item, Mount::read(item)?)));
    mounts
        .filter(|(_, mount)| !carry.is_code(mount))
        .map(|(item, mount)| {
            let target = carry.moved(&mount.target);
            let node = Node::List(vec![retargeted(item, &mount.target, &target)]);
            let line = match &item.node {
                Node::Map(_) => text::indented(&yaml::write(&node), 6),
                _ => {
                    let scalar = retargeted(item, &mount.target, &target).scalar();
                    format!("\n      - {}", text::quoted(&scalar.unwrap_or_default()))
                }
            };
            (target, line)
        })
        .collect()
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

/// What an old service waited for, beside what ours waits for by itself.
fn depends(plan: &Plan, carry: &Carry, service: &Service) -> String {
    let ours: Vec<&str> =
        plan.services.iter().map(|role| plan.answers.services[role].as_str()).collect();
    let item = service.item.get("depends_on");
    let there = |name: &String| carry.passed.iter().any(|other| other.name == *name);
    let names = service.names("depends_on").into_iter().chain(service.needs()).filter(there);
    let mut written: Vec<String> = Vec::new();
    let mut lines = String::new();
    for name in names {
        if ours.contains(&name.as_str()) || written.contains(&name) {
            continue;
        }
        let condition =
            item.and_then(|item| item.get(&name)).filter(|own| own.entries().count() > 0);
        lines += &match condition {
            Some(condition) => text::entry(&name, condition, 6),
            None => format!("\n      {name}:\n        condition: service_started"),
        };
        written.push(name);
    }
    lines
}

/// The block of a service that runs the application's image for something
/// else: flower, a queue of another kind.
#[must_use]
pub fn of_own_image(plan: &Plan, carry: &Carry, service: &Service) -> String {
    const OURS: [&str; 7] =
        ["build", "image", "volumes", "networks", "pull_policy", "environment", "extends"];
    let mut lines = format!("\n\n  {}:\n    <<: *app", service.name);
    for (key, value) in service.item.entries() {
        if let Some(key) = key.scalar().filter(|key| !OURS.contains(&key.as_str())) {
            lines += &text::entry(&key, value, 4);
        }
    }
    lines += "\n    environment:\n      <<: *environment";
    for (name, value) in variables(plan, carry, service) {
        lines += &format!("\n      {name}:{}", scalar(value));
    }
    let mounts = data_mounts(carry, service);
    if !mounts.is_empty() {
        lines += "\n    volumes:";
        lines.extend(mounts.iter().map(|(_, line)| line.as_str()));
    }
    let own = service.names("networks");
    let more = if own.is_empty() && text::has_default_network(carry) {
        vec!["default".to_owned()]
    } else {
        own
    };
    let mut networks = vec!["edge".to_owned()];
    if plan.flags.is("db") || plan.flags.is("redis") {
        networks.push("backend".to_owned());
    }
    networks.extend(more.into_iter().filter(|name| !matches!(name.as_str(), "edge" | "backend")));
    lines += &format!("\n    networks: [{}]", networks.join(", "));
    if service.item.get("healthcheck").is_none() {
        lines += "\n    healthcheck:  # the image's own asks the web service\n      disable: true";
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Document;

    fn service(text: &str) -> Service {
        let document = Document::read(&format!("services:\n  it:\n{text}")).unwrap();
        document.services().remove(0)
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
    fn switches_of_development_are_told_from_other_variables() {
        assert!(is_development("DEBUG", "1") && is_development("FLASK_ENV", "development"));
        assert!(is_development("DJANGO_DEBUG", "${DEBUG:-true}"));
        assert!(!is_development("DEBUG", "0") && !is_development("DEBUG_EMAIL", "1"));
    }

    #[test]
    fn a_mount_moves_with_the_code() {
        let moved = |text: &str| {
            let item = Item::text(text);
            let mount = Mount::read(&item).unwrap();
            retargeted(&item, &mount.target, "/app/media").scalar().unwrap()
        };
        assert_eq!(moved("media:/code/media:ro"), "media:/app/media:ro");
        assert_eq!(moved("./media:/code/media/"), "./media:/app/media");
        assert_eq!(moved("/code/media"), "/app/media");
    }
}
