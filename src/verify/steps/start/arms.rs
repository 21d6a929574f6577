use crate::verify::arm::Arm; /// x
pub const ARMS: &[Arm] = &[];
