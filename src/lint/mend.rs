//! Makes fixes, round after round: what one touches, another may have to wait
//! for, and what is mended is held against the rules again.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::lint::diagnostic::{Diagnostic, Fix, Grade};
use crate::lint::edit::{self, Placed};
use crate::lint::subject::{Subject, Unread};
use crate::lint::{Rule, judge};

/// A fix that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The code of its rule.
    pub code: &'static str,
    /// The file that the finding is in.
    pub path: String,
    /// What it is about, by name: services, a stage, a variable.
    pub names: Vec<String>,
    /// What it did.
    pub what: String,
    /// What was wrong: why it was made.
    pub why: String,
    /// Whether it may be made unseen.
    pub grade: Grade,
    /// The condition that was checked.
    pub condition: Option<String>,
    /// What it wrote, by the lines of before it.
    pub edits: Vec<Placed>,
}

impl Made {
    /// The files that it changed, each once.
    #[must_use]
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.edits.iter().map(|own| own.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

/// A fix that was to be made and was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The code of its rule.
    pub code: &'static str,
    /// What it would have done.
    pub what: String,
    /// What the finding is about.
    pub subject: String,
    /// The file of the finding.
    pub path: String,
    /// Why it was not.
    pub why: String,
}

impl Refused {
    fn of(subject: &Subject, own: &Diagnostic, fix: &Fix, why: impl Into<String>) -> Self {
        Self {
            code: own.code,
            what: fix.what.clone(),
            subject: own.subject.clone(),
            path: subject.path(own.at.text).to_owned(),
            why: why.into(),
        }
    }

    /// Whether it is the fix of this finding.
    #[must_use]
    pub fn is_of(&self, subject: &Subject, own: &Diagnostic) -> bool {
        self.code == own.code
            && self.subject == own.subject
            && self.path == subject.path(own.at.text)
            && own.fix.as_ref().is_some_and(|fix| fix.what == self.what)
    }
}

/// Texts with fixes made.
#[derive(Debug)]
pub struct Mended {
    /// The new text of every file that changes or comes into being.
    pub texts: BTreeMap<String, String>,
    /// What was made.
    pub made: Vec<Made>,
    /// What was not, and why.
    pub refused: Vec<Refused>,
    /// The stack as it is afterwards.
    pub subject: Subject,
    /// What the rules still find in it.
    pub found: Vec<Diagnostic>,
}

/// More rounds than this mean that two fixes undo each other.
const ROUNDS: usize = 24;

/// Makes fixes in memory, round by round. `subject` is the stack as it is, `read`
/// gives it with other texts for some files; `wanted` says of each finding whether its fix is to be made.
///
/// # Errors
/// When the stack cannot be read.
pub fn mend(
    rules: &[&Rule],
    subject: Subject,
    read: &dyn Fn(BTreeMap<String, String>) -> Result<Subject, Error>,
    wanted: &dyn Fn(&Subject, &[Diagnostic]) -> Vec<bool>,
) -> Result<Mended, Error> {
    let found = judge(&subject, rules);
    let (texts, made, refused) = Default::default();
    let mut mended = Mended { texts, made, refused, subject, found };
    let mut rounds = 0;
    loop {
        let subject = &mended.subject;
        let wanted = wanted(subject, &mended.found);
        let mut fixes: Vec<(&Diagnostic, &Fix)> = mended
            .found
            .iter()
            .zip(wanted)
            .filter_map(|(own, is_wanted)| Some((own, own.fix.as_ref().filter(|_| is_wanted)?)))
            .filter(|(own, _)| !mended.refused.iter().any(|other| other.is_of(subject, own)))
            .collect();
        if rounds == ROUNDS {
            let why = "it undoes another one, or another one undoes it";
            let left = fixes.iter().map(|(own, fix)| Refused::of(subject, own, fix, why));
            mended.refused.extend(left.collect::<Vec<_>>());
            return Ok(mended);
        }
        let all = fixes.len();
        // Where a file would no longer be read, half of them and half of these: the
        // one which breaks it ends up alone, and the others are made.
        let (applied, texts, after) = loop {
            let only: Vec<&Fix> = fixes.iter().map(|(_, fix)| *fix).collect();
            let applied = edit::apply(&subject.texts, &only);
            if !applied.made.contains(&true) {
                return Ok(mended);
            }
            let mut texts = mended.texts.clone();
            texts.extend(applied.texts.clone());
            let after = read(texts.clone())?;
            let Some(broken) = newly_unread(subject, &after) else {
                break (applied.made, texts, Some(after));
            };
            if let [(own, fix)] = fixes[..] {
                let why = format!("{} would not be read afterwards: {}", broken.path, broken.why);
                let refused = Refused::of(subject, own, fix, why);
                mended.refused.push(refused);
                break (vec![false], mended.texts.clone(), None);
            }
            fixes.truncate(fixes.len() / 2);
        };
        let Some(after) = after else { continue };
        let made: Vec<Made> = fixes
            .iter()
            .zip(applied)
            .filter(|(_, is_made)| *is_made)
            .map(|((own, fix), _)| Made {
                code: own.code,
                path: subject.path(own.at.text).to_owned(),
                names: own.names(subject),
                what: fix.what.clone(),
                why: own.message.clone(),
                grade: fix.grade,
                condition: fix.condition.clone(),
                edits: edit::placed(&subject.texts, fix),
            })
            .collect();
        rounds += usize::from(fixes.len() == all);
        mended.made.extend(made);
        mended.found = judge(&after, rules);
        (mended.subject, mended.texts) = (after, texts);
    }
}

/// What can no longer be read. Lines move, so that they do not count.
fn newly_unread<'a>(before: &Subject, after: &'a Subject) -> Option<&'a Unread> {
    let same = |one: &Unread, other: &Unread| {
        let bare = |why: &str| why.split(" at line ").next().unwrap_or_default().to_owned();
        one.path == other.path && bare(&one.why) == bare(&other.why)
    };
    after.unread.iter().find(|own| !before.unread.iter().any(|other| same(own, other)))
}
