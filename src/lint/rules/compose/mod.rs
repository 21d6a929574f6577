//! Rules of compose projects: `CO…`.

use crate::lint::rule::Rule;

mod broker_evicts;
mod broker_not_persistent;
mod database_published;
mod database_without_health_check;
mod database_without_volume;
mod depends_without_condition;
mod docker_socket;
mod floating_image;
mod host_namespaces;
mod literal_password;
mod no_hardening;
mod no_log_rotation;
mod no_memory_limit;
mod no_restart;
mod obsolete_version;
mod postgres_data_path;
mod privileged;
mod published_everywhere;
mod redis;
mod source_mounted;
mod together;
mod unset_variable;

/// Every rule of compose projects.
pub static ALL: &[&Rule] = &[
    &no_memory_limit::RULE,
    &no_log_rotation::RULE,
    &no_hardening::RULE,
    &no_restart::RULE,
    &database_without_health_check::RULE,
    &database_published::RULE,
    &depends_without_condition::RULE,
    &source_mounted::RULE,
    &literal_password::RULE,
    &floating_image::RULE,
    &obsolete_version::RULE,
    &unset_variable::RULE,
    &privileged::RULE,
    &docker_socket::RULE,
    &host_namespaces::RULE,
    &broker_not_persistent::RULE,
    &broker_evicts::RULE,
    &database_without_volume::RULE,
    &postgres_data_path::RULE,
    &published_everywhere::RULE,
];
