//! A migration that starts again as soon as it has ended.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "CO132",
    name: "one-shot-restarts",
    severity: Severity::Warning,
    summary: "what does something and ends is not restarted",
    why: "A service that ends and has `restart: always` runs for ever: the migration every few seconds, with its locks and its connections, and what waits for its end may never start.",
    example: "restart: \"no\"",
    source: "Compose Specification: restart; depends_on: service_completed_successfully",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let Some(item) = own.service.item.get("restart") else { continue };
        let restart = item.scalar().unwrap_or_default();
        let again = matches!(restart.as_str(), "always" | "unless-stopped");
        if own.kind() != Kind::OneShot || !again {
            continue;
        }
        let message = format!("{} ends, and is started again at once, for ever", own.name());
        let finding = findings.add(own.place(item), message);
        finding.about(own.name()).help("restart: \"no\"");
        if let Some(edit) = edit::compose::replace(subject, own.deployment, item, "\"no\"") {
            let fix = Fix::new(Grade::Checked, "runs it once")
                .condition("its command does something and ends")
                .edit(edit.at, edit.text);
            finding.fix(fix);
        }
    }
}
