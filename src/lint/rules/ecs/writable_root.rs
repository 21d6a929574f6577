//! Tasks whose code can be changed while it runs.

use super::support::{add, containers};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "EC106",
    name: "task-root-writable",
    severity: Severity::Advice,
    summary: "the root file system of a task is read-only",
    why: "Who can run something in a container brings tools along and changes the code, for every request that follows. What the application writes belongs into /tmp, which is memory, or into a volume.",
    example: "\"readonlyRootFilesystem\": true,\n\"linuxParameters\": { \"tmpfs\": [{ \"containerPath\": \"/tmp\", \"size\": 64 }] }",
    source: "Amazon ECS, task definition parameters: readonlyRootFilesystem; AWS Foundational Security Best Practices, ECS.5",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (task, own, label) in containers(subject) {
        let keys = ["readonlyRootFilesystem"];
        if own.is(&keys)
            || own.is_open(&keys)
            || own.text(&keys).is_some_and(|own| task.refers(&own))
        {
            continue;
        }
        let message = format!("{label}: its root file system can be written to");
        add(findings, subject, task, own.near(&keys), message)
            .help("\"readonlyRootFilesystem\": true, with a tmpfs at /tmp");
    }
}
