//! Rules of several files that have to fit each other: `XF…`.

use crate::lint::rule::Rule;

/// Every rule of several files that have to fit each other.
pub static ALL: &[&Rule] = &[];
