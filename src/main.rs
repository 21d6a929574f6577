//! The `dockwright` binary: arguments in, exit code out.

use std::process::ExitCode;
use std::thread;

/// Room for functions that call themselves: as deep as somebody else's expressions
/// stand in each other, and their modules import each other. What is not used of it
/// costs nothing.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let run = thread::Builder::new().stack_size(STACK).spawn(dockwright::cli::main);
    match run.map(thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        // Where no such thread is to be had.
        Err(_) => dockwright::cli::main(),
    }
}
