//! Secrets that everybody who may read a definition reads.

use super::support::{add, containers};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::secret::{holds_secret, is_secret_by_itself};
use crate::lint::subject::Subject;
use crate::lint::subject::tasks::Field;

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
            let (Some(name), Some(value)) = (variable.text(&["name"]), told(variable)) else {
                continue;
            };
            let is_elsewhere = value.contains("${") || task.refers(&value);
            let holds = holds_secret(&name, &value) && !is_elsewhere;
            // Of an address another part may be put in: the password is here all the same.
            if !holds && !is_secret_by_itself(&value) {
                continue;
            }
            let message = format!("{label}: {name} is a secret, and its value is here");
            add(findings, subject, task, variable.near(&["value"]), message)
                .help(format!("{name} under `secrets`, by the ARN of a parameter or a secret"));
        }
    }
}

/// What a variable is told, as it is written; of `Fn::Sub` the text that values are put into.
fn told(variable: Field<'_>) -> Option<String> {
    variable.text(&["value"]).or_else(|| {
        let text = variable.at(&["value", "Fn::Sub"])?;
        text.text(&[]).or_else(|| text.words(&[]).into_iter().next())
    })
}
