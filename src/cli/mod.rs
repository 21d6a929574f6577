//! The command line: arguments in, a report and an exit code out. One thin
//! file per command.

pub mod audit;
pub mod check;
mod command_line;
pub mod detect;
pub mod diff;
pub mod fates;
pub mod findings;
pub mod init;
pub mod input;
mod layout;
mod man;
pub mod many;
pub mod new;
mod overview;
pub mod plan;
pub mod preset;
pub mod report;
pub mod schema;
pub mod terminal;
pub mod update;
pub mod verify;
mod version;
pub mod wizard;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::apply::staging;
use crate::error::Error;
use crate::plan::Bundle;
use crate::render::sandbox;

/// Container set-up for Python web services, tuned to the stack and its
/// machine, with a reason for every number.
#[derive(Debug, Parser)]
#[command(name = "dockwright", version, about, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 fine, 1 what was checked does not hold (conflict, drift, policy), 2 the input is wrong, 3 the environment failed (I/O, a missing tool), 130 interrupted.
`dockwright --version --format json` says for programs which dockwright this is."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new service: asks a few questions, then writes everything
    #[command(after_help = NEW_EXAMPLES)]
    New(New),
    /// Say what a repository is, with the lines that say so
    Detect(DetectArgs),
    /// Add container files to code that is already there
    #[command(after_help = init::EXAMPLES)]
    Init(init::Init),
    /// Carry a newer preset, tool or answers into repositories, keeping edits
    #[command(after_help = update::EXAMPLES)]
    Update(update::Update),
    /// Judge container files, whoever wrote them
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::Audit),
    /// Say whether repositories follow their preset: drift, conflicts, policy
    #[command(after_help = check::EXAMPLES)]
    Check(check::Check),
    /// Prove a stack by running it: build, start, ask, load, stop, break
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::Verify),
    /// Show what would be planned, every number with its reason
    Plan(PlanArgs),
    /// Look at presets, and make, test and judge those of a team
    #[command(subcommand)]
    Preset(preset::Preset),
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page, or write every one of them
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// Command the page is of: nothing for dockwright itself, or `preset show`
        command: Vec<String>,
        /// Write the pages of all commands to this directory
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        all: Option<PathBuf>,
    },
    /// Print what a file or a JSON report holds, as JSON Schema; without a name, list them
    Schema {
        /// Of what
        #[arg(value_enum)]
        of: Option<schema::Name>,
    },
    /// Print how a program uses this tool safely, as a SKILL.md
    Skill,
}

/// The page for agents, so that whoever has only the binary has it as well.
const SKILL: &str = include_str!("../../docs/skills/dockwright/SKILL.md");

const MAN_EXAMPLES: &str = "Examples:
  dockwright man init | man -l -
  dockwright man --all ~/.local/share/man/man1";

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
struct DetectArgs {
    /// Directory to read
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
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
    /// Preset to start from: built-in name, directory, or git+URL#REV[:DIRECTORY]
    #[arg(long, value_name = "REF")]
    pub preset: Option<String>,
    /// Set any key of dockwright.toml, such as stack.cache=redis
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Only these files: image, server, compose, proxy, env, kubernetes, ecs, docs, ci, package, skeleton, intent, preset
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

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(code) = sandbox::child::run() {
        return code;
    }
    sandbox::enable();
    let _ = ctrlc::set_handler(on_signal);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(_) if version::is_asked_as_json(std::env::args_os().skip(1)) => {
            return match report::json(&version::json()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => ExitCode::from(error.exit_code()),
            };
        }
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Interrupted) => end_interrupted(),
        Err(error) => {
            report::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::New(new) => new::run(&new.dir, &new.choices, new.yes, new.dry_run),
        Command::Detect(detect) => detect::run(&detect.dir, detect.format),
        Command::Init(init) => init::run(&init),
        Command::Update(update) => update::run(&update),
        Command::Audit(audit) => audit::run(&audit),
        Command::Check(check) => check::run(&check),
        Command::Verify(verify) => verify::run(&verify),
        Command::Plan(plan) => plan::run(&plan.dir, &plan.choices, plan.explain.as_deref()),
        Command::Preset(command) => preset::run(&command),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "dockwright", &mut script);
            report::print(&String::from_utf8_lossy(&script))
        }
        Command::Man { all: Some(dir), .. } => man::all(Cli::command(), &dir),
        Command::Man { command, all: None } => man::page(Cli::command(), &command),
        Command::Schema { of } => schema::run(of),
        Command::Skill => report::print(SKILL),
    }
}

/// On Ctrl-C, SIGTERM or SIGHUP, in a thread of its own.
fn on_signal() {
    // A run that goes on keeps its logs and removes what it started, then ends by itself.
    if crate::verify::interrupt::ask() {
        return;
    }
    if terminal::is_asking() {
        // A prompt notices the signal as well, and gives the terminal the
        // mode back that it had found: it has to do so before the end, and
        // then ends the process itself. Only work between two prompts does
        // not notice, and by then waits at the next prompt.
        std::thread::sleep(Duration::from_millis(100));
    }
    end_interrupted();
}

/// Removes what was staged, restores the terminal and ends with 130. Whoever
/// comes second waits for the end.
fn end_interrupted() -> ! {
    static ENDING: Mutex<()> = Mutex::new(());
    let _held = ENDING.lock();
    // Of many repositories, each is wholly written or not at all.
    let last_word = match staging::remove_open() {
        0 if crate::verify::interrupt::is_interrupted() => {
            "interrupted; what ran may be left: `docker ps` shows it, and the next `dockwright verify` here removes it".to_owned()
        }
        0 => Error::Interrupted.to_string(),
        1 => "interrupted; one directory had been written, wholly, and no other".to_owned(),
        many => format!("interrupted; {many} directories had been written, wholly, and no other"),
    };
    terminal::leave(&last_word);
    std::process::exit(130)
}
