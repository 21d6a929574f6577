//! Celery that is told to run as root.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;

pub static RULE: Rule = Rule {
    code: "PY116",
    name: "celery-as-root",
    severity: Severity::Warning,
    summary: "Celery's worker does not run as root",
    why: "C_FORCE_ROOT switches off the guard that Celery has against root with pickle: whoever can write to the broker then runs what he likes as root in the container.",
    example: "USER 10001:10001",
    source: "Celery, Daemonization: Running the worker with superuser privileges (root)",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen = Vec::new();
    for container in subject.production_containers() {
        let Some(variable) = container.env.get("C_FORCE_ROOT") else { continue };
        let is_on = variable.value.as_deref().is_some_and(|own| !own.is_empty());
        let is_celery = container.kind.is_application();
        if !is_on || !is_celery || seen.contains(&variable.at) {
            continue;
        }
        seen.push(variable.at);
        findings
            .add(variable.at, format!("{}: C_FORCE_ROOT lets Celery run as root", container.name))
            .about("C_FORCE_ROOT")
            .severity(if takes_pickle(subject) { Severity::Warning } else { Severity::Advice })
            .help("a USER in the image, and no C_FORCE_ROOT");
    }
}

/// Whether messages may be pickled: since Celery 4 only where it is set.
fn takes_pickle(subject: &Subject) -> bool {
    let sets = |line: &str| {
        let lower = line.split('#').next().unwrap_or_default().to_ascii_lowercase();
        lower.contains("pickle")
            && (lower.contains("accept_content") || lower.contains("serializer"))
    };
    let set = subject
        .tree
        .counted()
        .filter(|path| path.ends_with(".py"))
        .filter_map(|path| subject.tree.text(path))
        .any(|text| text.lines().any(sets));
    let is_old = |line: &str| {
        let line = line.replace(' ', "").to_ascii_lowercase();
        ["celery==3.", "celery<4", "celery~=3.", "celery[redis]==3."]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let old = subject
        .tree
        .counted()
        .filter(|path| path.ends_with(".txt") && path.contains("requirements"))
        .filter_map(|path| subject.tree.text(path))
        .any(|text| text.lines().any(is_old));
    set || old
}
