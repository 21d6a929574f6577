//! What a cluster does not get, and what else a person should know.

use crate::answers::own_image::OwnImage;
use crate::answers::stack::Target;
use crate::catalog::Program;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::plan::topology::{Mount, Service};
use crate::plan::workloads::words::arguments;
use crate::plan::workloads::{Argument, Workloads};
use crate::schema::Role;
use crate::schema::numbers::rows;

/// What is said of a service that no cluster runs, before the reason.
pub(super) fn stays(service: &Service) -> String {
    format!("the compose service `{}` stays on the host", service.id)
}

/// The same of one that is none of the plan's roles. It may have the name of one: the service
/// that the plan took for it is another one then, and the cluster runs that.
pub(super) fn passed_on(plan: &Plan, service: &Service, all: &Workloads) -> String {
    let own = all.by_queue().into_iter().filter(|own| own.role.name() == service.id);
    let names: Vec<String> = own.map(|own| format!("{}-{}", plan.answers.name, own.id)).collect();
    match names.is_empty() {
        true => format!(
            "{}: it is passed on as it stands in the compose file, and nobody knows what it would need in a cluster",
            stays(service)
        ),
        false => format!("{}: in a cluster {} takes its place", stays(service), names.join(", ")),
    }
}

/// Keys that a compose file has of a service and that no pod gets.
pub(super) fn left_out(plan: &Plan, service: &Service, all: &mut Workloads) {
    let Some(kept) = &service.kept else { return };
    let command = service.command.as_ref().map(arguments).unwrap_or_default();
    let words: Vec<String> = command.iter().map(Argument::text).collect();
    let reloads = words.iter().any(|word| word == "--reload");
    if Program::of(&words).is_development() || reloads {
        all.left_out.push(format!(
            "{} runs `{}`, as the compose file says: that is for who works on the code, and no server for users",
            service.id,
            words.join(" ")
        ));
    }
    let keys = kept.keys.iter().map(|(key, _)| key.as_str());
    // Files of variables become secrets, by the names that are in them.
    let runs_as_it_was = plan.answers.own_image().is_some();
    let is_taken = |key: &str| {
        matches!(key, "env_file" | "image" | "labels" | "expose")
            || runs_as_it_was && matches!(key, "command" | "entrypoint" | "working_dir" | "logging")
    };
    let lost: Vec<&str> = keys.filter(|key| !is_taken(key)).collect();
    if !lost.is_empty() {
        all.left_out.push(format!(
            "the compose service `{}` has {}, which pods do not get: their like is the platform's",
            service.id,
            lost.join(", ")
        ));
    }
    if kept.devices.is_some() {
        all.left_out.push(format!(
            "the compose service `{}` reserves devices: give its pods a node that has them, and ask for them",
            service.id
        ));
    }
    let bound =
        |mount: &&Mount| matches!(mount, Mount::Kept { .. }) && mount.named_volume().is_none();
    for mount in service.mounts.iter().filter(bound) {
        all.left_out.push(format!(
            "the compose service `{}` mounts a path of the host at {}: a node of a cluster does not have it",
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
    if plan.answers.own_image().is_some_and(OwnImage::may_be_root) {
        notices.push(
            "the image's own user is root, or has a name whose number is not known: a cluster that demands the Pod Security Standard `restricted` refuses its pods; `USER 10001:10001` in the Dockerfile says the number".to_owned(),
        );
    }
    if plan.answers.own_image().is_some() {
        let pinned = plan.decisions.decided(rows::WORKERS.key(Role::Web));
        let count = match pinned.filter(|own| own.is_pinned()) {
            Some(own) => format!("{} processes", own.value),
            None => "one process".to_owned(),
        };
        notices.push(format!(
            "pods of {} have room for {count}, as far as its command says: --set tune.web.workers=N where it starts another number",
            plan.answers.services[&Role::Web]
        ));
    }
    if plan.answers.own_image().is_some_and(|image| image.migrates) {
        notices.push(
            "the image migrates the database when it starts, so each of its pods does: a migration that cannot run twice at once needs a step of its own, before the release".to_owned(),
        );
    }
    let answers = &plan.answers;
    if answers.deploy.is_for(Target::Ecs) {
        let optional = plan.workloads.secrets.iter().filter(|secret| secret.optional);
        let names: Vec<&str> = optional.map(|secret| secret.name.as_str()).collect();
        if !names.is_empty() {
            notices.push(format!(
                "tasks of ECS are not told {}: a value that may be missing is none that ECS can hand on; where it is set, add it to `Secrets` of the task definition",
                names.join(", ")
            ));
        }
    }
    if Shape::of(answers).has_database_file() {
        notices.push(
            "the code's database is a file (SQLite): there is one pod of each workload, they share the volume it is on, and a release ends the old one first; a cluster wants a database server".to_owned(),
        );
    }
    let beside = plan.carry.as_ref().map(|carry| &carry.carried).filter(|own| !own.brought);
    if let (Some(beside), None) = (beside, answers.own_image())
        && !answers.deploy.is_for(Target::Compose)
    {
        notices.push(format!(
            "{} stays as it is, and what it builds is another image now: its commands and mounts were for the one before; --set deploy.target=compose,… writes one that fits",
            beside.file
        ));
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
