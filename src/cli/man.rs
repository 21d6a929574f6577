//! `dockwright man`: the manual, a page per command.

use std::fs;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::cli::report;
use crate::error::{Error, Problem, nearest};

/// Prints the page of one command; of dockwright itself where `words` is empty.
///
/// # Errors
/// Words that name no command; standard output that cannot be written.
pub fn page(cli: Command, words: &[String]) -> Result<(), Error> {
    let cli = built(cli);
    let mut command = &cli;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| unknown(command, word))?;
    }
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page).map_err(|source| Error::Io {
        action: "write",
        path: "standard output".into(),
        source,
    })?;
    report::print(&String::from_utf8_lossy(&page))
}

/// Writes the pages of all commands.
///
/// # Errors
/// A directory that cannot be written.
pub fn all(cli: Command, dir: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io { action: "write", path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(built(cli), dir).map_err(failed)
}

/// `help` prints what the pages say, and gets none.
fn built(cli: Command) -> Command {
    let mut cli = cli.disable_help_subcommand(true);
    cli.build();
    cli
}

fn unknown(command: &Command, word: &str) -> Error {
    let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let name = command.get_display_name().unwrap_or(command.get_name());
    let help = match (nearest(word, names.iter().copied()), names.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => format!("`{name}` has no commands below it"),
        (None, names) => format!("there are {}", names.join(", ")),
    };
    Error::input(Problem::new(format!("{name} has no command `{word}`")).at("man").help(help))
}
