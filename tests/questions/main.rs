//! The questions of `dockwright new`, asked by the built binary in a real
//! pseudo-terminal.
#![cfg(unix)]
#![allow(missing_docs)]

mod answers;
mod changes;
mod endings;
mod looks;
mod start;
mod terminal;
