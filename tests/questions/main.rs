//! The questions of `dockwright new` and `init`, asked by the built binary in a real
//! pseudo-terminal.
#![cfg(unix)]
#![allow(missing_docs)]

mod answers;
mod changes;
mod endings;
mod init;
mod looks;
mod readme;
mod start;
mod terminal;
