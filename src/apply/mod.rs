//! The only module that writes: rendered files onto the disk, with secrets,
//! modes and bookkeeping, all or nothing.

pub mod bookkeeping;
pub mod create;
pub mod packages;
pub mod secrets;
pub mod staging;
