//! A database that is healthy while it is being created.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::Item;
use crate::source::compose::image;

pub static RULE: Rule = Rule {
    code: "CO124",
    name: "pg-isready-during-init",
    severity: Severity::Advice,
    summary: "pg_isready asks over TCP: -h 127.0.0.1",
    why: "While the image creates the database and runs its init scripts, PostgreSQL listens on its socket alone. pg_isready without -h asks the socket: the database is healthy, what waits for it starts, and then the server restarts under it.",
    example: "test: [CMD-SHELL, 'pg_isready -h 127.0.0.1 -U \"$$POSTGRES_USER\"']",
    source: "docker-library/postgres: docker-entrypoint.sh, docker_temp_server_start; PostgreSQL: pg_isready",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let Some(test) = own.health_test() else { continue };
        let reference = own.container.image.as_deref().unwrap_or_default();
        let is_library =
            image::known(reference).is_some_and(|own| own.start == image::Start::Library);
        let mut items = test.scalars();
        // What follows a shell's text is its `$0` and `$1`, and asks nothing.
        if items.first().is_some_and(|first| first == "CMD-SHELL") {
            items.truncate(2);
        }
        let text = items.join(" ");
        let words: Vec<&str> =
            text.split_whitespace().map(|w| w.trim_matches(['"', '\''])).collect();
        let asks_host = words.iter().any(|word| {
            word.starts_with("-h") || word.starts_with("--host") || word.contains("host=")
        });
        let is_moved = own.container.env.contains_key("PGHOST")
            || own.service.command().contains("listen_addresses");
        if own.kind() != Kind::Postgres || !is_library || asks_host || is_moved
            || !text.contains("pg_isready")
            // A query finds out by itself.
            || text.contains("psql")
        {
            continue;
        }
        if !is_waited_for(&own) || asks_late(&own) {
            continue;
        }
        let message =
            format!("{} is healthy while its database is still being created", own.name());
        let at = test.items().last().map_or_else(|| own.place(test), |last| own.place(last));
        let finding = findings.add(at, message);
        finding.about(own.name()).help("pg_isready -h 127.0.0.1");
        let asked = ["-h", "127.0.0.1"];
        if let Some(edit) =
            edit::compose::after_word(subject, own.deployment, test, "pg_isready", &asked)
        {
            let fix = Fix::new(Grade::Safe, "asks over TCP");
            finding.fix(fix.edit(edit.at, edit.text));
        }
    }
}

/// Whether a service waits until it is healthy.
fn is_waited_for(own: &Member<'_>) -> bool {
    own.deployment.services.iter().any(|other| {
        let on = other.item.get("depends_on").and_then(|on| on.get(own.name()));
        let condition = on.and_then(|on| on.get("condition")).and_then(Item::scalar);
        condition.as_deref() == Some("service_healthy")
    })
}

/// Whether the first check comes when the database has been created: after half
/// a minute, where no `start_period` makes the engine ask more often.
fn asks_late(own: &Member<'_>) -> bool {
    let Some(check) = own.service.item.get("healthcheck") else { return false };
    let interval = check.get("interval").and_then(Item::scalar);
    let is_long = match interval.as_deref() {
        // Docker's own is 30 s.
        None => true,
        Some(text) if text.contains('m') && !text.ends_with("ms") => true,
        Some(text) => text.trim_end_matches('s').parse::<u32>().is_ok_and(|own| own >= 30),
    };
    is_long && check.get("start_period").is_none()
}
