//! A terminal for a service that nobody types into.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "CO135",
    name: "terminal-open",
    severity: Severity::Style,
    summary: "services have neither tty nor stdin_open",
    why: "With a terminal, logs get colours and `\\r\\n` in them, and the two streams become one. It is a leftover of debugging.",
    example: "command: [gunicorn, shop.wsgi]",
    source: "Compose Specification: tty, stdin_open",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    // A line of an anchor is one line.
    let mut said = Vec::new();
    for own in subject.production_members().into_iter().flatten() {
        if !own.is_long_running() || own.is_developed() {
            continue;
        }
        for key in ["tty", "stdin_open"] {
            let Some(item) = own.service.item.get(key) else { continue };
            if !own.service.is(key) || said.contains(&own.place(item)) {
                continue;
            }
            said.push(own.place(item));
            let finding = findings
                .add(own.place(item), format!("{} has {key}: nobody types there", own.name()));
            finding.about(format!("{} {key}", own.name())).help("Take the line out.");
            let whole = &own.service.item;
            if let Some(edit) = edit::compose::remove(subject, own.deployment, whole, key) {
                let fix = Fix::new(Grade::Checked, "takes the line out")
                    .condition("what it runs is a server, which reads nothing from a terminal")
                    .edit(edit.at, edit.text);
                finding.fix(fix);
            }
        }
    }
}
