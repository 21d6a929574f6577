//! Disruption budgets that keep a node from ever being drained.

use super::replicas_beside_autoscaler::numbers;
use super::support::add;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::Subject;
use crate::lint::subject::cluster::fits;

pub static RULE: Rule = Rule {
    code: "KU123",
    name: "no-disruption-allowed",
    severity: Severity::Warning,
    summary: "a disruption budget lets one pod go at a time",
    why: "A budget that allows no disruption stops every drain of a node that has such a pod: an upgrade of the cluster hangs until somebody deletes the pod by hand, or the provider ends it anyway after its own time limit, all at once.",
    example: "kind: PodDisruptionBudget\nspec:\n  maxUnavailable: 1",
    source: "Kubernetes, Specifying a Disruption Budget: zero disruptions are not recommended",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        for budget in cluster.of_kind("PodDisruptionBudget") {
            let spot = budget.spot();
            let Some(selector) = spot.at(&["spec", "selector"]) else { continue };
            let pods: Vec<_> = cluster
                .pods()
                .filter(|own| own.object.namespace == budget.namespace)
                .filter(|own| own.stays() && fits(&own.labels, selector) == Some(true))
                .collect();
            let least: i64 = pods.iter().map(|own| numbers(cluster, own.object).0).sum();
            if pods.is_empty() || pods.iter().any(|own| own.object.kind == "DaemonSet") {
                continue;
            }
            let of = |key: &str| spot.text(&["spec", key]);
            let percent =
                |text: &str| text.strip_suffix('%').and_then(|own| own.parse::<i64>().ok());
            let (key, is_closed) = match (of("maxUnavailable"), of("minAvailable")) {
                (Some(most), _) => ("maxUnavailable", most == "0" || percent(&most) == Some(0)),
                (None, Some(kept)) => {
                    let all = match percent(&kept) {
                        // Rounded up: of one pod half is one.
                        Some(share) => (least * share + 99) / 100 >= least,
                        None => kept.parse::<i64>().is_ok_and(|kept| kept >= least),
                    };
                    ("minAvailable", all)
                }
                (None, None) => continue,
            };
            if !is_closed {
                continue;
            }
            let pods_said = if least == 1 { "1 pod".to_owned() } else { format!("{least} pods") };
            let message = format!("{} lets none of its {pods_said} go", budget.label());
            add(findings, subject, cluster, spot.near(&["spec", key]), message)
                .about(budget.label())
                .help("maxUnavailable: 1");
        }
    }
}
