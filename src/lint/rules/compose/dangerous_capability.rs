//! Rights that come close to the host's.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Kind, Subject};

pub static RULE: Rule = Rule {
    code: "CO129",
    name: "dangerous-capability",
    severity: Severity::Warning,
    summary: "no service gets capabilities that reach the host, or loses its profiles",
    why: "SYS_ADMIN, SYS_MODULE, SYS_PTRACE, DAC_READ_SEARCH and ALL are known ways out of a container; without seccomp and AppArmor every system call of the kernel is within reach.",
    example: "cap_drop: [ALL]\ncap_add: [NET_BIND_SERVICE]",
    source: "capabilities(7); OWASP Docker Security Cheat Sheet, rules 3 and 6; CIS Docker Benchmark 5.3, 5.22",
    fix: None,
    check,
};

const WORST: [&str; 7] =
    ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_PTRACE", "DAC_READ_SEARCH", "BPF"];
const BAD: [&str; 4] = ["NET_ADMIN", "SYS_BOOT", "SYS_TIME", "MKNOD"];

fn check(subject: &Subject, findings: &mut Findings) {
    for own in subject.production_members().into_iter().flatten() {
        let judged = own.kind().is_application() || own.kind().is_store();
        if !judged && own.kind() != Kind::Nginx {
            continue;
        }
        // Privileged is all of that, and said by its own rule.
        if own.service.text("privileged").as_deref() == Some("true") {
            continue;
        }
        for item in own.service.item.get("cap_add").map_or(&[][..], |item| item.items()) {
            let name = item.scalar().unwrap_or_default().to_ascii_uppercase();
            let name = name.trim_start_matches("CAP_");
            if !WORST.contains(&name) && !BAD.contains(&name) {
                continue;
            }
            let finding = findings
                .add(own.place(item), format!("{} gets {name}, a way to the host", own.name()));
            let help = match own.kind().is_store() {
                true => {
                    "Take it out. A store that starts as root with cap_drop: [ALL] needs DAC_OVERRIDE, CHOWN, SETUID and SETGID, or `user:` with its own user and none."
                }
                false => "Take it out; a web service needs none of them.",
            };
            finding.about(own.name()).help(help);
            if name == "SYS_PTRACE" && own.service.text("pid").is_none() {
                // It sees the processes of its own container.
                finding.severity(Severity::Advice);
            } else if WORST.contains(&name) {
                finding.severity(Severity::Error);
            }
        }
        for item in own.service.item.get("security_opt").map_or(&[][..], |item| item.items()) {
            let option = item.scalar().unwrap_or_default().replace('=', ":");
            if !matches!(
                option.as_str(),
                "seccomp:unconfined" | "apparmor:unconfined" | "label:disable"
            ) {
                continue;
            }
            let finding = findings.add(
                own.place(item),
                format!("{} runs without the profile that keeps it in: {option}", own.name()),
            );
            finding
                .about(own.name())
                .help("Take it out, or name a profile that allows the one call.");
        }
    }
}
