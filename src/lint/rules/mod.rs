//! The rules, a file each.

use crate::lint::rule::Rule;

mod root_user;

/// Every rule, by code.
pub static ALL: &[&Rule] = &[&root_user::RULE];
