//! The rules, a file each, by what they are about.

use std::sync::LazyLock;

use crate::lint::rule::Rule;

pub(crate) mod compose;
mod cross;
pub(crate) mod dockerfile;
mod ecs;
mod kubernetes;
mod policy;
mod proxy;
mod server;

pub(crate) use compose::host_path_mounted::SYSTEM as SYSTEM_DIRECTORIES;
pub(crate) use cross::grace_period::graceful;
pub(in crate::lint) use kubernetes::support::milder;
pub use policy::ALL as POLICY;
pub(crate) use proxy::owner::owners;

/// Rules of what clusters are told to run.
pub static CLUSTERS: LazyLock<Vec<&'static Rule>> =
    LazyLock::new(|| [kubernetes::ALL, ecs::ALL].concat());

/// Every rule, by code.
pub static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let families = [
        dockerfile::ALL,
        compose::ALL,
        proxy::ALL,
        server::ALL,
        cross::ALL,
        policy::ALL,
        kubernetes::ALL,
        ecs::ALL,
    ];
    let mut all = families.concat();
    all.sort_by_key(|rule| rule.code);
    all
});
