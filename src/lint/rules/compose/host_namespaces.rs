//! Containers that share the host's network, processes or memory.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "CO115",
    name: "host-namespaces",
    severity: Severity::Warning,
    summary: "services have a network, processes and memory of their own",
    why: "With the host's network every port that the process opens is open on the host, its firewall rules of Docker do not count, and it reaches what listens on the host's 127.0.0.1. With the host's processes it sees and signals all of them.",
    example: "networks: [backend]",
    source: "CIS Docker Benchmark 5.9, 5.15, 5.16; Docker, Host network driver",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let judged = own.kind().is_application() || own.kind().is_store();
        if !judged && own.kind() != Kind::Nginx {
            continue;
        }
        for (key, what) in [
            ("network_mode", "network: every port it opens is open on the host"),
            ("pid", "processes: it sees and signals all of them"),
            ("ipc", "shared memory: it reads what others put there"),
        ] {
            let Some(item) = own.service.item.get(key) else { continue };
            if item.scalar().as_deref() != Some("host") {
                continue;
            }
            let finding =
                findings.add(own.place(item), format!("{} has the host's {what}", own.name()));
            finding.about(own.name());
            finding.help(match key {
                "network_mode" => "Take the line out, publish what has to be reached, and call services by their names.",
                "ipc" => "Take the line out; for a larger shared memory: shm_size: 1g",
                _ => "Take the line out.",
            });
        }
    }
}
