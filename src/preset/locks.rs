//! Whether the layers of a chain agree on what is locked.

use std::collections::BTreeMap;

use crate::error::Problem;
use crate::preset::Layer;
use crate::preset::manifest::Manifest;
use crate::schema;
use crate::schema::entries::Entry;
use crate::schema::value::Value;

/// Locks that a later layer changes.
pub(super) fn changed(layers: &[Layer]) -> Vec<Problem> {
    let mut locks: BTreeMap<&str, (Value, &Layer, &Entry)> = BTreeMap::new();
    let mut problems = Vec::new();
    for layer in layers {
        let Manifest { defaults, locked, .. } = &layer.manifest;
        let all = defaults.iter().map(|entry| (entry, false));
        for (entry, is_lock) in all.chain(locked.iter().map(|entry| (entry, true))) {
            let value = schema::find(&entry.key).map(|field| field.kind.read(&entry.text));
            // Reading the manifest has refused what is no value.
            let Some(Ok(value)) = value else { continue };
            match locks.get(entry.key.as_str()) {
                Some((locked, by, lock)) if *locked != value => problems.push(
                    Problem::new(format!(
                        "{} is locked to {locked} by {} ({})",
                        entry.key,
                        by.label(),
                        lock.place
                    ))
                    .at(format!("{}, {}", layer.label(), entry.place))
                    .help("a layer may repeat the lock of one it extends, not change it"),
                ),
                None if is_lock => drop(locks.insert(&entry.key, (value, layer, entry))),
                _ => {}
            }
        }
    }
    problems
}
