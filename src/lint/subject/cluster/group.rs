//! Which objects are applied together.

use std::collections::{BTreeMap, BTreeSet};

use super::object::Object;
use super::{Cluster, Kustomization, Made, build, kustomize};
use crate::detect::scope;
use crate::lint::subject::deployment;
use crate::lint::subject::{Purpose, Subject};
use crate::relpath;
use crate::source::compose::{Item, Node};

/// Every cluster, those for users first.
pub(super) fn all(subject: &Subject) -> Vec<Cluster> {
    let mut clusters = Vec::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for root in kustomize::roots(subject) {
        let parts = kustomize::parts(subject, root);
        let numbers = |paths: &BTreeSet<String>| -> Vec<usize> {
            paths.iter().filter_map(|path| subject.text_of(path)).collect()
        };
        taken.extend(numbers(&parts.files));
        let own = &subject.kustomizations[root];
        if own.is_component() {
            continue;
        }
        let (made, objects) = match build::objects(subject, root, &parts) {
            Ok(objects) => (Made::Built, objects),
            Err(refusal) => {
                let mut objects = as_written(subject, &numbers(&parts.objects));
                let all = parts.kustomizations.iter();
                objects.extend(all.flat_map(|number| generated(&subject.kustomizations[*number])));
                (Made::Unbuilt(refusal), objects)
            }
        };
        let purpose = purpose(subject.path(own.text));
        clusters.push(Cluster { overlay: Some(root), made, purpose, objects });
    }
    let rest: Vec<usize> =
        subject.manifests.iter().map(|own| own.text).filter(|text| !taken.contains(text)).collect();
    plain(subject, rest, &mut clusters);
    clusters.sort_by_key(|own| own.purpose == Purpose::Development);
    clusters
}

/// The objects of files as they are.
fn as_written(subject: &Subject, texts: &[usize]) -> Vec<Object> {
    let files = subject.manifests.iter().filter(|own| texts.contains(&own.text));
    let documents = files.flat_map(|own| &own.documents);
    documents.filter_map(|own| Object::of(own.clone(), own.clone())).collect()
}

/// The Secrets and ConfigMaps that a kustomization writes out: nobody has to build these to see them.
fn generated(own: &Kustomization) -> Vec<Object> {
    let map = |entries: Vec<(&str, Item)>| {
        let entries = entries.into_iter().map(|(name, value)| (Item::text(name), value));
        Item::of(Node::Map(entries.collect()))
    };
    let object = |entry: &Item, kind: &str, key: &str| {
        let literals = entry.get("literals").map(Item::scalars).unwrap_or_default();
        let data = literals.iter().filter_map(|own| own.split_once('='));
        let data = data.map(|(name, value)| (name, Item::text(value))).collect();
        let annotations = entry.get("options").and_then(|own| own.get("annotations"));
        let metadata = map(vec![
            ("name", entry.get("name").cloned().unwrap_or_default()),
            ("annotations", annotations.cloned().unwrap_or_default()),
        ]);
        let item = map(vec![
            ("apiVersion", Item::text("v1")),
            ("kind", Item::text(kind)),
            ("metadata", metadata),
            (key, map(data)),
        ]);
        Object::of(item, entry.clone())
    };
    let generators =
        [("secretGenerator", "Secret", "stringData"), ("configMapGenerator", "ConfigMap", "data")];
    let objects = generators.into_iter().flat_map(|(generator, kind, key)| {
        let entries = own.document.get(generator).map(Item::items).unwrap_or_default();
        entries.iter().filter_map(move |entry| object(entry, kind, key))
    });
    objects.collect()
}

/// Files that no kustomization names: those of a directory together, unless two of them
/// have the same object, as the directories of two environments do.
fn plain(subject: &Subject, texts: Vec<usize>, clusters: &mut Vec<Cluster>) {
    let mut open = vec![(texts, 0)];
    while let Some((texts, depth)) = open.pop() {
        let objects = as_written(subject, &texts);
        if objects.is_empty() {
            continue;
        }
        let mut known = BTreeSet::new();
        let is_twice =
            objects.iter().any(|own| !known.insert((&own.kind, &own.namespace, &own.name)));
        let mut parts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for text in &texts {
            let mut directories = relpath::parent(subject.path(*text)).split('/').skip(depth);
            parts.entry(directories.next().unwrap_or_default().to_owned()).or_default().push(*text);
        }
        let is_deepest = parts.len() == 1 && parts.contains_key("");
        if is_twice && !is_deepest {
            open.extend(parts.into_values().rev().map(|part| (part, depth + 1)));
            continue;
        }
        let is_development =
            texts.iter().all(|text| purpose(subject.path(*text)) == Purpose::Development);
        let purpose = if is_development { Purpose::Development } else { Purpose::Production };
        clusters.push(Cluster { overlay: None, made: Made::Plain, purpose, objects });
    }
}

/// What a file is there for: the name that is nearest to it says so, as `deploy` above
/// everything says nothing.
pub(in crate::lint) fn purpose(path: &str) -> Purpose {
    if !scope::counts(path) {
        return Purpose::Development;
    }
    let stated = path.rsplit('/').find_map(deployment::stated);
    stated.unwrap_or(Purpose::Production)
}
