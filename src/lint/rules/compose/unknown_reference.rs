//! Names in a compose file that stand for nothing.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Deployment, Subject};
use crate::source::compose::{Item, Mount, Service};

pub static RULE: Rule = Rule {
    code: "CO139",
    name: "unknown-reference",
    severity: Severity::Error,
    summary: "services, networks, volumes, secrets and configs that are named are there",
    why: "Compose refuses the whole project: \"refers to undefined volume\", \"depends on undefined service\". Nothing starts, and nothing stops either.",
    example: "volumes:\n  db-data:",
    source: "Compose Specification: volumes, networks, secrets, configs, depends_on",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for deployment in subject.production_deployments() {
        let root = &deployment.project.root;
        let is_whole = deployment.by_itself && deployment.project.faults.is_empty();
        // Another file may be meant to stand below it.
        if !is_whole || root.get("include").is_some() {
            continue;
        }
        for service in &deployment.services {
            if service.item.get("extends").is_some() {
                continue;
            }
            for (kind, name, item) in named(service) {
                if is_there(deployment, kind, &name) || name.contains('$') || name.is_empty() {
                    continue;
                }
                if is_a_piece(subject, deployment) {
                    break;
                }
                let at = subject.item(deployment, item);
                let message =
                    format!("{} names the {kind} {name}, which is not there", service.name);
                let finding = findings.add(at, message);
                finding.about(&name);
                finding.help(match kind {
                    "service" => "A service of this project, or no line at all.".to_owned(),
                    _ => format!("{kind}s:\n  {name}:"),
                });
            }
        }
    }
}

/// Whether a project is meant to be laid over another: something that it names
/// and does not have is in a file of services elsewhere.
fn is_a_piece(subject: &Subject, deployment: &Deployment) -> bool {
    let own = |path: &str| deployment.project.files.iter().any(|file| file.path == path);
    let others: Vec<&str> = subject
        .tree
        .paths()
        .filter(|path| (path.ends_with(".yml") || path.ends_with(".yaml")) && !own(path))
        .filter_map(|path| subject.tree.text(path))
        .filter(|text| text.lines().any(|line| line.trim_end() == "services:"))
        .collect();
    let missing = deployment.services.iter().flat_map(named).filter(|(kind, name, _)| {
        !is_there(deployment, kind, name) && !name.contains('$') && !name.is_empty()
    });
    let mut names = missing.map(|(_, name, _)| format!("{name}:"));
    names.any(|name| others.iter().any(|text| text.lines().any(|line| line.trim() == name)))
}

/// What a service names, with its kind and its place.
fn named(service: &Service) -> Vec<(&'static str, String, &Item)> {
    let mut found = Vec::new();
    let lists = [
        ("service", "depends_on"),
        ("network", "networks"),
        ("secret", "secrets"),
        ("config", "configs"),
    ];
    for (kind, key) in lists {
        let Some(item) = service.item.get(key) else { continue };
        for (name, value) in item.entries() {
            let required = value.get("required").and_then(Item::truth);
            if required != Some(false) {
                found.extend(name.scalar().map(|text| (kind, text, name)));
            }
        }
        for own in item.items() {
            let text = own.scalar().or_else(|| own.get("source")?.scalar());
            found.extend(text.map(|text| (kind, text, own)));
        }
    }
    let items = service.item.get("volumes").map_or(&[][..], Item::items);
    for (mount, item) in items.iter().filter_map(|item| Some((Mount::read(item)?, item))) {
        found.extend(mount.volume().map(|name| ("volume", name.to_owned(), item)));
    }
    found
}

fn is_there(deployment: &Deployment, kind: &str, name: &str) -> bool {
    if kind == "service" {
        return deployment.services.iter().any(|own| own.name == name);
    }
    let all = deployment.project.root.get(&format!("{kind}s"));
    let is_default = kind == "network" && matches!(name, "default" | "host" | "none");
    is_default
        || all
            .into_iter()
            .flat_map(Item::entries)
            .any(|(own, _)| own.scalar().as_deref() == Some(name))
}
