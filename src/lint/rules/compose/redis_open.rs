//! A Redis without a password on every address.

use super::database_published::close;
use super::redis::{self, Password};
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "CO137",
    name: "redis-open",
    severity: Severity::Error,
    summary: "a Redis without a password is reached from this project alone",
    why: "Open Redis servers are taken over within hours, by machines: whoever connects reads the sessions, empties the queue, and with CONFIG SET writes files. In the image protected mode is off. Docker's port goes past ufw.",
    example: "ports:\n  - \"127.0.0.1:6379:6379\"",
    source: "Redis, Security: protected mode; docker-library/redis: Security",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        if own.kind() != Kind::Redis || redis::password(&own) != Password::Nothing {
            continue;
        }
        if let Some(item) = own.service.item.get("network_mode").filter(|_| own.is_on_host()) {
            let bound = redis::settings(&own).is_none_or(|all| all.contains_key("bind"));
            if !bound && own.container.build.is_none() {
                let message = format!(
                    "{} has no password, and with the host's network listens on all its addresses",
                    own.name()
                );
                let finding = findings.add(own.place(item), message);
                finding.about(own.name()).help(
                    "command: [redis-server, --bind, 127.0.0.1]  # or a network of the project",
                );
            }
            continue;
        }
        for (port, item) in own.open_ports() {
            let message =
                format!("{} has no password and is open on every address of the host", own.name());
            let finding = findings.add(own.place(item), message);
            finding.about(own.name());
            close(finding, &own, &port, item);
        }
    }
}
