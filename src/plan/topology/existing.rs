//! What an existing compose project runs, against what is planned: what of its
//! services goes on in one of ours, and those that are passed through.

use crate::plan::Plan;
use crate::plan::carry::{Carry, OLD_DOCKERFILE, is_development};
use crate::plan::topology::{
    BACKEND, Condition, Dependency, EDGE, EnvValue, Group, Image, Kept, Mount, Port, Probe,
    Security, Service, Test, Variable, application, environment, runbook,
};
use crate::schema::Role;
use crate::source::compose::interpolate;
use crate::source::compose::yaml::{self, Item, Node};
use crate::source::compose::{Document, Mount as Mounted, Port as Published, Service as Existing};

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
    Some(Kept { line: source.line, keys, text: None })
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
        let condition = condition.map_or(Condition::Started, |own| Condition::Kept(own.clone()));
        dependencies.push(Dependency { service: name, condition });
    }
    dependencies
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
        environment::share(plan, &mut env);
    }
    let (keys, text) = match own_image {
        true => (keys_beside(service), None),
        false => (Vec::new(), Some(text(carry, service))),
    };
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
        // Written again as it stands, conditions included.
        depends_on: service
            .names("depends_on")
            .into_iter()
            .map(|service| Dependency { service, condition: Condition::Started })
            .collect(),
        probe: match checked {
            true => Probe { test: Test::OfImage, times: None, why: "" },
            false => Probe {
                test: Test::Disabled,
                times: None,
                why: "the image's own asks the web service",
            },
        },
        resources: None,
        security: match own_image {
            true => application::security(plan),
            false => Security::default(),
        },
        one_shot: false,
        stop: None,
        runbook: runbook::passed_through(service, own_image),
        kept: Some(Kept { line: service.line, keys, text }),
    }
}

/// The keys of a service that runs the application's image for something else:
/// flower, a queue of another kind.
pub(super) fn keys_beside(service: &Existing) -> Vec<(String, Item)> {
    let keys =
        service.item.entries().filter_map(|(key, value)| Some((key.scalar()?, value.clone())));
    keys.filter(|(key, _)| !PLANNED.contains(&key.as_str())).collect()
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
    let own = verbatim(&carry.carried.text, &carry.document, service);
    own.unwrap_or_else(|| entry(&service.name, &service.item))
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
