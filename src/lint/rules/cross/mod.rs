//! Rules of several files that have to fit each other: `XF…`, and those of env
//! files, `EN…`.
//!
//! - `context`: what a build context holds and an image must not
//! - `env_file_read`: whether code reads an env file by itself
//! - `guessed`: whether a build context was guessed wrong
//! - `kept`: whether what is written outlives its container
//! - `secret`: which variables hold one

use crate::lint::rule::Rule;

mod beat_more_than_once;
mod body_size_chain;
mod broker_and_cache_share;
mod connections_against_maximum;
mod context;
mod env_file_committed;
pub(super) mod env_file_read;
mod forwarded_believed_from_everyone;
pub(super) mod grace_period;
pub(super) mod guessed;
mod host_unknown;
mod ignored_but_needed;
mod kept;
mod localhost_in_container;
mod memory_against_workers;
mod migrations_in_every_start;
mod network_not_shared;
mod no_dockerignore;
mod ports_apart;
mod postgres_memory;
mod proxy_not_believed;
mod python_versions_apart;
mod redis_memory;
mod required_not_set;
pub(super) mod secret;
mod secrets_in_build;
mod settings_module_development;
mod sqlite_in_container;
mod state_in_one_process;
mod static_volume_stale;
mod tested_on_another_python;
mod timeout_chain;
mod unhealthy_answer;
mod uploads_without_volume;
mod visibility_timeout;
mod volume_hides_image;
mod workers_against_cpus;

/// Every rule of several files that have to fit each other.
pub static ALL: &[&Rule] = &[
    &memory_against_workers::RULE,
    &connections_against_maximum::RULE,
    &grace_period::RULE,
    &ports_apart::RULE,
    &timeout_chain::RULE,
    &body_size_chain::RULE,
    &ignored_but_needed::RULE,
    &secrets_in_build::RULE,
    &no_dockerignore::RULE,
    &required_not_set::RULE,
    &migrations_in_every_start::RULE,
    &beat_more_than_once::RULE,
    &broker_and_cache_share::RULE,
    &visibility_timeout::RULE,
    &volume_hides_image::RULE,
    &forwarded_believed_from_everyone::RULE,
    &python_versions_apart::RULE,
    &tested_on_another_python::RULE,
    &proxy_not_believed::RULE,
    &static_volume_stale::RULE,
    &settings_module_development::RULE,
    &workers_against_cpus::RULE,
    &postgres_memory::RULE,
    &redis_memory::RULE,
    &network_not_shared::RULE,
    &localhost_in_container::RULE,
    &state_in_one_process::RULE,
    &sqlite_in_container::RULE,
    &uploads_without_volume::RULE,
    &host_unknown::RULE,
    &env_file_committed::RULE,
    &unhealthy_answer::RULE,
];
