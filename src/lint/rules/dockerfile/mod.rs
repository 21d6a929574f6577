//! Rules of Dockerfiles and the images they make: `DF…`.

use crate::lint::rule::Rule;

mod root_user;

/// Every rule of Dockerfiles.
pub static ALL: &[&Rule] = &[&root_user::RULE];
