//! `web.memory`, `db.cpus`, `worker.pids`: limits of containers.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::{SOURCE, by_each};
use crate::lint::subject::{Comparison, Container};
use crate::policy::{Constraint, Requirement};
use crate::schema::Role;
use crate::source::compose::{Item, Service};
use crate::units::{self, MilliCpu};

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

pub static RULE: Rule = Rule {
    code: "PO109",
    name: "standard-limit",
    severity: Severity::Error,
    summary: "a service has the limit that the standard demands, whatever it is called",
    why: "One container without a limit takes the memory of all others on its host: the kernel then ends whichever it likes.",
    example: "mem_limit: 512m",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// Judges a limit of what does a role's work, in every project that is deployed.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    let Some((role, number)) = Role::of_number(&requirement.key) else { return Vec::new() };
    let containers = compared.doing(role);
    containers.iter().filter_map(|own| of_service(requirement, number, own, compared)).collect()
}

fn of_service(
    requirement: &Requirement,
    number: &str,
    container: &Container,
    compared: Comparison<'_>,
) -> Option<Diagnostic> {
    let (deployment, service) = compared.now.composed(container)?;
    let (_, places) = LIMITS.iter().find(|(name, _)| *name == number)?;
    let found = places.iter().find_map(|keys| at(service, keys));
    let Some(item) = found.filter(|item| item.scalar().is_some_and(|text| text != "0")) else {
        // What would be written without one need not have it.
        let written = compared.written_as(&service.name);
        let planned = written.is_none_or(|own| places.iter().any(|keys| at(own, keys).is_some()));
        let message = format!("{}: its limit of {number} is gone", service.name);
        return planned.then(|| Diagnostic::new(compared.at(container, None), message));
    };
    let said = item.scalar().unwrap_or_default();
    let value = read(number, &said).filter(|_| !Comparison::is_open(deployment, item));
    let Some(value) = value else {
        let message = format!("{}: {number} `{said}` cannot be read", service.name);
        return Some(Diagnostic::unknown(compared.now.item(deployment, item), message));
    };
    if is_close(requirement, item, &said) {
        return None;
    }
    let fault = requirement.fault(&value)?;
    let message = format!("{}: {number} is {said}, {fault}", service.name);
    Some(Diagnostic::new(compared.now.item(deployment, item), message))
}

/// What stands at a path of keys.
fn at<'a>(service: &'a Service, keys: &[&str]) -> Option<&'a Item> {
    keys.iter().try_fold(&service.item, |item, key| item.get(key))
}

/// A limit in the form that keys take.
fn read(number: &str, said: &str) -> Option<String> {
    if !number.starts_with("memory") {
        return Some(said.to_owned());
    }
    // Rounded up: a byte more than a mebibyte is more.
    units::bytes(said).map(|bytes| format!("{}MiB", bytes.div_ceil(1 << 20)))
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
