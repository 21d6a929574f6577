//! A compose file that dockwright wrote is no existing one: what it carries on
//! stands in the lock.

use serde::Deserialize;

use crate::detect::compose::carried::Carried;
use crate::detect::compose::files::file_name;
use crate::detect::fact::{Evidence, Fact};
use crate::detect::tree::Tree;
use crate::source::compose::is_compose;
use crate::source::text;

/// Where the lock is.
const LOCK: &str = ".dockwright/lock.toml";
/// What the lock says of a file that is ours.
const OURS: &str = "clean";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Lock {
    file: Vec<File>,
    derived: Derived,
}

#[derive(Deserialize)]
struct File {
    path: String,
    state: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Derived {
    carried: Option<Carried>,
}

/// What a compose file of ours carries on; `None` where none is ours. A lock
/// that does not parse is said elsewhere.
pub fn written(tree: &Tree) -> Option<Fact<Carried>> {
    let text = text::of_file(&tree.base().join(LOCK))?;
    let lock: Lock = toml::from_str(&text).ok()?;
    let ours = lock.file.iter().find(|file| {
        let name = file_name(&file.path);
        file.state == OURS && is_compose(name) && !name.contains(".dev.")
    })?;
    let evidence = Evidence::file(LOCK);
    Some(match lock.derived.carried {
        Some(carried) if carried.file == ours.path => Fact::known(carried, evidence),
        _ => Fact::Unknown,
    })
}
