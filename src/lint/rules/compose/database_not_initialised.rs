//! A database that is not told the password that its image asks for.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::{Item, image};

pub static RULE: Rule = Rule {
    code: "CO144",
    name: "database-not-initialised",
    severity: Severity::Error,
    summary: "a database is told the password that its image asks for",
    why: "With an empty volume the image ends at once: `Database is uninitialized and superuser password is not specified`. It starts on the machine where the volume was filled by an older file, and on no other.",
    example: "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it in .env}",
    source: "docker-library/postgres and docker-library/mysql: docker-entrypoint.sh",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let (words, variable): (&[&str], _) = match own.kind() {
            Kind::Postgres => {
                (&["POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD"], "POSTGRES_PASSWORD")
            }
            Kind::Mysql if own.image_name() == "mariadb" => (&ROOT, "MARIADB_ROOT_PASSWORD"),
            Kind::Mysql => (&ROOT, "MYSQL_ROOT_PASSWORD"),
            _ => continue,
        };
        if !starts_empty(&own) || is_told(&own, words) {
            continue;
        }
        let message = format!(
            "{} is given no password: with an empty volume its image ends at once",
            own.name()
        );
        let finding = findings.add(own.at(), message);
        finding
            .about(own.name())
            .help(format!("environment:\n  {variable}: ${{{variable}:?set it in .env}}"));
    }
}

/// Words of the variables that MySQL's image and MariaDB's take for an answer.
const ROOT: [&str; 2] = ["ROOT_PASSWORD", "ALLOW_EMPTY"];

/// Whether the image's own start makes the database: nothing takes its place, and
/// no files are there already.
fn starts_empty(own: &Member<'_>) -> bool {
    let (repository, _) = image::parts(own.container.image.as_deref().unwrap_or(""));
    let official = ["postgres", "mysql", "mariadb"];
    let is_official = image::of_library(repository).is_some_and(|own| official.contains(&own))
        || ["postgis/postgis", "pgvector/pgvector"].contains(&repository);
    // Only a server, or options for it, make one.
    let command = own.service.command();
    let first = command.split_whitespace().next().unwrap_or("-");
    let serves = first.starts_with('-') || ["postgres", "mysqld", "mariadbd"].contains(&first);
    let has = |key: &str| own.service.item.get(key).is_some();
    is_official
        && serves
        && !has("entrypoint")
        && !has("extends")
        && !has("volumes_from")
        && !own.runs_client()
        && !own.service.mounts().iter().any(|mount| is_filled(own, mount.volume(), mount.bind()))
}

/// Whether a mount may have the files already: a volume of another project, or a
/// directory of the host that is not made here.
fn is_filled(own: &Member<'_>, volume: Option<&str>, bind: Option<&str>) -> bool {
    let volumes = own.deployment.project.root.get("volumes");
    let external = volume.and_then(|name| volumes?.get(name)?.get("external"));
    let is_elsewhere = bind.is_some_and(|path| {
        let is_data = !path.contains("init") && !path.contains("conf");
        is_data && (path.starts_with(['/', '~']) || path.contains('$'))
    });
    external.and_then(Item::scalar).is_some_and(|text| text != "false") || is_elsewhere
}

/// Whether a variable of it answers, or one may: in a file that is not here, or in
/// another file that names the same service.
fn is_told(own: &Member<'_>, words: &[&str]) -> bool {
    let is = |name: &str| words.iter().any(|word| name.contains(word));
    let subject = own.subject;
    let unseen = own.service.env_files().iter().any(|written| {
        let path = own.deployment.project.path(written);
        path.is_none_or(|path| subject.text_of(&path).is_none())
    });
    let elsewhere = subject.deployments.iter().flat_map(|other| &other.services).any(|other| {
        other.name == own.name()
            && (other.variables().any(|(name, ..)| is(&name)) || !other.env_files().is_empty())
    });
    unseen || elsewhere || own.container.env.keys().any(|name| is(name))
}
