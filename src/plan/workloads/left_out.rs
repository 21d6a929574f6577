//! What a cluster does not get, and what else a person should know.

use crate::answers::stack::Target;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::plan::topology::{Mount, Service};
use crate::plan::workloads::Workloads;

/// Keys that a compose file has of a service and that no pod gets.
pub(super) fn left_out(service: &Service, all: &mut Workloads) {
    let Some(kept) = &service.kept else { return };
    let keys = kept.keys.iter().map(|(key, _)| key.as_str());
    // Files of variables become secrets, by the names that are in them.
    let lost: Vec<&str> =
        keys.filter(|key| !matches!(*key, "env_file" | "image" | "labels" | "expose")).collect();
    if !lost.is_empty() {
        all.left_out.push(format!(
            "{} has {} in the compose file, which pods do not get: their like is the platform's",
            service.id,
            lost.join(", ")
        ));
    }
    if kept.devices.is_some() {
        all.left_out.push(format!(
            "{} reserves devices in the compose file: give its pods a node that has them, and ask for them",
            service.id
        ));
    }
    let bound =
        |mount: &&Mount| matches!(mount, Mount::Kept { .. }) && mount.named_volume().is_none();
    for mount in service.mounts.iter().filter(bound) {
        all.left_out.push(format!(
            "{} mounts a path of the host at {}: a node of a cluster does not have it",
            service.id,
            mount.target()
        ));
    }
}

/// What a person should know.
#[must_use]
pub fn notices(plan: &Plan) -> Vec<String> {
    if !plan.answers.deploy.is_clustered() {
        return Vec::new();
    }
    let mut notices = plan.workloads.left_out.clone();
    if plan.answers.own_image().is_some_and(|image| !image.is_unprivileged) {
        notices.push(
            "the image's own user is root or has a name alone: a cluster that demands the Pod Security Standard `restricted` refuses its pods".to_owned(),
        );
    }
    let answers = &plan.answers;
    if Shape::of(answers).has_database_file() {
        notices.push(
            "the code's database is a file (SQLite): there is one pod of each workload, they share the volume it is on, and a release ends the old one first; a cluster wants a database server".to_owned(),
        );
    }
    if answers.deploy.is_for(Target::Compose) {
        notices.push(
            "compose.yaml is for development where a cluster is a target: its sizes are the host's, the pods' are `*.pod-*`".to_owned(),
        );
    }
    if answers.deploy.domain.is_empty() {
        notices.push(format!(
            "deploy.domain is not set: whoever comes in asks for {}.example.com until it is",
            answers.name
        ));
    }
    notices
}
