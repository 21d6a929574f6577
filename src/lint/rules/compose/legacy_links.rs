//! Ways to connect services from before networks had names in them.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "CO123",
    name: "legacy-links",
    severity: Severity::Style,
    summary: "services reach each other by their names, without links",
    why: "Every service of a project reaches every other by its name. Links do nothing more, and readers look for what they are there for.",
    example: "depends_on: [db]",
    source: "Docker, Legacy container links; Compose Specification: links, external_links, volumes_from",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        for key in ["links", "external_links", "volumes_from"] {
            let Some(item) = own.service.item.get(key) else { continue };
            let help = match key {
                "links" => "Take it out; what has to start first stands in depends_on.",
                "external_links" => "A network that both projects name as external.",
                _ => "A volume with a name, mounted by both.",
            };
            let at = item.items().first().map_or_else(|| own.place(item), |one| own.place(one));
            let finding =
                findings.add(at, format!("{} has {key}, from before networks", own.name()));
            finding.about(own.name()).help(help);
            // An alias, another network, or an order that nothing else says would go.
            let needed = own.service.names("depends_on");
            let same = |name: &String| {
                let other = own.deployment.services.iter().find(|other| other.name == *name);
                other.is_some_and(|other| {
                    other.names("networks") == own.service.names("networks")
                        && other.text("network_mode").is_none()
                })
            };
            let links = item.scalars();
            let says_nothing = key == "links"
                && links
                    .iter()
                    .all(|link| !link.contains(':') && needed.contains(link) && same(link));
            let whole = &own.service.item;
            let edit = edit::compose::remove(subject, own.deployment, whole, key);
            if let Some(edit) = edit.filter(|_| says_nothing) {
                let fix = Fix::new(Grade::Safe, "takes the links out");
                finding.fix(fix.edit(edit.at, edit.text));
            }
        }
    }
}
