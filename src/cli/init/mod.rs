//! `dockwright init`: container files for code that is already there.
//!
//! ```text
//! detect ─▶ facts ─┬─▶ draft ─▶ plan ─▶ files ─▶ compared with the disk ─▶ changes ─▶ disk
//! preset, flags ───┘              asked: what is ambiguous, what is in the way
//! ```

mod ambiguity;
mod ask;
mod beside;
mod existing;
mod git;
mod improved;
pub mod layers;
mod refusal;
mod report;
mod safe;
mod samples;
mod work;

use std::path::PathBuf;

use clap::Args;

use crate::apply::commit::commit;
use crate::apply::records;
use crate::cli::terminal::Quiet;
use crate::cli::wizard::asker::Asker;
use crate::cli::{Choices, input};
use crate::error::{Error, Problem};
use layers::Layers;
use work::Work;

/// The arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Directory of the code
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    choices: Choices,
    /// Ask nothing: take what was found, and keep every file that is there
    #[arg(long, short)]
    yes: bool,
    /// Improve the container files that are there: edits that are safe, or were checked
    #[arg(long)]
    adopt: bool,
    /// Replace container files that are there by dockwright's
    #[arg(long, conflicts_with = "adopt")]
    rewrite: bool,
    /// Also make the additions of the checklist that cannot change what the code does
    #[arg(long)]
    apply_safe: bool,
    /// Show every change as a diff, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Ask no other program: let Docker Compose not read the result before it is written,
    /// nor uv its lock; so does DOCKWRIGHT_NO_DOCKER=1
    #[arg(long)]
    no_docker: bool,
}

/// Examples for `--help`.
pub const EXAMPLES: &str = "Examples:
  dockwright init                     look, ask what is unclear, then write
  dockwright init --dry-run           what would happen, as diffs
  dockwright init --yes --adopt       improve the container files that are there, by edits
  dockwright init --yes --rewrite     replace them by dockwright's
  dockwright init api --set project.app=api.main:app --yes
`dockwright detect` shows what is found, and where.";

/// Writes container files for the code in a directory.
///
/// # Errors
/// No web application, ambiguities nobody answered, wrong input; a failed
/// write leaves the directory as it was. Something that the code needs to start
/// and that no file makes: then the files are written, and it is named.
pub fn run(init: &Init) -> Result<(), Error> {
    let dir = &init.dir;
    input::check_directory(dir)?;
    let held = input::hold(dir)?;
    let terminal = crate::cli::report::can_ask();
    let asking = !init.yes && terminal;
    let mut layers = Layers::read(dir, &init.choices, init.rewrite)?;
    let git = git::State::of(dir);
    let mut work = if asking {
        let _quiet = Quiet::new();
        let mut asker = Asker::new();
        ask::run(&mut asker, &mut layers, init, &git)?
    } else {
        refusal::check(&layers)?;
        if init.adopt || init.rewrite {
            refusal::unreadable(&layers)?;
        }
        ambiguity::check(&layers, !init.rewrite)?;
        // What writes nothing needs nobody's word.
        if !init.yes && !init.dry_run {
            return Err(no_terminal());
        }
        if init.apply_safe {
            layers.add_what_is_safe()?;
        }
        Work::non_interactive(&layers, init, &git)?
    };
    work.judge(dir, !init.no_docker)?;
    if !init.dry_run {
        commit(&held, &work.changes)?;
        records::tidy(dir, &work.changes);
    }
    report::print(init, &layers, &work, &git)?;
    match work.gap() {
        Some(gap) if !asking => Err(Error::Ended { code: 1, message: gap }),
        _ => Ok(()),
    }
}

fn no_terminal() -> Error {
    Error::input(
        Problem::new("there is no terminal to ask whether what was found is right")
            .help("look at it with `dockwright init --dry-run`, then run `dockwright init --yes`"),
    )
}
