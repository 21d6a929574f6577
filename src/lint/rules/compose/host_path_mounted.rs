//! Directories of the host that an application has no business in.

use super::together;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};
use crate::source::compose::Mount;

pub static RULE: Rule = Rule {
    code: "CO128",
    name: "host-path-mounted",
    severity: Severity::Error,
    summary: "no directory of the host's system is mounted into a service",
    why: "Who breaks into the service reads the host's keys and passwords there, and with a writable mount adds a user, a cron job or a key: that is the host.",
    example: "volumes:\n  - ./certs:/etc/ssl/own:ro",
    source: "CIS Docker Benchmark 5.5: sensitive host system directories; OWASP Docker Security Cheat Sheet, rule 8",
    fix: None,
    check,
};

/// Directories of the host's system; what is below most of them may be harmless.
pub(crate) const SYSTEM: [&str; 16] = [
    "/",
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    "/boot",
    "/root",
    "/home",
    "/usr",
    "/lib",
    "/var",
    "/var/run",
    "/run",
    "/var/lib",
    "/var/lib/docker",
    "/root/.ssh",
];
const PASSWORDS: &str = "/etc/shadow";
const HOME: [&str; 6] = ["~", "~/.ssh", "~/.aws", "~/.docker", "~/.kube", "~/.config"];

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let judged = own.kind().is_application() || own.kind().is_store();
        if !judged && own.kind() != Kind::Nginx {
            continue;
        }
        let items = own.service.item.get("volumes").map_or(&[][..], |item| item.items());
        for (mount, item) in items.iter().filter_map(|item| Some((Mount::read(item)?, item))) {
            let Some(written) = mount.bind().filter(|_| own.is_literal(item)) else { continue };
            let path = match written.trim_end_matches('/') {
                "" => "/",
                path => path,
            };
            if !SYSTEM.contains(&path) && path != PASSWORDS && !HOME.contains(&path) {
                continue;
            }
            // A list that several services share is one line.
            let at = own.place(item);
            let others = findings.found.iter_mut().find(|found| found.at == at);
            if let Some(found) = others {
                together::likewise(found, own.name());
                continue;
            }
            let is_read_only = mount.options.split(',').any(|word| word == "ro");
            let can = if is_read_only { "reads" } else { "reads and changes" };
            let finding = findings.add(at, format!("{} {can} the host's {path}", own.name()));
            finding
                .about(own.name())
                .help("Mount the one file or directory that it needs, with :ro.");
            if is_read_only {
                finding.severity(Severity::Warning);
            }
        }
    }
}
