//! The files of `.dockwright/`: what a lock, a preset and the pristine renders
//! come to on disk, and what is there for nothing any more.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::apply::bookkeeping::{DIRECTORY, Lock};
use crate::apply::change::{Action, Change};
use crate::apply::disk;
use crate::digest::{hash, normalised};
use crate::error::Error;
use crate::json_schema;
use crate::preset::{Preset, Source};
use crate::relpath::RelPath;

/// One file of `.dockwright/`, by its path below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Path below `.dockwright/`.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// The lock, the pristine renders, the preset's own files, the schema that editors
/// read `dockwright.toml` by, and the attributes that mark all of it as generated.
#[must_use]
pub fn records<'a>(
    lock: &Lock,
    preset: &Preset,
    pristine: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Record> {
    let mut records = vec![
        Record {
            path: ".gitattributes".into(),
            bytes: b"* linguist-generated=true -diff\n".to_vec(),
        },
        Record { path: "lock.toml".into(), bytes: lock.text().into_bytes() },
        Record {
            path: "schema.json".into(),
            bytes: format!("{:#}\n", json_schema::config()).into(),
        },
    ];
    for bytes in pristine {
        records.push(Record { path: format!("base/{}", hash(bytes)), bytes: normalised(bytes) });
    }
    for layer in preset.layers.iter().filter(|layer| layer.source != Source::Builtin) {
        for (path, bytes) in layer.files.iter() {
            let path = format!("preset/{}/{path}", layer.hash);
            records.push(Record { path, bytes: normalised(bytes) });
        }
    }
    records.sort_by(|one, other| one.path.cmp(&other.path));
    records.dedup_by(|one, other| one.path == other.path);
    records
}

/// The changes that bring `.dockwright/` to a lock, among them the removal of
/// what no file is compared with any more.
///
/// # Errors
/// When something is there and cannot be read.
pub fn changes<'a>(
    root: &Path,
    lock: &Lock,
    preset: &Preset,
    pristine: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    let mut named: BTreeSet<String> = lock
        .file
        .iter()
        .filter_map(|entry| Some(format!("base/{}", entry.base.as_ref()?)))
        .collect();
    for Record { path, bytes } in records(lock, preset, pristine) {
        let at = own_path(&path);
        let expect = disk::look(root, &at)?;
        // A checkout with other line ends is no change.
        let bytes = match expect.bytes() {
            Some(there) if normalised(there) == bytes => there.to_vec(),
            _ => bytes,
        };
        changes.push(Change::write(at, expect, bytes, 0o644));
        named.insert(path);
    }
    for path in stored(root) {
        if !named.contains(&path)
            && let Ok(path) = RelPath::new(&format!("{DIRECTORY}/{path}"))
        {
            let expect = disk::look(root, &path)?;
            let gone = Change::keep(path, expect, "no file is compared with it any more");
            changes.push(Change { action: Action::Remove, ..gone });
        }
    }
    Ok(changes)
}

/// Removes the directories that changes have left empty. They hold nothing, so
/// nothing is lost whenever this stops.
pub fn tidy(root: &Path, changes: &[Change]) {
    for change in changes.iter().filter(|change| change.action == Action::Remove) {
        let path = change.path.below(root);
        for parent in path.ancestors().skip(1).take_while(|parent| *parent != root) {
            if fs::remove_dir(parent).is_err() {
                break;
            }
        }
    }
}

fn own_path(below: &str) -> RelPath {
    RelPath::new(&format!("{DIRECTORY}/{below}")).expect("hashes, constants and checked paths")
}

/// Pristine renders and preset files that are there, by their path below
/// `.dockwright/`.
fn stored(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["base", "preset"] {
        collect(&root.join(DIRECTORY), part, &mut found);
    }
    found.sort();
    found
}

fn collect(top: &Path, below: &str, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(top.join(below)) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{below}/{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(top, &path, found),
            Ok(kind) if kind.is_file() => found.push(path),
            _ => {}
        }
    }
}
