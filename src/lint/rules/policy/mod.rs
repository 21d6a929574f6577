//! Rules of a team's standard: `PO…`. They hold the effective stack against the
//! locks, floors and rules of a preset and against what would be written now,
//! and are silent where there is no standard.
//!
//! | key | rules |
//! | --- | --- |
//! | `deploy.hardening` | PO101 (images), PO102 and PO103 (services) |
//! | `project.python`, floor `python` | PO104: images of any stage and service |
//! | `images.registry`, `images.NAME` | PO105, PO106 |
//! | `network.*` | PO107: indexes, proxies, certificates, logins |
//! | `deploy.bind`, `project.port` | PO108 |
//! | `web.memory`, `db.cpus`, … | PO109 |
//! | `web.workers`, `worker.concurrency`, … | PO110 |
//! | a rule with `file` | PO111 |
//!
//! Any other key is an answer and shows in no single line of a file.

use crate::lint::diagnostic::Diagnostic;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Comparison, Subject};
use crate::policy::Requirement;

mod build;
mod disguise;
mod image;
mod keys;
mod launch;
mod limits;
mod lines;
mod mounts;
mod network;
mod networks;
mod privileges;
mod published;
mod python;
mod reach;
mod registry;
mod root;
mod server;
mod setuid;
mod source;

/// Every rule of a team's standard.
pub static ALL: &[&Rule] = &[
    &root::RULE,
    &privileges::RULE,
    &reach::RULE,
    &python::RULE,
    &registry::RULE,
    &image::RULE,
    &network::RULE,
    &published::RULE,
    &limits::RULE,
    &server::RULE,
    &lines::RULE,
];

/// Where a rule of a standard comes from.
const SOURCE: &str = "the preset that the finding names";

/// Judges by each requirement, and says of each finding which it was.
fn by_each(
    subject: &Subject,
    findings: &mut Findings,
    judge: impl Fn(&Requirement, Comparison<'_>) -> Vec<Diagnostic>,
) {
    let Some(compared) = subject.compared() else { return };
    for (number, requirement) in compared.standard.requirements.iter().enumerate() {
        for mut found in judge(requirement, compared) {
            found.requirement = Some(number);
            findings.put(found);
        }
    }
}
