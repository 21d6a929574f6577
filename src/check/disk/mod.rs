//! Locks, floors and rules, held against the files on disk: what a person
//! wrote into a merged file is judged like what was answered. One judge per
//! concern; what a judge cannot read it says, as a note.
//!
//! | key | judge |
//! | --- | --- |
//! | `deploy.hardening` | `user` (Dockerfile), `privileges` (compose files) |
//! | `project.python`, floor `python` | `python`: images of any stage and service |
//! | `images.registry` | `registry`: every image |
//! | `images.NAME` | `tags` |
//! | `deploy.bind`, `project.port` | `ports` |
//! | `network.*` | `network`: indexes, proxies, certificates, logins |
//! | `web.memory`, `db.cpus`, … | `limits` |
//! | `web.workers`, `worker.concurrency`, … | `server` |
//! | a rule with `file` | `text` |
//!
//! Any other key is an answer and shows in no single line of a file.

mod compose;
mod demand;
mod dockerfile;
mod image;
mod limits;
mod network;
mod ports;
mod privileges;
mod python;
mod registry;
mod scene;
mod server;
mod tags;
mod text;
mod user;

use crate::answers::Draft;
use crate::check::finding::Finding;
use crate::error::Error;
use crate::plan::Plan;
use crate::preset::policy::Policy;
use crate::project::Project;
use crate::render::Rendered;
use crate::schema::Role;
use demand::Demand;
use image::Image;
use scene::Scene;

/// Judges the files by every policy.
///
/// # Errors
/// Files that are there and cannot be read.
pub fn judge(
    project: &Project,
    policies: &[&Policy],
    draft: &Draft,
    plan: &Plan,
    renders: &[Rendered],
    today: &str,
) -> Result<Vec<Finding>, Error> {
    if policies.iter().all(|policy| policy.ids().is_empty()) {
        return Ok(Vec::new());
    }
    let mut scene = Scene::read(project, draft, plan, renders)?;
    let images = image::all(&scene);
    let mut findings = Vec::new();
    for policy in policies {
        for demand in Demand::all(policy, today) {
            findings.extend(of_value(&demand, &scene, &images));
        }
        for rule in &policy.rules {
            findings.extend(text::judge(rule, &mut scene, today)?);
        }
    }
    findings.append(&mut scene.unread);
    Ok(findings)
}

fn of_value(demand: &Demand, scene: &Scene<'_>, images: &[Image]) -> Vec<Finding> {
    match demand.key.as_str() {
        "deploy.hardening" => {
            [user::judge(demand, scene), privileges::judge(demand, scene)].concat()
        }
        "project.python" => python::judge(demand, images),
        "images.registry" => registry::judge(demand, images, scene),
        key if key.starts_with("network.") => network::judge(demand, scene),
        "deploy.bind" => ports::bind(demand, scene),
        "project.port" => ports::port(demand, scene),
        key => match key.strip_prefix("images.") {
            Some(name) => tags::judge(demand, name, images, scene),
            None => of_number(demand, scene),
        },
    }
}

/// A planned number of a service.
fn of_number(demand: &Demand, scene: &Scene<'_>) -> Vec<Finding> {
    let Some((role, number)) = demand.key.split_once('.') else { return Vec::new() };
    let Some(role) = Role::ALL.into_iter().find(|known| known.name() == role) else {
        return Vec::new();
    };
    let service = scene.plan.answers.services.get(&role).map_or("", String::as_str);
    if limits::is_limit(number) {
        limits::judge(demand, service, number, scene)
    } else if server::is_known(role, number) {
        server::judge(demand, role, number, scene)
    } else {
        Vec::new()
    }
}
