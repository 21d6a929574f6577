//! Containers that share the host's network, processes or memory.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::proxy::owner::owners;
use crate::lint::subject::{Kind, Member, Subject};

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
            if own.is_explained(item) {
                finding.severity(Severity::Advice).help(
                    "It is needed, as the comment says: nothing else that is reached from outside belongs into this container.",
                );
                continue;
            }
            if key == "network_mode" && passes_to_host(&own) {
                finding.severity(Severity::Advice).help(
                    "It passes to ports of the host: with a network of its own these are host.docker.internal (extra_hosts: [\"host.docker.internal:host-gateway\"]), and what listens there has to listen on the address of that network as well.",
                );
                continue;
            }
            finding.help(match key {
                "network_mode" => "Take the line out, publish what has to be reached, and call services by their names.",
                "ipc" => "Take the line out; for a larger shared memory: shm_size: 1g",
                _ => "Take the line out.",
            });
        }
    }
}

/// Whether it is an nginx that passes requests to ports of the host itself.
fn passes_to_host(own: &Member<'_>) -> bool {
    let subject = own.subject;
    let is_local = |host: &str| matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    let mut passed = subject
        .proxies
        .iter()
        .filter(|proxy| {
            owners(subject, proxy).iter().any(|(one, _)| std::ptr::eq(one.container, own.container))
        })
        .flat_map(|proxy| subject.passed(proxy))
        .peekable();
    passed.peek().is_some() && passed.all(|own| is_local(&own.host))
}
