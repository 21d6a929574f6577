//! Numbers that an existing service says of its container.

use crate::detect::previous::Piece;
use crate::schema;
use crate::schema::Role;
use crate::source::compose::yaml::Item;
use crate::source::compose::{Service, interpolate};
use crate::units;

/// A key of a service, perhaps below others, and the planned number it says.
const NUMBERS: [(&[&str], &str, Unit); 12] = [
    (&["stop_grace_period"], "stop-grace-period", Unit::Seconds),
    (&["shm_size"], "shm", Unit::Memory),
    (&["mem_limit"], "memory", Unit::Memory),
    (&["deploy", "resources", "limits", "memory"], "memory", Unit::Memory),
    (&["mem_reservation"], "memory-reservation", Unit::Memory),
    (&["deploy", "resources", "reservations", "memory"], "memory-reservation", Unit::Memory),
    (&["cpus"], "cpus", Unit::Plain),
    (&["deploy", "resources", "limits", "cpus"], "cpus", Unit::Plain),
    (&["cpu_shares"], "cpu-shares", Unit::Plain),
    (&["pids_limit"], "pids", Unit::Plain),
    (&["deploy", "resources", "limits", "pids"], "pids", Unit::Plain),
    (&["command"], "max-connections", Unit::MaxConnections),
];

#[derive(Clone, Copy)]
enum Unit {
    Plain,
    Seconds,
    Memory,
    /// Of PostgreSQL's command.
    MaxConnections,
}

/// The numbers: their names in the plan, their lines, and their values.
pub(super) fn of(service: &Service, role: Role) -> Vec<(&'static str, usize, String)> {
    let mut found = Vec::new();
    for (path, key, unit) in NUMBERS {
        let item = path.iter().try_fold(&service.item, |item, key| item.get(key));
        let Some(item) = item else { continue };
        let is_known = schema::find(&format!("tune.{}.{key}", role.name())).is_some();
        if let Some(value) = read(item, unit).filter(|_| is_known) {
            found.push((key, item.line, value));
        }
    }
    found
}

fn read(item: &Item, unit: Unit) -> Option<String> {
    if let Unit::MaxConnections = unit {
        let text = match item.scalar() {
            Some(text) => text,
            None => item.scalars().join(" "),
        };
        let (_, rest) = text.split_once("max_connections=")?;
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        return (!number.is_empty()).then_some(number);
    }
    let text = interpolate::defaults(&item.scalar()?);
    match unit {
        Unit::Seconds => {
            let seconds = seconds(&text)?;
            (seconds > 0).then(|| seconds.to_string())
        }
        Unit::Memory => {
            let bytes = units::bytes(&text)?;
            (bytes >> 20 > 0).then(|| format!("{}MiB", bytes >> 20))
        }
        _ => text.parse::<f64>().ok().filter(|number| *number > 0.0).map(|_| text),
    }
}

/// Seconds as Compose writes them: `1m30s`.
fn seconds(text: &str) -> Option<u64> {
    let (mut total, mut number) = (0, String::new());
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let factor = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return None,
        };
        total += std::mem::take(&mut number).parse::<u64>().ok()? * factor;
    }
    if number.is_empty() { Some(total) } else { number.parse().ok().filter(|_| total == 0) }
}

/// Directives of nginx and the planned numbers they say.
const OF_NGINX: [(&str, &str); 6] = [
    ("client_max_body_size", "tune.web.body-size"),
    ("proxy_read_timeout", "tune.nginx.read-timeout"),
    ("proxy_connect_timeout", "tune.nginx.connect-timeout"),
    ("keepalive_timeout", "tune.nginx.keepalive-timeout"),
    ("worker_connections", "tune.nginx.worker-connections"),
    ("gzip_min_length", "tune.nginx.gzip-min-length"),
];

/// The numbers of an nginx: keys, values, places, and what stands there. Of several
/// for one key the largest holds, since one limit is for all of them.
pub(super) fn of_proxy(pieces: &[Piece]) -> Vec<(&'static str, String, String, String)> {
    let mut found = Vec::new();
    for (name, key) in OF_NGINX {
        let amounts = pieces.iter().filter(|own| own.name == name).filter_map(|own| {
            let text = own.arguments.first()?;
            let amount = match name {
                "client_max_body_size" => units::bytes(text)? >> 20,
                "gzip_min_length" => units::bytes(text)?,
                _ => seconds(text)?,
            };
            (amount > 0).then_some((amount, own))
        });
        if let Some((amount, own)) = amounts.max_by_key(|(amount, _)| *amount) {
            let unit = if name == "client_max_body_size" { "MiB" } else { "" };
            found.push((key, format!("{amount}{unit}"), own.place.clone(), own.text.clone()));
        }
    }
    found
}
