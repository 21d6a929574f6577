//! Pipfile and Pipfile.lock.

use std::collections::BTreeMap;

use pep508_rs::pep440_rs::Version;
use serde::Deserialize;
use toml_edit::Item;

use super::name::normalised;
use super::toml::TomlFile;
use super::{Requirement, Source, marker, path};
use crate::detect::fact::Evidence;
use crate::detect::facts::Doubt;
use crate::detect::tree::Tree;

/// What a Pipfile declares.
#[derive(Clone, Debug, Default)]
pub struct Pipfile {
    /// Its `[packages]`.
    pub requirements: Vec<Requirement>,
    /// `python_full_version` or `python_version`.
    pub python: Option<(String, Evidence)>,
}

impl Pipfile {
    /// Reads the Pipfile of a directory; `None` where it has none.
    ///
    /// # Errors
    /// A doubt naming file and line where it is no TOML.
    pub fn read(tree: &Tree, directory: &str) -> Result<Option<Self>, Doubt> {
        let Some(path) = path::join(directory, "Pipfile") else { return Ok(None) };
        let Some(file) = TomlFile::read(tree, &path)? else { return Ok(None) };
        let python = file
            .string(&["requires", "python_full_version"])
            .or_else(|| file.string(&["requires", "python_version"]));
        let table = file.get(&["packages"]).and_then(Item::as_table_like);
        let requirements = table.into_iter().flat_map(|table| {
            table.iter().filter_map(|(name, item)| {
                let evidence =
                    file.evidence(table.get_key_value(name).and_then(|(key, _)| key.span()));
                entry(name, item, directory, evidence)
            })
        });
        Ok(Some(Self { requirements: requirements.collect(), python }))
    }
}

fn entry(name: &str, item: &Item, directory: &str, evidence: Evidence) -> Option<Requirement> {
    let text = |key: &str| item.get(key).and_then(Item::as_str);
    if text("markers").is_some_and(|markers| !marker::text_holds(markers, &[]))
        || text("sys_platform")
            .is_some_and(|clause| !marker::text_holds(&format!("sys_platform {clause}"), &[]))
    {
        return None;
    }
    let source = if let Some(address) = text("git") {
        Source::Vcs(format!("git+{address}"))
    } else if let Some(at) = text("path") {
        Source::Path(path::join(directory, at).unwrap_or_else(|| at.to_owned()))
    } else if let Some(address) = text("file") {
        Source::Url(address.to_owned())
    } else {
        Source::Index
    };
    let extras = item.get("extras").and_then(Item::as_array);
    let extras = extras.into_iter().flatten().filter_map(|extra| extra.as_str().map(normalised));
    let version = item.as_str().or_else(|| text("version")).filter(|text| *text != "*");
    Some(Requirement {
        name: normalised(name),
        extras: extras.collect(),
        specifiers: version.and_then(|text| text.parse().ok()),
        source,
        evidence,
    })
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default, rename = "default")]
    packages: BTreeMap<String, Locked>,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
    markers: Option<String>,
}

/// Exact versions of a Pipfile.lock's production packages.
///
/// # Errors
/// A doubt naming the file where it is no JSON.
pub fn lock(tree: &Tree, path: &str) -> Result<BTreeMap<String, Version>, Doubt> {
    let text = tree.text(path).unwrap_or_default();
    let lock: Lock = serde_json::from_str(text).map_err(|error| Doubt {
        key: "dependency_files".into(),
        message: format!("{path}:{} is no valid Pipfile.lock: {error}", error.line()),
        help: format!("make it again with `pipenv lock`, or delete {path}"),
    })?;
    let packages = lock.packages.into_iter().filter_map(|(name, locked)| {
        if locked.markers.is_some_and(|markers| !marker::text_holds(&markers, &[])) {
            return None;
        }
        let version = locked.version?.trim_start_matches('=').parse().ok()?;
        Some((normalised(&name), version))
    });
    Ok(packages.collect())
}
