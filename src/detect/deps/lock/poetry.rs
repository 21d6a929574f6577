//! poetry.lock: packages with their edges; the project itself is not in it.

use std::collections::BTreeMap;

use ::toml::Value;
use serde::Deserialize;

use super::graph::{Edge, Node, reach};
use super::{Locked, Wheels};
use crate::detect::deps::name::normalised;
use crate::detect::deps::{Requirement, toml};
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<Package>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    python_versions: Option<String>,
    /// Files by package, as Poetry before 1.5 wrote them.
    #[serde(default)]
    files: BTreeMap<String, Vec<Artefact>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: String,
    version: String,
    python_versions: Option<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    extras: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    files: Vec<Artefact>,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Artefact {
    file: String,
}

#[derive(Deserialize)]
struct Source {
    r#type: Option<String>,
    url: Option<String>,
}

impl Package {
    fn node(&self) -> Node {
        let mut node = Node {
            name: normalised(&self.name),
            version: Some(self.version.clone()),
            ..Node::default()
        };
        let mut optional = BTreeMap::new();
        for (name, value) in &self.dependencies {
            let name = normalised(name);
            let entries = match value {
                Value::Array(entries) => entries.as_slice(),
                value => std::slice::from_ref(value),
            };
            for entry in entries {
                let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
                let extras = entry.get("extras").and_then(Value::as_array).into_iter().flatten();
                let edge = Edge {
                    name: name.clone(),
                    extras: extras.filter_map(|one| one.as_str().map(normalised)).collect(),
                    version: None,
                    marker: text("markers"),
                };
                if entry.get("optional").and_then(Value::as_bool).unwrap_or(false) {
                    optional.insert(name.clone(), Edge { marker: None, ..edge });
                } else {
                    node.edges.push(edge);
                }
            }
        }
        for (extra, needs) in &self.extras {
            let names = needs.iter().map(|text| {
                normalised(
                    text.split([' ', '[', '(', '<', '>', '=', '!', '~', ';'])
                        .next()
                        .unwrap_or(text),
                )
            });
            let edges = names.filter_map(|name| optional.get(&name).cloned()).collect();
            node.extras.insert(normalised(extra), edges);
        }
        node
    }
}

/// A poetry.lock.
pub struct Lock {
    file: File,
}

impl Lock {
    /// Reads it.
    ///
    /// # Errors
    /// A doubt naming file and line where it is no TOML.
    pub fn read(tree: &Tree, path: &str) -> Result<Self, Doubt> {
        toml::parsed(tree, path).map(|file| Self { file })
    }

    /// The project's Python range at the time of locking.
    #[must_use]
    pub fn python(&self) -> Option<&str> {
        self.file.metadata.python_versions.as_deref()
    }

    /// What these requirements reach.
    #[must_use]
    pub fn production(&self, requirements: &[Requirement]) -> Locked {
        let packages = &self.file.package;
        let nodes: Vec<Node> = packages.iter().map(Package::node).collect();
        let start = requirements.iter().map(|one| Edge {
            name: one.name.clone(),
            extras: one.extras.clone(),
            ..Edge::default()
        });
        let mut locked = Locked::default();
        for at in reach(&nodes, start.collect()) {
            self.add(&packages[at], &nodes[at].name, &mut locked);
        }
        let held = |name: &String| nodes.iter().any(|node| node.name == *name);
        let names = requirements.iter().map(|one| one.name.clone());
        locked.missing = names.filter(|name| !held(name)).collect();
        locked
    }

    fn add(&self, package: &Package, name: &str, locked: &mut Locked) {
        if let Ok(version) = package.version.parse() {
            locked.add_version(name, version);
        }
        if let Some(source) = &package.source {
            match source.r#type.as_deref() {
                Some("git") => locked.add_version_control(name, source.url.as_deref()),
                Some("directory" | "file") => locked.paths.extend(source.url.clone()),
                _ => {}
            }
        }
        if let Some(python) = package.python_versions.as_ref().filter(|text| *text != "*") {
            locked.pythons.insert(name.to_owned(), python.clone());
        }
        let old = self.file.metadata.files.get(&package.name).into_iter().flatten();
        let files: Vec<&str> =
            package.files.iter().chain(old).map(|one| one.file.as_str()).collect();
        if !files.is_empty() {
            locked.wheels.insert(name.to_owned(), Wheels::of(files));
        }
    }
}
