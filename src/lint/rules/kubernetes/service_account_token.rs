//! Pods with a key to the cluster that they have no use for.

use super::support::{add, pods};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::{Cluster, Pod};

pub static RULE: Rule = Rule {
    code: "KU113",
    name: "service-account-token",
    severity: Severity::Advice,
    summary: "a pod that does not talk to the cluster has no token for it",
    why: "Every pod gets a token of its service account, in a file that any of its code can read. Who breaks in can ask the cluster's API with it, and whatever somebody grants to the account later is granted to the application as well.",
    example: "spec:\n  automountServiceAccountToken: false",
    source: "Kubernetes, Configure Service Accounts for Pods: opt out of API credential automounting",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod) in pods(subject) {
        let own = pod.spec.truth(&["automountServiceAccountToken"]);
        let account =
            pod.spec.text(&["serviceAccountName"]).unwrap_or_else(|| "default".to_owned());
        let of_account = cluster
            .find("ServiceAccount", &account)
            .and_then(|own| own.spot().truth(&["automountServiceAccountToken"]));
        if own.or(of_account) == Some(false) || is_granted(cluster, &pod, &account) {
            continue;
        }
        let place = match pod.spec.get("automountServiceAccountToken") {
            Some(own) => own,
            None => pod.object.spot(),
        };
        let message = format!("{} has a token of the cluster's API", pod.object.label());
        add(findings, subject, cluster, place, message)
            .about(pod.object.label())
            .help("automountServiceAccountToken: false");
    }
}

/// Whether the account is granted anything here: then the pod talks to the cluster.
fn is_granted(cluster: &Cluster, pod: &Pod<'_>, account: &str) -> bool {
    ["RoleBinding", "ClusterRoleBinding"].iter().flat_map(|kind| cluster.of_kind(kind)).any(|own| {
        own.spot().list(&["subjects"]).iter().any(|own| {
            own.text(&["name"]).as_deref() == Some(account)
                && own.text(&["namespace"]).is_none_or(|own| own == pod.object.namespace)
        })
    })
}
