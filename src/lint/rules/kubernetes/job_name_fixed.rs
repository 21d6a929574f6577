//! Jobs that cannot be applied again.

use super::support::add;
use crate::catalog::Program;
use crate::lint::diagnostic::Severity;
use crate::lint::rule::{Findings, Rule};
use crate::lint::subject::cluster::{Cluster, Object};
use crate::lint::subject::{Made, Subject};

pub static RULE: Rule = Rule {
    code: "KU118",
    name: "job-name-fixed",
    severity: Severity::Warning,
    summary: "a migration's Job has another name for another image",
    why: "The pod of a Job cannot be changed: the second release with the same name is refused (`field is immutable`), and with it the whole apply; where the image did not change in the file, the Job of the last release counts and nothing is migrated.",
    example: "metadata:\n  name: shop-migrate-1-4-2",
    source: "Kubernetes, Jobs: a Job's pod template is immutable",
    fix: None,
    check,
};

/// Annotations of what is made anew for each release by whoever applies it.
const HOOKS: [&str; 3] =
    ["helm.sh/hook", "argocd.argoproj.io/hook", "kustomize.toolkit.fluxcd.io/force"];

fn check(subject: &Subject, findings: &mut Findings) {
    for cluster in subject.clusters() {
        // What an overlay would have called it is not known.
        if matches!(cluster.made, Made::Unbuilt(_)) {
            continue;
        }
        for pod in cluster.pods().filter(|own| own.object.kind == "Job") {
            let job = pod.object;
            let containers = pod.containers();
            let migrates = job.name.contains("migrat")
                || containers.iter().any(|own| own.runs(subject, Program::Migrate).is_some());
            let is_made_anew = HOOKS.iter().any(|own| job.annotation(own).is_some())
                || job.spot().has(&["metadata", "generateName"])
                || job
                    .spot()
                    .text(&["metadata", "annotations", "argocd.argoproj.io/sync-options"])
                    .is_some_and(|own| own.contains("Replace=true"));
            let images: Vec<String> =
                containers.iter().filter_map(|own| own.spot.text(&["image"])).collect();
            if !migrates || is_made_anew || images.iter().any(|own| follows(cluster, job, own)) {
                continue;
            }
            let image = images.first().map_or("another image", String::as_str);
            let message = format!("{} keeps its name when {image} changes", job.label());
            add(findings, subject, cluster, job.spot(), message)
                .about(job.label())
                .help("the image's tag in the Job's name, or the hash of a generated ConfigMap that holds the image");
        }
    }
}

/// Whether a Job is called after an image: its tag or digest is in the name, or the name
/// is that of a generated ConfigMap that holds it.
fn follows(cluster: &Cluster, job: &Object, image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    let (rest, digest) = name.split_once('@').map_or((name, ""), |(own, digest)| (own, digest));
    let tag = rest.split_once(':').map_or("", |(_, tag)| tag);
    let plain = |text: &str| text.to_ascii_lowercase().replace(['.', '_', '+'], "-");
    let digest = digest.rsplit(':').next().unwrap_or_default();
    let short = digest.get(..7).unwrap_or_default();
    let has = |word: &str| !word.is_empty() && plain(&job.name).contains(&plain(word));
    let is_held = cluster
        .find("ConfigMap", &job.name)
        .is_some_and(|own| own.spot().pairs(&["data"]).iter().any(|(_, value)| value == image));
    has(tag) || has(short) || is_held
}
