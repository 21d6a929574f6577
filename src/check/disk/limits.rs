//! `web.memory`, `db.cpus`, `worker.pids`: limits of containers.

use crate::check::disk::compose::{Compose, at};
use crate::check::disk::scene::Scene;
use crate::check::finding::Finding;
use crate::policy::{Constraint, Requirement};
use crate::source::compose::{Item, Service, interpolate};
use crate::units::MilliCpu;

/// Where a limit stands in a service, the form that counts first.
const LIMITS: [(&str, &[&[&str]]); 5] = [
    ("memory", &[&["deploy", "resources", "limits", "memory"], &["mem_limit"]]),
    ("cpus", &[&["deploy", "resources", "limits", "cpus"], &["cpus"]]),
    ("pids", &[&["deploy", "resources", "limits", "pids"], &["pids_limit"]]),
    (
        "memory-reservation",
        &[&["deploy", "resources", "reservations", "memory"], &["mem_reservation"]],
    ),
    ("cpu-shares", &[&["cpu_shares"]]),
];

/// Whether a number is a limit of a container.
#[must_use]
pub fn is_limit(number: &str) -> bool {
    LIMITS.iter().any(|(name, _)| *name == number)
}

/// Judges a limit of a service in every file that is deployed.
pub fn judge(
    requirement: &Requirement,
    service: &str,
    number: &str,
    scene: &Scene<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for compose in scene.composes.iter().filter(|compose| !compose.development) {
        if let Some(there) = compose.service(service) {
            findings.extend(of_service(requirement, number, compose, there));
        }
    }
    findings
}

fn of_service(
    requirement: &Requirement,
    number: &str,
    compose: &Compose,
    service: &Service,
) -> Option<Finding> {
    let (_, places) = LIMITS.iter().find(|(name, _)| *name == number)?;
    let found = places.iter().find_map(|keys| at(service, keys));
    let Some(item) = found.filter(|item| item.scalar().is_some_and(|text| text != "0")) else {
        // A file that is laid over another need not repeat it.
        let written = compose.written(&service.name)?;
        places.iter().find_map(|keys| at(written, keys))?;
        let message = format!("{}: its limit of {number} is gone", service.name);
        return Some(Finding::of(requirement, &compose.path, Some(service.line), &message));
    };
    let said = interpolate::defaults(&item.scalar().unwrap_or_default());
    let Some(value) = read(number, &said) else {
        let message = format!("{}: {number} `{said}` cannot be read", service.name);
        return Some(Finding::unknown(requirement, &compose.path, Some(item.line), &message));
    };
    if is_close(requirement, item, &said) {
        return None;
    }
    let fault = requirement.fault(&value)?;
    let message = format!("{}: {number} is {said}, {fault}", service.name);
    Some(Finding::of(requirement, &compose.path, Some(item.line), &message))
}

/// A limit in the form that keys take.
fn read(number: &str, said: &str) -> Option<String> {
    if !number.starts_with("memory") {
        return Some(said.to_owned());
    }
    let lower = said.trim().to_ascii_lowercase();
    let end = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
    let amount: f64 = lower[..end].parse().ok()?;
    let factor: f64 = match lower[end..].trim() {
        "" | "b" => 1.0,
        "k" | "kb" | "kib" => 1024.0,
        "m" | "mb" | "mib" => 1024.0 * 1024.0,
        "g" | "gb" | "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    // Rounded up: a byte more than a mebibyte is more.
    Some(format!("{}MiB", (amount * factor / (1024.0 * 1024.0)).ceil()))
}

/// Compose files have two digits of a CPU, keys three.
fn is_close(requirement: &Requirement, item: &Item, said: &str) -> bool {
    let Constraint::Equals(value) = &requirement.constraint else { return false };
    let locked = value.to_string();
    let locked = MilliCpu::parse(locked.trim_end_matches(" CPU"));
    let own = MilliCpu::parse(said);
    item.scalar().is_some()
        && matches!((locked, own), (Ok(one), Ok(other)) if one.compose() == other.compose())
        && requirement.key.ends_with("cpus")
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn memory_is_read_in_every_unit_of_compose() {
        for (said, expected) in [
            ("512M", "512MiB"),
            ("1g", "1024MiB"),
            ("536870912", "512MiB"),
            ("536870913b", "513MiB"),
            ("1.5gb", "1536MiB"),
            ("2048k", "2MiB"),
        ] {
            assert_eq!(read("memory", said).as_deref(), Some(expected), "{said}");
        }
        assert_eq!(read("memory", "lots"), None);
    }
}
