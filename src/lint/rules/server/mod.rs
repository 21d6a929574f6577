//! Rules of application servers, workers and Python settings: `PY…`.

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
