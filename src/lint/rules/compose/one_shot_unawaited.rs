//! What ends, and nobody waits for its end.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::compose::Item;

pub static RULE: Rule = Rule {
    code: "CO146",
    name: "one-shot-unawaited",
    severity: Severity::Advice,
    summary: "what ends is waited for by what needs it",
    why: "`docker compose up --wait` waits until everything runs. A service that ends is only right for it where another one waits for its end: else the command exits 1 with everything well, and a pipeline that starts the stack by it fails. What serves meanwhile starts before the data is there.",
    example: "depends_on:\n  migrate:\n    condition: service_completed_successfully",
    source: "Compose Specification: depends_on; Docker CLI: docker compose up --wait",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        let Some(web) = members.iter().find(|own| own.kind() == Kind::Web) else { continue };
        for own in &members {
            let item = &own.service.item;
            let restart = item.get("restart").and_then(Item::scalar).unwrap_or_default();
            // CO132 has those, and what starts by its profile alone is asked for by name.
            let again = matches!(restart.as_str(), "always" | "unless-stopped");
            if !own.runs_once() || again || item.get("profiles").is_some() {
                continue;
            }
            let waits = |other: &crate::lint::subject::Member<'_>| {
                let on = other.service.item.get("depends_on").and_then(|on| on.get(own.name()));
                let condition = on.and_then(|on| on.get("condition")).and_then(Item::scalar);
                condition.as_deref() == Some("service_completed_successfully")
            };
            if members.iter().any(waits) {
                continue;
            }
            let message = format!(
                "{} ends and nothing waits for its end: `up --wait` exits 1 with everything running",
                own.name()
            );
            let finding = findings.add(own.at(), message);
            finding.about(own.name()).help(format!(
                "in {}:\ndepends_on:\n  {}:\n    condition: service_completed_successfully",
                web.name(),
                own.name()
            ));
        }
    }
}
