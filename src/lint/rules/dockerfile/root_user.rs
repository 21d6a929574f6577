//! A container that runs as root.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "DF101",
    name: "root-user",
    severity: Severity::Warning,
    summary: "the application does not run as root",
    why: "Whoever breaks into the process is root in the container, may write to everything in it, and needs one fault of the kernel less to be root on the host.",
    example: "USER 10001:10001",
    source: "Docker, Building best practices: USER; CIS Docker Benchmark 4.1",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for build in subject.production_builds().filter(|build| build.is_python) {
        let Some(user) = &build.image.user else {
            findings
                .add(subject.from_of(build), "no USER is set: it runs as root")
                .about(&build.image.base.text)
                .help("USER 10001:10001");
            continue;
        };
        let name = user.value.text.split(':').next().unwrap_or_default();
        if matches!(name, "root" | "0") {
            findings
                .add(subject.instruction(build, user.at), format!("it runs as {name}"))
                .about(name)
                .help("USER 10001:10001");
        }
    }
}
