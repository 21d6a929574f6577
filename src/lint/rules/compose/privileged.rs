//! Containers that are root on the host.

use crate::lint::diagnostic::{Fix, Grade, Severity};
use crate::lint::edit;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "CO113",
    name: "privileged",
    severity: Severity::Error,
    summary: "no service is privileged",
    why: "A privileged container has every capability and every device: who breaks into it mounts the host's disk and has the host.",
    example: "cap_drop: [ALL]",
    source: "Docker, Runtime privilege; OWASP Docker Security Cheat Sheet, rule 3; CIS Docker Benchmark 5.4",
    fix: Some(Grade::Suggested),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let Some(item) = own.service.item.get("privileged") else { continue };
        // These look at the host by what they are.
        let of_host = ["cadvisor", "docker", "dind", "node-exporter", "buildkit", "netdata"];
        // It starts containers of its own.
        let is_worker = own.image_name() == "concourse"
            && ["worker", "quickstart"].iter().any(|word| own.service.command().contains(word));
        if !own.service.is("privileged") || is_worker || of_host.contains(&own.image_name()) {
            continue;
        }
        let message = format!("{} is privileged: who breaks into it has the host", own.name());
        let finding = findings.add(own.place(item), message);
        if own.is_explained(item) {
            finding.about(own.name()).severity(Severity::Warning).help(
                "A single capability goes into cap_add, a single device into devices (with device_cgroup_rules where it is made later); where that is not enough, nothing of it is published, and what it runs is trusted.",
            );
            continue;
        }
        finding.about(own.name()).help(
            "Take the line out; a single capability goes into cap_add, a single device into devices.",
        );
        // Where people are told to run it that way, it may be what it lives from.
        if subject.mentions("--privileged") {
            finding.severity(Severity::Warning);
            continue;
        }
        let item = &own.service.item;
        if let Some(edit) = edit::compose::remove(subject, own.deployment, item, "privileged") {
            let fix = Fix::new(Grade::Suggested, "runs it without privileges");
            finding.fix(fix.edit(edit.at, edit.text));
        }
    }
}
