//! Secrets where everybody who may read pods and settings reads them.

use super::secret_in_repository::{is_committed, is_local};
use super::support::{add, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::cross::secret::{holds_secret, is_secret_by_itself};
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::Spot;

pub static RULE: Rule = Rule {
    code: "KU126",
    name: "secret-outside-secret",
    severity: Severity::Error,
    summary: "no secret is a plain value of a pod or of a ConfigMap",
    why: "Whoever may look at pods and ConfigMaps, which most roles let everybody, has the password, and so has whoever can read the repository, now or in any clone of its past. Rights to read Secrets, and their encryption at rest, protect nothing of it.",
    example: "env:\n  - name: DATABASE_URL\n    valueFrom:\n      secretKeyRef: {name: shop-secrets, key: DATABASE_URL}",
    source: "Kubernetes, ConfigMaps: not for confidential data; Good practices for Secrets",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        if is_local(pod.object) {
            continue;
        }
        for variable in own.spot.list(&["env"]) {
            let (Some(name), Some(value)) = (variable.text(&["name"]), variable.text(&["value"]))
            else {
                continue;
            };
            if !is_secret(&name, &value) {
                continue;
            }
            let label = label(&pod, &own);
            let message = format!("{label}: {name} is a secret, and its value is here");
            add(findings, subject, cluster, variable.near(&["value"]), message)
                .about(format!("{label} {name}"))
                .help(format!("{name} by `valueFrom.secretKeyRef`, and a new value in the Secret"));
        }
    }
    for cluster in subject.clusters() {
        for map in cluster.of_kind("ConfigMap") {
            if is_local(map) || !is_committed(subject, map) {
                continue;
            }
            let data = map.spot().pairs(&["data"]);
            let secrets = data.iter().filter(|(name, value)| is_secret(name, value));
            let names: Vec<&str> = secrets.map(|(name, _)| name.as_str()).collect();
            let Some(first) = names.first() else { continue };
            let place: Spot<'_> = map.spot().at(&["data", first]).unwrap_or(map.spot());
            let verb = if names.len() == 1 { "is a secret" } else { "are secrets" };
            let message =
                format!("{}: {} {verb}, and no ConfigMap keeps one", map.label(), names.join(", "));
            add(findings, subject, cluster, place, message).about(map.label()).help(
                "into a Secret, with a new value, which pods take by `secretRef` or `secretKeyRef`",
            );
        }
    }
}

/// Whether a value is one that others must not read. Several lines are a file, whose name says
/// what it is about.
fn is_secret(name: &str, value: &str) -> bool {
    holds_secret(name, value) && !value.trim_end().contains('\n') || is_secret_by_itself(value)
}
