//! Rules of nginx: `NG…`.

use crate::lint::rule::Rule;

/// Every rule of nginx.
pub static ALL: &[&Rule] = &[];
