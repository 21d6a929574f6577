//! The command line: arguments in, a report and an exit code out. One thin
//! file per command.

pub mod input;
pub mod new;
pub mod plan;
pub mod preset;
pub mod report;
pub mod schema;
pub mod wizard;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::apply::staging;
use crate::error::Error;
use crate::plan::Bundle;

/// Container set-up for Python web services, tuned to the stack and its
/// machine, with a reason for every number.
#[derive(Debug, Parser)]
#[command(name = "dockwright", version, about, propagate_version = true)]
#[command(after_help = "Exit codes: 0 fine, 2 the input is wrong, 3 the environment failed (I/O, a missing tool), 130 interrupted.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new service: asks a few questions, then writes everything
    #[command(after_help = NEW_EXAMPLES)]
    New(New),
    /// Show what would be planned, every number with its reason
    Plan(PlanArgs),
    /// Look at the built-in presets
    #[command(subcommand)]
    Preset(PresetCommand),
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
    /// Print every key of dockwright.toml, as JSON Schema
    Schema {
        /// Of which file
        #[arg(value_enum)]
        of: SchemaOf,
    },
}

const NEW_EXAMPLES: &str = "Examples:
  dockwright new shop
  dockwright new shop --preset django-nginx --set deploy.domain=shop.example.com --yes
  dockwright new jobs --preset celery-postgres-redis --set deploy.cpus=4 --set deploy.memory=8GiB --yes
`dockwright schema config` lists every key; `dockwright plan` shows what they lead to.";

#[derive(Debug, Args)]
struct New {
    /// Directory to make: missing, empty, or with only a .git
    dir: PathBuf,
    #[command(flatten)]
    choices: Choices,
    /// Take defaults for what was not said; ask nothing
    #[arg(long, short)]
    yes: bool,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct PlanArgs {
    /// Directory with a dockwright.toml
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    choices: Choices,
    /// Explain one number and the numbers it rests on
    #[arg(long, value_name = "KEY")]
    explain: Option<String>,
}

/// What every command that plans takes.
#[derive(Clone, Debug, Args)]
pub struct Choices {
    /// Built-in preset to start from
    #[arg(long, value_name = "REF")]
    pub preset: Option<String>,
    /// Set any key of dockwright.toml, such as stack.cache=redis
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Only these files: image, server, compose, proxy, env, docs, package, skeleton, intent
    #[arg(long, value_name = "BUNDLE", value_parser = Bundle::parse, value_delimiter = ',')]
    pub only: Vec<Bundle>,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Shape of a report on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaOf {
    /// dockwright.toml
    Config,
}

#[derive(Debug, Subcommand)]
enum PresetCommand {
    /// Names, versions and what they are
    List {
        /// How to report
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// One preset's values
    Show {
        /// Its name
        reference: String,
        /// How to report
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    restore_on_interrupt();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::New(new) => new::run(&new.dir, &new.choices, new.yes, new.dry_run),
        Command::Plan(plan) => plan::run(&plan.dir, &plan.choices, plan.explain.as_deref()),
        Command::Preset(PresetCommand::List { format }) => preset::list(format),
        Command::Preset(PresetCommand::Show { reference, format }) => {
            preset::show(&reference, format)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "dockwright", &mut script);
            report::print(&String::from_utf8_lossy(&script))
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .map_err(|source| Error::Io { action: "write", path: "standard output".into(), source })?;
            report::print(&String::from_utf8_lossy(&page))
        }
        Command::Schema { of: SchemaOf::Config } => schema::config(),
    }
}

/// On Ctrl-C: the cursor is shown again, what was staged is removed, and the
/// process ends with 130.
fn restore_on_interrupt() {
    let _ = ctrlc::set_handler(|| {
        staging::remove_open();
        if std::io::stderr().is_terminal() {
            let _ = console::Term::stderr().show_cursor();
            eprintln!();
        }
        if std::io::stdout().is_terminal() {
            let _ = console::Term::stdout().show_cursor();
        }
        eprintln!("{}", Error::Interrupted);
        std::process::exit(130);
    });
}
