//! The Compose file format, as far as carrying a file on needs it: a tree of
//! YAML, and services in all the ways they can be written. Reads text alone;
//! which file counts is `detect`'s to find out.

pub mod image;
pub mod interpolate;
pub mod mount;
pub mod port;
pub mod project;
pub mod service;
pub mod yaml;

use crate::relpath;
pub use mount::{Mount, Source};
pub use port::Port;
pub use service::Service;
pub use yaml::{Item, Node};

/// The names that Compose reads its file under.
pub const FILE_NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// The names of files that it lays over the one it found.
pub const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Whether a file's name is one of a compose file: `docker-compose.prod.yml`,
/// `compose-ha.yml`, `local-compose.yaml`.
#[must_use]
pub fn is_compose(path: &str) -> bool {
    let name = relpath::file_name(path).to_ascii_lowercase();
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    let mut parts = stem.unwrap_or_default().split(['.', '-', '_']);
    !name.starts_with('.') && parts.any(|part| part == "compose")
}

/// A whole compose file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Everything in it.
    pub root: Item,
}

impl Document {
    /// Reads a compose file. `extends` of a service in the same file is
    /// resolved.
    ///
    /// # Errors
    /// What is no YAML, and YAML without a mapping at its top.
    pub fn read(text: &str) -> Result<Self, String> {
        let root = yaml::read(text)?;
        match root.node {
            Node::Map(_) => Ok(Self { root }),
            _ => Err("it is no mapping of keys".to_owned()),
        }
    }

    /// The services, in the order of the file.
    #[must_use]
    pub fn services(&self) -> Vec<Service> {
        let services = self.root.get("services");
        let entries = services.into_iter().flat_map(Item::entries);
        entries
            .filter_map(|(name, item)| Some(Service::of(name, self.extended(item, 0)?)))
            .collect()
    }

    /// The names below a top-level key: `volumes`, `networks`, `secrets`,
    /// `configs`.
    pub fn names<'a>(&'a self, key: &str) -> impl Iterator<Item = String> + use<'a> {
        self.root.get(key).into_iter().flat_map(Item::entries).filter_map(|(name, _)| name.scalar())
    }

    /// A service with what it extends in the same file below its own keys.
    fn extended(&self, item: &Item, depth: usize) -> Option<Item> {
        /// Deeper chains are circles.
        const DEEPEST: usize = 8;
        let Node::Map(own) = &item.node else { return None };
        let Some(base) = self.extends_here(item).filter(|_| depth < DEEPEST) else {
            return Some(item.clone());
        };
        let mut merged = match self.extended(base, depth + 1)?.node {
            Node::Map(entries) => entries,
            _ => return None,
        };
        for (key, value) in own.iter().filter(|(key, _)| key.scalar().as_deref() != Some("extends"))
        {
            match merged.iter_mut().find(|(other, _)| other.node == key.node) {
                Some(entry) => entry.1 = laid_over(&entry.1, value),
                None => merged.push((key.clone(), value.clone())),
            }
        }
        Some(Item { line: item.line, file: item.file, ..Item::of(Node::Map(merged)) })
    }

    fn extends_here(&self, item: &Item) -> Option<&Item> {
        let extends = item.get("extends")?;
        let name = match extends.scalar() {
            Some(name) => name,
            None if extends.get("file").is_none() => extends.get("service")?.scalar()?,
            None => return None,
        };
        self.root.get("services")?.get(&name)
    }
}

/// Compose's rule for what is extended: mappings merge, lists are joined,
/// anything else is replaced.
fn laid_over(base: &Item, own: &Item) -> Item {
    let node = match (&base.node, &own.node) {
        (Node::Map(base), Node::Map(own)) => {
            let mut merged = base.clone();
            for (key, value) in own {
                match merged.iter_mut().find(|(other, _)| other.node == key.node) {
                    Some(entry) => entry.1 = laid_over(&entry.1, value),
                    None => merged.push((key.clone(), value.clone())),
                }
            }
            Node::Map(merged)
        }
        (Node::List(base), Node::List(own)) => {
            Node::List(base.iter().chain(own).cloned().collect())
        }
        (_, own) => own.clone(),
    };
    Item { line: own.line, file: own.file, ..Item::of(node) }
}
