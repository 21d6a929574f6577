//! A time to stop that Fargate does not give.

use super::support::{add, containers, is_fargate};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "EC102",
    name: "stop-timeout",
    severity: Severity::Error,
    summary: "a task asks for no more time to stop than Fargate gives",
    why: "Fargate waits 120 s at most between SIGTERM and SIGKILL, and refuses a definition that asks for more. A task of Celery that takes longer has to be one that can be cut off and done again.",
    example: "\"stopTimeout\": 120",
    source: "Amazon ECS, task definition parameters: stopTimeout",
    fix: None,
    check,
};

const MOST: i64 = 120;

fn check(subject: &Subject, findings: &mut Findings) {
    for (task, own, label) in containers(subject) {
        let seconds = own.text(&["stopTimeout"]).and_then(|own| own.parse::<i64>().ok());
        let Some(seconds) = seconds.filter(|seconds| *seconds > MOST && is_fargate(task)) else {
            continue;
        };
        let message = format!("{label}: it asks for {seconds} s to stop, and Fargate gives {MOST}");
        add(findings, subject, task, own.near(&["stopTimeout"]), message)
            .help("\"stopTimeout\": 120");
    }
}
