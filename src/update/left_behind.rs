//! Files of the user's own that name what an update removes or calls otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::apply::change::{Action, Change, texts};
use crate::error::Error;
use crate::lint::Subject;
use crate::relpath::parent;

/// Says of each kustomization and compose file that stays which of the removed files
/// it is made of: it fails where nobody changes it.
///
/// # Errors
/// A directory that cannot be read.
pub fn of(dir: &Path, changes: &[Change]) -> Result<Vec<String>, Error> {
    let removed = removed(changes);
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

/// Says of each kustomization, and of the files that it names, which objects they call by a
/// name that they had before an update: what patches or selects them finds nothing any more.
/// `names` are the old ones, each with the new one.
///
/// # Errors
/// A directory that cannot be read.
pub fn of_names(
    dir: &Path,
    changes: &[Change],
    names: &BTreeMap<String, String>,
) -> Result<Vec<String>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let removed = removed(changes);
    let subject = Subject::files(dir, texts(changes))?;
    let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for own in &subject.kustomizations {
        let named = own.paths();
        let others = named.iter().filter_map(|path| subject.text_of(path));
        for number in others.chain([own.text]) {
            let text = &subject.texts[number].text;
            let old = names.iter().filter(|(old, _)| is_word(text, old));
            let said: Vec<String> = old.map(|(old, new)| format!("{old} (now {new})")).collect();
            if !said.is_empty() && !removed.contains(subject.path(number)) {
                left.insert(subject.path(number), said);
            }
        }
    }
    let said = |(path, names): (&str, Vec<String>)| {
        format!("{path} names {}: put the new names there by hand", names.join(", "))
    };
    Ok(left.into_iter().map(said).collect())
}

fn removed(changes: &[Change]) -> BTreeSet<&str> {
    let removes = |own: &&Change| own.action == Action::Remove;
    changes.iter().filter(removes).map(|own| own.path.as_str()).collect()
}

/// Whether a text has a name that is no part of a longer one.
fn is_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
