//! Selectors that find no pod.

use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::rules::kubernetes::replicas_beside_autoscaler::SCALERS;
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::{Cluster, Made, Object, Pod, fits};

pub static RULE: Rule = Rule {
    code: "KU121",
    name: "selects-nothing",
    severity: Severity::Error,
    summary: "every selector finds its pods",
    why: "A Service whose selector finds nothing answers every request with an error; a disruption budget or a network policy that finds nothing protects nothing, and nothing says so. A Deployment whose selector does not fit its own pods is refused.",
    example: "kind: Service\nspec:\n  selector:\n    app.kubernetes.io/name: shop\n    app.kubernetes.io/component: web",
    source: "Kubernetes, Labels and Selectors; Services without selectors",
    fix: None,
    check,
};

/// Groups of kinds that make no pods out of the sight of an overlay.
const PODLESS: [&str; 8] = [
    "gateway.networking.k8s.io",
    "keda.sh",
    "monitoring.coreos.com",
    "external-secrets.io",
    "bitnami.com",
    "cert-manager.io",
    "traefik.io",
    "networking.gke.io",
];

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        let pods: Vec<Pod<'_>> = cluster.pods().collect();
        own_pods(subject, cluster, &pods, findings);
        // Files as they are may be a part of what is applied.
        let is_whole =
            cluster.is_built() || matches!(cluster.made, Made::Plain) && !pods.is_empty();
        if !is_whole || cluster.objects.iter().any(makes_pods) {
            continue;
        }
        for (kind, keys) in [
            ("Service", &["spec", "selector"][..]),
            ("PodDisruptionBudget", &["spec", "selector"]),
            ("NetworkPolicy", &["spec", "podSelector"]),
        ] {
            for own in cluster.of_kind(kind) {
                selector(subject, cluster, &pods, own, keys, findings);
            }
        }
        for own in SCALERS.iter().flat_map(|kind| cluster.of_kind(kind)) {
            scaler(subject, cluster, own, findings);
        }
    }
}

/// Selectors of what makes pods have to fit these.
fn own_pods(subject: &Subject, cluster: &Cluster, pods: &[Pod<'_>], findings: &mut Findings) {
    for pod in pods.iter().filter(|own| own.object.kind != "Job") {
        let Some(selector) = pod.object.spot().at(&["spec", "selector"]) else { continue };
        // What a kustomization labels is not in its files yet.
        if matches!(cluster.made, Made::Unbuilt(_)) || fits(&pod.labels, selector) != Some(false) {
            continue;
        }
        let message = format!("{}: its selector does not fit its own pods", pod.object.label());
        add(findings, subject, cluster, selector, message)
            .about(pod.object.label())
            .help("the same labels in spec.selector.matchLabels and spec.template.metadata.labels");
    }
}

fn selector(
    subject: &Subject,
    cluster: &Cluster,
    pods: &[Pod<'_>],
    own: &Object,
    keys: &[&str],
    findings: &mut Findings,
) {
    let Some(selector) = own.spot().at(keys) else { return };
    let is_empty = selector.item.entries().next().is_none();
    // An empty one finds every pod, or belongs to a Service that somebody fills.
    if is_empty {
        return;
    }
    let finds = |pod: &Pod<'_>| {
        let is_near = pod.object.namespace == own.namespace;
        is_near
            && match own.kind.as_str() {
                "Service" => Some(selector.pairs(&[]).iter().all(|pair| pod.labels.contains(pair))),
                _ => fits(&pod.labels, selector),
            } != Some(false)
    };
    if pods.iter().any(finds) {
        return;
    }
    let (message, severity) = match own.kind.as_str() {
        "Service" => {
            (format!("{} finds no pod: every request fails", own.label()), Severity::Error)
        }
        _ => (format!("{} finds no pod: it has no effect", own.label()), Severity::Warning),
    };
    let finding = add(findings, subject, cluster, selector, message);
    finding.about(own.label()).help("the labels of the pods that it is for");
    let severity = finding.severity.min(severity);
    finding.severity(severity);
}

fn scaler(subject: &Subject, cluster: &Cluster, own: &Object, findings: &mut Findings) {
    let Some(target) = own.spot().at(&["spec", "scaleTargetRef"]) else { return };
    let kind = target.text(&["kind"]).unwrap_or_else(|| "Deployment".to_owned());
    let Some(name) = target.text(&["name"]) else { return };
    let is_known = ["Deployment", "StatefulSet", "ReplicaSet"].contains(&kind.as_str());
    if !is_known || cluster.find(&kind, &name).is_some() {
        return;
    }
    let message = format!("{} scales {kind} {name}, which is not there", own.label());
    add(findings, subject, cluster, target.near(&["name"]), message)
        .about(own.label())
        .help("the name of what it scales");
}

/// Whether an operator may make pods of an object, which no file shows.
fn makes_pods(own: &Object) -> bool {
    let group = own.version.split_once('/').map_or("", |(group, _)| group);
    let is_custom = group.contains('.') && !group.ends_with(".k8s.io");
    is_custom && !PODLESS.contains(&group)
}
