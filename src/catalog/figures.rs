//! Images and tools by version, and memory figures. Anyone can correct the
//! data files without touching code.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// Images and tools by name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Versions {
    /// Image references; `{python}` stands for the project's minor version.
    pub images: BTreeMap<String, String>,
    /// Base images of Python minors that the usual one does not exist for.
    pub python_images: BTreeMap<String, String>,
    /// The first patch release with an image, by Debian release and minor version.
    pub python_releases: BTreeMap<String, BTreeMap<String, u32>>,
    /// The day each minor version of Python came out.
    pub python_released: BTreeMap<String, String>,
    /// By older Debian release: what a package of the current one is called.
    pub older_packages: BTreeMap<String, BTreeMap<String, String>>,
    /// Tool versions for the builder stage.
    pub tools: BTreeMap<String, String>,
    /// Month of the end of life by Python minor, `2026-10`: also one that is to come.
    pub python_end_of_life: BTreeMap<String, String>,
    /// Releases of base images that are not built any more.
    pub ended_releases: EndedReleases,
    /// The days on which the parts of the file were read.
    read: BTreeMap<String, toml::value::Datetime>,
}

/// Releases below base images that no image is made for any more.
#[derive(Debug, Deserialize)]
pub struct EndedReleases {
    /// Of Debian, by name.
    pub debian: Vec<String>,
    /// The last one of Alpine, `3.20`; older ones have ended as well.
    pub alpine: String,
}

/// How one role takes part in dividing a resource.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Share {
    /// The least that works; 0 where its processes say it.
    #[serde(default)]
    pub floor: u32,
    /// Part of what is left over.
    pub weight: u32,
    /// The most that helps; `None` where its processes say it, or nothing.
    pub most: Option<u32>,
}

/// The shares of one role, in MiB and thousandths of a CPU.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shares {
    /// Memory.
    pub memory: Share,
    /// Weight where the host's processor is shared.
    pub cpu_shares: u64,
    /// Processor of a task that has its own.
    pub cpu: Share,
}

/// Room that is left to processes whose need is known.
#[derive(Debug, Deserialize)]
pub struct Growth {
    /// Limits are at most for so many times what they take.
    pub times: u64,
}

/// What a host keeps for its system.
#[derive(Debug, Deserialize)]
pub struct Reserve {
    /// In MiB, at least.
    pub least: u32,
    /// In percent of the memory.
    pub percent: u32,
}

/// Memory figures, measured.
#[derive(Debug, Deserialize)]
pub struct Memory {
    /// The host's reserve.
    pub reserve: Reserve,
    /// Room to grow.
    pub growth: Growth,
    /// MiB per process and add-on.
    pub process: BTreeMap<String, u32>,
    /// MiB of a loaded model by runtime.
    pub model: BTreeMap<String, u32>,
    /// Shares by role.
    pub share: BTreeMap<String, Shares>,
}

/// `data/versions.toml`.
pub static VERSIONS: LazyLock<Versions> = LazyLock::new(|| {
    toml::from_str(include_str!("data/versions.toml")).expect("a unit test reads it")
});

impl Versions {
    /// The base image for a Python minor version.
    #[must_use]
    pub fn python_image(&self, python: &str) -> String {
        let own = self.python_images.get(python).cloned();
        own.unwrap_or_else(|| self.images["python"].replace("{python}", python))
    }

    /// The month in which a minor version of Python, `3.9`, got its last security fix;
    /// `None` while it gets some. By the day on which the table was read, so that one
    /// version of this program always says the same.
    #[must_use]
    pub fn ended(&self, python: &str) -> Option<&str> {
        let month = self.python_end_of_life.get(python)?;
        let read = self.read.get("python")?.to_string();
        (month.as_str() < read.get(..7)?).then_some(month)
    }

    /// The newest minor version of Python that the table knows.
    ///
    /// # Panics
    /// Where the table is empty: a unit test reads it.
    #[must_use]
    pub fn newest_python(&self) -> &str {
        let number =
            |text: &&String| text.split('.').nth(1).and_then(|own| own.parse::<u32>().ok());
        self.python_end_of_life.keys().max_by_key(number).expect("a row")
    }

    /// Whether a tag names a release of Debian or Alpine for which no image is made any
    /// more: it stands still.
    #[must_use]
    pub fn is_frozen(&self, tag: &str) -> bool {
        let minor = |text: &str| text.strip_prefix("3.")?.parse::<u32>().ok();
        let last = minor(&self.ended_releases.alpine);
        tag.split('-').any(|word| {
            let alpine = word.strip_prefix("alpine").and_then(minor);
            self.ended_releases.debian.iter().any(|own| own == word)
                || alpine.is_some_and(|alpine| Some(alpine) <= last)
        })
    }

    /// The major version of Node.js that front ends are built with.
    ///
    /// # Panics
    /// Where the image has no such version: a unit test reads it.
    #[must_use]
    pub fn node(&self) -> u32 {
        let tag = self.images["node"].rsplit(':').next();
        tag.and_then(|tag| tag.split('-').next()?.parse().ok()).expect("a major version")
    }

    /// The base image of one release of Python, on the newest Debian that it was built
    /// on; `None` for one that is older than those.
    #[must_use]
    pub fn python_release_image(&self, release: &str) -> Option<String> {
        let (minor, patch) = release.rsplit_once('.')?;
        let patch: u32 = patch.parse().ok()?;
        let first = |all: &BTreeMap<String, u32>| all.get(minor).copied();
        let built = self.python_releases.iter().filter_map(|(debian, all)| {
            Some((first(all).filter(|first| patch >= *first)?, debian))
        });
        let (_, debian) = built.max()?;
        Some(format!("python:{release}-slim-{debian}"))
    }

    /// A Debian package as the release of an image calls it.
    #[must_use]
    pub fn package_in<'a>(&'a self, image: &str, package: &'a str) -> &'a str {
        let older = self.older_packages.iter().find(|(release, _)| image.contains(*release));
        older.and_then(|(_, names)| names.get(package)).map_or(package, String::as_str)
    }
}

/// `data/memory.toml`.
pub static MEMORY: LazyLock<Memory> = LazyLock::new(|| {
    toml::from_str(include_str!("data/memory.toml")).expect("a unit test reads it")
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Role;

    #[test]
    fn the_data_files_are_complete() {
        for role in Role::ALL {
            assert!(MEMORY.share.contains_key(role.name()), "{role:?}");
        }
        for python in crate::schema::PYTHONS {
            assert!(VERSIONS.python_end_of_life.contains_key(python), "{python}");
        }
        assert_eq!(VERSIONS.newest_python(), "3.14");
        assert_eq!(VERSIONS.ended("3.10"), Some("2026-10"));
        assert_eq!(VERSIONS.ended("3.11"), None);
        assert!(VERSIONS.is_frozen("3.8-slim-buster") && VERSIONS.is_frozen("3.8-alpine3.9"));
        assert!(!VERSIONS.is_frozen("3.14-slim-trixie") && !VERSIONS.is_frozen("3.14-alpine3.21"));
        for runtime in crate::schema::RUNTIMES.into_iter().filter(|name| *name != "none") {
            assert!(MEMORY.process.contains_key(runtime) && MEMORY.model.contains_key(runtime));
        }
    }
}
