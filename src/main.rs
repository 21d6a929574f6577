//! The `dockwright` binary: arguments in, exit code out.

use std::process::ExitCode;
use std::thread;

use dockwright::cli;

/// Room for functions that call themselves: as deep as somebody else's expressions
/// stand in each other, and their modules import each other. What is not used of it
/// costs nothing.
const STACK: usize = 256 << 20;

/// It is the first thread that has that room: of any other one glibc lets the heap grow
/// page by page, with a system call for each.
fn main() -> ExitCode {
    match thread::Builder::new().stack_size(STACK).spawn(|| ()) {
        Ok(_) => stacker::grow(STACK, cli::main),
        // Where there is no such room.
        Err(_) => cli::main(),
    }
}
