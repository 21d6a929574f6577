//! Conda environments: environment.yml, with the pip section inside.

use pep508_rs::pep440_rs::VersionSpecifiers;
use serde_json::Value;

use super::name::normalised;
use super::{Requirement, Source, line, path, specifier};
use crate::detect::fact::Evidence;
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

/// Names of conda environment files.
const NAMES: [&str; 4] = ["environment.yml", "environment.yaml", "env.yml", "env.yaml"];

/// Packages whose name in conda's channels is not that of the index.
const RENAMED: [(&str, &str); 5] = [
    ("msgpack-python", "msgpack"),
    ("pytorch", "torch"),
    ("opencv", "opencv-python"),
    ("py-opencv", "opencv-python"),
    ("py-xgboost", "xgboost"),
];

/// What an environment file declares.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Its path.
    pub path: String,
    /// Packages conda and pip install.
    pub requirements: Vec<Requirement>,
    /// The version of `python` itself.
    pub python: Option<(VersionSpecifiers, Evidence)>,
}

impl Environment {
    /// Reads the environment file of a directory; `None` where there is none.
    ///
    /// # Errors
    /// A doubt naming file and line where it is no YAML.
    pub fn read(tree: &Tree, directory: &str) -> Result<Option<Self>, Doubt> {
        let paths = NAMES.iter().filter_map(|name| path::join(directory, name));
        for path in paths.filter(|path| tree.has(path)) {
            let text = tree.text(&path).unwrap_or_default();
            let document: Value = serde_saphyr::from_str(text).map_err(|error| {
                let line = error.location().map_or(1, |at| at.line());
                Doubt {
                    key: "dependency_files".into(),
                    message: format!("{path}:{line} is no valid YAML, so nothing in it counts"),
                    help: format!("mend {path} line {line}, then run again"),
                }
            })?;
            // Other tools have an env.yaml as well.
            if let Some(list) = document.get("dependencies").and_then(Value::as_array) {
                return Ok(Some(Self::of(tree, &path, list)));
            }
        }
        Ok(None)
    }

    fn of(tree: &Tree, path: &str, list: &[Value]) -> Self {
        let mut read = Self { path: path.to_owned(), ..Self::default() };
        for entry in list {
            if let Some(text) = entry.as_str() {
                read.package(text, evidence(tree, path, text));
            }
            for text in entry.get("pip").and_then(Value::as_array).into_iter().flatten() {
                let Some(text) = text.as_str() else { continue };
                let evidence = evidence(tree, path, text);
                read.requirements.extend(line::requirement(text, evidence));
            }
        }
        read
    }

    fn package(&mut self, text: &str, evidence: Evidence) {
        /// What conda installs beside Python packages.
        const TOOLS: [&str; 3] = ["pip", "setuptools", "wheel"];
        let text = text.rsplit("::").next().unwrap_or(text);
        let end = text.find(['=', '<', '>', '!', '~', ' ']).unwrap_or(text.len());
        let name = normalised(&text[..end]);
        let rest = text[end..].trim();
        let rest = if rest.is_empty() || rest.starts_with(['=', '<', '>', '!', '~']) {
            rest.to_owned()
        } else {
            format!("={rest}")
        };
        let specifiers = specifier::conda(&rest).filter(|all| !all.is_empty());
        if name == "python" {
            self.python = specifiers.map(|specifiers| (specifiers, evidence));
        } else if !TOOLS.contains(&name.as_str()) {
            let renamed = RENAMED.iter().find(|(conda, _)| *conda == name);
            let name = renamed.map_or(name, |(_, index)| (*index).to_owned());
            self.requirements.push(Requirement {
                name,
                extras: Vec::new(),
                specifiers,
                source: Source::Index,
                evidence,
            });
        }
    }
}

fn evidence(tree: &Tree, path: &str, text: &str) -> Evidence {
    tree.find_line(path, |line| line.contains(text)).unwrap_or_else(|| Evidence::file(path))
}
