//! Locks, floors and rules, held against the files on disk: what a person
//! wrote into a merged file is judged like what was answered. One judge per
//! concern; what a judge cannot read it says, as a note.
//!
//! | key | judge |
//! | --- | --- |
//! | `deploy.hardening` | `user` (Dockerfiles), `privileges` and `reach` (compose files) |
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

mod image;
mod limits;
mod network;
mod ports;
mod privileges;
mod python;
mod reach;
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
use crate::policy::{Constraint, Policy, Requirement};
use crate::project::Project;
use crate::render::Rendered;
use crate::schema::Role;
use image::Image;
use scene::Scene;

/// Judges the files by every policy. Under one from `outside`, what cannot be
/// judged fails: whoever is judged wrote it.
///
/// # Errors
/// Files that are there and cannot be read.
pub fn judge(
    project: &Project,
    outside: &[Policy],
    own: &Policy,
    draft: &Draft,
    plan: &Plan,
    renders: &[Rendered],
) -> Result<Vec<Finding>, Error> {
    let of = |policy: &'_ Policy| policy.0.clone();
    let strict = outside.iter().flat_map(of).map(|requirement| (requirement, true));
    let mut requirements =
        strict.chain(of(own).into_iter().map(|requirement| (requirement, false))).peekable();
    if requirements.peek().is_none() {
        return Ok(Vec::new());
    }
    let mut scene = Scene::read(project, draft, plan, renders)?;
    let images = image::all(&scene);
    let mut findings: Vec<Finding> = Vec::new();
    for (requirement, is_strict) in requirements {
        let found = match &requirement.constraint {
            Constraint::Lines { path, .. } => text::judge(&requirement, path, &mut scene)?,
            _ => of_value(&requirement, &scene, &images),
        };
        for one in found {
            let one = if is_strict && one.unknown { scene::failing(one) } else { one };
            // A file that two projects share says everything twice.
            if !findings.iter().any(|known| known.is(&one) && known.layer == one.layer) {
                findings.push(one);
            }
        }
    }
    let is_strict = outside.iter().any(|policy| !policy.0.is_empty());
    let unread = std::mem::take(&mut scene.unread).into_iter();
    findings.extend(unread.map(|one| if is_strict { scene::failing(one) } else { one }));
    Ok(findings)
}

fn of_value(requirement: &Requirement, scene: &Scene<'_>, images: &[Image]) -> Vec<Finding> {
    match requirement.key.as_str() {
        "deploy.hardening" => {
            [user::judge(requirement, scene), privileges::judge(requirement, scene)].concat()
        }
        "project.python" => python::judge(requirement, images),
        "images.registry" => registry::judge(requirement, images, scene),
        key if key.starts_with("network.") => network::judge(requirement, scene),
        "deploy.bind" => ports::bind(requirement, scene),
        "project.port" => ports::port(requirement, scene),
        key => match key.strip_prefix("images.") {
            Some(name) => tags::judge(requirement, name, images, scene),
            None => of_number(requirement, scene),
        },
    }
}

/// A planned number of a service.
fn of_number(requirement: &Requirement, scene: &Scene<'_>) -> Vec<Finding> {
    let Some((role, number)) = requirement.key.split_once('.') else { return Vec::new() };
    let Some(role) = Role::ALL.into_iter().find(|known| known.name() == role) else {
        return Vec::new();
    };
    if limits::is_limit(number) {
        limits::judge(requirement, role, number, scene)
    } else if server::is_known(role, number) {
        server::judge(requirement, role, number, scene)
    } else {
        Vec::new()
    }
}
