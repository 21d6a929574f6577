//! `version:` in a compose file.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "CO111",
    name: "obsolete-version",
    severity: Severity::Advice,
    summary: "compose files have no version key",
    why: "Compose has ignored it since 2020, and warns about it on every command: a line that readers take for a choice, and that hides the warnings that count.",
    example: "name: shop\nservices: {}",
    source: "Compose Specification: version and name top-level elements (obsolete)",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for deployment in &subject.deployments {
        let root = &deployment.project.root;
        let Some((key, _)) =
            root.entries().find(|(key, _)| key.scalar().as_deref() == Some("version"))
        else {
            continue;
        };
        // `docker stack deploy` asks for it.
        let is_of_swarm = deployment.services.iter().any(|own| {
            let deploy = own.item.get("deploy");
            ["placement", "mode", "update_config", "endpoint_mode", "restart_policy"]
                .iter()
                .any(|key| deploy.is_some_and(|own| own.get(key).is_some()))
        });
        let at = subject.item(deployment, key);
        let path = subject.path(at.text).to_ascii_lowercase();
        if is_of_swarm || path.contains("swarm") || path.contains("stack") {
            continue;
        }
        let finding = findings.add(at, "version is ignored, with a warning on every command");
        finding.about("version").help("Take the line out.");
        if let Some(edit) = edit::compose::remove(subject, deployment, root, "version") {
            let mut edit = edit;
            // The empty line after it was there for its sake.
            let file = &subject.texts[edit.at.text];
            let line = file.line(edit.at.span.start);
            let is_blank = |line: usize| file.line_text(line).trim().is_empty();
            let next = file.line(edit.at.span.end);
            if (line == 1 || is_blank(line - 1)) && next < file.lines() && is_blank(next) {
                edit.at.span.end = file.line_span(next + 1).start;
            }
            let fix = Fix::new(Grade::Safe, "takes the line out");
            finding.fix(fix.edit(edit.at, edit.text));
        }
    }
}
