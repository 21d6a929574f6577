//! Rules of application servers, workers and Python settings: `PY…`.

use crate::environments::{names_production, words};
use crate::lint::rule::Rule;
use crate::lint::subject::{Container, Kind, Subject};

mod any_host;
mod celery_as_root;
mod connections_kept;
mod debug_on;
mod default_worker;
mod deprecated_worker;
mod heartbeat_on_disk;
mod model_preloaded;
mod no_max_requests;
mod no_static_collected;
pub(super) mod no_timeout;
pub(super) mod options;
mod recycled_together;
mod reload_with_workers;
mod secret_key_in_code;
mod static_nowhere;
mod worker_class_mismatch;
mod workers_follow_host;

/// Every rule of application servers, workers and Python settings.
pub static ALL: &[&Rule] = &[
    &workers_follow_host::RULE,
    &default_worker::RULE,
    &no_max_requests::RULE,
    &deprecated_worker::RULE,
    &recycled_together::RULE,
    &model_preloaded::RULE,
    &heartbeat_on_disk::RULE,
    &no_timeout::RULE,
    &debug_on::RULE,
    &secret_key_in_code::RULE,
    &any_host::RULE,
    &worker_class_mismatch::RULE,
    &reload_with_workers::RULE,
    &celery_as_root::RULE,
    &static_nowhere::RULE,
    &no_static_collected::RULE,
    &connections_kept::RULE,
];

/// Whether a worker alone makes a project one of production: every web server of
/// it is for development, and it is not deployed.
fn is_beside_development(subject: &Subject, container: &Container) -> bool {
    let Some((deployment, _)) = subject.composed(container) else { return false };
    let mut webs = subject.containers_of(deployment).filter(|own| own.kind == Kind::Web).peekable();
    container.kind != Kind::Web
        && webs.peek().is_some()
        && webs.all(|own| {
            own.server.as_ref().is_some_and(|own| own.program.is_development() || own.reloads())
        })
}

/// Whether the settings that were found are those that a container's server uses,
/// as far as one of theirs is concerned: nothing names others, and none of production
/// beside them sets it anew.
fn uses_detected_settings(subject: &Subject, container: &Container, setting: &str) -> bool {
    let Some(detected) = subject.facts.settings.value() else { return false };
    let of_code = of_wsgi(subject, container);
    match container.variable("DJANGO_SETTINGS_MODULE").or(of_code.as_deref()) {
        Some(used) => used == detected,
        // manage.py's is not what a server starts with.
        None => !has_production_beside(subject, detected, setting),
    }
}

/// Whether a module of production takes in everything of these settings, and sets
/// one of them anew.
fn has_production_beside(subject: &Subject, settings: &str, setting: &str) -> bool {
    let name = settings.rsplit('.').next().unwrap_or(settings);
    let Some(path) = subject.settings.iter().map(|own| subject.path(own.text)).find(|path| {
        path.ends_with(&format!("/{name}.py")) || path.ends_with(&format!("/{name}/__init__.py"))
    }) else {
        return false;
    };
    let directory = path.rsplit_once('/').map_or(".", |(above, _)| above);
    let is_of_production = |path: &&str| {
        let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".py");
        path.ends_with(".py") && words(stem).iter().any(|word| names_production(word))
    };
    subject.tree.below(directory).filter(is_of_production).any(|other| {
        subject.tree.text(other).is_some_and(|text| {
            let takes_in = text.lines().any(|line| {
                line.trim_end().ends_with("import *") && words(line).iter().any(|own| own == name)
            });
            takes_in && text.lines().any(|line| line.starts_with(&format!("{setting} =")))
        })
    })
}

/// The settings that the module of a server names where nothing else does.
fn of_wsgi(subject: &Subject, container: &Container) -> Option<String> {
    let root = subject.facts.root.value()?;
    let app = container.server.as_ref()?.app.as_deref()?;
    let path = subject.tree.module_path(root, app.split(':').next()?)?;
    let text = subject.tree.text(&path)?;
    let line = text
        .lines()
        .find(|line| line.contains("setdefault") && line.contains("DJANGO_SETTINGS_MODULE"))?;
    let (_, rest) = line.split_once("DJANGO_SETTINGS_MODULE")?;
    let (_, value) = rest.split_once(',')?;
    let value = value.trim().trim_end_matches(')');
    let bare = value.trim_matches(['"', '\'']);
    (bare.len() + 2 == value.len()).then(|| bare.to_owned())
}
