//! Pods whose image is whatever was pushed last.

use super::support::{add, containers, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Made, Subject};

pub static RULE: Rule = Rule {
    code: "KU114",
    name: "pod-floating-image",
    severity: Severity::Warning,
    summary: "every image has a tag of its own, or a digest",
    why: "`latest`, or no tag, is another image tomorrow: a pod that is moved to another node runs other code than those beside it, an apply rolls nothing out since nothing changed in the file, and there is nothing to roll back to.",
    example: "images:\n  - name: shop\n    newName: registry.acme.net/shop\n    newTag: 1.4.2",
    source: "Kubernetes, Configuration Best Practices; Images: avoid the latest tag",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    for (cluster, pod, own) in containers(subject) {
        // What an overlay would have set is not known.
        if matches!(cluster.made, Made::Unbuilt(_)) {
            continue;
        }
        let Some(image) = own.spot.text(&["image"]) else { continue };
        let name = image.rsplit('/').next().unwrap_or_default();
        let floats = !image.contains('@') && (!name.contains(':') || name.ends_with(":latest"));
        if !floats || image.contains('$') {
            continue;
        }
        let message = match name.contains(':') {
            true => format!("{} runs {image}, whatever that is", label(&pod, &own)),
            false => format!("{} runs {image} without a tag: the latest", label(&pod, &own)),
        };
        add(findings, subject, cluster, own.spot.near(&["image"]), message)
            .about(label(&pod, &own))
            .help("the release's tag, or a digest: `images` in the overlay's kustomization");
    }
}
