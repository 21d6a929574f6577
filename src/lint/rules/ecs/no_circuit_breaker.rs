//! Deployments that start broken tasks for hours.

use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "EC107",
    name: "no-circuit-breaker",
    severity: Severity::Warning,
    summary: "a service goes back to what ran where a release does not start",
    why: "Without a circuit breaker ECS starts tasks of a broken release again and again for hours: the release neither fails nor ends, nobody is told, and old tasks that end are replaced by broken ones.",
    example: "\"deploymentConfiguration\": {\n  \"deploymentCircuitBreaker\": { \"enable\": true, \"rollback\": true }\n}",
    source: "Amazon ECS, How the deployment circuit breaker detects failures",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.task_services() {
        let field = own.field();
        // Another one decides when a deployment has failed.
        let controller = field.text(&["deploymentController", "type"]);
        if controller.is_some_and(|own| own != "ECS")
            || field.is(&["deploymentConfiguration", "alarms", "rollback"])
        {
            continue;
        }
        let keys = ["deploymentConfiguration", "deploymentCircuitBreaker"];
        let decided = ["enable", "rollback"].map(|key| [keys[0], keys[1], key]);
        if decided.iter().any(|keys| field.is_open(keys))
            || field.is_open(&["deploymentController", "type"])
        {
            continue;
        }
        let is_on = |key: &str| field.is(&[keys[0], keys[1], key]);
        if is_on("enable") && is_on("rollback") {
            continue;
        }
        let message = match is_on("enable") {
            true => format!(
                "{}: a release that does not start is stopped and not taken back",
                own.name()
            ),
            false => format!("{}: a release that does not start is tried for hours", own.name()),
        };
        add(findings, subject, own, field.near(&keys), message)
            .help("deploymentCircuitBreaker with enable and rollback, both true");
    }
}
