//! Tasks with more rights than they need.

use super::support::{add, containers};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "EC105",
    name: "task-as-root",
    severity: Severity::Warning,
    summary: "no container of a task is privileged or told to be root",
    why: "Who breaks into a container that runs as root writes wherever it can write; one that is privileged is its host. Fargate refuses privileged containers.",
    example: "\"user\": \"10001:10001\"",
    source: "Amazon ECS, task definition parameters: privileged, user",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (task, own, label) in containers(subject) {
        let user = own.text(&["user"]);
        let is_root =
            user.as_deref().is_some_and(|own| matches!(own.split(':').next(), Some("0" | "root")));
        let (key, message) = match (own.is(&["privileged"]), is_root) {
            (true, _) => ("privileged", format!("{label} is privileged")),
            (false, true) => ("user", format!("{label} runs as root")),
            (false, false) => continue,
        };
        add(findings, subject, task, own.near(&[key]), message)
            .help("\"user\": \"10001:10001\", and no privileged");
    }
}
