//! PostgreSQL's volume at the path of another version.

use crate::lint::diagnostic::{At, Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::compose::{Mount, Source, image};
use crate::source::text::Span;

pub static RULE: Rule = Rule {
    code: "CO119",
    name: "postgres-data-path",
    severity: Severity::Error,
    summary: "PostgreSQL's volume is where its version keeps its files",
    why: "From 18 on the image keeps its files in /var/lib/postgresql/18/docker and refuses to start with a mount at /var/lib/postgresql/data. Up to 17 it is the other way round: a mount at /var/lib/postgresql stays empty, and the data are in a volume without a name, which no `docker compose up` finds again after a `down`.",
    example: "image: postgres:18-trixie\nvolumes: [\"db-data:/var/lib/postgresql\"]",
    source: "docker-library/postgres, pull request 1259: PGDATA of 18; docker-entrypoint.sh",
    fix: Some(Grade::Checked),
    check,
};

const OLD: &str = "/var/lib/postgresql/data";
const NEW: &str = "/var/lib/postgresql";

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let Some(reference) = own.container.image.as_deref() else { continue };
        let (repository, _) = image::parts(reference);
        let name = repository.rsplit('/').next().unwrap_or(repository);
        let is_library =
            image::known(reference).is_some_and(|own| own.start == image::Start::Library);
        if own.kind() != Kind::Postgres
            || !is_library
            || name.contains("timescale")
            || own.container.env.contains_key("PGDATA")
        {
            continue;
        }
        let Some(major) = image::known(reference).and_then(|own| own.major) else { continue };
        let items = own.service.item.get("volumes").map_or(&[][..], |item| item.items());
        let mounts: Vec<(Mount, _)> =
            items.iter().filter_map(|item| Some((Mount::read(item)?, item))).collect();
        let has = |path: &str| mounts.iter().any(|(mount, _)| mount.target == path);
        for (mount, item) in &mounts {
            if mount.source == Source::Anonymous {
                continue;
            }
            if major >= 18 && mount.target == OLD && !has(NEW) {
                let message = format!("PostgreSQL {major} does not start with a mount at {OLD}");
                let finding = findings.add(own.place(item), message);
                finding.about(own.name()).help(format!(
                    "{}\n(Where an older version filled it, `pg_dumpall` with that one first, and an empty volume for {major}.)",
                    line(mount, NEW)
                ));
                let place = own.place(item);
                let text = subject.slice(place);
                if let (Some(at), Some(_)) = (text.rfind(OLD), item.scalar()) {
                    let start = place.span.start + at + NEW.len();
                    let end = place.span.start + at + OLD.len();
                    let fix = Fix::new(Grade::Checked, format!("mounts it at {NEW}"))
                        .condition("this version has never started with the mount as it is")
                        .edit(At::new(place.text, Span::new(start, end)), "");
                    finding.fix(fix);
                }
            } else if major < 18 && mount.target == NEW && !has(OLD) {
                let message =
                    format!("PostgreSQL {major} keeps its files in {OLD}: this volume stays empty");
                let finding = findings.add(own.place(item), message);
                finding.about(own.name()).help(format!(
                    "{}\n(`pg_dumpall` first: what is there now is in the volume without a name.)",
                    line(mount, OLD)
                ));
                // It starts, and what a developer's database holds can be made again.
                if own.deployment.is_developed {
                    finding.severity(Severity::Warning);
                }
            }
        }
    }
}

/// The mount at another path.
fn line(mount: &Mount, target: &str) -> String {
    let source = match &mount.source {
        Source::Volume(name) | Source::Bind(name) => name.as_str(),
        Source::Anonymous | Source::Nothing => "db-data",
    };
    format!("- {source}:{target}")
}
