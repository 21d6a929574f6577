//! Databases whose data go with their container.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::{Source, image};

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
        if own.runs_client() || only_carries_messages(&own) || copies_another(&own) {
            continue;
        }
        let is_bitnami = own.image().is_some_and(|image| image.contains("bitnami"));
        let data = match own.kind() {
            Kind::Mysql if is_bitnami && own.image_name() == "mariadb" => "/bitnami/mariadb",
            Kind::Mysql if is_bitnami => "/bitnami/mysql",
            Kind::Mongo if is_bitnami => "/bitnami/mongodb",
            _ if is_bitnami => "/bitnami/postgresql",
            Kind::Mysql => "/var/lib/mysql",
            Kind::Mongo => "/data/db",
            _ => "/var/lib/postgresql",
        };
        let (data_path, is_known) = data_path(&own, data);
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
            let is_other = is_known && !holds(path, &data_path);
            mount.source != Source::Anonymous && !is_setup && !is_other
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
        let reference = own.image().unwrap_or("");
        let major = image::known(reference).and_then(|known| known.major);
        let moved = own.container.variable("PGDATA").filter(|path| {
            own.kind() == Kind::Postgres && path.starts_with('/') && !path.starts_with(data)
        });
        let (path, note) = match (moved, own.kind(), major) {
            (Some(moved), ..) => (moved, ""),
            _ if is_bitnami => (data, ""),
            (_, Kind::Postgres, Some(major)) if major < 18 => ("/var/lib/postgresql/data", ""),
            (_, Kind::Postgres, None) => {
                (data, "; /var/lib/postgresql/data if it is PostgreSQL 17 or older")
            }
            _ => (data, ""),
        };
        finding.help(format!(
            "volumes:\n  - {0}-data:{path}  # and `{0}-data:` below the top-level volumes; dump first what is there now{note}",
            own.name(),
        ));
    }
}

/// Whether it is a copy of another one, which it makes anew by itself.
pub(super) fn copies_another(own: &Member<'_>) -> bool {
    own.container.env.iter().any(|(name, variable)| {
        let value = variable.value.as_deref().unwrap_or_default().to_ascii_lowercase();
        name.ends_with("REPLICATION_MODE")
            && matches!(value.as_str(), "slave" | "replica" | "read" | "standby")
    })
}

/// Whether it is there to notify others: every variable that names it is one of a
/// channel that messages are sent through.
fn only_carries_messages(own: &Member<'_>) -> bool {
    let names_it = |value: &str| {
        value
            .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .any(|word| word == own.name())
    };
    let others = own
        .subject
        .containers_of(own.deployment)
        .filter(|other| !std::ptr::eq(*other, own.container));
    let mut naming = others
        .flat_map(|other| &other.env)
        .filter(|(_, variable)| variable.value.as_deref().is_some_and(names_it))
        .peekable();
    naming.peek().is_some()
        && naming.all(|(name, _)| name.to_ascii_uppercase().contains("BROADCAST"))
}

/// Where the files are, and whether that is certain: the image is one whose
/// path is known, and nothing moves it.
fn data_path(own: &Member<'_>, data: &str) -> (String, bool) {
    let (repository, _) = image::parts(own.image().unwrap_or(""));
    let is_official =
        ["postgres", "postgis/postgis", "pgvector/pgvector", "mysql", "mariadb", "mongo"]
            .contains(&repository.trim_start_matches("docker.io/").trim_start_matches("library/"));
    let command = own.service.command();
    let moves = ["-D", "data_directory", "datadir", "dbpath", "--config", "-f "];
    let is_moved = own.service.item.get("entrypoint").is_some()
        || own.container.env.contains_key("PGDATA")
        || moves.iter().any(|word| command.contains(word));
    (data.to_owned(), is_official && !is_moved)
}

/// Whether a mount at `path` has the files of `data` in it, or some of them.
fn holds(path: &str, data: &str) -> bool {
    let (path, data) = (path.trim_end_matches('/'), data.trim_end_matches('/'));
    path == data || path.starts_with(&format!("{data}/")) || data.starts_with(&format!("{path}/"))
}
