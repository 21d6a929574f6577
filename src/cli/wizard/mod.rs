//! The questions of `dockwright new`.
//!
//! Takes a directory and the flags, gives a preset and a draft of answers, or
//! [`Error::Cancelled`] or [`Error::Interrupted`]. Everything is asked and
//! shown on standard error, and nothing is written. Every answer can be given
//! as a flag instead, and then is not asked.

pub mod asker;
pub mod change;
pub mod families;
pub mod key;
pub mod place;
pub mod questions;
pub mod session;
pub mod summary;

use std::path::Path;

use console::style;

use crate::answers::Draft;
use crate::cli::Choices;
use crate::cli::terminal::Quiet;
use crate::error::Error;
use crate::preset::Preset;
use asker::{Asker, Reply};
use questions::Questions;
use session::{Outcome, Session};

const KEYS: &str = "Enter takes what is offered. Esc goes back, or < where you type. \
                    Ctrl-C stops. Nothing is written before you say so.";

/// Asks until the person agrees with the summary; `dry_run` says that files
/// will only be listed then.
///
/// # Errors
/// Wrong flags; cancelled or interrupted.
pub fn run(dir: &Path, choices: &Choices, dry_run: bool) -> Result<(Preset, Draft), Error> {
    let mut session = Session::new(dir, choices)?;
    let _quiet = Quiet::new();
    let mut asker = Asker::new();
    let mut questions = Questions::default();
    let title = format!("A new service in {}", dir.display());
    asker.say(&style(title).for_stderr().bold().to_string())?;
    asker.remark(KEYS)?;
    asker.say("")?;
    loop {
        questions.ask(&mut asker, &mut session)?;
        if let Some(draft) = confirm(&mut asker, &mut session, &mut questions, dry_run)? {
            return Ok((session.preset().clone(), draft));
        }
    }
}

/// Shows the summary until it is agreed with; `None` to go back to the
/// questions.
fn confirm(
    asker: &mut Asker,
    session: &mut Session,
    questions: &mut Questions,
    dry_run: bool,
) -> Result<Option<Draft>, Error> {
    const CHANGE: &str = "Change something";
    const CANCEL: &str = "Cancel";
    let write = if dry_run { "Show what would be written" } else { "Write these files" };
    loop {
        let outcome = session.outcome()?;
        asker.say(&summary::text(session, &outcome, asker.width()))?;
        asker.say("")?;
        let Outcome { draft, plan, .. } = outcome;
        let items: Vec<String> = match plan {
            Ok(_) => [write, CHANGE, CANCEL].map(str::to_owned).into(),
            Err(_) => [CHANGE, CANCEL].map(str::to_owned).into(),
        };
        match asker.select("What now", "", &items, 0)? {
            Reply::Given(chosen) if items[chosen] == CHANGE => change::menu(asker, session)?,
            Reply::Given(chosen) if items[chosen] == CANCEL => return Err(Error::Cancelled),
            Reply::Given(_) => return Ok(Some(draft)),
            Reply::Back if questions.back() => return Ok(None),
            Reply::Back => {}
        }
    }
}
