//! What a person should know about an existing compose file before another
//! one takes its place.

use crate::detect::compose::files::{Found, file_name, join};
use crate::detect::compose::role::Roles;
use crate::detect::compose::secrets::Moved;
use crate::detect::facts::Doubt;
use crate::schema::Role;
use crate::source::compose::mount::Source;
use crate::source::compose::{Document, Service};

/// The key of `detect --format json` these doubts are about.
const KEY: &str = "compose";

fn doubt(message: String, help: impl Into<String>) -> Doubt {
    Doubt { key: KEY.to_owned(), message, help: help.into() }
}

/// A file that does not parse.
#[must_use]
pub fn unreadable(found: &Found, error: &str) -> Doubt {
    doubt(
        format!("{} cannot be read: {error}", found.path),
        "correct it first: what it runs cannot be carried on",
    )
}

/// Secrets that left the file.
#[must_use]
pub fn moved(found: &Found, moved: &Moved) -> Option<Doubt> {
    let names: Vec<&str> = moved.secrets.names().collect();
    (!names.is_empty()).then(|| {
        doubt(
            format!("{} holds secrets: {}", found.path, names.join(", ")),
            "their values move to .env unchanged; they stay in the history of the repository, so change those that matter",
        )
    })
}

/// Everything about the services.
#[must_use]
pub fn find(found: &Found, document: &Document, services: &[Service], roles: &Roles) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for role in [Role::Db, Role::Redis] {
        let name = roles.by_role.get(&role);
        if let Some(store) = name.and_then(|name| services.iter().find(|own| own.name == *name)) {
            doubts.extend(without_volume(found, store, role));
            doubts.extend(open_ports(found, store));
        }
    }
    if roles.web_candidates.len() > 1 {
        doubts.push(doubt(
            format!(
                "{}: {} could each be the web service",
                found.path,
                roles.web_candidates.join(" and ")
            ),
            format!(
                "`{}` is taken; --set services.web=NAME takes another",
                roles.web_candidates[0]
            ),
        ));
    }
    doubts.extend(other_files(found, document));
    for service in services.iter().filter(|service| service.text("network_mode").is_some()) {
        if roles.by_role.values().any(|name| *name == service.name) {
            doubts.push(doubt(
                format!("{}:{}: {} has a network_mode", found.path, service.line_of("network_mode"), service.name),
                "it is not carried on: services reach each other by name, and published ports open them",
            ));
        }
    }
    doubts
}

fn without_volume(found: &Found, store: &Service, role: Role) -> Option<Doubt> {
    let kept = |target: &str| match role {
        Role::Db => target.contains("postgres") || target.contains("pgdata"),
        _ => target.contains("data"),
    };
    let mounts = store.mounts();
    let named = mounts.iter().any(|mount| {
        !matches!(mount.source, Source::Anonymous | Source::Nothing) && kept(&mount.target)
    });
    let elsewhere = mounts.iter().any(|mount| mount.volume().is_some());
    (!named && !elsewhere).then(|| {
        doubt(
            format!("{}:{}: {} has no named volume", found.path, store.line, store.name),
            match role {
                Role::Db => "its rows are in a volume without a name, which `up` keeps and `down` detaches: it stays so; to move it, dump the database, add a named volume, and restore",
                _ => "what it holds is in a volume without a name, which `up` keeps and `down` detaches: it stays so",
            },
        )
    })
}

fn open_ports(found: &Found, store: &Service) -> Vec<Doubt> {
    let ports =
        store.ports().into_iter().filter(crate::source::compose::Port::is_open_to_the_world);
    ports
        .map(|port| {
            doubt(
                format!("{}:{}: {} is published to every network of the host", found.path, port.line, store.name),
                format!("it stays published; `127.0.0.1:{}` keeps it on the host, no entry keeps it in the stack", port.to(&port.container)),
            )
        })
        .collect()
}

/// Other files that Compose reads together with this one.
fn other_files(found: &Found, document: &Document) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for overlay in &found.overlays {
        doubts.push(doubt(
            format!("{overlay} is laid over {} by `docker compose` itself", found.path),
            format!("it stays, and still overrides what the new file says; without it: docker compose -f {}", found.path),
        ));
    }
    if !found.variants.is_empty() {
        let names: Vec<&str> = found.variants.iter().map(|path| file_name(path)).collect();
        doubts.push(doubt(
            format!("{} is carried on; {} beside it stays as it is", found.path, names.join(", ")),
            "what only such a file says (services, settings for production) has to be added by hand",
        ));
    }
    if found.directory != "." {
        doubts.push(doubt(
            format!("{} is not at the top of the repository", found.path),
            format!("`docker compose` is called in {}/, where .env is as well", found.directory),
        ));
    }
    if let Some(include) = document.root.get("include") {
        doubts.push(doubt(
            format!("{}:{}: it includes other compose files", found.path, include.line),
            "the line is carried on, and what these files hold is not read",
        ));
    }
    let extends =
        document.root.get("services").into_iter().flat_map(crate::source::compose::Item::entries);
    for (name, service) in extends {
        if let Some(file) = service.get("extends").and_then(|item| item.get("file")) {
            let written = file.scalar().unwrap_or_default();
            doubts.push(doubt(
                format!(
                    "{}:{}: {} extends a service of {}",
                    found.path,
                    file.line,
                    name.scalar().unwrap_or_default(),
                    join(&found.directory, &written).unwrap_or(written)
                ),
                "what it gets from there is not read",
            ));
        }
    }
    doubts
}
