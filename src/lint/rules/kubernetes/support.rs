//! What rules of clusters have in common.

use crate::lint::diagnostic::{At, Diagnostic, Severity};
use crate::lint::rule::Findings;
use crate::lint::subject::cluster::{Cluster, Container, Pod, Spot, purpose};
use crate::lint::subject::{Purpose, Subject};

/// Every pod with its cluster.
pub fn pods(subject: &Subject) -> impl Iterator<Item = (&Cluster, Pod<'_>)> {
    subject.clusters().iter().flat_map(|own| own.pods().map(move |pod| (own, pod)))
}

/// Every container with its pod and its cluster.
pub fn containers(subject: &Subject) -> impl Iterator<Item = (&Cluster, Pod<'_>, Container<'_>)> {
    pods(subject).flat_map(|(cluster, pod)| {
        pod.containers().into_iter().map(move |own| (cluster, pod.clone(), own))
    })
}

/// Adds a finding at a value of a cluster. What is there for development weighs one
/// step less; that an overlay was built is said, since the line may be another file's.
pub fn add<'f>(
    findings: &'f mut Findings,
    subject: &Subject,
    cluster: &Cluster,
    spot: Spot<'_>,
    message: impl Into<String>,
) -> &'f mut Diagnostic {
    let at = spot.place(subject);
    let finding = findings.add(at, message);
    let purpose = match cluster.overlay {
        Some(_) => cluster.purpose,
        // Of files as they are each says it for itself.
        None => purpose(subject.path(at.text)),
    };
    if purpose == Purpose::Development {
        finding.severity(milder(finding.severity));
    }
    if let Some(number) = cluster.overlay {
        let overlay = subject.kustomizations[number].text;
        if overlay != at.text && cluster.is_built() {
            finding.related(At::file(overlay), "as built by this overlay");
        }
    }
    finding
}

/// One step less, but never silent.
pub const fn milder(severity: Severity) -> Severity {
    match severity {
        Severity::Error => Severity::Warning,
        Severity::Warning => Severity::Advice,
        Severity::Advice | Severity::Style => Severity::Style,
    }
}

/// `Deployment shop-web`, or with its container where it has several.
pub fn label(pod: &Pod<'_>, container: &Container<'_>) -> String {
    match pod.containers().len() {
        1 => pod.object.label(),
        _ => format!("{}, container {}", pod.object.label(), container.name),
    }
}

/// A size of Kubernetes in bytes, `512Mi`, or in cores, `250m`, as a number to compare.
pub fn amount(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 13] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("m", 1e-3),
        ("u", 1e-6),
        ("n", 1e-9),
    ];
    let text = text.trim();
    let unit = UNITS.iter().find(|(end, _)| text.ends_with(end));
    let (digits, factor) = match unit {
        Some((end, factor)) => (&text[..text.len() - end.len()], *factor),
        None => (text, 1.0),
    };
    digits.parse::<f64>().ok().map(|own| own * factor)
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn sizes_are_compared_by_what_they_mean() {
        assert_eq!(amount("1Gi"), amount("1024Mi"));
        assert_eq!(amount("128974848"), Some(128_974_848.0));
        assert_eq!((amount("250m"), amount("0.5")), (Some(0.25), Some(0.5)));
        assert_eq!((amount("1M"), amount("")), (Some(1e6), None));
        assert_eq!(amount("1 GB"), None);
    }
}
