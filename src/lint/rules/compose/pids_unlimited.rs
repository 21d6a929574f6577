//! Services that may start any number of processes.

use super::together;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};

pub static RULE: Rule = Rule {
    code: "CO136",
    name: "pids-unlimited",
    severity: Severity::Style,
    summary: "the application has a limit of processes",
    why: "Code that starts processes or threads in a loop takes all of the host's: nothing else starts there any more, not even a shell to stop it.",
    example: "deploy:\n  resources:\n    limits:\n      pids: 200",
    source: "Compose Deploy Specification: pids; CIS Docker Benchmark 5.28",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        let has = |own: &Member<'_>| {
            let limits = own.service.item.get("deploy").and_then(|own| own.get("resources"));
            own.service.item.get("pids_limit").is_some()
                || limits
                    .and_then(|own| own.get("limits"))
                    .is_some_and(|own| own.get("pids").is_some())
        };
        let without: Vec<Member<'_>> = members
            .into_iter()
            .filter(|own| matches!(own.kind(), Kind::Web | Kind::Worker | Kind::Beat) && !has(own))
            .collect();
        if let Some(finding) =
            together::lack(findings, &without, "may start any number of processes")
        {
            finding.help("deploy:\n  resources:\n    limits:\n      pids: 200  # several times what `docker top` shows");
        }
    }
}
