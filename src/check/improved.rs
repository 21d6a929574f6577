//! Edits by rule in the user's own files that somebody undid since.

use std::collections::BTreeMap;

use crate::apply::bookkeeping::EditEntry;
use crate::check::Options;
use crate::check::finding::{Finding, Kind};
use crate::error::Error;
use crate::improve::{Improvement, Repository};
use crate::project::Project;

/// What the lock says was edited and would be edited again. It fails under a policy
/// alone: whose files they are may decide, but for a team that demands otherwise.
///
/// # Errors
/// When the directory cannot be read.
pub fn undone(project: &Project, options: &Options) -> Result<Vec<Finding>, Error> {
    if project.lock.edit.is_empty() {
        return Ok(Vec::new());
    }
    let (written, lock) = (BTreeMap::new(), Some(&project.lock));
    let repository =
        Repository { dir: &project.dir, lock, said: &[], written: &written, left: &[] };
    let Some(improvement) = Improvement::of(&repository)? else { return Ok(Vec::new()) };
    let kind = if options.policy.is_some() { Kind::Policy } else { Kind::Note };
    let finding = |entry: &EditEntry| {
        let about = if entry.subject.is_empty() { &entry.path } else { &entry.subject };
        let message = format!("the edit of {} for {about} was undone", entry.rule);
        Finding::new(kind, &entry.rule, message).in_file(&entry.path).help(format!(
            "dockwright audit --fix={} makes it again; dockwright audit --explain {} says why",
            entry.rule, entry.rule
        ))
    };
    Ok(improvement.taken_out.iter().map(finding).collect())
}
