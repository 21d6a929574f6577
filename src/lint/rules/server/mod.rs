//! Rules of application servers, workers and Python settings: `PY…`.

use crate::lint::rule::Rule;

/// Every rule of application servers, workers and Python settings.
pub static ALL: &[&Rule] = &[];
