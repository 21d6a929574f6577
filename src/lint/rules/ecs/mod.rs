//! Rules of what ECS is told to run: `EC…`.

use crate::lint::rule::Rule;

mod fargate_size;
mod no_circuit_breaker;
mod no_health_check;
mod secret_in_environment;
mod stop_timeout;
mod support;
mod task_as_root;
mod writable_root;

/// Every rule of ECS.
pub static ALL: &[&Rule] = &[
    &fargate_size::RULE,
    &stop_timeout::RULE,
    &no_health_check::RULE,
    &secret_in_environment::RULE,
    &task_as_root::RULE,
    &writable_root::RULE,
    &no_circuit_breaker::RULE,
];
