//! Services that stay away after a crash.

use super::together;
use crate::lint::diagnostic::{Grade, Severity};
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Container, Kind, Member, Purpose, Server, Subject};

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
        let (is_theirs, is_worked_on) = serves_developers(subject, &members);
        if is_theirs {
            continue;
        }
        let without: Vec<Member<'_>> = members
            .into_iter()
            // A tool that is pulled is started by who needs it.
            .filter(|own| own.kind() != Kind::Tool || own.container.build.is_some())
            .filter(|own| own.stays() && !own.is_for_developers() && !restarts(own))
            .collect();
        let (ending, without): (Vec<_>, Vec<_>) = without.into_iter().partition(Member::may_end);
        for own in ending {
            let lacks = "stays away after a crash or a reboot, and may end by itself";
            let Some(finding) = together::lack(findings, &[own], lacks) else { continue };
            finding.help(
                "restart: on-failure\n(what it runs may end by choice, and unless-stopped would start it again and again)",
            );
        }
        for without in findings.apart(subject, without, Member::at) {
            let lacks = if without.len() == 1 {
                "stays away after a crash or a reboot"
            } else {
                "stay away after a crash or a reboot"
            };
            let Some(finding) = together::lack(findings, &without, lacks) else { continue };
            finding.help("restart: unless-stopped");
            // Its only client is started by hand.
            if is_worked_on && !without.iter().any(|own| own.deployment.is_developed) {
                finding.severity(Severity::Advice);
            }
            let what = "restarts what ends by itself";
            let fix = together::fix(&without, Grade::Safe, what, |own| {
                own.put(&["restart"], "unless-stopped")
            });
            // Where it is worked on, a database that starts with the machine and an
            // application that does not are of no use to anybody.
            let is_developed = without.iter().any(|own| own.deployment.is_developed);
            if let Some(fix) = fix.filter(|_| !is_developed) {
                finding.fix(fix);
            }
        }
    }
}

/// Whether the application of a project is there for who works on it alone, so that
/// nobody wants what it needs back after a reboot; and whether all of it reloads.
fn serves_developers(subject: &Subject, members: &[Member<'_>]) -> (bool, bool) {
    let Some(first) = members.first() else { return (false, false) };
    let all: Vec<&Container> = subject
        .containers_of(first.deployment)
        .filter(|own| own.kind.is_application() && own.kind != Kind::OneShot)
        .collect();
    let reloads = |own: &&Container| {
        let develops = |server: &Server| server.program.is_development() || server.reloads();
        own.purpose == Purpose::Development || own.server.as_ref().is_some_and(develops)
    };
    let is_theirs = !all.is_empty() && all.iter().all(|own| own.purpose == Purpose::Development);
    (is_theirs, !all.is_empty() && all.iter().all(reloads))
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
