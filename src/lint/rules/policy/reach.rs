//! `deploy.hardening`: what of the host a service reaches, through mounts,
//! volumes, secrets and networks. What is below the project, a volume of the
//! engine's own and what would be written are harmless; nothing else is known to
//! be.

use crate::lint::diagnostic::{Diagnostic, Severity};
use crate::lint::rule::Rule;
use crate::lint::rules::policy::privileges::each_service;
use crate::lint::rules::policy::{SOURCE, by_each, mounts, networks, source};
use crate::lint::subject::Comparison;
use crate::policy::Requirement;

pub static RULE: Rule = Rule {
    code: "PO103",
    name: "standard-reach",
    severity: Severity::Error,
    summary: "no service reaches files or networks of the host that the standard would not give it",
    why: "A mount of the engine's socket, of /etc or of a home directory undoes every other limit: the container writes to the host.",
    example: "volumes: [\"media:/app/media\"]",
    source: SOURCE,
    fix: None,
    check: |subject, findings| by_each(subject, findings, judge),
};

/// Judges what every service mounts and joins.
fn judge(requirement: &Requirement, compared: Comparison<'_>) -> Vec<Diagnostic> {
    each_service(requirement, compared, |service, findings| {
        mounts::judge(service, findings);
        source::judge(service, findings);
        networks::judge(service, findings);
    })
}
