//! uv.lock: packages with their edges; the project is one of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::graph::{Edge, Node, reach};
use super::{Locked, Wheels};
use crate::detect::deps::name::{is_development, normalised};
use crate::detect::deps::{path, toml};
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    requires_python: Option<String>,
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: String,
    version: Option<String>,
    #[serde(default)]
    source: BTreeMap<String, toml_value::Text>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Dependency>>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Vec<Dependency>>,
    #[serde(default)]
    wheels: Vec<Artefact>,
    sdist: Option<Artefact>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    version: Option<String>,
    #[serde(default)]
    extra: Vec<String>,
    marker: Option<String>,
}

#[derive(Deserialize)]
struct Artefact {
    url: Option<String>,
    path: Option<String>,
}

/// A source's value is a string, whatever else may come one day.
mod toml_value {
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(untagged)]
    pub enum Text {
        Text(String),
        Other(serde::de::IgnoredAny),
    }
}

impl Package {
    /// The directory of the repository it is, relative to the lock's.
    fn directory(&self) -> Option<&str> {
        ["editable", "virtual", "directory"].iter().find_map(|kind| match self.source.get(*kind) {
            Some(toml_value::Text::Text(directory)) => Some(directory.as_str()),
            _ => None,
        })
    }

    fn edges(dependencies: &[Dependency]) -> Vec<Edge> {
        let edge = |one: &Dependency| Edge {
            name: normalised(&one.name),
            extras: one.extra.iter().map(|extra| normalised(extra)).collect(),
            version: one.version.clone(),
            marker: one.marker.clone(),
        };
        dependencies.iter().map(edge).collect()
    }

    fn node(&self) -> Node {
        let extras = self.optional_dependencies.iter();
        Node {
            name: normalised(&self.name),
            version: self.version.clone(),
            edges: Self::edges(&self.dependencies),
            extras: extras.map(|(name, list)| (normalised(name), Self::edges(list))).collect(),
        }
    }
}

/// A uv.lock.
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

    /// `requires-python` of the whole workspace.
    #[must_use]
    pub fn requires_python(&self) -> Option<&str> {
        self.file.requires_python.as_deref()
    }

    /// The directories of the workspace's members, relative to the lock's.
    pub fn members(&self) -> impl Iterator<Item = String> {
        self.file.package.iter().filter_map(|package| path::join(".", package.directory()?))
    }

    /// What production of the member in `directory` (relative to the lock's)
    /// installs, with the extras and groups asked for.
    #[must_use]
    pub fn production(&self, directory: &str, asked: &[String]) -> Locked {
        let packages = &self.file.package;
        let is_member = |package: &&Package| {
            package.directory().and_then(|at| path::join(".", at)).as_deref() == Some(directory)
        };
        let Some(member) = packages.iter().find(is_member) else { return Locked::default() };
        let mut start = Package::edges(&member.dependencies);
        for (name, list) in member.optional_dependencies.iter().chain(&member.dev_dependencies) {
            if asked.contains(&normalised(name)) {
                start.extend(Package::edges(list));
            }
        }
        if start.is_empty() {
            let groups = member.dev_dependencies.iter();
            let groups = groups.filter(|(name, _)| !is_development(name));
            start.extend(groups.flat_map(|(_, list)| Package::edges(list)));
        }
        let nodes: Vec<Node> = packages.iter().map(Package::node).collect();
        let mut locked = Locked::default();
        for at in reach(&nodes, start) {
            locked.add(&packages[at], &nodes[at].name);
        }
        locked
    }
}

impl Locked {
    fn add(&mut self, package: &Package, name: &str) {
        if let Some(directory) = package.directory() {
            self.paths.extend(path::join(".", directory));
            return;
        }
        if let Some(version) = package.version.as_deref().and_then(|text| text.parse().ok()) {
            self.add_version(name, version);
        }
        if let Some(source) = package.source.get("git") {
            let address = match source {
                toml_value::Text::Text(address) => Some(address.as_str()),
                toml_value::Text::Other(_) => None,
            };
            self.add_version_control(name, address);
        }
        let files = package.wheels.iter().chain(&package.sdist);
        let files: Vec<&str> =
            files.filter_map(|file| file.url.as_deref().or(file.path.as_deref())).collect();
        if !files.is_empty() {
            self.wheels.insert(name.to_owned(), Wheels::of(files));
        }
    }
}
