//! Files of the user's own that name what an update removes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::apply::change::{Action, Change};
use crate::error::Error;
use crate::lint::Subject;
use crate::relpath::parent;

/// Says of each kustomization and compose file that stays which of the removed files
/// it is made of: it fails where nobody changes it.
///
/// # Errors
/// A directory that cannot be read.
pub fn of(dir: &Path, changes: &[Change]) -> Result<Vec<String>, Error> {
    let removes = |own: &&Change| own.action == Action::Remove;
    let removed: BTreeSet<&str> =
        changes.iter().filter(removes).map(|own| own.path.as_str()).collect();
    if removed.is_empty() {
        return Ok(Vec::new());
    }
    let subject = Subject::files(dir, BTreeMap::new())?;
    let mut left: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for own in &subject.kustomizations {
        let holds = |path: &String| {
            let others = subject.kustomizations.iter().map(|other| subject.path(other.text));
            removed.contains(path.as_str())
                || others.filter(|other| parent(other) == path).any(|other| removed.contains(other))
        };
        let gone = own.paths().into_iter().filter(holds);
        left.entry(subject.path(own.text)).or_default().extend(gone);
    }
    for deployment in &subject.deployments {
        let texts = deployment.texts.iter().map(|text| subject.path(*text));
        let gone: Vec<String> =
            texts.filter(|path| removed.contains(path)).map(str::to_owned).collect();
        for path in &deployment.paths {
            let others = gone.iter().filter(|own| *own != path).cloned();
            if let Some(text) = subject.text_of(path) {
                left.entry(subject.path(text)).or_default().extend(others);
            }
        }
    }
    left.retain(|path, gone| !removed.contains(path) && !gone.is_empty());
    Ok(left
        .into_iter()
        .map(|(path, gone)| {
            let gone = gone.into_iter().collect::<Vec<_>>().join(", ");
            format!("{path} is yours and stays, and it needs {gone}, which goes")
        })
        .collect())
}
