//! A volume where the image of a store writes nothing.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::{Mount, Source, image};

pub static RULE: Rule = Rule {
    code: "CO145",
    name: "volume-not-written",
    severity: Severity::Warning,
    summary: "a store's volume is where its image keeps its files",
    why: "The volume stays empty, and the data are in one without a name that belongs to the container: no `docker compose up` finds them again after a `down`, and a backup of the volume holds nothing.",
    example: "cache:\n  image: redis:8\n  volumes: [\"cache-data:/data\"]",
    source: "docker-library/redis, docker-library/mongo, docker-library/rabbitmq: VOLUME; bitnami/containers: persistence",
    fix: None,
    check,
};

/// Directories of volumes that hold something else than a store's files.
const OTHERS: [&str; 11] =
    ["conf", "etc", "log", "init", "backup", "dump", "script", "cert", "ssl", "tls", "plugin"];

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let Some(kept) = kept(&own) else { continue };
        let items = own.service.item.get("volumes").map_or(&[][..], |item| item.items());
        let mounts: Vec<(Mount, _)> =
            items.iter().filter_map(|item| Some((Mount::read(item)?, item))).collect();
        // Anything there keeps them; a directory above does where no VOLUME stands between.
        let keeps = |target: &str| {
            let is_below = |one: &str, other: &str| {
                one == other || one.starts_with(&format!("{}/", other.trim_end_matches('/')))
            };
            kept.iter().any(|path| is_below(target, path))
                || is_bitnami(&own) && kept.iter().any(|path| is_below(path, target))
        };
        if mounts.iter().any(|(mount, _)| keeps(&mount.target)) {
            continue;
        }
        for (mount, item) in &mounts {
            let is_other = OTHERS.iter().any(|word| mount.target.contains(word));
            let is_file = mount.target.rsplit('/').next().is_some_and(|name| name.contains('.'));
            let Some(name) = mount.volume().filter(|_| !is_other && !is_file) else { continue };
            let message =
                format!("{} keeps its files in {}: this volume stays empty", own.name(), kept[0]);
            findings
                .add(own.place(item), message)
                .about(own.name())
                .help(format!("- {name}:{}", kept[0]));
        }
    }
}

fn is_bitnami(own: &Member<'_>) -> bool {
    let (repository, _) = image::parts(own.container.image.as_deref().unwrap_or(""));
    let mut parts = repository.split('/');
    parts.any(|part| matches!(part, "bitnami" | "bitnamilegacy"))
}

/// Where a pulled image keeps its files, the first one the usual place; `None` for an
/// image that is not known, or one that is told another directory.
fn kept(own: &Member<'_>) -> Option<&'static [&'static str]> {
    let (repository, _) = image::parts(own.container.image.as_deref()?);
    let name = repository.rsplit('/').next()?;
    let paths: &'static [&'static str] = if is_bitnami(own) {
        match name {
            "redis" => &["/bitnami/redis/data", "/bitnami/redis"],
            "valkey" => &["/bitnami/valkey/data", "/bitnami/valkey"],
            "postgresql" => &["/bitnami/postgresql"],
            "mongodb" => &["/bitnami/mongodb"],
            "mysql" => &["/bitnami/mysql"],
            "mariadb" => &["/bitnami/mariadb"],
            "rabbitmq" => &["/bitnami/rabbitmq/mnesia", "/bitnami/rabbitmq"],
            _ => return None,
        }
    } else {
        let known = image::of_library(repository);
        match (known, own.kind()) {
            (Some("redis"), _) => &["/data"],
            (Some("rabbitmq"), _) => &["/var/lib/rabbitmq"],
            (Some("mongo"), _) => &["/data/db"],
            (None, Kind::Redis) if repository == "valkey/valkey" => &["/data"],
            _ => return None,
        }
    };
    let has = |key: &str| own.service.item.get(key).is_some();
    let command = own.service.command();
    let is_moved = ["--dir", "--dbpath", "--config", "-f ", ".conf", "sh ", "sh -c"]
        .iter()
        .any(|word| command.contains(word))
        // A configuration may say another directory.
        || own.service.mounts().iter().any(|mount| {
            mount.source != Source::Anonymous
                && [".conf", "/conf", "/etc/"].iter().any(|word| mount.target.contains(word))
        })
        || own.container.env.keys().any(|name| {
            ["DIR", "MNESIA", "PGDATA", "_PATH"].iter().any(|word| name.contains(word))
        });
    let is_open = has("entrypoint") || has("extends") || has("volumes_from") || is_moved;
    (!is_open && !own.runs_client()).then_some(paths)
}
