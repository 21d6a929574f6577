//! Asking what becomes of each file that both sides changed.

use crate::cli::terminal::Quiet;
use crate::cli::wizard::asker::{Asker, Reply};
use crate::error::Error;
use crate::update::{Resolution, Update, What};

/// Asks for every conflict of an update.
///
/// # Errors
/// Interrupted, or stopped: nothing is written then.
pub fn each(update: &Update) -> Result<Vec<(String, Resolution)>, Error> {
    let _quiet = Quiet::new();
    let mut asker = Asker::new();
    let mut answers: Vec<(String, Resolution)> = Vec::new();
    let conflicts: Vec<_> = update.conflicts().collect();
    let mut number = 0;
    while let Some(file) = conflicts.get(number) {
        let What::Conflict(hunks) = &file.what else { continue };
        eprint!("{}", super::report::hunks(&file.path, hunks));
        let items = [
            "Keep mine".to_owned(),
            "Take the new one".to_owned(),
            "Write both, with markers".to_owned(),
            "Stop, and write nothing".to_owned(),
        ];
        match asker.select(&file.path, "", &items, 0)? {
            Reply::Given(3) => return Err(Error::Cancelled),
            Reply::Given(chosen) => {
                asker.answered(&file.path, &items[chosen])?;
                let resolution = [Resolution::Keep, Resolution::Take, Resolution::Markers][chosen];
                answers.push((file.path.clone(), resolution));
                number += 1;
            }
            Reply::Back => {
                answers.pop();
                number = number.saturating_sub(1);
            }
        }
    }
    Ok(answers)
}
