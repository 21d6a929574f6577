//! Databases whose data go with their container.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::compose::Source;

pub static RULE: Rule = Rule {
    code: "CO118",
    name: "database-without-volume",
    severity: Severity::Error,
    summary: "the files of a database are in a volume with a name",
    why: "Without one they are in a volume that belongs to the container: after `docker compose down` the next `up` starts with an empty database.",
    example: "volumes:\n  - db-data:/var/lib/postgresql",
    source: "Docker, Volumes: named and anonymous volumes",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        if !own.kind().is_database() || own.runs_once() || own.container.build.is_some() {
            continue;
        }
        let data = match own.kind() {
            Kind::Mysql => "/var/lib/mysql",
            Kind::Mongo => "/data/db",
            _ => "/var/lib/postgresql",
        };
        let has = |key: &str| own.service.item.get(key).is_some();
        let mounts = own.service.mounts();
        // Anything that is not a script or a setting may be where it keeps them.
        let keeps = mounts.iter().any(|mount| {
            let path = &mount.target;
            let is_setup = path.contains("initdb")
                || path.ends_with(".conf")
                || path.ends_with(".cnf")
                || path.ends_with(".sql")
                || path.ends_with(".sh")
                || path.contains("/conf")
                || path.starts_with("/etc/");
            mount.source != Source::Anonymous && !is_setup
        });
        let in_memory = own
            .service
            .item
            .get("tmpfs")
            .is_some_and(|item| item.scalars().iter().any(|path| path.starts_with(data)));
        if keeps || in_memory || has("volumes_from") || has("extends") {
            continue;
        }
        let message = format!(
            "{} keeps its data in its container: `docker compose down` takes them away",
            own.name()
        );
        let finding = findings.add(own.at(), message);
        finding.about(own.name());
        finding.help(format!(
            "volumes:\n  - {0}-data:{data}{1}  # and `{0}-data:` below the top-level volumes; dump first what is there now",
            own.name(),
            if own.kind() == Kind::Postgres { "  (/var/lib/postgresql/data up to PostgreSQL 17)" } else { "" }
        ));
    }
}
