//! pdm.lock and pylock.toml: packages with requirement lines and, since PDM
//! 2.8, the groups they belong to.

use serde::Deserialize;

use super::graph::{Edge, Node, reach};
use super::{Locked, Wheels};
use crate::detect::deps::name::normalised;
use crate::detect::deps::{Requirement, line, toml};
use crate::detect::fact::Evidence;
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

#[derive(Deserialize)]
struct File {
    /// PDM's packages.
    #[serde(default)]
    package: Vec<Package>,
    /// Those of the standard's pylock.toml.
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    requires_python: Option<String>,
    #[serde(default)]
    extras: Vec<String>,
    #[serde(default)]
    dependencies: Vec<Need>,
    #[serde(default)]
    files: Vec<Artefact>,
    #[serde(default)]
    wheels: Vec<Artefact>,
    sdist: Option<Artefact>,
    git: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Need {
    Line(String),
    Table { name: String },
}

#[derive(Deserialize)]
struct Artefact {
    file: Option<String>,
    name: Option<String>,
    url: Option<String>,
}

impl Artefact {
    fn name(&self) -> Option<&str> {
        [&self.file, &self.name, &self.url].into_iter().find_map(Option::as_deref)
    }
}

impl Package {
    fn edges(&self) -> Vec<Edge> {
        let edge = |need: &Need| match need {
            Need::Table { name } => Some(Edge { name: normalised(name), ..Edge::default() }),
            Need::Line(text) => {
                let read = line::requirement(text, Evidence::file(""))?;
                Some(Edge { name: read.name, extras: read.extras, ..Edge::default() })
            }
        };
        self.dependencies.iter().filter_map(edge).collect()
    }
}

/// A pdm.lock or pylock.toml.
pub struct Lock {
    packages: Vec<Package>,
}

impl Lock {
    /// Reads it.
    ///
    /// # Errors
    /// A doubt naming file and line where it is no TOML.
    pub fn read(tree: &Tree, path: &str) -> Result<Self, Doubt> {
        let file: File = toml::parsed(tree, path)?;
        Ok(Self { packages: file.package.into_iter().chain(file.packages).collect() })
    }

    /// What these requirements reach.
    #[must_use]
    pub fn production(&self, requirements: &[Requirement]) -> Locked {
        let start = requirements.iter().map(|one| Edge {
            name: one.name.clone(),
            extras: one.extras.clone(),
            ..Edge::default()
        });
        let nodes = self.nodes();
        let mut locked = Locked::default();
        for at in reach(&nodes, start.collect()) {
            locked.add_pdm(&self.packages[at], &nodes[at].name);
        }
        let held = |name: &String| nodes.iter().any(|node| node.name == *name);
        let names = requirements.iter().map(|one| one.name.clone());
        locked.missing = names.filter(|name| !held(name)).collect();
        locked
    }

    /// All of it: a pylock.toml is what gets installed.
    #[must_use]
    pub fn whole(&self) -> Locked {
        let mut locked = Locked::default();
        for package in &self.packages {
            locked.add_pdm(package, &normalised(&package.name));
        }
        locked
    }

    /// PDM writes an extra as a package of its own beside the plain one.
    fn nodes(&self) -> Vec<Node> {
        let plain = |package: &Package| Node {
            name: normalised(&package.name),
            version: package.version.clone(),
            edges: package.edges(),
            extras: package
                .extras
                .iter()
                .map(|extra| (normalised(extra), package.edges()))
                .collect(),
        };
        let mut nodes: Vec<Node> = self.packages.iter().map(plain).collect();
        for (at, package) in self.packages.iter().enumerate() {
            if !package.extras.is_empty() {
                nodes[at].edges.clear();
            }
        }
        nodes
    }
}

impl Locked {
    fn add_pdm(&mut self, package: &Package, name: &str) {
        if let Some(path) = &package.path {
            self.paths.push(path.trim_start_matches("./").to_owned());
        }
        if let Some(address) = &package.git {
            self.add_version_control(name, Some(address));
        }
        if let Some(version) = package.version.as_deref().and_then(|text| text.parse().ok()) {
            self.add_version(name, version);
        }
        if let Some(python) = &package.requires_python {
            self.pythons.insert(name.to_owned(), python.clone());
        }
        let files = package.files.iter().chain(&package.wheels).chain(&package.sdist);
        let files: Vec<&str> = files.filter_map(Artefact::name).collect();
        if !files.is_empty() {
            self.wheels.insert(name.to_owned(), Wheels::of(files));
        }
    }
}
