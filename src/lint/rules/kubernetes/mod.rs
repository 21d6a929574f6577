//! Rules of what a cluster is told to run: `KU…`.

use crate::lint::rule::Rule;

mod memory;
mod overlay_not_built;
mod support;

/// Every rule of clusters.
pub static ALL: &[&Rule] = &[&overlay_not_built::RULE, &memory::NO_LIMIT, &memory::DIFFERS];
