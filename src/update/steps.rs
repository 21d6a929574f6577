//! What a person has to do by hand where an update moves a store under live
//! data.

use std::collections::BTreeMap;

use crate::answers::stack::Target;
use crate::apply::bookkeeping::Lock;
use crate::plan::Plan;
use crate::source::compose::image::tag;
use crate::version::major;

/// What a person has to do where the plan moves a store under live data, or gives what
/// runs another name.
#[must_use]
pub fn of(lock: &Lock, plan: &Plan) -> Vec<String> {
    let mut steps = renamed(lock, plan);
    // Stores of the user's own compose file do not move with the plan.
    if lock.is_improved() {
        return steps;
    }
    let moved = |name: &str| {
        let (old, new) = (lock.sticky.get(&format!("images.{name}"))?, plan.images.get(name)?);
        let (old, new) = (tag(old)?, tag(new)?);
        (major(old) != major(new)).then(|| (major(old).to_owned(), major(new).to_owned()))
    };
    let service = |role| plan.answers.services[&role].as_str();
    if let Some((old, new)) = moved("postgres") {
        let db = service(crate::schema::Role::Db);
        steps.push(format!(
            "PostgreSQL goes from {old} to {new}, and {new} does not read the data of {old}. Before the next start: \
             1. with the old files, `docker compose exec {db} sh -c 'pg_dumpall --username \"$POSTGRES_USER\"' > dump.sql`; \
             2. `docker compose down`, and keep the old volume until step 4: `docker volume ls`; \
             3. give the database an empty volume (another name under `volumes:`, or `docker volume rm` once the dump is safe); \
             4. `docker compose up --wait {db}`, then `docker compose exec --no-TTY {db} sh -c 'psql --username \"$POSTGRES_USER\" postgres' < dump.sql`"
        ));
    }
    if let Some((old, new)) = moved("redis") {
        steps.push(format!(
            "Redis goes from {old} to {new}: a newer one reads the older one's data, an older one does not read the newer one's. Copy the volume before the next start"
        ));
    }
    steps
}

/// Old names of objects in a cluster, each with the one that it has now; none where the project
/// keeps its name.
#[must_use]
pub fn new_names(lock: &Lock, plan: &Plan) -> BTreeMap<String, String> {
    let new = &plan.answers.name;
    let Some(old) = old_name(lock, plan) else { return BTreeMap::new() };
    if !plan.answers.deploy.is_for(Target::Kubernetes) {
        return BTreeMap::new();
    }
    let workloads = plan.workloads.by_queue().into_iter().map(|own| own.id);
    let ends = workloads.chain(["config", "secrets"].map(str::to_owned));
    ends.map(|end| (format!("{old}-{end}"), format!("{new}-{end}"))).collect()
}

/// The name that the project had; `None` where it keeps it.
fn old_name<'l>(lock: &'l Lock, plan: &Plan) -> Option<&'l String> {
    lock.sticky.get("project.name").filter(|old| **old != plan.answers.name)
}

/// What is left under the project's old name: no file says that it is the same.
fn renamed(lock: &Lock, plan: &Plan) -> Vec<String> {
    let new = &plan.answers.name;
    let Some(old) = old_name(lock, plan) else { return Vec::new() };
    let deploy = &plan.answers.deploy;
    let mut steps = Vec::new();
    let volumes: Vec<String> =
        plan.topology.volumes.iter().map(|volume| format!("{old}_{}", volume.name)).collect();
    let carried = plan.carry.as_ref().map_or(old.as_str(), |own| own.carried.project.as_str());
    if deploy.is_for(Target::Compose) && !lock.is_improved() && carried == old {
        let volumes = match volumes.is_empty() {
            true => String::new(),
            false => format!(
                ", and volumes as well: the next start has empty ones, while the data stays in {}. Take a backup with the old files and read it back with the new ones, as DEPLOY.md says, or keep the name",
                volumes.join(", ")
            ),
        };
        steps.push(format!(
            "project.name goes from {old} to {new}, and Compose names containers by it{volumes}. `docker compose --project-name {old} down` ends what runs under the old name"
        ));
    }
    if deploy.is_for(Target::Kubernetes) {
        steps.push(format!(
            "project.name goes from {old} to {new}: objects of a cluster are not renamed, and what is called {old}-… goes on beside the new ones, its claims with the data. Once the new ones answer: `kubectl delete deployment,job,service,ingress,hpa,pdb,networkpolicy --namespace {old} --selector app.kubernetes.io/part-of={old}`, where {old} is the namespace that the old overlay named"
        ));
    }
    if deploy.is_for(Target::Ecs) {
        steps.push(format!(
            "project.name goes from {old} to {new}: the stack {old} goes on beside the new one, whose secrets are looked for below /{new}. Once the new one answers: `aws cloudformation delete-stack --stack-name {old}`"
        ));
    }
    steps
}
