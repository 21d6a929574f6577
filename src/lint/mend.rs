//! Makes fixes, round after round: what one touches, another may have to wait
//! for, and what is mended is held against the rules again.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::lint::diagnostic::{Diagnostic, Fix, Grade};
use crate::lint::subject::{Subject, Unread};
use crate::lint::{Rule, edit, judge};

/// A fix that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The code of its rule.
    pub code: &'static str,
    /// The file that the finding is in.
    pub path: String,
    /// What it is about, by name: a service, a stage, a variable.
    pub subject: String,
    /// How sure it is.
    pub grade: Grade,
    /// What it did.
    pub what: String,
    /// The condition that was checked.
    pub condition: Option<String>,
    /// The files.
    pub paths: Vec<String>,
}

/// Texts with fixes made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// The new text of every file that changes or comes into being.
    pub texts: BTreeMap<String, String>,
    /// What was made.
    pub made: Vec<Made>,
    /// What was not, and why.
    pub refused: Vec<String>,
}

/// More rounds than this means that two fixes undo each other.
const ROUNDS: usize = 24;

/// Makes fixes in memory, round by round. `machine` is what is said of the machine
/// (`deploy.memory=8GiB`); `wanted` leaves, of what was found, that whose fixes are
/// to be made.
///
/// # Errors
/// When the directory cannot be read.
pub fn mend(
    directory: &Path,
    rules: &[&Rule],
    machine: &[String],
    wanted: &dyn Fn(&Subject, Vec<Diagnostic>) -> Vec<Diagnostic>,
) -> Result<Mended, Error> {
    let mut mended = Mended::default();
    let mut failed: Vec<(&'static str, String)> = Vec::new();
    for _ in 0..ROUNDS {
        let mut subject = Subject::with(directory, mended.texts.clone())?;
        subject.machine = machine.to_vec();
        let found = wanted(&subject, judge(&subject, rules));
        let fixes: Vec<(&Diagnostic, &Fix)> = found
            .iter()
            .filter_map(|own| Some((own, own.fix.as_ref()?)))
            .filter(|(own, fix)| !failed.contains(&(own.code, fix.what.clone())))
            .collect();
        if fixes.is_empty() {
            return Ok(mended);
        }
        let only: Vec<&Fix> = fixes.iter().map(|(_, fix)| *fix).collect();
        let applied = edit::apply(&subject.texts, &only);
        let mut texts = mended.texts.clone();
        texts.extend(applied.texts);
        let after = Subject::with(directory, texts.clone())?;
        if let Some(broken) = newly_unread(&subject, &after) {
            // One by one, so that the one which breaks it is known.
            let Some((own, fix)) = fixes.first() else { return Ok(mended) };
            if only.len() == 1 {
                mended.refused.push(format!(
                    "{}: {} is left: {} would not be read afterwards ({})",
                    own.code, fix.what, broken.path, broken.why
                ));
                failed.push((own.code, fix.what.clone()));
                continue;
            }
            for (own, fix) in &fixes {
                let mut alone = mended.texts.clone();
                alone.extend(edit::apply(&subject.texts, &[fix]).texts);
                let after = Subject::with(directory, alone)?;
                if newly_unread(&subject, &after).is_some() {
                    failed.push((own.code, fix.what.clone()));
                    mended.refused.push(format!(
                        "{}: {} is left: the file would not be read afterwards",
                        own.code, fix.what
                    ));
                }
            }
            continue;
        }
        for ((own, fix), made) in fixes.iter().zip(applied.made) {
            if made {
                mended.made.push(of(&subject, own, fix));
            }
        }
        if texts == mended.texts {
            return Ok(mended);
        }
        mended.texts = texts;
    }
    mended.refused.push(format!("after {ROUNDS} rounds there was still something to mend"));
    Ok(mended)
}

/// What can no longer be read. Lines move, so that they do not count.
fn newly_unread<'a>(before: &Subject, after: &'a Subject) -> Option<&'a Unread> {
    let same = |one: &Unread, other: &Unread| {
        let bare = |why: &str| why.split(" at line ").next().unwrap_or_default().to_owned();
        one.path == other.path && bare(&one.why) == bare(&other.why)
    };
    after.unread.iter().find(|own| !before.unread.iter().any(|other| same(own, other)))
}

fn of(subject: &Subject, own: &Diagnostic, fix: &Fix) -> Made {
    let edited = fix.edits.iter().map(|edit| subject.path(edit.at.text).to_owned());
    let mut paths: Vec<String> =
        edited.chain(fix.files.iter().map(|file| file.path.clone())).collect();
    paths.sort();
    paths.dedup();
    Made {
        code: own.code,
        path: subject.path(own.at.text).to_owned(),
        subject: own.subject.clone(),
        grade: fix.grade,
        what: fix.what.clone(),
        condition: fix.condition.clone(),
        paths,
    }
}
