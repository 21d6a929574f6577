//! Edits on a user's text: the smallest hunk, formatting and comments kept.
//!
//! - `compose`: keys of services
//! - `dockerfile`: instructions
//! - `apply`: fixes into texts

mod apply;
pub mod compose;
pub mod dockerfile;

pub use apply::{Applied, Placed, apply, placed};
