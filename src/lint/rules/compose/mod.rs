//! Rules of compose projects: `CO…`.

use crate::lint::rule::Rule;

mod append_only;
mod broker_evicts;
mod broker_not_persistent;
mod cpu_capped;
mod dangerous_capability;
mod database_not_initialised;
mod database_published;
mod database_trusts_everybody;
mod database_without_health_check;
mod database_without_volume;
mod depends_without_condition;
mod docker_socket;
mod emptied_in_overlay;
mod env_file_missing;
mod floating_image;
mod health_check_without_program;
mod host_namespaces;
pub(super) mod host_path_mounted;
mod legacy_links;
pub(super) mod literal_password;
mod no_hardening;
mod no_log_rotation;
pub(crate) mod no_memory_limit;
mod no_restart;
mod obsolete_version;
mod one_shot_restarts;
mod one_shot_unawaited;
mod pg_isready_during_init;
mod pids_unlimited;
mod ping_without_auth;
mod port_twice;
mod postgres_data_path;
mod privileged;
mod published_everywhere;
mod redis;
mod redis_open;
mod replicas_with_fixed_name;
mod same_cpu_weight;
mod source_mounted;
mod swarm_only_key;
mod terminal_open;
mod together;
mod tool_published;
mod unknown_reference;
mod unset_variable;
mod user_root;
mod volume_not_written;

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
    &replicas_with_fixed_name::RULE,
    &legacy_links::RULE,
    &pg_isready_during_init::RULE,
    &ping_without_auth::RULE,
    &health_check_without_program::RULE,
    &env_file_missing::RULE,
    &host_path_mounted::RULE,
    &dangerous_capability::RULE,
    &database_trusts_everybody::RULE,
    &tool_published::RULE,
    &one_shot_restarts::RULE,
    &one_shot_unawaited::RULE,
    &swarm_only_key::RULE,
    &terminal_open::RULE,
    &pids_unlimited::RULE,
    &redis_open::RULE,
    &port_twice::RULE,
    &unknown_reference::RULE,
    &same_cpu_weight::RULE,
    &cpu_capped::RULE,
    &emptied_in_overlay::RULE,
    &user_root::RULE,
    &database_not_initialised::RULE,
    &volume_not_written::RULE,
];
