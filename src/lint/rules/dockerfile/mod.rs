//! Rules of Dockerfiles and the images they make: `DF…`.
//!
//! - `support`, `programs`, `healthcheck`, `launched`: what several of them ask
//! - `named_packages`, `dropped`: parts of `no_lock` and `root_user`, as `unprivileged` is

use crate::lint::rule::Rule;

mod add_instead_of_copy;
mod add_url_without_checksum;
mod alpine_python;
mod apt_asks;
mod apt_lists_kept;
mod apt_recommends;
mod apt_update_alone;
mod argument_in_from;
mod bound_to_loopback;
mod build_tools_in_final;
mod builder_stage;
mod bytecode_not_written;
mod caches;
mod certificates_not_checked;
mod check_through_proxy;
mod chown_recursive;
mod code_before_dependencies;
mod copies_history;
mod copy_from_floating;
mod copy_of_nothing;
mod development_dependencies;
mod development_server;
mod dropped;
mod end_of_life_python;
mod entrypoint_without_exec;
mod env_of_nothing;
mod fat_base;
mod floating_base;
mod healthcheck;
mod healthcheck_cannot_fail;
mod healthcheck_without_tool;
mod index_in_requirement;
mod install_first;
mod installer_cache_kept;
mod installer_unpinned;
mod invalid_exec_form;
mod keyword_case;
mod launched;
mod legacy_pairs;
mod lock_not_enforced;
mod maintainer;
mod many_processes;
mod mode_lost;
mod named_packages;
mod no_healthcheck;
mod no_lock;
mod no_unbuffered;
mod pip_cache_kept;
mod pipe_to_shell;
mod platform_pinned;
mod poetry_without_export;
mod programs;
mod relative_workdir;
mod reload_in_production;
mod repeated_command;
mod requirement_redirected;
mod root_user;
mod scripts_not_on_path;
mod secret_in_image;
mod shell_form_command;
mod sudo_in_image;
mod support;
pub(crate) mod symbolic_user;
mod unprivileged;
mod venv_moved;
mod wheels_without_no_deps;
mod world_writable;

/// Every rule of Dockerfiles.
pub static ALL: &[&Rule] = &[
    &root_user::RULE,
    &no_healthcheck::RULE,
    &shell_form_command::RULE,
    &entrypoint_without_exec::RULE,
    &floating_base::RULE,
    &end_of_life_python::RULE,
    &fat_base::RULE,
    &alpine_python::RULE,
    &build_tools_in_final::RULE,
    &pip_cache_kept::RULE,
    &no_unbuffered::RULE,
    &code_before_dependencies::RULE,
    &no_lock::RULE,
    &apt_lists_kept::RULE,
    &apt_recommends::RULE,
    &apt_update_alone::RULE,
    &secret_in_image::RULE,
    &add_instead_of_copy::RULE,
    &add_url_without_checksum::RULE,
    &chown_recursive::RULE,
    &world_writable::RULE,
    &pipe_to_shell::RULE,
    &sudo_in_image::RULE,
    &healthcheck_without_tool::RULE,
    &healthcheck_cannot_fail::RULE,
    &relative_workdir::RULE,
    &copy_from_floating::RULE,
    &installer_unpinned::RULE,
    &scripts_not_on_path::RULE,
    &venv_moved::RULE,
    &mode_lost::RULE,
    &lock_not_enforced::RULE,
    &development_dependencies::RULE,
    &repeated_command::RULE,
    &argument_in_from::RULE,
    &symbolic_user::RULE,
    &bound_to_loopback::RULE,
    &development_server::RULE,
    &reload_in_production::RULE,
    &many_processes::RULE,
    &copies_history::RULE,
    &wheels_without_no_deps::RULE,
    &platform_pinned::RULE,
    &installer_cache_kept::RULE,
    &poetry_without_export::RULE,
    &bytecode_not_written::RULE,
    &check_through_proxy::RULE,
    &index_in_requirement::RULE,
    &invalid_exec_form::RULE,
    &requirement_redirected::RULE,
    &certificates_not_checked::RULE,
    &legacy_pairs::RULE,
    &maintainer::RULE,
    &keyword_case::RULE,
    &apt_asks::RULE,
    &env_of_nothing::RULE,
    &copy_of_nothing::RULE,
];
