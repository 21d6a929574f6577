//! The only module that writes: rendered files onto the disk, with secrets,
//! modes and bookkeeping, all or nothing.

pub mod alternate;
pub mod bookkeeping;
pub mod change;
pub mod commit;
pub mod compare;
pub mod composed;
pub mod create;
pub mod disk;
pub mod dotenv;
pub mod example;
pub mod exclusive;
pub mod ignores;
pub mod journal;
pub mod lines;
pub mod lock_check;
pub mod needed;
pub mod packages;
pub mod records;
pub mod secrets;
pub mod settle;
pub mod staging;
pub mod system;
pub mod written_by;
