//! Stores that nobody can wait for.

use super::database_without_volume::copies_another;
use super::depends_without_condition::is_waiting;
use super::redis::{self, Password};
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject, listed};
use crate::source::compose::{image, interpolate};

pub static RULE: Rule = Rule {
    code: "CO105",
    name: "database-without-health-check",
    severity: Severity::Warning,
    summary: "databases and brokers have a health check",
    why: "A container that has started is not a database that answers: an empty PostgreSQL needs seconds to create its files. What depends on it starts too early and fails on its first connection.",
    example: "healthcheck:\n  test: [CMD-SHELL, 'pg_isready -h 127.0.0.1 -U \"$$POSTGRES_USER\"']",
    source: "Docker, Control startup and shutdown order in Compose",
    fix: Some(Grade::Safe),
    check,
};

pub(super) const TIMES: &str = "interval: 10s\ntimeout: 5s\nretries: 5\nstart_period: 30s";

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        of_project(&members, findings);
    }
}

fn of_project(members: &[Member<'_>], findings: &mut Findings) {
    for own in members.iter().copied() {
        let is_store = own.kind().is_store() && own.kind() != Kind::Memcached;
        // This image brings its own.
        if !is_store
            || own.has_health()
            || own.health_is_off()
            || own.runs_once()
            || own.is_built_as_another() && own.service.ports().is_empty()
            || own.image_name() == "mysql-server"
            || copies_another(&own)
        {
            continue;
        }
        // What waits by itself does not start too early.
        let waits =
            |name: &str| members.iter().any(|member| member.name() == name && is_waiting(member));
        let needing: Vec<&str> =
            own.needed_by().map(|other| other.name.as_str()).filter(|name| !waits(name)).collect();
        // What needs a broker or a cache is not made to wait for the check either.
        let message = if needing.is_empty() || !own.kind().is_database() {
            format!("{} has no health check: nobody sees whether it answers", own.name())
        } else {
            let verb = if needing.len() == 1 { "starts" } else { "start" };
            format!(
                "{} has no health check: {} {verb} before it answers",
                own.name(),
                listed(&needing)
            )
        };
        let test = test(&own);
        let finding = findings.add(own.at(), message);
        finding.about(own.name());
        // Redis answers at once, and its clients try again. Tools connect when somebody
        // asks, this image waits for the port, and a replica for what it copies.
        // Celery tries its broker again, and a worker opens a database in its tasks.
        // Where a project is worked on all of it weighs less already.
        let is_for_users = !own.deployment.is_developed;
        let is_patient = |name: &&str| {
            members.iter().filter(|other| other.name() == *name).any(|other| {
                other.kind() == Kind::Tool
                    || other.image_name() == "auto-setup"
                    || other.kind() == own.kind() && is_for_users
                    || is_for_users && other.kind() == Kind::Worker
                    || is_for_users
                        && other.connects_late()
                        && (own.kind() == Kind::Rabbitmq || comes_back(other))
            })
        };
        if needing.iter().all(is_patient) || own.kind() == Kind::Redis {
            finding.severity(Severity::Advice);
        }
        let Some(test) = test else { continue };
        finding.help(format!("healthcheck:\n  test: {test}\n  {}", TIMES.replace('\n', "\n  ")));
        let edit = own
            .service
            .item
            .get("healthcheck")
            .is_none()
            .then(|| own.put(&["healthcheck"], &format!("\ntest: {test}\n{TIMES}")))
            .flatten();
        if let Some(edit) = edit {
            let what = format!("checks {}", own.kind().word());
            finding.fix(Fix::new(Grade::Safe, what).edit(edit.at, edit.text));
        }
    }
}

/// Whether it is started again when it ends.
fn comes_back(own: &Member<'_>) -> bool {
    let policy = own.service.text("restart");
    policy.is_some_and(|own| own != "no")
        || own.service.item.get("deploy").is_some_and(|own| own.get("restart_policy").is_some())
}

/// A check with what the image has; `None` where that is not known.
pub(super) fn test(own: &Member<'_>) -> Option<String> {
    let reference = &*interpolate::defaults(own.container.image.as_deref()?);
    let has = |name: &str| own.container.env.contains_key(name);
    // What a file says is another machine's to say: the test is the same without it.
    let from_file = !own.service.env_files().is_empty();
    let is_sure = |name: &str| {
        has(name) && (!from_file || own.service.environment().iter().any(|(own, _)| own == name))
    };
    match own.kind() {
        Kind::Postgres => {
            image::known(reference).filter(|known| known.start == image::Start::Library)?;
            if own.service.command().contains("listen_addresses") {
                return None;
            }
            // Over TCP: while the database is created it listens on its socket alone.
            let user = match (is_sure("POSTGRES_USER"), from_file) {
                (true, _) => "\"$$POSTGRES_USER\"",
                (false, false) => "postgres",
                (false, true) => "\"$${POSTGRES_USER:-postgres}\"",
            };
            let database = match (is_sure("POSTGRES_DB"), from_file) {
                (true, _) => " -d \"$$POSTGRES_DB\"",
                (false, false) => "",
                (false, true) => " -d \"$${POSTGRES_DB:-$${POSTGRES_USER:-postgres}}\"",
            };
            Some(format!("[CMD-SHELL, 'pg_isready -h 127.0.0.1 -U {user}{database}']"))
        }
        Kind::Redis => match redis::password(own) {
            Password::Nothing => Some("[CMD, redis-cli, ping]".to_owned()),
            Password::Variable(name) => {
                Some(format!("[CMD-SHELL, 'REDISCLI_AUTH=\"$${name}\" redis-cli -e ping']"))
            }
            Password::Cli => Some("[CMD, redis-cli, -e, ping]".to_owned()),
            Password::Elsewhere | Password::Unknown => None,
        },
        Kind::Mysql | Kind::Mongo | Kind::Rabbitmq => image::check(reference).map(str::to_owned),
        _ => None,
    }
}
