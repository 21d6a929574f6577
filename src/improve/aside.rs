//! Container files that are not what the application is deployed with.

use crate::lint::Subject;
use crate::relpath::{file_name, join, parent};
use crate::source::compose::{FILE_NAMES, is_compose};

/// Why a file is left alone; `None` where it is part of what runs the application.
pub fn why(subject: &Subject, text: usize) -> Option<String> {
    let path = subject.path(text);
    if path.split('/').any(|part| part == ".devcontainer") {
        return Some("an editor works in it".to_owned());
    }
    if let Some(nested) = nested(subject, path) {
        return Some(format!("{nested} is a git repository of its own"));
    }
    let of: Vec<_> = subject.deployments.iter().filter(|own| own.texts.contains(&text)).collect();
    if of.is_empty() || !is_compose(path) {
        return None;
    }
    let name = file_name(path);
    let before = FILE_NAMES.iter().take_while(|own| **own != name);
    let first = before.filter_map(|own| join(parent(path), own)).find(|own| subject.tree.has(own));
    // A name that Compose knows, and another one that it takes before it.
    if let Some(first) = first.filter(|_| FILE_NAMES.contains(&name)) {
        let is_named = of.iter().any(|own| own.texts.len() > 1 && own.by_itself);
        if !is_named {
            return Some(format!("Compose reads {first} beside it"));
        }
    }
    let is_carried = subject.facts.carried.value().is_some_and(|own| own.file == path);
    let runs_it = is_carried
        || of
            .iter()
            .any(|own| subject.containers_of(own).any(|container| container.kind.is_application()));
    (!runs_it).then(|| "it does not start the application".to_owned())
}

/// The directory that a file is in and that is a repository of its own: a submodule, or
/// one that was cloned into this one.
fn nested<'p>(subject: &Subject, path: &'p str) -> Option<&'p str> {
    let above = |path: &&'p str| Some(parent(path)).filter(|above| *above != ".");
    std::iter::successors(above(&path), above)
        .find(|own| subject.tree.base().join(own).join(".git").exists())
}
