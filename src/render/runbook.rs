//! What DEPLOY.md reads as `runbook`: a topology as a diagram, tables and
//! commands.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answers::stack::Database;
use crate::plan::Plan;
use crate::plan::code;
use crate::plan::topology::{
    Condition, EnvValue, Image, Moment, Mount, Port, Service, Task, Topology,
};
use crate::render::context;
use crate::schema::Role;
use crate::source::compose::interpolate;

/// The column that a paragraph does not reach.
const WIDTH: usize = 96;

/// What the template reads.
#[must_use]
pub fn of(plan: &Plan) -> Value {
    let topology = &plan.topology;
    let services = &topology.services;
    let entry = [Role::Nginx, Role::Web]
        .into_iter()
        .filter_map(|kind| topology.of_kind(kind))
        .find_map(|service| service.ports.first());
    let builds = |service: &&Service| matches!(&service.image, Image::Own { build: Some(_), .. });
    let application = services.iter().find(|service| service.kind == Some(Role::Web));
    let users: Vec<&str> = services
        .iter()
        .filter(|service| service.runs_application() && !service.one_shot)
        .map(|service| service.id.as_str())
        .collect();
    json!({
        "application": application.map_or("", |service| &service.id),
        "health_path": context::health_path(plan),
        "entry": entry.map(|port| reached(&address(port))).unwrap_or_default(),
        "diagram": diagram(plan),
        "services": services.iter().map(|one| service(plan, one)).collect::<Vec<_>>(),
        "sealed": named(topology, |service| is_sealed(topology, service)),
        "keeps_data": services.iter().any(|service| !volumes(service).is_empty()),
        "images": services.iter().filter(builds).map(image).collect::<Vec<_>>(),
        "first_start": tasks(services, Moment::FirstStart),
        "day_to_day": tasks(services, Moment::DayToDay),
        "development": tasks(services, Moment::Development),
        "published": published_in_development(topology),
        "unreloaded": named(topology, |service| is_unreloaded(topology, service)),
        "backups": services.iter().flat_map(|service| {
            service.runbook.backups.iter().map(|backup| json!({
                "service": service.id,
                "name": format!("{}-{{}}.{}", plan.answers.name, backup.suffix)
                    .replace("-{}.", "-$(date +%F-%H%M)."),
                "example": format!("{}-2026-11-20-0400.{}", plan.answers.name, backup.suffix),
                "save": backup.save,
                "restore": backup.restore,
                "users": if backup.stops { users.join(" ") } else { String::new() },
            }))
        }).collect::<Vec<_>>(),
        "stops": services.iter().filter(|service| !service.runbook.on_stop.is_empty())
            .map(|service| wrapped(
                &format!("- `{}`: {}.", service.id, service.runbook.on_stop), "  "))
            .collect::<Vec<_>>(),
        "troubles": services.iter().flat_map(|service| &service.runbook.troubles)
            .map(|trouble| wrapped(&format!("**{}.** {}", trouble.symptom, trouble.advice), ""))
            .collect::<Vec<_>>(),
    })
}

/// A row of the table of services, and one of their sizes.
fn service(plan: &Plan, service: &Service) -> Value {
    let number = |name: &str| {
        let key = format!("{}.{name}", service.kind?.name());
        plan.decision(&key).map(|decision| decision.value.to_string())
    };
    let cpu = number("cpus").map(|most| format!("at most {most}"));
    let shares = || number("cpu-shares").map(|weight| format!("weight {weight}"));
    let runbook = &service.runbook;
    json!({
        "id": service.id,
        "does": cell(&runbook.does),
        "sized": service.resources.is_some(),
        "memory": service.resources.map(|resources| resources.memory.to_string()),
        "cpu": cpu.or_else(shares).unwrap_or_default(),
        "scale": runbook.scale,
        "gives_up": runbook.gives_up,
        "stop": number("stop-grace-period").unwrap_or_default(),
    })
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Names in backticks: `a`, `b` and `c`.
fn named(topology: &Topology, which: impl Fn(&Service) -> bool) -> Value {
    let names: Vec<String> = topology
        .services
        .iter()
        .filter(|service| which(service))
        .map(|service| format!("`{}`", service.id))
        .collect();
    let list = match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    };
    json!({ "list": list, "several": names.len() > 1 })
}

/// Whether nothing outside reaches a service, nor it anything.
fn is_sealed(topology: &Topology, service: &Service) -> bool {
    let internal = |name: &String| {
        topology.networks.iter().any(|network| network.name == *name && network.internal)
    };
    service.ports.is_empty()
        && !service.networks.is_empty()
        && service.networks.iter().all(internal)
}

/// Whether a service that runs mounted code does not see a change of it.
fn is_unreloaded(topology: &Topology, service: &Service) -> bool {
    let mut changes = topology.development.overrides.iter();
    let change = changes.find(|change| change.id == service.id);
    change.is_some_and(|change| change.mounted && !change.reloads && !service.one_shot)
}

/// The named volumes of a service.
fn volumes(service: &Service) -> Vec<&Mount> {
    service.mounts.iter().filter(|mount| mount.named_volume().is_some()).collect()
}

fn image(service: &Service) -> String {
    match &service.image {
        Image::Own { name, .. } => name.clone(),
        _ => String::new(),
    }
}

fn tasks(services: &[Service], moment: Moment) -> Vec<Value> {
    let of_service = |service: &Service| -> Vec<(String, Task)> {
        let tasks = service.runbook.tasks.iter().filter(|task| task.moment == moment);
        tasks.map(|task| (service.id.clone(), task.clone())).collect()
    };
    services
        .iter()
        .flat_map(of_service)
        .map(|(service, task)| {
            json!({ "service": service, "command": task.command, "about": task.about })
        })
        .collect()
}

/// What development publishes beside the application.
fn published_in_development(topology: &Topology) -> Vec<Value> {
    let development = &topology.development;
    let changed = development.overrides.iter().filter(|change| !change.mounted);
    let changed = changed.map(|change| (&change.id, &change.ports));
    let own = development.services.iter().map(|service| (&service.id, &service.ports));
    changed
        .chain(own)
        .flat_map(|(id, ports)| ports.iter().map(move |port| (id, port)))
        .map(|(id, port)| json!({ "service": id, "address": address(port) }))
        .collect()
}

/// The address of a published port, variables at their defaults.
fn address(port: &Port) -> String {
    match port {
        Port::Published { address, published, .. } if address.contains(':') => {
            format!("[{address}]:{published}")
        }
        Port::Published { address, published, .. } => format!("{address}:{published}"),
        Port::Kept(port) => {
            let host = interpolate::defaults(&port.host);
            match host.as_str() {
                "" => format!("any port → {}", port.container),
                host if host.contains(':') => host.to_owned(),
                host => format!("0.0.0.0:{host}"),
            }
        }
    }
}

/// The same as a client on this host writes it.
fn reached(address: &str) -> String {
    match address.strip_prefix("0.0.0.0:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => address.replace("[::]:", "[::1]:"),
    }
}

/// The lines of a Mermaid flowchart: an arrow points at what is connected to.
fn diagram(plan: &Plan) -> Vec<String> {
    let topology = &plan.topology;
    let mut lines = Vec::new();
    for service in &topology.services {
        for port in &service.ports {
            lines.push(format!("client([client]) -- \"{}\" --> {}", address(port), service.id));
        }
    }
    let shape = |id: &str| match topology.services.iter().find(|service| service.id == id) {
        Some(service) if is_store(service) => format!("{id}[({id})]"),
        _ => id.to_owned(),
    };
    let mut before: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for service in &topology.services {
        for dependency in &service.depends_on {
            if dependency.condition == Condition::Completed {
                before.entry(&dependency.service).or_default().push(service.id.clone());
            }
        }
        let mut targets: Vec<String> =
            connects_to(topology, service).into_iter().map(shape).collect();
        targets.extend(managed(plan, service));
        if !targets.is_empty() {
            lines.push(format!("{} --> {}", service.id, targets.join(" & ")));
        }
        for mount in &service.mounts {
            if let Mount::ReadOnly { source, .. } = mount {
                let name = source.trim_start_matches("./");
                lines.push(format!("{name}[/\"{name}/\"/] -. \"read-only\" .-> {}", service.id));
            }
        }
    }
    let before = before.into_iter();
    lines.extend(before.map(|(id, then)| format!("{id} -. \"before\" .-> {}", then.join(" & "))));
    lines
}

const fn is_store(service: &Service) -> bool {
    matches!(service.kind, Some(Role::Db | Role::Redis | Role::Cache))
}

/// Services that one connects to: what it waits for while it runs, and what
/// its variables name.
fn connects_to<'a>(topology: &'a Topology, service: &Service) -> Vec<&'a str> {
    let waits = |other: &Service| {
        service.depends_on.iter().any(|dependency| {
            dependency.service == other.id && dependency.condition != Condition::Completed
        })
    };
    let names = |other: &Service| {
        service.env.iter().any(|variable| match &variable.value {
            EnvValue::Url { host, .. } => *host == other.id,
            EnvValue::Kept(Some(text)) => {
                text.contains(&format!("@{}:", other.id))
                    || text.contains(&format!("//{}:", other.id))
                    || text.contains(&format!("@{}/", other.id))
            }
            _ => false,
        })
    };
    let one_shot = |other: &Service| other.one_shot;
    topology
        .services
        .iter()
        .filter(|other| other.id != service.id && !one_shot(other))
        .filter(|other| waits(other) || names(other))
        .map(|other| other.id.as_str())
        .collect()
}

/// What is managed elsewhere, and a service connects to.
fn managed(plan: &Plan, service: &Service) -> Vec<String> {
    if !service.runs_application() {
        return Vec::new();
    }
    let mut nodes = Vec::new();
    let kind = service.kind;
    // A store that was there has a node of its own.
    let is_here = |role| {
        plan.answers.adopted.as_ref().is_some_and(|it| code::service_of_store(it, role).is_some())
    };
    let external = plan.answers.stack.database == Database::External && !is_here(Role::Db);
    if external && kind != Some(Role::Beat) {
        nodes.push("managed[(managed database)]".to_owned());
    }
    let queues = matches!(kind, Some(Role::Web | Role::Worker | Role::Beat));
    if queues && plan.flags.is("celery") && !plan.flags.is("broker") && !is_here(Role::Redis) {
        nodes.push("broker[(managed broker)]".to_owned());
    }
    nodes
}

/// A paragraph as lines, broken between words and never inside of code.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut in_code = false;
    for c in text.chars().chain([' ']) {
        in_code ^= c == '`';
        if c != ' ' || in_code {
            word.push(c);
            continue;
        }
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(_) => lines.push(format!("{indent}{word}")),
            None => lines.push(word.clone()),
        }
        word.clear();
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_break_between_words_and_not_in_commands() {
        let command = format!("`{}`", "a b ".repeat(40).trim());
        let text = wrapped(&format!("- {} {command} end", "word ".repeat(30).trim()), "  ");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].len() <= WIDTH && lines[1].starts_with("  word"), "{text}");
        assert!(lines.contains(&format!("  {command}").as_str()), "{text}");
    }

    #[test]
    fn the_address_of_a_port_is_what_a_client_types() {
        let kept = |host: &str| {
            address(&Port::Kept(crate::source::compose::Port {
                host: host.to_owned(),
                container: "80".to_owned(),
                protocol: String::new(),
                line: 1,
            }))
        };
        assert_eq!(kept("8080"), "0.0.0.0:8080");
        assert_eq!(kept("127.0.0.1:${PORT:-80}"), "127.0.0.1:80");
        assert_eq!(reached("0.0.0.0:80"), "127.0.0.1:80");
        let ours = Port::Published { address: "::".to_owned(), published: 80, target: 8080 };
        assert_eq!(reached(&address(&ours)), "[::1]:80");
    }
}
