//! Rules of what a cluster is told to run: `KU…`.

use crate::lint::rule::Rule;

mod beat_pods;
mod celery_ping_as_probe;
mod cpu_limited;
mod floating_image;
mod job_name_fixed;
mod killed_early;
mod liveness_asks_dependencies;
mod memory_request_differs;
mod no_disruption_allowed;
mod no_memory_limit;
mod not_restricted;
mod overlay_not_built;
mod placeholder_registry;
mod pods_migrate;
mod privileged;
mod profile;
mod reference_missing;
mod replicas_beside_autoscaler;
mod root_writable;
mod routed_twice;
mod secret_in_repository;
mod secret_outside_secret;
mod selects_nothing;
mod served_without_readiness;
mod service_account_token;
mod service_links_read;
pub(super) mod support;
mod volume_of_one_node;

/// Every rule of clusters.
pub static ALL: &[&Rule] = &[
    &overlay_not_built::RULE,
    &privileged::RULE,
    &not_restricted::RULE,
    &no_memory_limit::RULE,
    &cpu_limited::RULE,
    &memory_request_differs::RULE,
    &served_without_readiness::RULE,
    &liveness_asks_dependencies::RULE,
    &celery_ping_as_probe::RULE,
    &killed_early::RULE,
    &replicas_beside_autoscaler::RULE,
    &service_links_read::RULE,
    &service_account_token::RULE,
    &floating_image::RULE,
    &placeholder_registry::RULE,
    &beat_pods::RULE,
    &pods_migrate::RULE,
    &job_name_fixed::RULE,
    &secret_in_repository::RULE,
    &reference_missing::RULE,
    &selects_nothing::RULE,
    &routed_twice::RULE,
    &no_disruption_allowed::RULE,
    &volume_of_one_node::RULE,
    &root_writable::RULE,
    &secret_outside_secret::RULE,
];
