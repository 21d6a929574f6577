//! `deploy.bind` and `project.port`: where ports are published.

use crate::check::disk::scene::Scene;
use crate::check::finding::Finding;
use crate::policy::Requirement;
use crate::schema::Role;
use crate::source::compose::{Port, Service, interpolate};

/// Judges the addresses that every service is published on.
pub fn bind(requirement: &Requirement, scene: &Scene<'_>) -> Vec<Finding> {
    each(scene, |_, service, port| {
        let host = interpolate::defaults(&port.host);
        let parts = interpolate::split(&host, ':');
        let address = match parts.as_slice() {
            [address, _, ..] => address.trim_matches(['[', ']']),
            _ => "0.0.0.0",
        };
        let fault = requirement.fault(address)?;
        Some(format!("{}: {} is published on {address}, {fault}", service.name, port.container))
    })
    .into_iter()
    .map(|(path, line, message)| Finding::of(requirement, &path, Some(line), &message))
    .collect()
}

/// Judges the port that the service is published at.
pub fn port(requirement: &Requirement, scene: &Scene<'_>) -> Vec<Finding> {
    let role = if scene.plan.services.contains(&Role::Nginx) { Role::Nginx } else { Role::Web };
    let entry = scene.plan.answers.services.get(&role).cloned().unwrap_or_default();
    each(scene, |_, service, port| {
        let number = port.host_number()?;
        let fault = (service.name == entry).then(|| requirement.fault(&number.to_string()))??;
        Some(format!("{}: it is published at {number}, {fault}", service.name))
    })
    .into_iter()
    .map(|(path, line, message)| Finding::of(requirement, &path, Some(line), &message))
    .collect()
}

fn each(
    scene: &Scene<'_>,
    judge: impl Fn(&Scene<'_>, &Service, &Port) -> Option<String>,
) -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    for compose in scene.composes.iter().filter(|compose| !compose.development) {
        for service in &compose.services {
            for port in service.ports() {
                if let Some(message) = judge(scene, service, &port) {
                    found.push((compose.path.clone(), port.line, message));
                }
            }
        }
    }
    found
}
