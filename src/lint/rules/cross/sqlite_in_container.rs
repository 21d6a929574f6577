//! A database file that goes with its container.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::kept::{self, Place};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "XF130",
    name: "sqlite-in-container",
    severity: Severity::Error,
    summary: "the file of SQLite is on a volume",
    why: "What is written into a container is gone when the container is made anew, which every deployment does: all users, all orders, without a warning.",
    example: "volumes:\n  - data:/app/data",
    source: "Docker, Volumes: persisting data; SQLite, Appropriate uses",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    if subject.facts.database.value().is_none_or(|own| own != "sqlite") {
        return;
    }
    for container in subject.production_containers().filter(|own| own.kind == Kind::Web) {
        let Some((deployment, service)) = subject.composed(container) else { continue };
        let others = subject.containers_of(deployment).any(|own| own.kind.is_database());
        let served = container.server.as_ref().is_some_and(|own| !own.program.is_development());
        if others
            || !served
            || !subject.runs_detected(container)
            || !container.addresses().iter().all(|own| own.kinds == [Kind::Redis])
        {
            continue;
        }
        let Some((place, lines)) =
            subject.facts.writable.iter().find(|(own, _)| own.purpose == "sqlite")
        else {
            continue;
        };
        // Variables may put it elsewhere.
        let said = container.env.values().any(|own| {
            own.value.as_deref().is_none_or(|value| {
                value.starts_with("sqlite") || value.ends_with(".db") || value.ends_with(".sqlite3")
            })
        });
        if said || !container.missing_env_files.is_empty() {
            continue;
        }
        let Place::Lost(path) = kept::place(subject, container, &place.path) else { continue };
        let finding = findings.add(
            subject.service(deployment, service),
            format!(
                "{}: the database {path} is on no volume, and is lost with the container",
                container.name
            ),
        );
        let directory = path.rsplit_once('/').map_or(path.as_str(), |(directory, _)| directory);
        let is_codes = subject.build_of(container).is_some_and(|build| {
            let place = build.image.workdir.as_ref().and_then(|own| own.value.known());
            place.is_some_and(|own| own.trim_end_matches('/') == directory)
        });
        // A volume over the code hides what the next image brings.
        finding.about(&container.name).help(if is_codes {
            format!(
                "volumes:\n  - data:{directory}/data  # and the file there: a volume at {directory} would hide the code"
            )
        } else {
            format!("volumes:\n  - data:{directory}  # and the file in it")
        });
        if let Some(at) = lines.first().and_then(|own| subject.line_of(&own.path, own.line)) {
            finding.related(at, "the file is named here");
        }
    }
}
