//! What a kustomization names, and which are overlays: those that no other names.

use std::collections::BTreeSet;

use super::Kustomization;
use super::spot::Spot;
use crate::lint::diagnostic::At;
use crate::lint::subject::Subject;
use crate::relpath;
use crate::source::compose::{Item, Node};

/// Names under which kustomize reads a directory's file.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Lists of files and directories.
const LISTS: [&str; 9] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "patchesStrategicMerge",
];
/// Lists of mappings, or a mapping, with paths in them.
const PATHS: [(&str, &[&str]); 6] = [
    ("patches", &["path"]),
    ("patchesJson6902", &["path"]),
    ("replacements", &["path"]),
    ("openapi", &["path"]),
    ("configMapGenerator", &["files", "envs", "env"]),
    ("secretGenerator", &["files", "envs", "env"]),
];

/// Why an overlay is not built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody was asked, for this reason.
    NotAsked(String),
    /// It cannot be built, for this reason, which stands here.
    Faulty(String, At),
}

/// Whether a file is one that kustomize reads for its directory.
pub fn is_kustomization(name: &str) -> bool {
    NAMES.contains(&name)
}

impl Kustomization {
    /// Whether it is a part that overlays take, and nothing by itself.
    #[must_use]
    pub fn is_component(&self) -> bool {
        self.document.get("kind").and_then(Item::scalar).is_some_and(|kind| kind == "Component")
    }

    /// All of it.
    #[must_use]
    pub fn spot(&self) -> Spot<'_> {
        Spot::of(&self.document, &self.document)
    }

    /// The files and directories that it names, as far as they are below the top.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let names = self.names().into_iter();
        names.filter_map(|(own, _)| relpath::join(&self.directory, &own.scalar()?)).collect()
    }

    /// The paths as they are written, each with whether objects are there.
    fn names(&self) -> Vec<(&Item, bool)> {
        let mut found = Vec::new();
        for key in LISTS {
            let items = self.document.get(key).into_iter().flat_map(Item::items);
            found.extend(items.map(|own| (own, matches!(key, "resources" | "bases"))));
        }
        for (list, keys) in PATHS {
            let Some(list) = self.document.get(list) else { continue };
            let each = list.items().iter().chain(std::iter::once(list));
            for entry in each.flat_map(|own| keys.iter().filter_map(|key| own.get(key))) {
                match &entry.node {
                    Node::List(items) => found.extend(items.iter().map(|own| (own, false))),
                    _ => found.push((entry, false)),
                }
            }
        }
        // An object or a patch may be written out in place of a path.
        found.retain(
            |(own, _)| matches!(&own.node, Node::Text(text) if !text.contains(['\n', '{'])),
        );
        found
    }
}

/// Everything that an overlay is made of.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Files that are no kustomizations.
    pub files: BTreeSet<String>,
    /// Those of them that hold objects, and nothing that is laid over some.
    pub objects: BTreeSet<String>,
    /// Kustomizations, by their numbers, its own included.
    pub kustomizations: BTreeSet<usize>,
    /// Why it is not to be built.
    pub refusal: Option<Refusal>,
}

/// What an overlay is made of, as far as it is here.
pub(super) fn parts(subject: &Subject, root: usize) -> Parts {
    let mut parts = Parts::default();
    let mut open = vec![root];
    while let Some(number) = open.pop() {
        if !parts.kustomizations.insert(number) {
            continue;
        }
        let own = &subject.kustomizations[number];
        if let Some(why) = &own.fault {
            let why = format!("{} cannot be read: {why}", subject.path(own.text));
            parts.refusal.get_or_insert(Refusal::Faulty(why, At::file(own.text)));
        }
        if let Some(other) = beside(subject, number) {
            let why = format!(
                "{} and {} are in one directory, of which kustomize takes one alone",
                subject.path(own.text),
                subject.path(subject.kustomizations[other].text)
            );
            parts.refusal.get_or_insert(Refusal::Faulty(why, At::file(own.text)));
        }
        for key in ["helmCharts", "helmChartInflationGenerator"] {
            if own.document.get(key).is_some() {
                let why = format!("it takes charts ({key}), and Helm is not run");
                parts.refusal.get_or_insert(Refusal::NotAsked(why));
            }
        }
        for (item, holds_objects) in own.names() {
            match named(subject, own, item) {
                Ok(Named::Kustomization(number)) => open.push(number),
                Ok(Named::File(path)) => {
                    if holds_objects {
                        parts.objects.insert(path.clone());
                    }
                    parts.files.insert(path);
                }
                Err(refusal) => _ = parts.refusal.get_or_insert(refusal),
            }
        }
    }
    parts
}

/// Another kustomization of the same directory, the first.
fn beside(subject: &Subject, number: usize) -> Option<usize> {
    let own = &subject.kustomizations[number].directory;
    let all = subject.kustomizations.iter().enumerate();
    all.filter(|(other, _)| *other != number)
        .find(|(_, other)| other.directory == *own)
        .map(|(other, _)| other)
}

enum Named {
    File(String),
    Kustomization(usize),
}

fn named(subject: &Subject, own: &Kustomization, item: &Item) -> Result<Named, Refusal> {
    let written = item.scalar().unwrap_or_default();
    // Of a generator: `key=path`.
    let path = written.rsplit_once('=').map_or(written.as_str(), |(_, path)| path);
    let is_elsewhere = ["://", "?ref=", "git::"].iter().any(|mark| written.contains(mark))
        || ["git@", "github.com/", "gitlab.com/"].iter().any(|start| path.starts_with(start));
    if is_elsewhere {
        let why = format!("{} names {written}, which is elsewhere", subject.path(own.text));
        return Err(Refusal::NotAsked(format!("{why}: nothing is fetched")));
    }
    let at = Spot::of(item, item).place(subject);
    let Some(path) = relpath::join(&own.directory, path) else {
        return Err(Refusal::NotAsked(format!(
            "{} names {written}, which is outside of the directory that is read",
            subject.path(own.text)
        )));
    };
    if let Some(number) = subject.kustomizations.iter().position(|own| own.directory == path) {
        return Ok(Named::Kustomization(number));
    }
    // The tree has what is not written yet, the disk what git leaves out.
    let is_there = || subject.tree.has(&path) || subject.tree.base().join(&path).is_file();
    if subject.text_of(&path).is_some() || is_there() {
        return Ok(Named::File(path));
    }
    Err(Refusal::Faulty(format!("there is no {path}"), at))
}

/// Kustomizations that no other names, by their numbers; of two in one directory the first. Where some name each other in
/// a circle, which kustomize refuses, the first stands for all.
pub(super) fn roots(subject: &Subject) -> Vec<usize> {
    let all = &subject.kustomizations;
    let of = |own: &Kustomization| -> BTreeSet<usize> {
        let numbers = own.paths().into_iter();
        numbers.filter_map(|path| all.iter().position(|other| other.directory == path)).collect()
    };
    let named: Vec<BTreeSet<usize>> = all.iter().map(of).collect();
    let is_second = |number: usize| beside(subject, number).is_some_and(|first| first < number);
    let is_named =
        |number: &usize| is_second(*number) || named.iter().any(|names| names.contains(number));
    let mut roots: Vec<usize> = (0..all.len()).filter(|number| !is_named(number)).collect();
    let mut reached = BTreeSet::new();
    let mut open = roots.clone();
    for number in 0..all.len() {
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(&named[next]);
            }
        }
        if !reached.contains(&number) && !is_second(number) {
            roots.push(number);
            open.push(number);
        }
    }
    roots
}
