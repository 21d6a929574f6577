//! The `dockwright` binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    dockwright::cli::main()
}
