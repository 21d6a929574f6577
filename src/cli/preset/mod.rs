//! `dockwright preset`: what presets there are, what one says, and the work
//! of those who keep one.

mod impact;
mod list;
mod new;
mod show;
mod summary;
mod test;

use clap::Subcommand;

use crate::cli::Format;
use crate::error::Error;

const SHOW_EXAMPLES: &str = "Examples:
  dockwright preset show django-nginx
  dockwright preset show ../presets/web
  dockwright preset show git+https://git.example.com/platform/presets#v3:web --format json";

/// What `dockwright preset` does.
#[derive(Debug, Subcommand)]
pub enum Preset {
    /// Names, versions and what they are
    List {
        /// How to report
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// What a preset says: its layers, and every value with its layer
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// Built-in name, directory, or git+URL#REV[:DIRECTORY]
        #[arg(value_name = "REF")]
        reference: String,
        /// How to report
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Make a commented starting point that passes its own test
    New(new::New),
    /// Render the golden cases of presets, and compare
    #[command(after_help = test::LAYOUT)]
    Test(test::Test),
    /// What a preset's version would do to repositories; writes nothing
    #[command(after_help = impact::EXAMPLES)]
    Impact(impact::Impact),
}

/// Does it.
///
/// # Errors
/// Those of each command.
pub fn run(command: &Preset) -> Result<(), Error> {
    match command {
        Preset::List { format } => list::run(*format),
        Preset::Show { reference, format } => show::run(reference, *format),
        Preset::New(new) => new::run(new),
        Preset::Test(test) => test::run(test),
        Preset::Impact(impact) => impact::run(impact),
    }
}
