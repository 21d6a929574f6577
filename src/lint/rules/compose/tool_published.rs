//! Tools for people that everybody reaches.

use super::database_published::{close, leads_nowhere};
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Member, Program, Subject};

pub static RULE: Rule = Rule {
    code: "CO131",
    name: "tool-published",
    severity: Severity::Warning,
    summary: "tools for administrators are reached from this host alone",
    why: "Flower, Adminer, pgAdmin, Prometheus, mail catchers show data and run commands, most without a password and without TLS. They are found by scanners like anything else.",
    example: "ports:\n  - \"127.0.0.1:5555:5555\"  # from elsewhere: ssh -L 5555:127.0.0.1:5555",
    source: "Docker, Packet filtering and firewalls; Flower, Authentication",
    fix: Some(Grade::Checked),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        if own.kind() != Kind::Tool || is_guessed(&own) {
            continue;
        }
        let command = own.service.command();
        let asks = ["basic_auth", "basic-auth", "--auth", "--web.config.file"]
            .iter()
            .any(|word| command.contains(word))
            || own.container.env.contains_key("FLOWER_BASIC_AUTH");
        for (port, item) in own.open_ports().into_iter().filter(|_| !asks) {
            if leads_nowhere(findings, &own, &port, item) {
                continue;
            }
            let message =
                format!("{} is a tool, and open on every address of the host", own.name());
            let finding = findings.add(own.place(item), message);
            finding.about(own.name());
            close(finding, &own, &port, item);
        }
    }
}

/// Whether only a script has Flower among what it may start, and nothing here
/// chooses it: the service may run any other of its branches.
fn is_guessed(own: &Member<'_>) -> bool {
    let by_script = own
        .container
        .steps
        .iter()
        .any(|step| step.program == Program::Flower && step.script.is_some());
    let chosen = [own.name(), own.image().unwrap_or_default(), &own.service.command()]
        .iter()
        .any(|word| word.to_ascii_lowercase().contains("flower"));
    by_script && !chosen
}
