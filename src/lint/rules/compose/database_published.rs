//! Databases that the whole network reaches.

use super::redis::{self, Password};
use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Subject};
use crate::source::compose::{Item, Port};

pub static RULE: Rule = Rule {
    code: "CO106",
    name: "database-published",
    severity: Severity::Error,
    summary: "databases and brokers are not published to every address of the host",
    why: "Docker opens the port before the host's firewall looks: ufw and firewalld do not help. Such ports are found within hours, and what is behind them is tried with every known password.",
    example: "ports:\n  - \"127.0.0.1:5432:5432\"",
    source: "Docker, Packet filtering and firewalls: Docker and ufw; Compose Specification: ports",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        if !own.kind().is_store()
            || own.kind() == Kind::Redis && redis::password(&own) == Password::Nothing
        {
            continue;
        }
        for (port, item) in own.open_ports() {
            let message = format!(
                "{} publishes {} on every address of the host, past its firewall",
                own.name(),
                own.kind().word()
            );
            let finding = findings.add(own.place(item), message);
            finding.about(own.name());
            close(finding, &own, &port, item);
        }
    }
}

/// Help and fix: the port on the host's own address.
pub(super) fn close(
    finding: &mut crate::lint::Diagnostic,
    own: &Member<'_>,
    port: &Port,
    item: &Item,
) {
    let container = &port.container;
    let host = port.host.rsplit(':').next().unwrap_or_default();
    finding.help(format!(
        "- \"127.0.0.1:{host}:{container}\"  # services of the project reach {}:{container} without any port",
        own.name()
    ));
    if let Some(edit) = own.to_loopback(port, item) {
        let fix = Fix::new(Grade::Checked, "publishes it to this host alone")
            .condition("services of the project reach it by its name, without a published port")
            .edit(edit.at, edit.text);
        finding.fix(fix);
    }
}
