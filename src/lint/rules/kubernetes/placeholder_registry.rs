//! Images of a registry that stands for one.

use super::support::{add, label};
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::{Made, Subject};

pub static RULE: Rule = Rule {
    code: "KU115",
    name: "placeholder-registry",
    severity: Severity::Warning,
    summary: "images come from a registry that is there",
    why: "`registry.example.com` is a name for documentation, which nobody can pull from: every pod stays in ImagePullBackOff until somebody names the registry.",
    example: "images:\n  - name: shop\n    newName: registry.acme.net/team/shop\n    newTag: 1.0.0",
    source: "RFC 2606, Reserved Top Level DNS Names; Kubernetes, Images: ImagePullBackOff",
    fix: None,
    check,
};

fn check(subject: &Subject, findings: &mut Findings) {
    let mut said: Vec<(usize, String)> = Vec::new();
    for (number, cluster) in subject.clusters().iter().enumerate() {
        if matches!(cluster.made, Made::Unbuilt(_)) {
            continue;
        }
        for (pod, own) in cluster
            .pods()
            .flat_map(|pod| pod.containers().into_iter().map(move |own| (pod.clone(), own)))
        {
            let Some(image) = own.spot.text(&["image"]) else { continue };
            if !is_placeholder(&image) || said.contains(&(number, image.clone())) {
                continue;
            }
            said.push((number, image.clone()));
            // The overlay's line says it, where one does.
            let overlay = cluster.overlay.map(|number| subject.kustomizations[number].spot());
            let named = overlay.and_then(|own| {
                let images = own.list(&["images"]).into_iter();
                let mut names = images.filter_map(|own| own.get("newName"));
                names.find(|own| own.item.scalar().is_some_and(|name| image.starts_with(&name)))
            });
            let place = named.unwrap_or_else(|| own.spot.near(&["image"]));
            let message = format!("{image} cannot be pulled: its registry stands for yours");
            let finding = add(findings, subject, cluster, place, message);
            finding.about(&image).related(own.spot.place(subject), label(&pod, &own)).help(
                "the registry that the image is pushed to; in dockwright.toml images.repository",
            );
        }
    }
}

/// Whether the host of an image is one that documentation writes.
fn is_placeholder(image: &str) -> bool {
    let Some((host, _)) = image.split_once('/') else { return false };
    let host = host.split(':').next().unwrap_or(host);
    ["example.com", "example.org", "example.net", "example"]
        .iter()
        .any(|own| host == *own && own.contains('.') || host.ends_with(&format!(".{own}")))
}
