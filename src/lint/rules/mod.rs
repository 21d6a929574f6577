//! The rules, a file each, by what they are about.

use std::sync::LazyLock;

use crate::lint::rule::Rule;

mod compose;
mod cross;
mod dockerfile;
mod proxy;
mod server;

/// Every rule, by code.
pub static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let mut all = [dockerfile::ALL, compose::ALL, proxy::ALL, server::ALL, cross::ALL].concat();
    all.sort_by_key(|rule| rule.code);
    all
});
