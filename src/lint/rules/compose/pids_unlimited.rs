//! Services that may start any number of processes.

use super::together;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::schema::numbers::rows;

pub static RULE: Rule = Rule {
    code: "CO136",
    name: "pids-unlimited",
    severity: Severity::Style,
    summary: "the application has a limit of processes",
    why: "Code that starts processes or threads in a loop takes all of the host's: nothing else starts there any more, not even a shell to stop it.",
    example: "deploy:\n  resources:\n    limits:\n      pids: 200",
    source: "Compose Deploy Specification: pids; CIS Docker Benchmark 5.28",
    fix: Some(Grade::Checked),
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
        for without in findings.apart(subject, without, Member::at) {
            let lacks = "may start any number of processes";
            let Some(finding) = together::lack(findings, &without, lacks) else { continue };
            let numbers = subject.numbers();
            let planned = |own: &Member<'_>| numbers?.pids(own);
            let lines: Option<Vec<String>> = without
                .iter()
                .map(|own| {
                    let reason = numbers?.decided(own, rows::PIDS)?.reason();
                    Some(format!("{}: {}  # {reason}", own.name(), planned(own)?))
                })
                .collect();
            let Some(lines) = lines else {
                finding.help("deploy:\n  resources:\n    limits:\n      pids: 200  # several times what `docker top` shows");
                continue;
            };
            finding.help(format!("deploy.resources.limits.pids:\n{}", lines.join("\n")));
            let what = "limits processes to several times what the service starts";
            // Libraries start a thread for each CPU of a machine that nobody named.
            let is_named = numbers.is_some_and(|own| own.has_memory && own.has_cpus);
            let grade = if is_named { Grade::Checked } else { Grade::Suggested };
            let fix = together::fix(&without, grade, what, |own| {
                own.put(&["deploy", "resources", "limits", "pids"], &planned(own)?.to_string())
            });
            let condition = "the number of workers and threads is known, and counted several times";
            if let Some(fix) = fix {
                finding.fix(if is_named { fix.condition(condition) } else { fix });
            }
        }
    }
}
