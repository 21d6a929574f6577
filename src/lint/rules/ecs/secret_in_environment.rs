//! Secrets that everybody who may read a definition reads.

use super::support::{add, containers};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::secret::{holds_secret, is_placeholder};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "EC104",
    name: "secret-in-environment",
    severity: Severity::Error,
    summary: "secrets of a task come from Secrets Manager or the Parameter Store",
    why: "A value in `environment` is in the repository, in every revision of the definition and on the console's page of the task: whoever may look at tasks has the password, and no revision can be taken back.",
    example: "\"secrets\": [\n  { \"name\": \"DATABASE_URL\", \"valueFrom\": \"arn:aws:ssm:eu-central-1:123456789012:parameter/shop/DATABASE_URL\" }\n]",
    source: "Amazon ECS, Pass sensitive data to a container",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (task, own, label) in containers(subject) {
        for variable in own.list(&["environment"]) {
            let (Some(name), Some(value)) = (variable.text(&["name"]), variable.text(&["value"]))
            else {
                continue;
            };
            let holds = holds_secret(&name, &value)
                || password(&value).is_some_and(|own| !is_placeholder(own));
            if !holds || value.contains("${") || task.refers(&value) {
                continue;
            }
            let message = format!("{label}: {name} is a secret, and its value is here");
            add(findings, subject, task, variable.near(&["value"]), message)
                .help(format!("{name} under `secrets`, by the ARN of a parameter or a secret"));
        }
    }
}

/// The password in an address: `postgresql://app:pw@db/app`.
fn password(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}
