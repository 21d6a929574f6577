//! An overlay that kustomize refuses.

use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Made, Refusal, Subject};

pub static RULE: Rule = Rule {
    code: "KU101",
    name: "overlay-not-built",
    severity: Severity::Error,
    summary: "kustomize builds every overlay",
    why: "What is not built is not applied: the release fails, or a tool that syncs the cluster goes on showing the old state. And nothing of what the overlay would apply can be judged.",
    example: "resources:\n  - ../../base\npatches:\n  - path: replicas.yaml",
    source: "Kustomize, kustomization file: resources, patches, generators",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        let (Some(number), Made::Unbuilt(Refusal::Faulty(why, at))) =
            (cluster.overlay, &cluster.made)
        else {
            continue;
        };
        let path = subject.path(subject.kustomizations[number].text);
        let finding = findings.add(*at, format!("{path} is not built: {why}"));
        finding.about(path).help(format!(
            "`kubectl kustomize {}` shows it",
            path.rsplit_once('/').map_or(".", |(directory, _)| directory)
        ));
    }
}
