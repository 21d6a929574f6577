//! Tasks that count as well for as long as their process runs.

use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "EC103",
    name: "task-without-health-check",
    severity: Severity::Advice,
    summary: "the task of a service has a health check in its definition",
    why: "ECS does not read the image's HEALTHCHECK: without one in the definition a process that hangs is never replaced, and a deployment of broken code that does not end counts as done, so that no circuit breaker rolls it back.",
    example: "\"healthCheck\": {\n  \"command\": [\"CMD\", \"python\", \"-m\", \"shop.health\"],\n  \"interval\": 10,\n  \"startPeriod\": 30\n}",
    source: "Amazon ECS, task definition parameters: healthCheck",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let services = subject.task_services();
    let named: Vec<String> = services
        .iter()
        .filter_map(|own| own.field().text(&["taskDefinition"]))
        .map(|own| own.split(':').next().unwrap_or(&own).to_owned())
        .collect();
    for task in subject.task_definitions() {
        let field = task.field();
        let all = field.list(&["containerDefinitions"]);
        let is_served = all.iter().any(|own| !own.list(&["portMappings"]).is_empty());
        let is_service = task.names().iter().any(|own| named.contains(own));
        let has = all.iter().any(|own| own.at(&["healthCheck"]).is_some());
        if has || !(is_served || is_service) {
            continue;
        }
        let message = format!("{}: no container of it has a health check", task.name());
        let place = field.near(&["containerDefinitions"]);
        add(findings, subject, task, place, message)
            .help("healthCheck of its essential container: a command that asks the process");
    }
}
