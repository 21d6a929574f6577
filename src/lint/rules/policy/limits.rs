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
    let (_, service) = compared.now.composed(container)?;
    let (_, places) = LIMITS.iter().find(|(name, _)| *name == number)?;
    let mut found = places.iter().filter_map(|keys| at(service, keys)).peekable();
    let first = found.peek().copied();
    let limits = |item: &&Item| item.scalar().is_some_and(|text| !is_none(number, &text));
    let mut found = found.filter(limits).peekable();
    if found.peek().is_none() {
        // What would be written without one need not have it.
        let written = compared.written_as(container);
        let planned = written.is_none_or(|own| places.iter().any(|keys| at(own, keys).is_some()));
        let message = format!("{}: its limit of {number} is gone", service.name);
        return planned.then(|| Diagnostic::new(compared.at(container, first), message));
    }
    // Compose refuses two that differ, and an older one takes either.
    found
        .find_map(|item| of_limit(requirement, number, item, container, compared))
        .or_else(|| swap(requirement, number, service, container, compared))
}

fn of_limit(
    requirement: &Requirement,
    number: &str,
    item: &Item,
    container: &Container,
    compared: Comparison<'_>,
) -> Option<Diagnostic> {
    let (deployment, service) = compared.now.composed(container)?;
    let said = item.scalar().unwrap_or_default();
    let value = read(number, &said).filter(|_| !Comparison::is_open(deployment, item));
    let Some(value) = value else {
        let message = format!("{}: {number} `{said}` cannot be read", service.name);
        return Some(Diagnostic::unknown(compared.now.item(deployment, item), message));
    };
    if is_close(requirement, item, &said) {
        return None;
    }
    if let Some(fault) = requirement.fault(&value) {
        let message = format!("{}: {number} is {said}, {fault}", service.name);
        return Some(Diagnostic::new(compared.now.item(deployment, item), message));
    }
    replicas(requirement, &value, service, container, compared)
}

/// Whether what is written is no limit to the engine.
fn is_none(number: &str, said: &str) -> bool {
    let text = said.trim();
    match number {
        "memory" | "memory-reservation" => units::bytes(text) == Some(0),
        _ => text.parse::<f64>().is_ok_and(|number| number <= 0.0),
    }
}

/// Swap without an end is memory without one, and swap is memory that a service takes.
fn swap(
    requirement: &Requirement,
    number: &str,
    service: &Service,
    container: &Container,
    compared: Comparison<'_>,
) -> Option<Diagnostic> {
    let item = service.item.get("memswap_limit").filter(|_| number == "memory")?;
    let said = item.scalar()?;
    let bounded = matches!(&requirement.constraint, Constraint::Within { max: Some(_), .. });
    let fault = read(number, said.trim()).filter(|_| bounded);
    let what = match fault.and_then(|value| requirement.fault(&value)) {
        _ if said.trim().starts_with('-') => "lets it swap without end".to_owned(),
        Some(fault) => format!("is {said}, {fault}"),
        None => return None,
    };
    let message = format!("{}: memswap_limit {what}", service.name);
    Some(Diagnostic::new(compared.at(container, Some(item)), message))
}

/// As many times a limit as there are replicas is what a service may take.
fn replicas(
    requirement: &Requirement,
    value: &str,
    service: &Service,
    container: &Container,
    compared: Comparison<'_>,
) -> Option<Diagnostic> {
    let Constraint::Within { max: Some(_), .. } = &requirement.constraint else { return None };
    let item = at(service, &["deploy", "replicas"]).or_else(|| at(service, &["scale"]))?;
    let said = item.scalar()?;
    let at = compared.at(container, Some(item));
    let Ok(count) = said.trim().parse::<u64>() else {
        let message = format!("{}: how many of it there are cannot be told", service.name);
        return Some(Diagnostic::unknown(at, message));
    };
    let end = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let one: f64 = value[..end].parse().ok()?;
    let whole = format!("{}{}", one * count.max(1) as f64, &value[end..]);
    let fault = requirement.fault(&whole)?;
    let message = format!("{}: {count} of it with {value} each are {whole}, {fault}", service.name);
    Some(Diagnostic::new(at, message))
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
    use super::{is_none, read};

    #[test]
    fn nothing_is_no_limit_however_it_is_written() {
        for said in ["0", "00", "0m", "0.0g", "0b", "0.4b"] {
            assert!(is_none("memory", said), "{said}");
        }
        assert!(is_none("pids", "-1") && is_none("pids", "0"));
        assert!(!is_none("memory", "1b") && !is_none("memory", "lots") && !is_none("pids", "64"));
    }

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
