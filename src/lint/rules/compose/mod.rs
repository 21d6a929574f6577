//! Rules of compose projects: `CO…`.

use crate::lint::rule::Rule;

/// Every rule of compose projects.
pub static ALL: &[&Rule] = &[];
