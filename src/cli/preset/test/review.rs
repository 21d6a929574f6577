//! Accepting differences: all of them, or one after the other.

use std::path::Path;

use super::{Tested, report};
use crate::cli::diff;
use crate::cli::terminal::Quiet;
use crate::cli::wizard::asker::{Asker, Reply};
use crate::error::Error;
use crate::preset_test::cases::Difference;

/// Writes what is accepted, and takes it out of what is left.
///
/// # Errors
/// Interrupted or stopped: nothing is written then. A failed write.
pub fn accept(dir: &Path, tested: &mut Tested, asks: bool) -> Result<(), Error> {
    let all: Vec<Difference> =
        tested.cases.iter().flat_map(|case| case.differences.clone()).collect();
    let accepted = if asks { ask(dir, &all)? } else { all };
    if accepted.is_empty() {
        return Ok(());
    }
    tested.accepted = super::write(dir, &accepted)?;
    for case in &mut tested.cases {
        case.differences.retain(|difference| !accepted.contains(difference));
    }
    Ok(())
}

fn ask(dir: &Path, differences: &[Difference]) -> Result<Vec<Difference>, Error> {
    let _quiet = Quiet::new();
    let mut asker = Asker::new();
    let mut answers: Vec<bool> = Vec::new();
    while let Some(difference) = differences.get(answers.len()) {
        let path = dir.join(difference.path.as_str()).display().to_string();
        asker.say(&format!("{path}: {}", report::said(difference)))?;
        let shown = diff::coloured(&report::unified(difference), true);
        if !shown.is_empty() {
            asker.say(&shown)?;
        }
        let items = [
            "Accept: it is meant".to_owned(),
            "Leave it as it is".to_owned(),
            "Accept this and all that follow".to_owned(),
            "Stop, and write nothing".to_owned(),
        ];
        match asker.select(&path, "", &items, 0)? {
            Reply::Given(3) => return Err(Error::Cancelled),
            Reply::Given(2) => answers.resize(differences.len(), true),
            Reply::Given(chosen) => {
                asker.answered(&path, &items[chosen])?;
                answers.push(chosen == 0);
            }
            Reply::Back => drop(answers.pop()),
        }
    }
    let meant = differences.iter().zip(answers).filter(|(_, meant)| *meant);
    Ok(meant.map(|(difference, _)| difference.clone()).collect())
}
