//! Two ways in from outside.

use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::references::{Backend, backends};

pub static RULE: Rule = Rule {
    code: "KU122",
    name: "routed-twice",
    severity: Severity::Advice,
    summary: "requests come in by an Ingress or by an HTTPRoute, not by both",
    why: "Two controllers with limits, timeouts and certificates of their own lead to one Service: a limit that is set at one of them does not hold, and a request that fails does so at only one of the two addresses.",
    example: "components:\n  - ../../components/http-route",
    source: "Gateway API, Migrating from Ingress",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        let all = backends(cluster);
        for Backend { owner, name, place, .. } in
            all.iter().filter(|own| own.owner.kind == "HTTPRoute")
        {
            let other = all.iter().find(|other| {
                other.owner.kind == "Ingress"
                    && other.name == *name
                    && other.owner.namespace == owner.namespace
            });
            let Some(other) = other else { continue };
            let message = format!(
                "{} and {} both lead to Service {name}",
                owner.label(),
                other.owner.label()
            );
            add(findings, subject, cluster, *place, message)
                .about(owner.label())
                .related(other.place.place(subject), "the Ingress")
                .help("one of them, once the move is done");
        }
    }
}
