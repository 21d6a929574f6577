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
            let drops = own.service.item.get("cap_drop").is_some_and(|item| {
                item.scalars().iter().any(|name| name.eq_ignore_ascii_case("ALL"))
            });
            let help = if name == "SYS_PTRACE" {
                "Take it out; for a profiler or a debugger, into a compose file of its own for as long as it takes."
            } else if name == "ALL" {
                "Take it out: without it the service has what Docker gives to every container, which is enough for a server."
            } else if own.kind().is_store() && drops {
                "Take it out: a store that starts as root with cap_drop: [ALL] needs CHOWN, DAC_OVERRIDE, FOWNER, SETUID and SETGID; with `user:` and its own user, none."
            } else if own.kind().is_store() {
                "Take it out: the store's image starts without it."
            } else {
                "Take it out: a server needs none of its kind; for a port below 1024, NET_BIND_SERVICE is there by default."
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
            let help = if !option.starts_with("seccomp") {
                "Take it out: with the profile a server reaches its own files, sockets and processes all the same."
            } else if own.kind() == Kind::Mysql {
                "Take it out; where MySQL logs `mbind: Operation not permitted`, cap_add: [SYS_NICE] is what it asks for."
            } else {
                "Take it out; where one call is refused, Docker's profile with that call added: security_opt: [seccomp=./profile.json]."
            };
            finding.about(own.name()).help(help);
        }
    }
}
