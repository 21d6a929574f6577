//! Images whose name says something else next month.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::compose::image;

pub static RULE: Rule = Rule {
    code: "CO110",
    name: "floating-image",
    severity: Severity::Warning,
    summary: "pulled images have a version",
    why: "`latest` is another program after the next pull, and two hosts run two versions of it. For PostgreSQL the next major version does not start on the files of the one before: the database is away until it is migrated.",
    example: "image: postgres:18-trixie",
    source: "Docker, Building best practices: pin base image versions; PostgreSQL, Upgrading a cluster",
    fix: None,
    check,
};

/// Words that name a line of versions, or a way to build, and no version.
const MOVING: [&str; 20] = [
    "latest",
    "stable",
    "alpine",
    "slim",
    "mainline",
    "main",
    "master",
    "dev",
    "develop",
    "edge",
    "nightly",
    "lts",
    "management",
    "bookworm",
    "trixie",
    "bullseye",
    "perl",
    "otel",
    "debian",
    "ubuntu",
];

/// How the program of an image says its version; `None` where that is not known, or
/// where it may be another program's.
fn says_version(kind: Kind, name: &str) -> Option<&'static str> {
    match kind {
        Kind::Redis if matches!(name, "redis" | "redis-stack" | "redis-stack-server") => {
            Some("redis-server --version")
        }
        Kind::Redis if name == "valkey" => Some("valkey-server --version"),
        Kind::Mysql if matches!(name, "mysql" | "mysql-server") => Some("mysqld --version"),
        Kind::Mysql if name == "mariadb" => Some("mariadbd --version"),
        Kind::Rabbitmq => Some("rabbitmqctl version"),
        Kind::Memcached => Some("memcached --version"),
        Kind::Nginx if matches!(name, "nginx" | "nginx-unprivileged") => Some("nginx -v"),
        Kind::Proxy => match name {
            "traefik" => Some("traefik version"),
            "caddy" => Some("caddy version"),
            "haproxy" => Some("haproxy -v"),
            _ => None,
        },
        Kind::Search if name == "elasticsearch" => Some("bin/elasticsearch --version"),
        _ => None,
    }
}

fn check(subject: &Subject, findings: &mut Findings) {
    // One name in several services is one decision.
    let mut said: Vec<(usize, String)> = Vec::new();
    for own in subject.production_members().into_iter().flatten() {
        let Some(item) = own.service.item.get("image") else { continue };
        let is_built = own.container.build.is_some() || own.service.item.get("build").is_some();
        let Some(reference) = item.scalar().filter(|_| own.is_literal(item) && !is_built) else {
            continue;
        };
        if reference.contains('@') || reference.is_empty() {
            continue;
        }
        // What another service of the project builds under that name is not pulled.
        let is_own = own.deployment.services.iter().any(|other| {
            other.item.get("build").is_some() && other.image().as_deref() == Some(&reference)
        });
        let (repository, tag) = image::parts(&reference);
        let moves = tag.split('-').all(|word| MOVING.contains(&word));
        // Without a registry it is made on this host, by a script.
        let is_local = !repository.contains('/') && own.kind().is_application();
        let at = own.place(item);
        let known = (at.text, reference.clone());
        if is_own || is_local || !(tag.is_empty() || moves) || said.contains(&known) {
            continue;
        }
        said.push(known);
        let said = if tag.is_empty() {
            "no tag, which is latest".to_owned()
        } else {
            format!("tag {tag}")
        };
        let message = format!("{} has {said}: the next pull may be another version", repository);
        let finding = findings.add(at, message);
        finding.about(own.name());
        let help = match own.kind() {
            Kind::Postgres | Kind::Mongo => {
                let keeps = own.service.mounts().iter().any(|mount| {
                    ["/var/lib/postgresql", "/data/db", "/bitnami", "/data"]
                        .iter()
                        .any(|path| mount.target.starts_with(path))
                });
                if keeps {
                    finding.severity(Severity::Error);
                }
                // Since 18 it refuses a volume there.
                let is_below = own
                    .service
                    .mounts()
                    .iter()
                    .any(|mount| mount.target == "/var/lib/postgresql/data");
                if repository == "postgres" && is_below {
                    "name the major version that made the files in its volume, as in image: postgres:17-trixie; 18 does not start with a volume at …/data".to_owned()
                } else if repository == "postgres" {
                    "name the major version that made the files in its volume, as in image: postgres:18-trixie".to_owned()
                } else {
                    format!(
                        "name the major version that made the files in its volume: a tag of {repository} that has it"
                    )
                }
            }
            kind => match says_version(kind, own.image_name()).filter(|_| !own.runs_once()) {
                Some(program) => format!(
                    "name the version that runs now: docker compose exec {} {program}",
                    own.name()
                ),
                None => format!(
                    "name the version, or what runs now by its digest: docker image inspect --format '{{{{index .RepoDigests 0}}}}' {reference}"
                ),
            },
        };
        // Nobody but those who look at it meets another version of a tool.
        if own.kind() == Kind::Tool {
            finding.severity(Severity::Advice);
        }
        // What stands in for another service's is for trying.
        let stands_in = ["pebble", "localstack", "azurite", "wiremock", "mockserver", "smocker"];
        if stands_in.contains(&own.image_name()) {
            finding.severity(Severity::Advice);
        }
        finding.help(help);
    }
}
