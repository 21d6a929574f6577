//! What the tests are written with.

pub mod container;
pub mod docker;
pub mod http;
pub mod load;
pub mod stack;
pub mod usage;
pub mod wait;
pub mod websocket;
