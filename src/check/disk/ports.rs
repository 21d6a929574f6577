//! `deploy.bind` and `project.port`: where ports are published.

use crate::check::disk::scene::Scene;
use crate::check::finding::Finding;
use crate::lint::subject::Container;
use crate::policy::Requirement;
use crate::schema::Role;
use crate::source::compose::{Item, Port, interpolate};

/// Judges the addresses that every service is published on.
pub fn bind(requirement: &Requirement, scene: &Scene<'_>) -> Vec<Finding> {
    each(requirement, scene, |container, port| {
        let parts = interpolate::split(&port.host, ':');
        let address = match parts.as_slice() {
            [address, _, ..] => address.trim_matches(['[', ']']),
            _ => "0.0.0.0",
        };
        let fault = requirement.fault(address)?;
        Some(format!("{}: {} is published on {address}, {fault}", container.name, port.container))
    })
}

/// Judges the port that the service is published at.
pub fn port(requirement: &Requirement, scene: &Scene<'_>) -> Vec<Finding> {
    let role = if scene.plan.services.contains(&Role::Nginx) { Role::Nginx } else { Role::Web };
    let entry: Vec<&str> = scene.doing(role).iter().map(|own| own.name.as_str()).collect();
    each(requirement, scene, |container, port| {
        let number = port.host_number()?;
        let is_entry = entry.contains(&container.name.as_str());
        let fault = is_entry.then(|| requirement.fault(&number.to_string()))??;
        Some(format!("{}: it is published at {number}, {fault}", container.name))
    })
}

fn each(
    requirement: &Requirement,
    scene: &Scene<'_>,
    judge: impl Fn(&Container, &Port) -> Option<String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for container in scene.containers() {
        let Some((deployment, service)) = scene.now.composed(container) else { continue };
        for item in service.item.get("ports").map_or(&[][..], Item::items) {
            let Some(port) = Port::read(item) else { continue };
            let open = Scene::is_open(deployment, item)
                || item.entries().any(|(_, value)| Scene::is_open(deployment, value));
            if open {
                let (path, line) = Scene::place(deployment, item);
                let message = format!("{}: where it is published cannot be told", container.name);
                findings.push(Finding::unknown(requirement, &path, Some(line), &message));
            } else if let Some(message) = judge(container, &port) {
                findings.push(scene.at(requirement, container, Some(item), &message));
            }
        }
    }
    findings
}
