//! How what `break` watches is broken on purpose.

use crate::verify::arm::Arm;

/// One for each check.
pub const ARMS: &[Arm] = &[];
