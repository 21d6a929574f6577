//! Services that stay away after a crash.

use super::together;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Member, Subject};

pub static RULE: Rule = Rule {
    code: "CO104",
    name: "no-restart",
    severity: Severity::Warning,
    summary: "services that run for good restart after a crash",
    why: "A process that ends once, or a host that reboots, leaves the service away until somebody notices: Docker's default is not to restart.",
    example: "restart: unless-stopped",
    source: "Compose Specification: restart; Compose follows deploy.restart_policy as well",
    fix: Some(Grade::Safe),
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for members in subject.production_members() {
        // In a swarm, tasks restart by themselves.
        if members.iter().any(is_of_swarm) {
            continue;
        }
        let without: Vec<Member<'_>> = members
            .into_iter()
            .filter(|own| own.is_long_running() && !own.is_for_developers() && !restarts(own))
            .collect();
        let lacks = if without.len() == 1 {
            "stays away after a crash or a reboot"
        } else {
            "stay away after a crash or a reboot"
        };
        let Some(finding) = together::lack(findings, &without, lacks) else { continue };
        finding.help("restart: unless-stopped");
        let what = "restarts what ends by itself";
        let fix = together::fix(&without, Grade::Safe, what, |own| {
            own.put(&["restart"], "unless-stopped")
        });
        if let Some(fix) = fix {
            finding.fix(fix);
        }
    }
}

fn restarts(member: &Member<'_>) -> bool {
    let deploy = member.service.item.get("deploy");
    member.service.item.get("restart").is_some()
        || deploy.is_some_and(|own| own.get("restart_policy").is_some())
}

/// Whether a service is deployed by a swarm, which restarts and places by itself.
pub(super) fn is_of_swarm(member: &Member<'_>) -> bool {
    let deploy = member.service.item.get("deploy");
    ["placement", "mode", "update_config", "endpoint_mode"]
        .iter()
        .any(|key| deploy.is_some_and(|own| own.get(key).is_some()))
}
