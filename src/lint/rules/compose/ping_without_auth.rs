//! A health check of Redis that is answered with "log in first".

use super::redis::{self, Password};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "CO125",
    name: "ping-without-auth",
    severity: Severity::Warning,
    summary: "the health check of a Redis with a password logs in",
    why: "redis-cli ends with 0 when the answer is NOAUTH: the check says healthy whatever the state is, while Redis still loads its data as well. With `grep PONG` it is the other way round: never healthy, and what waits never starts.",
    example: "environment: {REDISCLI_AUTH: \"${REDIS_PASSWORD:?}\"}\nhealthcheck: {test: [CMD, redis-cli, -e, ping]}",
    source: "Redis CLI: -e, REDISCLI_AUTH; measured with redis-cli 8",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let Some(test) = own.health_test().filter(|_| own.kind() == Kind::Redis) else { continue };
        let text = test.scalars().join(" ");
        let pings = text.contains("redis-cli") && text.to_ascii_lowercase().contains("ping");
        let logs_in = text.split_whitespace().any(|word| {
            word.starts_with("-a")
                || word.starts_with("--pass")
                || word == "-u"
                || word == "--askpass"
        }) || text.contains("REDISCLI_AUTH")
            || text.to_ascii_lowercase().contains("auth ");
        let has_password =
            matches!(redis::password(&own), Password::Variable(_) | Password::Elsewhere);
        if !pings || logs_in || !has_password {
            continue;
        }
        let message = if text.contains("grep") {
            format!(
                "{} has a password that its check does not give: it is never healthy",
                own.name()
            )
        } else {
            format!(
                "{} has a password that its check does not give: it is always healthy",
                own.name()
            )
        };
        let finding = findings.add(own.place(test), message);
        finding.about(own.name());
        let value = match redis::password(&own) {
            Password::Variable(name) => format!("[CMD-SHELL, 'REDISCLI_AUTH=\"$${name}\" redis-cli -e ping']"),
            _ => "[CMD, redis-cli, -e, ping]  # with the password as REDISCLI_AUTH in its environment".to_owned(),
        };
        finding.help(format!("test: {value}"));
    }
}
